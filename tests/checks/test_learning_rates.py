"""Several learning rates are tried from new weights, and one figure compares the curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from builders import Notebook, dense, falling, line, make_axes, make_compile, make_measurement

from grader.checks.learning_rates import LearningRatesParams, learning_rates

ASKED = LearningRatesParams(at_least=3, factor=100, undrawn=0.5, went_on=0.25)


def _tried(rates: Sequence[float], *, drawn: int | None = None, one_model: bool = False) -> Any:
    book = Notebook()
    book.code("for rate in rates: ...")
    curves = []
    model = ""
    for number, rate in enumerate(rates):
        if not model or not one_model:
            model = book.model(dense(1), inputs=(4,))
        book.compile(model, learning_rate=rate)
        curves.append(falling(5, start=1 + number))
        book.fit(model, epochs=5, history={"loss": curves[-1]})
    shown = curves if drawn is None else curves[:drawn]
    book.figure(make_axes(*(line(curve, store=book.store) for curve in shown)))
    return learning_rates(book.view("ex4"), ASKED)


def test_three_rates_in_one_figure_pass() -> None:
    """The largest a hundred times the smallest."""
    assert _tried([0.001, 0.01, 0.1]).outcome == "passed"


@pytest.mark.parametrize("rates", [[0.001, 0.1], [0.1, 0.1, 0.1], [0.001, 0.01, 0.05], []])
def test_too_few_or_too_near_rates_fail(rates: list[float]) -> None:
    """Two of them, three times the same, or less than a hundred times apart."""
    assert _tried(rates).outcome == "failed"


def test_curves_that_are_not_drawn_together_cost() -> None:
    """Two of three curves compare no three rates."""
    result = _tried([0.001, 0.01, 0.1], drawn=2)
    assert (result.outcome, result.share) == ("partial", 0.5)
    assert "at most 2 in one figure" in result.feedback


def test_a_training_that_goes_on_from_another_rate_costs() -> None:
    """The model was compiled anew and kept its weights."""
    result = _tried([0.001, 0.01, 0.1], one_model=True)
    assert (result.outcome, result.share) == ("partial", 0.25)


def test_schedules_are_for_a_tutor() -> None:
    """A rate that changes is no single rate."""
    book = Notebook()
    book.code("...")
    model = book.model(dense(1), inputs=(4,))
    book.compile(model, learning_rate=None, schedule="ExponentialDecay")
    book.fit(model)
    result = learning_rates(book.view("ex4"), ASKED)
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


@pytest.mark.parametrize(("ends", "outcome"), [((3.0, 2.0, 1.0), "passed"), ((3.0, 2.0, 2.0), "needs_review")])
def test_curves_of_loops_are_told_by_their_ends(ends: Sequence[float], outcome: str) -> None:
    """Of a loop no history is recorded; a curve of as many epochs that ends at the model's loss is its curve."""
    book = Notebook()
    book.code("for rate in rates: ...")
    measured = []
    for number, rate in enumerate([0.001, 0.01, 0.1]):
        model = book.model(dense(1), inputs=(4,))
        book.fit(model, kind="loop", epochs=5, history={}, compiled=make_compile(model, learning_rate=rate))
        loss = 2.9 - number
        measured.append(make_measurement("train", model=model, weights=book.fits[-1].weights_after, loss=loss))
    book.figure(make_axes(*(line([9, 8, 7, 6, end], store=book.store) for end in ends)))
    assert learning_rates(book.view("ex4", measured=measured), ASKED).outcome == outcome
