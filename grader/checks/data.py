"""The students' own data: shapes, and points that must lie on curves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from grader.figures.expressions import Bound, Expression, evaluate_expression, number
from grader.judging.parameters import SectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, needs_review, passed, per_cent, shown
from grader.judging.subject import Floats, absent, fits_of_sections, flat_rows, numbers
from grader.judging.views import SectionView
from grader.limits import MAX_ARRAY_PAIRS
from grader.records import ArraySummary, CheckResult, FitRecord, NamedArray


class ArrayShapesParams(Params):
    """Parameters of `array_shapes`."""

    features: int = Field(2, ge=1, description="columns of X")
    rows: tuple[int, int] = Field(description="fewest and most rows, [from, to]")
    used_by: tuple[SectionId, ...] = Field((), description="sections whose fits were trained on this data")


class CurvesParams(Params):
    """Parameters of `curves`."""

    curves: tuple[Expression, ...] = Field(min_length=1, description="one a class, in the order of the labels; in x")
    interval: tuple[Bound, Bound] = Field(
        description="where x1 must lie, [from, to]; numbers or expressions such as -pi"
    )
    tolerance: float = Field(1e-3, gt=0, description="how far a point may lie from its curve and from the interval")
    used_by: tuple[SectionId, ...] = Field((), description="sections whose fits were trained on this data")


@dataclass(frozen=True)
class _Shapes:
    """The shapes of a pair of inputs and labels, and where it was seen."""

    x: tuple[int, ...]
    y: tuple[int, ...]
    cell: int | None
    fitted: bool

    def __str__(self) -> str:
        return f"X {self.x}, y {self.y}"


@dataclass(frozen=True)
class _Points:
    """Points ``(points, 2)`` with their labels ``(points,)``, and where they were seen."""

    x: Floats
    y: Floats
    cell: int | None


@check("array_shapes", params=ArrayShapesParams)
def array_shapes(section: SectionView, params: ArrayShapesParams) -> CheckResult:
    """The inputs have the shape (N, features) and the labels (N,), with N in the range."""
    low, high = params.rows
    asked = f"X (N, {params.features}), y (N,), N from {low:,} to {high:,}"
    words: Words = {
        "required": asked,
        "expected": asked,
        "basis": "claimed",
        "cells": section.match.cells,
        "next_step": f"Stack all points to one X of {params.features} columns, and their labels to one y as long.",
    }
    found = [*_fitted_shapes(section, params), *_named_shapes(section, params)]
    # Parts of the data (a class, a split) are named too: the largest pair is the whole.
    judged = sorted(found, key=lambda item: (item.fitted, item.x[0]), reverse=True)
    whole = [*judged[:1], *sorted(judged, key=lambda item: item.x[0], reverse=True)[:1]]
    for item in whole:
        if _fits_shape(item, params):
            return passed(f"The data has the shapes {item}.", words, yours=str(item), cells=_where(section, item.cell))
    if whole:
        item = whole[0]
        return failed(
            f"The shapes are {item}; {asked} was asked for.", words, yours=str(item), cells=_where(section, item.cell)
        )
    shapes = [item.array.shape for item in _in_section(section) if len(item.array.shape) > 1]
    if shapes:
        return failed(
            f"No pair of X (N, {params.features}) and y (N,) was found; there is an array of shape {shapes[-1]}.",
            words,
            yours=f"an array of shape {shapes[-1]}",
        )
    return absent(section, f"No pair of X (N, {params.features}) and y (N,) was found.", words, yours="no such arrays")


@check("curves", params=CurvesParams)
def curves(section: SectionView, params: CurvesParams) -> CheckResult:
    """Each class lies on its curve, every class is present, and x1 lies inside the interval."""
    start, end = params.interval
    words: Words = {
        "required": f"each class on its curve, x1 inside [{start}, {end}]",
        "expected": ", ".join(f"class {i}: x2 = {curve}" for i, curve in enumerate(params.curves)),
        "basis": "claimed",
        "cells": section.match.cells,
        "next_step": "Compute x2 from x1 by the formula of its class, and label each class with its own number.",
    }
    fits = fits_of_sections(section, params.used_by)
    fitted = [points for fit in fits if (points := _fitted_points(section, fit)) is not None]
    named = list(_named_points(section))
    problems = [_problem(points, params) for points in fitted]
    # Scaled inputs lie on no curve; wrongly labelled ones still do.
    mislabelled = next((i for i, points in enumerate(fitted) if problems[i] and _on_some(points, params)), None)
    candidates = fitted if mislabelled is not None else [*fitted, *named]
    right = next((points for points in candidates if _problem(points, params) is None), None)
    if mislabelled is None and right is not None:
        counts = ", ".join(
            f"{int(np.sum(right.y == label)):,} of class {i}" for i, label in enumerate(np.unique(right.y))
        )
        return passed(
            f"Every point lies on the curve of its class ({counts}).",
            words,
            yours=counts,
            cells=_where(section, right.cell),
        )
    if candidates:
        worst = fitted[mislabelled] if mislabelled is not None else candidates[0]
        found = _problem(worst, params) or ""
        return failed(f"{found[:1].upper()}{found[1:]}.", words, yours=found, cells=_where(section, worst.cell))
    if any(fit.x.whole is None and fit.x.rows for fit in fits):
        return needs_review("infrastructure", "The points are too many to be kept; a tutor will look at them.", words)
    return absent(
        section, "No points with labels were found to compare with the curves.", words, yours="no such arrays"
    )


def _where(section: SectionView, cell: int | None) -> tuple[int, ...]:
    """The cell, where it is one of the section's: the data is made here, wherever it is fitted."""
    return (cell,) if cell is not None and cell in section.match.cells else section.match.cells


