"""A table's rows are set aside for the test, and its features are on one scale by the training rows' statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from builders import Notebook, dense, layer, make_measurement, summarise

from grader.checks.features import HeldOutParams, ScaledFeaturesParams, held_out, scaled_features
from grader.judging.views import SectionView

ROWS = np.random.default_rng(1).normal(size=(100, 4)) * [1, 5, 30, 0.5] + [10, 0, 200, 3]
ASKED = HeldOutParams(share=0.2, used_by=("ex4",))
SCALED = ScaledFeaturesParams(used_by=("ex4",), by_test_rows=0.5)


def _scope(
    train: npt.NDArray[np.float64], test: npt.NDArray[np.float64], *, first: str = "Dense", **fields: Any
) -> SectionView:
    """A model that was trained on the one part and evaluated on the other."""
    book = Notebook()
    book.code("model.fit(X_train, y_train)")
    before = () if first == "Dense" else (layer(first),)
    model = book.model(*before, dense(1), inputs=(4,))
    book.fit(model, validation=None, x=summarise(train, store=book.store, hashes=True))
    book.evaluate(model, x=summarise(test, store=book.store, hashes=True))
    return book.view("ex4", model=model, **fields)


def _measured(**rows: int) -> tuple[Any, ...]:
    return tuple(
        make_measurement(probe, rows=number, of_rows=100, data_set="diabetes") for probe, number in rows.items()
    )


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ({"train": 64, "validation": 16, "test": 20}, "passed"),
        ({"train": 75, "test": 25}, "passed"),
        ({"train": 74, "test": 26}, "failed"),
        ({"train": 80, "validation": 20}, "failed"),
        ({"train": 80}, "needs_review"),
        ({}, "needs_review"),
    ],
)
def test_the_test_part_is_what_no_training_saw(rows: dict[str, int], outcome: str) -> None:
    """A fifth, give or take the tolerance; none at all fails, and what is not known is a tutor's."""
    assert held_out(_scope(ROWS[:80], ROWS[80:], measured=_measured(**rows)), ASKED).outcome == outcome


def test_without_any_training_there_is_no_split() -> None:
    """The criterion speaks of what models were trained on."""
    assert held_out(Notebook().view("ex4"), ASKED).outcome == "failed"


def _standard(rows: npt.NDArray[np.float64], by: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray((rows - by.mean(axis=0)) / by.std(axis=0))


def _unit(rows: npt.NDArray[np.float64], by: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray((rows - by.min(axis=0)) / np.ptp(by, axis=0))


@pytest.mark.parametrize("scale", [_standard, _unit])
def test_a_scaler_of_the_training_rows_passes(scale: Any) -> None:
    """By deviations or by ends."""
    train, test = ROWS[:80], ROWS[80:]
    assert scaled_features(_scope(scale(train, train), scale(test, train)), SCALED).outcome == "passed"


def test_rows_that_were_not_kept_are_not_judged() -> None:
    """Where no model was trained there are none to keep."""
    view = _scope(ROWS[:80], ROWS[80:])
    fits = tuple(fit.model_copy(update={"x": fit.x.model_copy(update={"whole": None})}) for fit in view.evidence.fits)
    evidence = view.evidence.model_copy(update={"fits": fits})
    cut = scaled_features(replace(view, submission=replace(view.submission, evidence=evidence)), SCALED)
    assert (cut.outcome, "were not kept whole" in cut.feedback) == ("needs_review", True)
    none = scaled_features(Notebook().view("ex4"), SCALED)
    assert (none.outcome, "No model was trained on features" in none.feedback) == ("failed", True)


@pytest.mark.parametrize("scale", [_standard, _unit])
def test_a_scaler_that_saw_the_test_rows_costs(scale: Any) -> None:
    """The statistics are those of all rows, and of no part."""
    order = np.argsort(ROWS[:, 0] + ROWS[:, 2] / 30)
    train, test = ROWS[order[10:90]], ROWS[np.r_[order[:10], order[90:]]]
    result = scaled_features(_scope(scale(train, ROWS), scale(test, ROWS)), SCALED)
    assert (result.outcome, result.share) == ("partial", 0.5)


def test_features_as_they_are_fail_unless_the_model_scales_them() -> None:
    """One spreads sixty times as wide as another."""
    assert scaled_features(_scope(ROWS[:80], ROWS[80:]), SCALED).outcome == "failed"
    assert scaled_features(_scope(ROWS[:80], ROWS[80:], first="Normalization"), SCALED).outcome == "passed"


@pytest.mark.parametrize(("seen", "outcome"), [(80, "passed"), (100, "partial")])
def test_a_layer_that_was_adapted_is_a_scaler(seen: int, outcome: str) -> None:
    """Its weights say which rows it has seen: those of the test are none of its business."""
    book = Notebook()
    book.code("norm.adapt(rows)")
    model = book.model(layer("Normalization", parameters=9), dense(1), inputs=(4,))
    book.fit(model, x=summarise(ROWS[:80], store=book.store, hashes=True), validation=None)
    book.evaluate(model, x=summarise(ROWS[80:], store=book.store, hashes=True))
    adapted = (ROWS[:seen].mean(axis=0), ROWS[:seen].var(axis=0), np.zeros(()))
    book.fields["weights"] = {"w1": tuple(book.store.put(array) for array in adapted)}
    assert scaled_features(book.view("ex4", model=model), SCALED).outcome == outcome


@pytest.mark.parametrize(("by", "outcome"), [(slice(0, 80), "passed"), (slice(0, 100), "partial")])
def test_what_a_loop_is_validated_on_is_no_test(by: slice, outcome: str) -> None:
    """A scaler of training and validation rows together is fair, one that saw the test rows as well is not."""
    order = np.argsort(ROWS[:, 0] + ROWS[:, 2] / 30)
    rows = ROWS[np.r_[order[10:90], order[:10], order[90:]]]
    train, held, test = (_standard(rows[part], rows[by]) for part in (slice(0, 60), slice(60, 80), slice(80, 100)))
    book = Notebook()
    book.code("train_by_hand()")
    model = book.model(dense(1), inputs=(4,))
    book.fit(model, kind="loop", validation=None, x=summarise(train, store=book.store, hashes=True))
    book.evaluate(model, x=summarise(held, store=book.store, hashes=True))
    assert scaled_features(book.view("ex4", model=model), SCALED).outcome == "passed"
    book.code("model.evaluate(X_test, y_test)")
    book.evaluate(model, x=summarise(test, store=book.store, hashes=True))
    assert scaled_features(book.view("ex4", model=model), SCALED).outcome == outcome
