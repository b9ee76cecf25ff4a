"""Which names a piece of code reads, binds, changes and imports: the one analysis behind all that follows names.

Names are sorted by how the code uses them, in no order. Who follows them through cells or statements chooses what
counts there: a deleted name, an item that was set, the inside of a function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


@dataclass(frozen=True)
class Names:
    """The names in a piece of code, by what it does with them.

    Attributes:
        read: Those whose value it takes; of ``x += 1`` none, of ``x[0] = 1`` the ``x``.
        assigned: Those that an assignment, a loop, a ``with``, an ``except``, a ``match`` or a ``:=`` binds.
        deleted: Those that ``del`` removes.
        defined: Those of functions and classes.
        imported: Those that an import binds (of ``import a.b`` the ``a``).
        changed: Those of which it sets an item or an attribute (``x[0] = 1``, ``model.optimizer.lr = 1``).
        called_on: Those of which it calls a method (``x.fit()``, ``x.layers[0].build()``), which may change them.
    """

    read: frozenset[str]
    assigned: frozenset[str]
    deleted: frozenset[str]
    defined: frozenset[str]
    imported: frozenset[str]
    changed: frozenset[str]
    called_on: frozenset[str]

    @property
    def bound(self) -> frozenset[str]:
        """Those that have a value by it."""
        return self.assigned | self.defined | self.imported


def names_in(code: ast.AST, *, inside_functions: bool = True) -> Names:
    """Sorts the names of a piece of code.

    Args:
        code: A module, a statement or an expression.
        inside_functions: Whether the insides of functions, classes and lambdas are looked at too. Their own variables
            are not told from the notebook's.
    """
    found: dict[str, set[str]] = {name: set() for name in Names.__dataclass_fields__}
    for node in ast.walk(code) if inside_functions else _outside_functions(code):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                found["read"].add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found["assigned"].add(name)
            case ast.Name(id=name):
                found["deleted"].add(name)
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                found["assigned"].add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found["defined"].add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found["imported"].update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.Call(func=ast.Attribute(value=owner)):
                found["called_on"].update(_root(owner))
            case ast.Subscript(value=owner, ctx=ast.Store()) | ast.Attribute(value=owner, ctx=ast.Store()):
                found["changed"].update(_root(owner))
    return Names(**{kind: frozenset(names) for kind, names in found.items()})


def names_from_outside(code: ast.AST) -> frozenset[str]:
    """The names that code takes from around it: those of functions and comprehensions that are their own left out.

    What a function reads counts as read, whenever it is called. Of code that nests deeper than Python recurses, every
    name that it reads.
    """
    try:
        return _from_outside(code)
    except RecursionError:
        return names_in(code).read


def _from_outside(code: ast.AST) -> frozenset[str]:
    own: frozenset[str] = frozenset()
    found: set[str] = set()
    waiting = list(ast.iter_child_nodes(code))
    if isinstance(code, ast.Name) and isinstance(code.ctx, ast.Load):
        found.add(code.id)
    elif isinstance(code, _Function):
        own = _parameters(code) | _local(code)
    elif isinstance(code, _Comprehension):
        own = frozenset().union(*(names_in(generator.target).assigned for generator in code.generators))
    for node in waiting:
        found |= _from_outside(node)
    return frozenset(found - own)


def names_set_globally(function: ast.AST) -> frozenset[str]:
    """The names of the notebook that a function sets when it is called, by ``global``."""
    declared = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
    return frozenset(declared & names_in(function).bound)


def root_name(expression: ast.expr, *, through: type[ast.expr] | tuple[type[ast.expr], ...]) -> str | None:
    """The name that an expression begins with (``model`` of ``model.layers[0].name``); None where it is no name.

    Args:
        expression: Which.
        through: What may stand between: attributes, items (`ast.Subscript`), calls.
    """
    while isinstance(expression, through):
        expression = expression.func if isinstance(expression, ast.Call) else expression.value  # type: ignore[attr-defined]
    return expression.id if isinstance(expression, ast.Name) else None


def _root(owner: ast.expr) -> Iterator[str]:
    name = root_name(owner, through=(ast.Attribute, ast.Subscript))
    if name is not None:
        yield name


def _parameters(function: _Function) -> frozenset[str]:
    said = function.args
    every = [*said.posonlyargs, *said.args, *said.kwonlyargs, said.vararg, said.kwarg]
    return frozenset(one.arg for one in every if one is not None)


def _local(function: _Function) -> frozenset[str]:
    if isinstance(function, ast.Lambda):
        return frozenset()
    shared = {name for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    inside = (names_in(statement, inside_functions=False).bound for statement in function.body)
    return frozenset().union(*inside) - shared


def _outside_functions(code: ast.AST) -> Iterator[ast.AST]:
    waiting = [code]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Definition | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
