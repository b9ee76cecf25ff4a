"""Rectangles in the plane of a model's two inputs: what covers them, and which curves run through them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from pydantic import Field

from grader.figures.expressions import Bound, evaluate_expression, number
from grader.figures.thresholds import THRESHOLDS
from grader.judging.registry import Params
from grader.judging.subject import Floats

Rectangle = tuple[tuple[float, float], tuple[float, float]]


class RegionParams(Params):
    """What all checks of a region are told of it."""

    rectangle: tuple[tuple[Bound, Bound], tuple[Bound, Bound]] = Field(
        description="[[x1 from, x1 to], [x2 from, x2 to]]; numbers, or expressions such as -pi"
    )
    raster: int = Field(5, ge=2, le=50, description="the rectangle is divided into raster x raster fields")
    covered: float = Field(0.8, gt=0, le=1, description="share of the fields that must hold a point")

    @property
    def sides(self) -> Rectangle:
        """The rectangle as numbers."""
        (left, right), (low, high) = self.rectangle
        return (number(left), number(right)), (number(low), number(high))

    @property
    def named(self) -> str:
        """The rectangle as the rubric writes it."""
        sides = ([f"{end:g}" if isinstance(end, float) else str(end) for end in side] for side in self.rectangle)
        return " x ".join(f"[{', '.join(side)}]" for side in sides)


def coverage(points: Floats, params: RegionParams) -> float:
    """The share of the rectangle that points cover, in [0, 1]: of its fields, or of a side that they do not span.

    Args:
        points: Shape ``(points, 2)``.
        params: The rectangle and its raster.
    """
    (left, right), (low, high) = params.sides
    shares = (points - [left, low]) / [right - left, high - low]
    inside = shares[((shares >= -THRESHOLDS.edge) & (shares <= 1 + THRESHOLDS.edge)).all(axis=1)]
    if not len(inside):
        return 0.0
    places = np.clip(inside * params.raster, 0, params.raster - 1).astype(np.int64)
    fields = np.unique(places[:, 0] * params.raster + places[:, 1])
    return float(min(len(fields) / params.raster**2, *np.ptp(inside, axis=0), 1.0))


def on_curves(
    points: Floats, curves: Sequence[str], *, tolerance: float
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Which point lies on which curve, shape ``(curves, points)``."""
    x, y = points[:, 0], points[:, 1]
    return np.asarray([np.abs(y - evaluate_expression(curve, x)) <= tolerance for curve in curves])


def drawn_curves(
    artists: Iterable[Floats], curves: Sequence[str], *, tolerance: float, interval: tuple[float, float]
) -> tuple[bool, ...]:
    """Which of the curves are drawn.

    Args:
        artists: The points of each line and each scatter, each of shape ``(points, 2)``.
        curves: Expressions in ``x``.
        tolerance: How far from a curve a point of it may lie.
        interval: Where the curves must be drawn.
    """
    start, end = interval
    bins: list[set[int]] = [set() for _ in curves]
    for points in artists:
        inside = points[(points[:, 0] >= start) & (points[:, 0] <= end)]
        if not len(inside):
            continue
        hits = on_curves(inside, curves, tolerance=tolerance)
        if np.mean(hits.any(axis=0)) < 1 - THRESHOLDS.stray_share:
            continue
        places = np.clip(
            (inside[:, 0] - start) / (end - start) * THRESHOLDS.curve_bins, 0, THRESHOLDS.curve_bins - 1
        ).astype(np.int64)
        for found, hit in zip(bins, hits, strict=True):
            found.update(places[hit].tolist())
    return tuple(len(found) >= THRESHOLDS.curve_covered * THRESHOLDS.curve_bins for found in bins)


def is_curve_like(points: Floats, curves: Sequence[str], *, tolerance: float) -> bool:
    """Whether (nearly) all of the points lie on some of the curves."""
    return bool(len(points)) and bool(
        np.mean(on_curves(points, curves, tolerance=tolerance).any(axis=0)) >= 1 - THRESHOLDS.stray_share
    )
