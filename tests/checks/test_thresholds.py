"""Thresholds of the checks at their boundaries, where no test of a check holds them."""

from __future__ import annotations

import numpy as np
import pytest
from builders import (
    MemoryStore,
    Notebook,
    grid,
    line,
    make_axes,
    make_calibration,
    make_cell,
    make_evidence,
    make_figure,
    make_fit,
    make_measurement,
    make_model,
    make_view,
    summarise,
)

from grader.checks.architecture import _is_rate
from grader.checks.confusion import _as_shares, _rounded_to, _squares
from grader.checks.features import _looks_fitted
from grader.checks.images import _Known as _Images
from grader.checks.images import _printed
from grader.checks.learning_rates import _ends_as_measured
from grader.checks.loss_curves import _of_own_loop
from grader.checks.notebook import _Claim, _does_otherwise, _stored_accuracies
from grader.checks.region_figure import RegionFigureParams, _Known, _whose
from grader.figures.class_maps import Answers, ClassMap
from grader.records import SectionMatch
from grader.text.quantities import quantities


def test_a_rate_is_the_one_asked_for_up_to_a_millionth() -> None:
    """Float32 rounds it."""
    assert [_is_rate(0.2 + off, 0.2) for off in (0.9e-6, 1.1e-6)] == [True, False]


def test_shares_of_four_decimals_are_rounded() -> None:
    """More digits are as good as exact."""
    assert [_rounded_to(np.array([[value]])) for value in (0.1234, 0.12345)] == [1e-4, 0.0]


def test_larger_numbers_than_a_million_millions_are_no_counts() -> None:
    """They would overflow what is made of them."""
    store = MemoryStore()
    figure = make_figure(make_axes(grid(np.full((2, 2), 1.1e12), store=store)))
    (square,) = _squares(make_view(make_evidence(figures=(figure,)), store=store), figure)
    assert square.values.max() == 1e12


@pytest.mark.parametrize(("step", "is_known"), [(0.01, True), (0.012, False)])
def test_shares_of_hundredths_tell_a_matrix(step: float, is_known: bool) -> None:
    """Coarser ones fit anything."""
    truth = np.array([[9.0, 1.0], [2.0, 8.0]])
    assert np.isfinite(_as_shares(truth / 10, truth, step=step, unit=np.full((2, 2), 10.0))) == is_known


@pytest.mark.parametrize(("off", "fitted"), [(0.9e-3, True), (1.1e-3, False)])
def test_a_fitted_scalers_rows_end_within_a_thousandth(off: float, fitted: bool) -> None:
    """All features at the same ends."""
    assert _looks_fitted(np.array([[0.0, 0.0], [0.3, 0.9], [1.0, 1.0 + off]])) is fitted


def known(side: int = 8) -> tuple[_Images, np.ndarray, MemoryStore]:
    """The images of a section that loaded 4,000, and the first of them."""
    store = MemoryStore()
    rows = np.random.default_rng(3).uniform(size=(4000, side, side))
    rows[:, 0, 0], rows[:, -1, -1] = 0.0, 1.0
    fit = make_fit(x=summarise(rows, store=store), validation=None)
    section = make_view(make_evidence(models=(make_model(),), fits=(fit,)), store=store)
    return _Images(section, section.submission.data_set), rows[0], store


@pytest.mark.parametrize(("side", "is_image"), [(7, False), (8, True)])
def test_an_image_has_eight_pixels_a_side(side: int, is_image: bool) -> None:
    """Smaller pictures are something else."""
    shown, first, store = known(side)
    assert (shown.labels(grid(first, store=store)) is not None) is is_image


@pytest.mark.parametrize(("correlation", "is_one"), [(0.21, True), (0.19, False)])
def test_an_image_of_the_data_set_is_somewhat_like_others(correlation: float, is_one: bool) -> None:
    """One that is not is of other data."""
    shown, first, _ = known()
    flat = first.ravel() - first.mean()
    shown.images = [(first.ravel(), set())]
    other = np.random.default_rng(4).normal(size=flat.shape)
    other -= other.mean()
    other -= flat * (other @ flat) / (flat @ flat)
    mixed = correlation * flat / np.linalg.norm(flat) + np.sqrt(1 - correlation**2) * other / np.linalg.norm(other)
    assert shown._is_like_one([mixed]) is is_one