def _in_section(section: SectionView) -> list[NamedArray]:
    """The arrays of the section's cells; where there are none, those that were there before the first fit."""
    cells = set(section.match.cells)
    here = [item for item in section.evidence.arrays if item.cell in cells]
    first = min((fit.seq for fit in section.evidence.fits), default=None)
    return here or [item for item in section.evidence.arrays if first is None or item.seq <= first]


def _named_pairs(section: SectionView) -> Iterator[tuple[NamedArray, NamedArray]]:
    """Arrays of rows and columns with labels for as many rows, of at least two classes, the newest first."""
    arrays = _in_section(section)
    labels: dict[int, list[NamedArray]] = {}
    for item in reversed(arrays):
        if _is_labels(item.array):
            labels.setdefault(item.array.rows, []).append(item)
    pairs = 0
    for item in reversed(arrays):
        if len(item.array.shape) == 2 and item.array.shape[1] > 1:
            for label in labels.get(item.array.rows, [])[:5]:
                pairs += 1
                if pairs <= MAX_ARRAY_PAIRS:
                    yield item, label


def _is_labels(array: ArraySummary) -> bool:
    return len(array.class_counts or {}) > 1 and array.shape in {(array.rows,), (array.rows, 1)}


def _fitted_shapes(section: SectionView, params: ArrayShapesParams) -> Iterator[_Shapes]:
    for fit in fits_of_sections(section, params.used_by):
        rows = fit.rows_given or fit.x.rows
        if fit.validation is not None and fit.validation.source == "data":
            rows += fit.validation.x.rows
        if fit.x.shape:
            labels = () if fit.y is None else (rows, *fit.y.shape[1:])
            yield _Shapes((rows, *fit.x.shape[1:]), labels, fit.cell, fitted=True)


def _named_shapes(section: SectionView, params: ArrayShapesParams) -> Iterator[_Shapes]:
    for x, y in _named_pairs(section):
        if x.array.shape[1] == params.features:
            yield _Shapes(x.array.shape, y.array.shape, x.cell, fitted=False)


def _fits_shape(item: _Shapes, params: ArrayShapesParams) -> bool:
    rows = item.x[0]
    in_range = params.rows[0] <= rows <= params.rows[1]
    # A pipeline hands its labels over with its inputs.
    return in_range and item.x == (rows, params.features) and item.y in {(), (rows,), (rows, 1)}


def _fitted_points(section: SectionView, fit: FitRecord) -> _Points | None:
    """What a fit was given, training and validation rows together."""
    parts = [(fit.x, fit.y)]
    if fit.validation is not None:
        parts.append((fit.validation.x, fit.validation.y))
    pairs = [(numbers(section, x.whole), None if y is None else numbers(section, y.whole)) for x, y in parts]
    found = [(x, _labels(y)) for x, y in pairs if x is not None and y is not None]
    if not found or any(x.ndim != 2 or x.shape[1] != 2 or len(x) != len(y) for x, y in found):
        return None
    return _Points(np.concatenate([x for x, _ in found]), np.concatenate([y for _, y in found]), fit.cell)


def _named_points(section: SectionView) -> Iterator[_Points]:
    for x, y in _named_pairs(section):
        points, labels = numbers(section, x.array.whole), numbers(section, y.array.whole)
        if points is not None and labels is not None and points.shape == (len(labels), 2):
            yield _Points(points, _labels(labels), x.cell)


def _labels(values: Floats) -> Floats:
    flat = flat_rows(values)
    return flat[:, 0] if flat.shape[1] == 1 or not flat.size else flat.argmax(axis=1).astype(np.float64)


def _problem(points: _Points, params: CurvesParams) -> str | None:
    """What is wrong with the points, a clause; None where every one is right."""
    if not np.isfinite(points.x).all():
        return "some coordinates are not finite numbers"
    start, end = (number(bound) for bound in params.interval)
    x, y = points.x[:, 0], points.x[:, 1]
    low, high = float(x.min(initial=np.inf)), float(x.max(initial=-np.inf))
    classes = np.unique(points.y)
    if len(classes) != len(params.curves):
        return f"the number of classes is {len(classes)}; {len(params.curves)} were asked for"
    if low < start - params.tolerance or high > end + params.tolerance:
        return f"x1 runs from {shown(low)} to {shown(high)}; from {shown(start)} to {shown(end)} was asked for"
    for label, curve in zip(classes, params.curves, strict=True):
        mine = points.y == label
        distance = np.abs(y[mine] - evaluate_expression(curve, x[mine]))
        if not (distance <= params.tolerance).all():
            share = float(np.mean(~(distance <= params.tolerance)))
            return (
                f"{per_cent(share)} of the points labelled {label:g} do not lie on x2 = {curve}"
                f" (the farthest is {shown(float(np.nanmax(distance)))} away)"
            )
    return None


def _on_some(points: _Points, params: CurvesParams) -> bool:
    """Whether every point lies on some of the curves, whatever its label, in a data set of all classes."""
    x, y = points.x[:, 0], points.x[:, 1]
    distances = np.asarray([np.abs(y - evaluate_expression(curve, x)) for curve in params.curves])
    near = distances <= params.tolerance
    return bool(len(x)) and bool(near.any(axis=0).all()) and bool(near.any(axis=1).all())
