"""Weights that training did not make are flagged, and what students honestly do with weights is not."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest
from builders import OWN_CALLBACK, MemoryStore, dense, falling, images, make_evidence, make_fit, make_model, make_view

from grader.integrity import Finding, find_integrity_findings
from grader.records import FitRecord, WeightsSetRecord

CHANCE = np.random.default_rng(3)
SHAPES = ((2, 3), (3,), (3, 1), (1,))
State = list[np.ndarray]


def fresh() -> State:
    """As Keras begins: no bias."""
    return [CHANCE.normal(size=shape) * (len(shape) > 1) for shape in SHAPES]


def foreign() -> State:
    """Of no recorded training."""
    return [CHANCE.normal(size=shape) for shape in SHAPES]


class Trainings:
    """A notebook's trainings, one a cell, with the weights that they began with and left."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.weights: dict[str, tuple[str, ...]] = {}
        self.fits: list[FitRecord] = []
        self.events: list[WeightsSetRecord] = []

    def state(self, arrays: State | None) -> str | None:
        """Stores weights."""
        if arrays is None:
            return None
        refs = tuple(self.store.put(array) for array in arrays)
        self.weights["".join(refs)] = refs
        return "".join(refs)

    def fit(self, model: str, before: State | None, after: State, **fields: Any) -> State:
        """Trains a model; ``epochs`` are the states at the epochs' ends, of which the last is what it leaves."""
        number = len(self.fits) + 1
        states = fields.pop("epochs", [foreign(), after])
        marks = [f"{zlib.crc32(b''.join(array.tobytes() for array in state)):08x}" for state in states]
        place = {"id": f"f{number}", "seq": 10 * number, "cell": number}
        ends = {"weights_before": self.state(before), "weights_after": self.state(after), "epoch_weights": marks}
        data = {"x": images(80, content=fields.pop("rows", "all")), "history": {"loss": falling(2, start=number)}}
        self.fits.append(make_fit(model, **{**place, **ends, **data, "epochs": 2, **fields}))
        return after

    def flags(self) -> list[tuple[str, str | None]]:
        """Rule and model of each."""
        return [(sign.rule, sign.model) for sign in self.findings()]

    def findings(self) -> tuple[Finding, ...]:
        """All of them."""
        layers = [dense(units).model_copy(update={"parameters": 9}) for units in (3, 1)]
        names = sorted({fit.model for fit in self.fits})
        models = tuple(make_model(*layers, inputs=(2,), id=name, object_id=f"o{name}") for name in names)
        parts = {"fits": tuple(self.fits), "weights": self.weights, "weights_set": tuple(self.events)}
        return find_integrity_findings(make_view(make_evidence(models=models, **parts), store=self.store).submission)


def test_training_on_is_no_flag() -> None:
    """A second fit goes on from the first."""
    book = Trainings()
    left = book.fit("m1", fresh(), foreign())
    book.fit("m1", left, foreign())
    assert book.flags() == []


def test_weights_set_between_two_trainings_are_a_flag() -> None:
    """Nothing recorded made them; the tutor reads how they came."""
    book, brought = Trainings(), foreign()
    book.fit("m1", fresh(), foreign())
    book.events.append(WeightsSetRecord(seq=15, cell=4, model="m1", how="set_weights", weights=book.state(brought)))
    book.fit("m1", brought, foreign())
    (sign,) = book.findings()
    assert (sign.rule, sign.cells) == ("ready_made_weights", (2,))
    assert sign.text.endswith("no recorded training made; they came by set_weights in cell 5.")


def test_a_checkpoint_of_an_epoch_is_no_flag() -> None:
    """ModelCheckpoint, or a callback of one's own, kept the best epoch; load_weights brought it back."""
    book, best = Trainings(), foreign()
    book.fit("m1", fresh(), foreign(), epochs=[best, foreign()])
    book.fit("m1", best, foreign())
    assert book.flags() == []


def test_a_saved_and_loaded_model_is_no_flag() -> None:
    """It is another object with the same weights."""
    book = Trainings()
    left = book.fit("m1", fresh(), foreign())
    book.fit("m2", left, foreign())
    assert book.flags() == []


def test_layers_of_a_trained_model_are_no_flag() -> None:
    """Transfer: the first layer is taken over, the last one is new."""
    book = Trainings()
    left = book.fit("m1", fresh(), foreign())
    book.fit("m2", [*left[:2], *fresh()[2:]], foreign())
    assert book.flags() == []


