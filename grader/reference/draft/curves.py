"""Simple expressions for what points show: curves that they lie on, and the ends of the interval that they fill."""

from __future__ import annotations

import math

import numpy as np

from grader.figures.expressions import evaluate_expression, number
from grader.judging.subject import Floats

SHAPES = ("x", "x**2", "x**3", "cos(x)", "sin(x)", "tanh(x)", "exp(x)", "abs(x)", "sqrt(abs(x))")
"""What a curve may be made of, the simplest first: a number and a multiple of one of these."""

EXACT = 1e-4
"""How far the farthest point may lie from a curve that was found, in units of y."""

FEWEST_POINTS = 10

NEAR_END = 0.02
"""An end of an interval is rounded outwards by at most this share of the interval."""


def curve_of(points: Floats) -> str | None:
    """The expression in ``x`` on whose curve all the points lie; None where there is no simple one.

    Args:
        points: Shape ``(points, 2)``.
    """
    if len(points) < FEWEST_POINTS or not np.isfinite(points).all():
        return None
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    for shape in SHAPES:
        values = evaluate_expression(shape, x)
        if not np.isfinite(values).all():
            continue
        (start, factor), *_ = np.linalg.lstsq(np.column_stack([np.ones_like(x), values]), y, rcond=None)
        text = _sum(round(float(start), 4), round(float(factor), 4), shape)
        if np.abs(evaluate_expression(text, x) - y).max() <= EXACT:
            return text
    return None


def bounds(values: Floats) -> tuple[float | str, float | str]:
    """The interval that numbers fill, its ends as a task would write them: ``-pi``, ``2``, ``0.5``."""
    low, high = float(values.min()), float(values.max())
    return _end(low, width=high - low, outwards=-1), _end(high, width=high - low, outwards=1)


def _sum(start: float, factor: float, shape: str) -> str:
    product = shape if factor == 1 else f"{abs(factor):g} * {shape}" if abs(factor) != 1 else shape
    if not start:
        return product if factor >= 0 else f"-{product}"
    return f"{start:g} {'+' if factor >= 0 else '-'} {product}"


def _end(value: float, *, width: float, outwards: int) -> float | str:
    """The nearest plain number that is not inside, or the value rounded outwards where none is near."""
    multiples = {"0": 0.0, "pi": math.pi, "2*pi": 2 * math.pi, "pi/2": math.pi / 2}
    plain: list[float | str] = [
        name if sign > 0 else f"-{name}" for name in multiples if name != "0" for sign in (1, -1)
    ]
    nearest = round(2 * value) / 2
    plain += [nearest, nearest + outwards / 2]
    far = {one: outwards * (number(one) - value) for one in plain}
    near = {one: distance for one, distance in far.items() if -1e-6 * width <= distance <= NEAR_END * width}
    if near:
        return min(near, key=lambda one: near[one])
    digits = max(0, 2 - math.floor(math.log10(width))) if width > 0 else 2
    step = 10.0**-digits
    return round((math.ceil if outwards > 0 else math.floor)(value / step) * step, digits)
