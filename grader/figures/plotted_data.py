"""What figures show, as numbers: the series, grids and points that were drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from grader.judging.subject import Floats, numbers
from grader.judging.views import SectionView
from grader.records import AxesRecord, FigureRecord


def figures_by_nearness(section: SectionView) -> tuple[FigureRecord, ...]:
    """Every figure of the notebook, those of the section's cells first."""
    here = section.here(section.evidence.figures)
    return (*here, *(figure for figure in section.evidence.figures if figure not in here))


def series(section: SectionView, axes: AxesRecord) -> Iterator[Floats]:
    """The heights of everything that is drawn as a curve or as points, each of shape ``(points,)``."""
    for line in axes.lines:
        heights = numbers(section, line.y)
        if heights is not None and heights.ndim == 1 and len(heights):
            yield heights
    for dots in axes.scatters:
        offsets = points_of(numbers(section, dots.offsets))
        if offsets is not None and len(offsets):
            yield offsets[:, 1]


def points_of(array: Floats | None) -> Floats | None:
    """An array of points, shape ``(points, 2)``, or None where it is none."""
    return array if array is not None and array.ndim == 2 and array.shape[1] == 2 else None


def artist_points(section: SectionView, axes: AxesRecord) -> Iterator[Floats]:
    """The points of each line and each scatter, shape ``(points, 2)``, those that are not finite left out."""
    for line in axes.lines:
        x, y = numbers(section, line.x), numbers(section, line.y)
        if x is not None and y is not None and x.ndim == 1 and x.shape == y.shape:
            yield _finite(np.column_stack([x, y]))
    for dots in axes.scatters:
        offsets = points_of(numbers(section, dots.offsets))
        if offsets is not None:
            yield _finite(offsets)


def was_cut(section: SectionView, figures: Iterable[FigureRecord]) -> bool:
    """Whether one of the figures holds something whose numbers were not kept or cannot be read."""
    return any(axes_were_cut(section, axes) for figure in figures for axes in figure.axes)


def axes_were_cut(section: SectionView, axes: AxesRecord) -> bool:
    """The same for one pair of axes."""
    refs = (
        *(line.y for line in axes.lines if line.points),
        *(dots.offsets for dots in axes.scatters if dots.points),
        *(grid.values for grid in axes.grids if grid.shape or grid.kind == "contour"),
    )
    return bool(axes.unread) or any(numbers(section, ref) is None for ref in refs)


def cells_of(figures: Iterable[FigureRecord]) -> tuple[int, ...]:
    """The cells that drew them."""
    return tuple(sorted({figure.cell for figure in figures if figure.cell is not None}))


def _finite(points: Floats) -> Floats:
    return points[np.isfinite(points).all(axis=1)]
