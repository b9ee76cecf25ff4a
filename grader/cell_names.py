"""Which names a piece of code reads, binds, changes and imports: the one analysis behind all that follows names.

Names are sorted by how the code uses them, in no order. Who follows them through cells or statements chooses what
counts there: a deleted name, an item that was set, the inside of a function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Names:
    """The names in a piece of code, by what it does with them.

    Attributes:
        read: Those whose value it takes; of ``x += 1`` none, of ``x[0] = 1`` the ``x``.
        assigned: Those that an assignment, a loop, a ``with`` or a ``:=`` binds.
        deleted: Those that ``del`` removes.
        defined: Those of functions and classes.
        imported: Those that an import binds (of ``import a.b`` the ``a``).
        items_set: Those of which it sets an item (``x[0] = 1``).
        called_on: Those of which it calls a method (``x.fit()``), which may change them.
    """

    read: frozenset[str]
    assigned: frozenset[str]
    deleted: frozenset[str]
    defined: frozenset[str]
    imported: frozenset[str]
    items_set: frozenset[str]
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
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found["defined"].add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found["imported"].update((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                found["called_on"].add(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                found["items_set"].add(name)
    return Names(**{kind: frozenset(names) for kind, names in found.items()})


def root_name(expression: ast.expr, *, through: type[ast.expr] | tuple[type[ast.expr], ...]) -> str | None:
    """The name that an expression begins with (``model`` of ``model.layers[0].name``); None where it is no name.

    Args:
        expression: Which.
        through: What may stand between: attributes, items (`ast.Subscript`), calls.
    """
    while isinstance(expression, through):
        expression = expression.func if isinstance(expression, ast.Call) else expression.value  # type: ignore[attr-defined]
    return expression.id if isinstance(expression, ast.Name) else None


def _outside_functions(code: ast.AST) -> Iterator[ast.AST]:
    waiting = [code]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Definition | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