@pytest.mark.parametrize(("off", "found"), [(0.009, {7}), (0.011, set())])
def test_an_image_is_known_within_a_hundredth_of_its_brightness(off: float, found: set[int]) -> None:
    """Of any pixel."""
    shown, first, store = known()
    shown.images = [(first.ravel(), {7})]
    changed = first.copy()
    changed[3, 3] += off if changed[3, 3] < 0.5 else -off
    assert shown.labels(grid(changed, store=store)) == found


def test_a_number_above_99_in_a_pair_is_a_size() -> None:
    """As in ``(60000, 28)``; up to there it may be a label."""
    store = MemoryStore()
    for number, kept in ((99, True), (100, False)):
        section = make_view(make_evidence(cells=(make_cell("x", printed=f"({number}, 3)"),)), store=store)
        assert ("3" in _printed(section, make_figure(), grid(np.zeros((28, 28)), store=store))) is kept


@pytest.mark.parametrize(("end", "is_its"), [(1.24, True), (1.26, False)])
def test_a_loops_curve_ends_within_a_quarter_of_the_models_loss(end: float, is_its: bool) -> None:
    """It notes means over an epoch."""
    fit = make_fit(epochs=3, kind="loop", history={})
    measured = (make_measurement("train", loss=1.0),)
    section = make_view(make_evidence(models=(make_model(),), fits=(fit,)), measured=measured)
    assert _ends_as_measured(section, np.array([3.0, 2.0, end]), fit) is is_its


@pytest.mark.parametrize(("end", "outcome"), [(0.3055, "passed"), (0.3065, "needs_review")])
def test_a_loops_validation_curve_ends_within_two_hundredths(end: float, outcome: str) -> None:
    """A mean of batches is not quite that of rows."""
    book = Notebook()
    book.code("loop")
    book.figure(make_axes(*(line(curve, store=book.store) for curve in ((1.0, 0.4), (1.1, end)))))
    section = book.view(measured=())
    measured = (make_measurement("validation", loss=0.3),)
    model = book.model()
    book.fit(model, kind="loop", history={})
    section = book.view(model=model, measured=measured)
    assert _of_own_loop(section, {"required": "", "basis": "claimed"}).outcome == outcome


def test_accuracies_of_four_equal_digits_are_the_same() -> None:
    """Where no spread is known."""
    (item,) = quantities("accuracy 0.90000000")
    claims = [_Claim("a", item, 0.9 + off, source="", line=None, last=None, cell=0) for off in (0.9e-4, 1.1e-4)]
    assert [claim.agrees for claim in claims] == [True, False]


def test_a_progress_bar_is_read_to_hundredths() -> None:
    """It shows a mean of means."""
    bar = "313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step - accuracy: 0.9771 - loss: 0.0878"
    section = make_view(make_evidence(cells=(make_cell("evaluate", stored_text=bar),)))
    assert [item.step for item, _ in _stored_accuracies(section)] == [0.01]


@pytest.mark.parametrize(("shares", "otherwise"), [(0.99, False), (1.01, True)])
def test_a_run_does_otherwise_beyond_the_distance_of_99_in_100_pairs(shares: float, otherwise: bool) -> None:
    """Of two runs of the reference."""
    calibration = make_calibration(ex4__test_accuracy=tuple(0.93 + run / 1000 for run in range(9)))
    line_at = calibration.difference_of_two("ex4.test_accuracy", false_rejection=0.01)
    (item,) = quantities("accuracy 0.99")
    claim = _Claim("a", item, 0.98, source="", line=None, last=None, cell=0)
    fresh = calibration.mean("ex4.test_accuracy") + shares * line_at
    section = make_view(make_evidence(), section=SectionMatch(section="ex4"), calibration=calibration)
    assert _does_otherwise(section, fresh, figure="ex4.test_accuracy", claim=claim) is otherwise


@pytest.mark.parametrize(("wrong", "whose"), [(4, "own"), (6, "unknown"), (14, "unknown"), (16, "other")])
def test_a_picture_on_another_grid_agrees_in_most_places(wrong: int, whose: str) -> None:
    """Nineteen in twenty are this model's; fewer than seventeen are another's; between the two nobody knows."""
    ticks = np.linspace(0, 1, 10)
    points = np.column_stack([part.ravel() for part in np.meshgrid(ticks, ticks)])
    answers = Answers(points, (np.zeros(100, np.int64),))
    classes = np.zeros(100, np.int64)
    classes[:wrong] = 1
    painted = ClassMap(points + 1e-3, classes, named=True)
    params = RegionFigureParams(rectangle=((0, 1), (0, 1)))
    assert _whose(painted, _Known(own=(answers,), others=(), measured=(), is_recorded=True), params)[0] == whose
