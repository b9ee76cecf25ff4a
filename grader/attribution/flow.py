"""Follows names through a notebook: what each statement takes, makes and changes, and what its functions do."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from grader.cell_code import HasSource, parse
from grader.cell_names import names_from_outside, names_in, names_set_globally

_COMPOUND = ast.For | ast.AsyncFor | ast.While | ast.If | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match


@dataclass(frozen=True)
class Step:
    """One simple statement, or the head of a compound one.

    Attributes:
        takes: Names whose value it uses.
        makes: Names that it binds, removes, or of which it sets an item or an attribute.
        calls_on: Names of which it calls a method, which may change them.
    """

    takes: frozenset[str] = frozenset()
    makes: frozenset[str] = frozenset()
    calls_on: frozenset[str] = frozenset()


@dataclass
class Functions:
    """The functions and classes that a notebook has defined so far.

    Attributes:
        takes: Name to the names that its inside takes from the notebook.
        makes: Name to those that it sets by ``global``.
        bodies: Name to its definition.
    """

    takes: dict[str, frozenset[str]] = field(default_factory=dict)
    makes: dict[str, frozenset[str]] = field(default_factory=dict)
    bodies: dict[str, ast.AST] = field(default_factory=dict)

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Notes a definition."""
        self.takes[node.name] = names_from_outside(node) - {node.name}
        self.makes[node.name] = names_set_globally(node)
        self.bodies[node.name] = node

    def reached_from(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the names that are functions, and the functions that those use."""
        found: set[str] = set()
        waiting = [name for name in names if name in self.bodies]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(other for other in self.takes[name] if other in self.bodies)
        return frozenset(found)

    def with_insides(self, step: Step) -> Step:
        """The step with what the functions that it uses take and make."""
        used = self.reached_from(step.takes)
        if not used:
            return step
        return Step(
            takes=step.takes.union(*(self.takes[name] for name in used)),
            makes=step.makes.union(*(self.makes[name] for name in used)),
            calls_on=step.calls_on,
        )


def steps(statements: Sequence[ast.stmt], functions: Functions) -> Iterator[Step]:
    """The steps of statements in the order of the text; functions that they define are noted.

    Args:
        statements: Of a cell.
        functions: Those defined before.
    """
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.define(statement)
            # What the inside takes counts where the function is used.
            heads = [*statement.decorator_list, *statement.args.defaults, *filter(None, statement.args.kw_defaults)]
            yield Step(takes=_taken(heads), makes=frozenset({statement.name}))
        elif isinstance(statement, ast.ClassDef):
            functions.define(statement)
            yield Step(takes=_taken([*statement.bases, *statement.decorator_list]), makes=frozenset({statement.name}))
        elif isinstance(statement, _COMPOUND):
            yield _step(_heads(statement), functions)
            for block in _blocks(statement):
                yield from steps(block, functions)
        else:
            yield _step([statement], functions)


def bound(statements: Iterable[ast.stmt]) -> frozenset[str]:
    """The names that statements bind in the notebook."""
    return frozenset().union(*(names_in(one, inside_functions=False).bound for one in statements))


def imported_modules(cells: Iterable[HasSource]) -> frozenset[str]:
    """The names that a notebook imports: calling their functions changes nothing in them."""
    trees = (parse(cell.source) for cell in cells if cell.kind == "code")
    return frozenset().union(*(names_in(tree).imported for tree in trees if tree is not None))


def _step(nodes: Iterable[ast.AST], functions: Functions) -> Step:
    takes: frozenset[str] = frozenset()
    makes: frozenset[str] = frozenset()
    calls_on: frozenset[str] = frozenset()
    for node in nodes:
        names = names_in(node, inside_functions=False)
        # Of ``x += 1`` the old value counts as well.
        added = {node.target.id} if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) else set()
        takes |= names_from_outside(node) | added
        makes |= names.bound | names.deleted | names.changed
        calls_on |= names.called_on
    return functions.with_insides(Step(takes, makes, calls_on))


def _taken(nodes: Iterable[ast.AST]) -> frozenset[str]:
    return frozenset().union(*(names_from_outside(node) for node in nodes))


def _heads(statement: ast.stmt) -> list[ast.AST]:
    match statement:
        case ast.For() | ast.AsyncFor():
            return [statement.iter, statement.target]
        case ast.While() | ast.If():
            return [statement.test]
        case ast.With() | ast.AsyncWith():
            return list(statement.items)
        case ast.Match():
            return [statement.subject, *(case.pattern for case in statement.cases)]
    return []


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    match statement:
        case ast.Try() | ast.TryStar():
            yield statement.body
            for handler in statement.handlers:
                yield handler.body
            yield statement.orelse
            yield statement.finalbody
        case ast.Match():
            yield from (case.body for case in statement.cases)
        case _:
            yield getattr(statement, "body", [])
            yield getattr(statement, "orelse", [])