def test_beginning_again_is_no_flag() -> None:
    """With the first weights, or with fresh ones."""
    book, first = Trainings(), fresh()
    for before in (first, first, fresh(), None):
        book.fit("m1", before, foreign())
    assert book.flags() == []


@pytest.mark.parametrize("mix", [lambda one, two: 0.9 * one + 0.1 * two, lambda one, _: one * (abs(one) > 0.5)])
def test_averages_and_pruned_weights_are_no_flag(mix: Any) -> None:
    """They lie between what training left and 0."""
    book = Trainings()
    one = book.fit("m1", fresh(), foreign())
    two = book.fit("m1", one, foreign())
    book.fit("m1", [mix(*pair) for pair in zip(one, two, strict=True)], foreign())
    assert book.flags() == []


def test_a_loop_of_ones_own_may_set_weights() -> None:
    """Between its steps it averages, clips and restores; nothing of it can be repeated anyway."""
    book = Trainings()
    book.fit("m1", fresh(), foreign(), kind="loop", history={})
    book.fit("m1", foreign(), foreign(), kind="loop", history={})
    assert book.flags() == []


def test_old_evidence_and_large_models_raise_nothing() -> None:
    """Where the weights of the epochs are unknown, a checkpoint cannot be told from what was brought along."""
    book = Trainings()
    book.fit("m1", fresh(), foreign(), epoch_weights=())
    book.fit("m1", foreign(), foreign())
    assert book.flags() == []


def test_a_large_model_hides_no_other() -> None:
    """Only what has the form of its weights may be one of its epochs."""
    book = Trainings()
    book.fit("m1", [array[:, None] for array in fresh()], [array[:, None] for array in foreign()], epoch_weights=())
    book.fit("m2", fresh(), foreign())
    book.fit("m2", foreign(), foreign())
    assert book.flags() == [("ready_made_weights", "m2")]


def test_one_training_that_is_done_twice_is_no_flag() -> None:
    """The same seed, rows and model give the same weights."""
    book, first, last = Trainings(), fresh(), foreign()
    for model in ("m1", "m2"):
        book.fit(model, first, last, history={"loss": falling(2)})
    assert book.flags() == []


def test_weights_of_another_training_are_a_flag() -> None:
    """A callback put them in when the training ended; the other model may be honest."""
    book, last = Trainings(), foreign()
    book.fit("m1", fresh(), last)
    book.fit("m2", fresh(), last, callbacks=OWN_CALLBACK)
    assert book.flags() == [("weights_of_another_training", "m2")]


def test_two_models_with_one_training_too_few_are_both_a_flag() -> None:
    """Which of them was trained is not known."""
    book, last = Trainings(), foreign()
    book.fit("m1", fresh(), last)
    book.fit("m2", fresh(), last)
    assert book.flags() == [("weights_of_another_training", name) for name in ("m1", "m2")]


def test_a_plain_callback_of_ones_own_is_no_flag() -> None:
    """It prints, or draws."""
    book = Trainings()
    book.fit("m1", fresh(), foreign(), callbacks=OWN_CALLBACK)
    book.fit("m2", fresh(), foreign(), callbacks=OWN_CALLBACK)
    assert book.flags() == []


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_doubt_goes_with_the_weights(noise: float) -> None:
    """A model that began with weights of a doubted one, or came by a sliver from it, is doubted, and so on."""
    book = Trainings()
    tainted = book.fit("m1", foreign(), foreign())
    book.fit("m2", fresh(), [array + noise for array in tainted], callbacks=OWN_CALLBACK, history={"loss": falling(2)})
    book.fit("m3", book.fit("m2", None, foreign()), foreign())
    found = book.flags()
    assert ("ready_made_weights", "m1") in found
    assert {model for rule, model in found if rule == "weights_of_doubted_model"} >= {"m2"}
    assert ("weights_of_doubted_model", "m3") in found


def test_what_a_model_was_before_is_not_doubted() -> None:
    """It was trained honestly, copied, and only then given weights from elsewhere."""
    book = Trainings()
    left = book.fit("m1", fresh(), foreign())
    book.fit("m2", left, foreign())
    book.fit("m1", foreign(), foreign())
    assert book.flags() == [("ready_made_weights", "m1")]
