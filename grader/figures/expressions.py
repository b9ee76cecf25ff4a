"""Arithmetic that a rubric may write, such as ``1 + cos(x)``: read as a tree, never run as code."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator

from grader.limits import MAX_EXPRESSION_CHARACTERS

Floats = npt.NDArray[np.float64]

_FUNCTIONS: dict[str, np.ufunc] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "minimum": np.minimum,
    "maximum": np.maximum,
}
_CONSTANTS = {"pi": math.pi, "e": math.e}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: np.float_power,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


def evaluate_expression(text: str, x: Any = math.nan) -> Floats:
    """The value of an expression.

    Args:
        text: Numbers, ``x``, ``pi``, ``e``, ``+ - * / **``, brackets and the functions sin, cos, tan, tanh, exp, log,
            sqrt, abs, sign, minimum, maximum.
        x: What ``x`` stands for, any shape.

    Returns:
        Of the shape of ``x``.

    Raises:
        ValueError: It holds anything else.
    """
    place = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        value = _value(_parsed(text), place, text)
    return np.broadcast_to(np.asarray(value, dtype=np.float64), place.shape)


def number(bound: float | str) -> float:
    """A bound of an interval, given as a number or as an expression without ``x`` (``-pi``)."""
    return float(bound) if isinstance(bound, int | float) else float(evaluate_expression(bound))


def _parsed(text: str) -> ast.expr:
    if len(text) > MAX_EXPRESSION_CHARACTERS:
        raise ValueError(f"an expression of more than {MAX_EXPRESSION_CHARACTERS} characters")
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"{text!r} is no expression ({error.msg})") from error


def _value(node: ast.expr, x: Floats, text: str) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return np.float64(value)
        case ast.Name(id="x"):
            return x
        case ast.Name(id=name) if name in _CONSTANTS:
            return np.float64(_CONSTANTS[name])
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left, x, text), _value(right, x, text))
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in _UNARY:
            return _UNARY[type(sign)](_value(operand, x, text))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            function = _FUNCTIONS[name]
            # One more would be taken for the array to write into.
            if len(arguments) != function.nin:
                raise ValueError(f"{text!r}: {name} takes {function.nin} arguments, not {len(arguments)}")
            return function(*(_value(item, x, text) for item in arguments))
    known = ", ".join([*_CONSTANTS, *_FUNCTIONS])
    raise ValueError(f"{text!r} holds {ast.unparse(node)!r}; known are numbers, x, + - * / **, {known}")


def _checked(text: str) -> str:
    evaluate_expression(text, 1.0)
    return text


def _checked_bound(bound: float | str) -> float | str:
    if not math.isfinite(number(bound)):
        raise ValueError(f"{bound!r} is no finite number")
    return bound


Expression = Annotated[str, AfterValidator(_checked)]
"""An expression in ``x``, checked when the rubric is read."""

Bound = Annotated[float | str, AfterValidator(_checked_bound)]
"""A number, or an expression for one such as ``-pi``."""
