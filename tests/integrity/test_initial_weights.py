"""Weights that were put in before or during a training are flagged; trainings, however wild, are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import MemoryStore, dense, make_evidence, make_fit, make_measurement, make_model, make_view

from grader.integrity import find_integrity_findings, fits_to_replay
from grader.records import FitRecord, Measurement, Measurements, Replay, ReplayState

CHANCE = np.random.default_rng(5)
MODEL = make_model(
    dense(40, "relu").model_copy(update={"parameters": 2040}),
    dense(10, "softmax").model_copy(update={"parameters": 410}),
    inputs=(50,),
    id="m1",
)
State = list[np.ndarray]


def fresh() -> State:
    return [CHANCE.uniform(-0.2, 0.2, (50, 40)), np.zeros(40), CHANCE.uniform(-0.3, 0.3, (40, 10)), np.zeros(10)]


def moved(state: State, *, by: float) -> State:
    """What a training leaves that goes so far, over the length of each kernel."""
    return [array + by * max(array.std(), 0.01) * CHANCE.normal(size=array.shape) for array in state]


class Book:
    """Trainings of one or several models, each with the states before and after."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.weights: dict[str, tuple[str, ...]] = {}
        self.fits: list[FitRecord] = []

    def fit(self, before: State, after: State, *, model: str = "m1", **fields: Any) -> None:
        number = len(self.fits) + 1
        for name, state in ((f"b{number}", before), (f"a{number}", after)):
            self.weights[name] = tuple(self.store.put(array) for array in state)
        marks = tuple(f"{number:04x}{epoch:04x}" for epoch in range(10))
        states = {"weights_before": f"b{number}", "weights_after": f"a{number}", "epoch_weights": marks}
        self.fits.append(make_fit(model, id=f"f{number}", seq=number, **states, **fields))

    def rules(self, *measured: Measurement, replays: tuple[Replay, ...] = (), model: Any = MODEL) -> list[str]:
        names = sorted({fit.model for fit in self.fits})
        models = tuple(model.model_copy(update={"id": name, "object_id": f"o{name}"}) for name in names)
        self.evidence = make_evidence(models=models, fits=tuple(self.fits), weights=self.weights)
        self.measurements = Measurements(submission="s", measured=measured, replays=replays)
        view = make_view(self.evidence, measurements=self.measurements, store=self.store)
        return [finding.rule for finding in find_integrity_findings(view.submission)]


@pytest.mark.parametrize(("way", "expected"), [(0.2, []), (2.0, []), (30.0, ["weights_not_of_beginning"])])
def test_a_training_leaves_something_of_its_beginning(way: float, expected: list[str]) -> None:
    """Even one that goes twice as far as its weights are long; only weights from elsewhere have nothing of it."""
    book, before = Book(), fresh()
    book.fit(before, moved(before, by=way))
    assert book.rules(make_measurement(weights="a1", accuracy=0.9)) == expected


def test_a_training_that_went_astray_may_forget_its_beginning() -> None:
    """Steps far too large leave a model that knows nothing: there is nothing to be won by it."""
    book, before = Book(), fresh()
    book.fit(before, moved(before, by=30.0), history={})
    assert book.rules(make_measurement(weights="a1", accuracy=0.23)) == []


def test_a_repetition_clears_it() -> None:
    """It is repeated without being asked for."""
    book = Book()
    book.fit(fresh(), [CHANCE.normal(size=array.shape) for array in fresh()])
    measured = make_measurement(weights="a1", accuracy=0.9)
    assert book.rules(measured) == ["weights_not_of_beginning"]
    assert fits_to_replay(make_view(book.evidence, measurements=book.measurements, store=book.store).submission) == (
        "f1",
    )
    assert book.rules(measured, replays=(Replay(fit="f1", outcome="same"),)) == []


def test_a_repetition_with_what_the_optimizer_brought_clears_nothing() -> None:
    """Its moving averages may be ready-made weights."""
    book = Book()
    book.fit(fresh(), [CHANCE.normal(size=array.shape) for array in fresh()], replay=ReplayState(optimizer=("a" * 64,)))
    measured = make_measurement(weights="a1", accuracy=0.9)
    assert book.rules(measured, replays=(Replay(fit="f1", outcome="same"),)) == ["weights_not_of_beginning"]
    assert fits_to_replay(make_view(book.evidence, measurements=book.measurements, store=book.store).submission) == ()


@pytest.mark.parametrize(("accuracy", "expected"), [(0.12, []), (0.3, []), (0.91, ["knew_before_training"])])
def test_fresh_weights_know_nothing(accuracy: float, expected: list[str]) -> None:
    """Biases of 0 do not make ready-made weights fresh ones."""
    book, before = Book(), fresh()
    book.fit(before, moved(before, by=0.5))
    measured = (make_measurement(weights="b1", accuracy=accuracy), make_measurement(weights="a1", accuracy=0.92))
    assert book.rules(*measured) == expected


def test_what_a_recorded_training_taught_is_known() -> None:
    """A copy of a trained model, or an average of two of its states, goes on."""
    book, before = Book(), fresh()
    after = moved(before, by=0.5)
    book.fit(before, after)
    for number, state in enumerate((after, [(one + other) / 2 for one, other in zip(before, after, strict=True)]), 2):
        book.fit(state, moved(state, by=0.3), model=f"m{number}")
    taught = [make_measurement(model=f"m{n}", weights=f"b{n}", accuracy=0.9) for n in (2, 3)]
    assert book.rules(*taught) == []


def test_weights_that_are_put_in_between_two_trainings_were_made_elsewhere() -> None:
    """The first training is honest, and the second one goes on from other weights."""
    book, before, brought = Book(), fresh(), fresh()
    book.fit(before, moved(before, by=0.3))
    book.fit(brought, moved(brought, by=0.1))
    assert book.rules(make_measurement(weights="b2", accuracy=0.9)) == ["knew_before_training"]


def test_what_a_doubted_training_began_with_explains_no_other() -> None:
    """Nor does what it left."""
    book, brought = Book(), fresh()
    for name in ("m1", "m2"):
        book.fit(brought, moved(brought, by=0.3), model=name)
    measured = [make_measurement(model=f"m{n}", weights=f"b{n}", accuracy=0.9) for n in (1, 2)]
    assert book.rules(*measured).count("knew_before_training") == 2


@pytest.mark.parametrize(("way", "expected"), [(0.1, []), (0.001, ["knew_before_training"])])
def test_a_good_model_that_did_not_move_was_good_before(way: float, expected: list[str]) -> None:
    """Said of models whose beginning cannot be rebuilt outside."""
    book, before = Book(), fresh()
    book.fit(before, moved(before, by=way))
    assert book.rules(make_measurement(weights="a1", accuracy=0.9)) == expected


def test_two_classes_may_be_told_apart_by_chance() -> None:
    """Fresh weights on two classes prove nothing."""
    book, before = Book(), fresh()
    book.fit(before, moved(before, by=0.5))
    binary = MODEL.model_copy(update={"output_shapes": ((1,),)})
    assert book.rules(make_measurement(weights="b1", accuracy=0.9), model=binary) == []
