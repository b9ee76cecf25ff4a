"""What is drawn and not kept as data is named, so that nobody is told that it is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from grader.execution.recorder.plotted_data import figure_axes

X, Y, Z = np.random.default_rng(0).random((3, 30))


def unread(draw: Callable[[Any], object], **kind: str) -> list[str]:
    """Classes of what a figure of one pair of axes does not keep."""
    figure = Figure()
    draw(figure.add_subplot(**kind))
    figure.draw_without_rendering()
    (axes,) = figure_axes(figure, lambda _: "0" * 64)
    return list(axes["unread"])


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda axes: axes.tripcolor(X, Y, Z), "PolyCollection"),
        (lambda axes: axes.tripcolor(X, Y, Z, shading="gouraud"), "TriMesh"),
        (lambda axes: axes.vlines(X, 0, 1) and axes.quiver(X, Y, X, Y), "Quiver"),
        (lambda axes: axes.table([["1", "2"]]), "Table"),
    ],
)
def test_what_is_not_kept_is_named(draw: Callable[[Any], object], expected: str) -> None:
    """Its numbers are not in the record."""
    assert unread(draw) == [expected]


def test_of_axes_in_three_dimensions_nothing_is_kept() -> None:
    """Every kind is named once."""
    assert unread(lambda axes: [axes.scatter(X, Y, Z), axes.scatter(Y, X, Z)], projection="3d") == ["Path3DCollection"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.scatter(X, Y),
        lambda axes: axes.hexbin(X, Y, gridsize=5),
        lambda axes: axes.tricontourf(X, Y, Z),
        lambda axes: axes.pcolormesh(np.eye(4)),
        lambda axes: axes.errorbar(X, Y, yerr=0.1),
        lambda axes: axes.hist(X),
    ],
)
def test_what_is_kept_is_not_named(draw: Callable[[Any], object]) -> None:
    """Nor are straight lines along the axes, which show no data of their own."""
    assert unread(draw) == []
