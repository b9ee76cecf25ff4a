"""The arguments of the notebook's own functions."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from grader.selfcheck.reading.values import UNKNOWN, FunctionOf, Scope


def defaults_of(arguments: ast.arguments, evaluate: Any) -> dict[str, Any]:
    """The default values of a function's arguments."""
    places = [*arguments.posonlyargs, *arguments.args]
    found = {
        one.arg: evaluate(value) for one, value in zip(reversed(places), reversed(arguments.defaults), strict=False)
    }
    for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            found[one.arg] = evaluate(value)
    return found


def bind_arguments(function: FunctionOf, given: Sequence[Any], kwargs: Mapping[str, Any], *, scope: Scope) -> None:
    """Gives a function's arguments their values."""
    said = function.node.args
    places = [one.arg for one in (*said.posonlyargs, *said.args)]
    named = {*places, *(one.arg for one in said.kwonlyargs)}
    scope.names.update(dict.fromkeys(named, UNKNOWN))
    scope.names.update(function.defaults)
    scope.names.update(zip(places, given, strict=False))
    scope.names.update({name: value for name, value in kwargs.items() if name in named})
    if said.vararg is not None:
        scope.names[said.vararg.arg] = tuple(given[len(places) :])
    if said.kwarg is not None:
        scope.names[said.kwarg.arg] = {name: value for name, value in kwargs.items() if name not in named}


def is_generator(node: ast.AST) -> bool:
    """Whether a function gives its values one by one."""
    return any(isinstance(part, ast.Yield | ast.YieldFrom | ast.Await) for part in ast.walk(node))


def has_return(node: ast.AST) -> bool:
    """Whether a function gives a value at all."""
    return any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))
