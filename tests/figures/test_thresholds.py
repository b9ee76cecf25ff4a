"""Each threshold of figures at its boundary."""

from __future__ import annotations

import numpy as np
import pytest
from builders import MemoryStore, make_view

from grader.figures.class_maps import Answers, ClassMap, _by_colour, _classes_of_values, agreement, answers_of
from grader.figures.regions import RegionParams, coverage, drawn_curves, is_curve_like

LINE = "0 * x"


def square(side: int) -> np.ndarray:
    ticks = np.linspace(0, 1, side)
    return np.column_stack([part.ravel() for part in np.meshgrid(ticks, ticks)])


def painted(points: np.ndarray, classes: np.ndarray) -> ClassMap:
    return ClassMap(points, classes, named=True)


def test_twenty_colours_are_classes() -> None:
    """One more is a shading; so are values."""
    shades = np.linspace(0, 1, 21)[:, None] * np.ones(3)
    assert _by_colour(square(5)[:20], shades[:20]) is not None
    assert _by_colour(square(5)[:21], shades) is None
    assert [int(_classes_of_values(np.arange(top + 1.0)).max()) for top in (20, 21)] == [20, 1]


@pytest.mark.parametrize(("shift", "same"), [(4e-6, True), (6e-6, False)])
def test_places_agree_to_five_decimals(shift: float, same: bool) -> None:
    """Inputs of float32 are drawn again as float64."""
    points = np.column_stack([np.arange(50.0), np.zeros(50)])
    classes = np.zeros(50, np.int64)
    found = agreement(painted(points + shift, classes), Answers(points, (classes,)))
    assert (found == 1.0) is same


@pytest.mark.parametrize(("count", "parts"), [(199, 1), (200, 2)])
def test_predictions_of_few_points_are_put_together(count: int, parts: int) -> None:
    """A grid of two hundred points stands for itself."""
    store = MemoryStore()
    records = [(store.put(np.full((count, 2), float(place))), store.put(np.zeros((count, 1)))) for place in range(2)]
    assert len(answers_of(make_view(store=store), records)) == parts


@pytest.mark.parametrize(("place", "joined"), [(0.95e6, False), (1.05e6, True)])
def test_places_beyond_a_million_are_all_one(place: float, joined: bool) -> None:
    """They are no inputs of a model."""
    point, classes = np.array([[place, 0.0]]), np.zeros(1, np.int64)
    other = np.array([[1.2e6, 0.0]])
    assert (agreement(painted(point, classes), Answers(other, (classes,))) is not None) is joined


@pytest.mark.parametrize(("common", "joined"), [(89, False), (90, True)])
def test_nine_in_ten_places_must_be_among_the_inputs(common: int, joined: bool) -> None:
    """Fewer are compared with the nearest ones."""
    points, classes = square(10), np.zeros(100, np.int64)
    known = Answers(points[:common], (classes[:common],))
    assert (agreement(painted(points, classes), known) is not None) is joined


@pytest.mark.parametrize(("beyond", "covered"), [(0.009, True), (0.011, False)])
def test_points_on_the_edge_may_lie_a_hundredth_outside(beyond: float, covered: bool) -> None:
    """Further out they are no part of the rectangle."""
    params = RegionParams(rectangle=((0, 1), (0, 1)), raster=2)
    assert (coverage(np.array([[-beyond, -beyond], [1 + beyond, 1 + beyond]]), params) > 0) is covered


@pytest.mark.parametrize(("stray", "shown"), [(2, True), (3, False)])
def test_two_in_a_hundred_points_may_lie_off_the_curves(stray: int, shown: bool) -> None:
    """More, and the line shows something else."""
    points = np.column_stack([np.linspace(0, 1, 100), np.zeros(100)])
    points[:stray, 1] = 1.0
    assert is_curve_like(points, [LINE], tolerance=0.1) is shown
    assert drawn_curves([points], [LINE], tolerance=0.1, interval=(0, 1)) == (shown,)


@pytest.mark.parametrize(("end", "shown"), [(0.71, True), (0.69, False)])
def test_a_curve_is_drawn_along_eight_tenths(end: float, shown: bool) -> None:
    """A point in eight of ten bins."""
    points = np.column_stack([np.linspace(0, end, 200), np.zeros(200)])
    assert drawn_curves([points], [LINE], tolerance=0.1, interval=(0, 1)) == (shown,)
