"""Claims that contradict measurements are flagged, and honest work is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import (
    OWN_CALLBACK,
    MemoryStore,
    dense,
    falling,
    images,
    make_cell,
    make_compile,
    make_evaluation,
    make_evidence,
    make_fit,
    make_measurement,
    make_model,
    make_view,
    row_hashes,
)

from grader.execution.recorder.checksum import weights_checksum
from grader.integrity import find_integrity_findings, fits_to_replay
from grader.records import CallbackRecord, Measurement, Measurements, Replay

MODEL = make_model(dense(128, "relu"), dense(10, "softmax"), id="m1")
CLAIMED = falling(10, start=1.1)[-1]


def rules(*measured: Measurement, store: MemoryStore | None = None, replays: Any = (), **evidence: Any) -> list[str]:
    """The names of the flags of a notebook with one model and, unless given, one fit."""
    made = make_evidence(**{"models": (MODEL,), "fits": (make_fit(),), **evidence})
    measurements = Measurements(submission="s", measured=measured, replays=replays)
    return [
        finding.rule
        for finding in find_integrity_findings(make_view(made, measurements=measurements, store=store).submission)
    ]


def validation(loss: float = CLAIMED, **fields: Any) -> Measurement:
    """The model on the 400 rows of its validation part."""
    return make_measurement("validation", rows=400, loss=loss, **fields)


def test_an_honest_notebook_has_no_flag() -> None:
    """Claims and measurements agree."""
    test = make_measurement(accuracy=0.91, loss=0.3)
    assert rules(validation(accuracy=0.93), test, evaluations=(make_evaluation(accuracy=0.91, loss=0.3),)) == []


@pytest.mark.parametrize(("factor", "expected"), [(1.0, []), (1.009, []), (1.02, ["history_contradicts_model"])])
def test_the_last_validation_loss_is_that_of_the_model(factor: float, expected: list[str]) -> None:
    """Within a hundredth, for rounding; beyond it somebody wrote the history."""
    loss = max(CLAIMED, 0.1)
    history = {"loss": falling(10), "val_loss": (*falling(9), loss)}
    assert rules(validation(loss * factor), fits=(make_fit(history=history),)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"callbacks": ("EarlyStopping",)},
        {"callbacks": OWN_CALLBACK},
        {"status": "interrupted"},
        {"sample_weight": True},
    ],
)
def test_weights_may_be_others_than_the_last_epochs(fields: dict[str, Any]) -> None:
    """Restored weights, own callbacks and broken-off trainings prove nothing."""
    assert rules(validation(CLAIMED * 3 + 1), fits=(make_fit(**fields),)) == []


@pytest.mark.parametrize("status", ["completed", "raised"])
@pytest.mark.parametrize(("epoch", "expected"), [(9, ["history_contradicts_model"]), (7, []), (None, [])])
def test_the_epoch_whose_weights_were_left_has_their_loss(
    epoch: int | None, expected: list[str], *, status: str
) -> None:
    """A callback may restore an epoch's weights, and not write a better loss for them into the history."""
    store = MemoryStore()
    left = np.arange(6.0).reshape(2, 3)
    marks = [f"{number:08x}" for number in range(10)]
    if epoch is not None:
        marks[epoch] = weights_checksum([left])
    fit = make_fit(callbacks=OWN_CALLBACK, epoch_weights=tuple(marks), status=status)
    measured = validation(falling(10, start=1.1)[7])
    assert rules(measured, store=store, fits=(fit,), weights={"w1": (store.put(left),)}) == expected
    averaged = fit.model_copy(update={"callbacks": (CallbackRecord(class_name="SwapEMAWeights"),)})
    assert rules(measured, store=store, fits=(averaged,), weights={"w1": (store.put(left),)}) == []


@pytest.mark.parametrize(("loss", "expected"), [(0.02, []), (0.4, []), (2.3, ["learned_less_than_claimed"])])
def test_the_last_weights_are_about_as_good_as_their_epoch(loss: float, expected: list[str]) -> None:
    """Mostly better; somewhat worse after a step that went too far; far worse where the losses were invented."""
    assert rules(make_measurement("train", rows=3600, loss=loss)) == expected


@pytest.mark.parametrize("fields", [{"class_weight": True}, {"steps_per_epoch": 3}, {"callbacks": OWN_CALLBACK}])
def test_a_training_loss_of_other_rows_or_weights_proves_nothing(fields: dict[str, Any]) -> None:
    """It is not the mean over the rows, or the weights are others."""
    assert rules(make_measurement("train", rows=3600, loss=2.3), fits=(make_fit(**fields),)) == []


def test_weights_of_the_validation_rows_are_in_the_history_alone() -> None:
    """The third part of ``validation_data``."""
    fit = make_fit()
    assert fit.validation is not None
    weighted = fit.model_copy(update={"validation": fit.validation.model_copy(update={"sample_weight": True})})
    assert rules(validation(CLAIMED * 3 + 1), fits=(weighted,)) == []


@pytest.mark.parametrize("callbacks", [{"callbacks": OWN_CALLBACK}, {"callbacks": ("EarlyStopping",)}])
@pytest.mark.parametrize(("share", "expected"), [(1.0, []), (0.51, []), (0.49, ["better_than_its_history"])])
def test_callbacks_make_no_model_that_is_far_better_than_every_epoch(
    callbacks: dict[str, Any], share: float, expected: list[str]
) -> None:
    """Restored weights have an epoch's loss, averaged ones somewhat less; other weights were put in."""
    assert rules(validation(CLAIMED * share), fits=(make_fit(**callbacks),)) == expected


def test_a_training_that_was_cut_off_may_be_better_than_its_epochs() -> None:
    """The weights are those of the middle of an epoch; so are they where not every epoch was validated."""
    history = {"loss": falling(10), "val_loss": falling(2)}
    for fit in (make_fit(status="interrupted"), make_fit(callbacks=OWN_CALLBACK, history=history)):
        assert rules(validation(0.001), fits=(fit,)) == []


def test_shuffled_labels_are_a_fault_and_no_forgery() -> None:
    """The measurement uses the data set's labels, the history the student's."""
    assert rules(validation(CLAIMED * 3 + 1, label_agreement=0.1)) == []


def test_a_repetition_clears_the_history() -> None:
    """The same training outside gave the same numbers."""
    replays = (Replay(fit="f1", outcome="same"),)
    assert rules(validation(CLAIMED * 3 + 1), replays=replays) == []


def test_a_repetition_that_differs_is_a_flag() -> None:
    """It was not this training that made the history."""
    replays = (Replay(fit="f1", outcome="differs", why="Epoch 1."),)
    assert rules(validation(), replays=replays) == ["replay_differs"]


def test_fits_with_findings_are_replayed() -> None:
    """And nothing else, unless a share is asked for."""
    evidence = make_evidence(models=(MODEL,), fits=(make_fit(),))
    honest = Measurements(submission="s", measured=(validation(),))
    forged = Measurements(submission="s", measured=(validation(CLAIMED * 3 + 1),))
    assert fits_to_replay(make_view(evidence, measurements=honest).submission) == ()
    assert fits_to_replay(make_view(evidence, measurements=forged).submission) == ("f1",)


def test_epochs_that_move_no_weight_are_a_flag() -> None:
    """Unless the learning rate is 0."""
    model = make_model(dense(10, "softmax").model_copy(update={"parameters": 7850}), id="m1")
    fit = make_fit(weights_before="w1")
    assert rules(models=(model,), fits=(fit,)) == ["weights_unchanged"]


@pytest.mark.parametrize(("claimed", "expected"), [(0.914, []), (0.95, ["evaluation_contradicts_model"]), (0.2, [])])
def test_evaluate_returns_what_the_weights_score(claimed: float, expected: list[str]) -> None:
    """More than that was never measured; less is some other fault."""
    store = MemoryStore()
    train, test = np.arange(4000 * 20).reshape(4000, 20), -np.arange(1, 1000 * 20 + 1).reshape(1000, 20)
    given = images(4000, shape=(20,), row_hashes=store.put(row_hashes(train)))
    held_out = images(1000, shape=(20,), row_hashes=store.put(row_hashes(test)))
    arrays = _named(given, held_out)
    evaluation = make_evaluation(accuracy=claimed, x=held_out)
    measured = make_measurement(accuracy=0.91)
    assert rules(measured, store=store, fits=(make_fit(x=given),), evaluations=(evaluation,), arrays=arrays) == expected


def test_a_metric_that_counts_otherwise_claims_nothing() -> None:
    """`BinaryAccuracy()` of one-hot rows is far above the share of right answers, and honest."""
    store = MemoryStore()
    train, test = np.arange(4000 * 20).reshape(4000, 20), -np.arange(1, 1000 * 20 + 1).reshape(1000, 20)
    given = images(4000, shape=(20,), row_hashes=store.put(row_hashes(train)))
    held_out = images(1000, shape=(20,), row_hashes=store.put(row_hashes(test)))
    named = {"metrics": [{"class_name": "BinaryAccuracy", "config": {"name": "accuracy"}}]}
    parts = {
        "fits": (make_fit(x=given),),
        "evaluations": (make_evaluation(accuracy=0.98, x=held_out),),
        "compiles": (make_compile("m1", seq=1, loss="categorical_crossentropy", config=named),),
        "arrays": _named(given, held_out),
    }
    assert rules(make_measurement(accuracy=0.91), store=store, **parts) == []


def test_a_first_training_that_begins_with_biases_is_a_flag() -> None:
    """Keras begins with 0; these weights were ready-made."""
    store = MemoryStore()
    model = make_model(dense(1, "sigmoid").model_copy(update={"parameters": 3}), inputs=(2,), id="m1")
    weights = {"w0": (store.put(np.ones((2, 1))), store.put(np.ones(1)))}
    fit = make_fit(weights_before="w0")
    assert rules(store=store, models=(model,), fits=(fit,), weights=weights) == ["ready_made_weights"]
    fresh = {"w0": (store.put(np.ones((2, 1))), store.put(np.zeros(1)))}
    assert rules(store=store, models=(model,), fits=(fit,), weights=fresh) == []


def test_a_cell_that_was_not_recorded_is_a_flag() -> None:
    """The hooks were taken out; cells that never ran are none of it."""
    cells = (make_cell("x = 1", recorded=False), make_cell("y", index=1, status="not_run", recorded=False))
    assert rules(fits=(), cells=cells) == ["unrecorded_cells"]
    assert rules(fits=(), cells=cells[1:]) == []


def test_a_rule_that_fails_is_a_flag() -> None:
    """Records can be forged to that end."""
    fit = make_fit(model="m1", weights_before="w0")
    model = make_model(dense(1), id="m1")
    assert "rule_failed" in rules(models=(model,), fits=(fit.model_copy(update={"model": "m9"}),))


def _named(*arrays: Any) -> tuple[Any, ...]:
    from grader.records import NamedArray

    return tuple(NamedArray(seq=1, cell=0, name=f"a{n}", array=array) for n, array in enumerate(arrays))


@pytest.mark.parametrize(("test", "expected"), [(0.059, ["accuracy_contradicts_model"]), (0.7, [])])
def test_an_accuracy_on_unknown_rows_is_about_that_on_the_test_rows(test: float, expected: list[str]) -> None:
    """A history written by hand is of other weights; the repetition of an honest one clears it."""
    history = {"loss": falling(10), "val_accuracy": (*falling(9), 0.94)}
    fit = make_fit(history=history)
    measured = make_measurement(accuracy=test)
    assert rules(measured, fits=(fit,)) == expected
    assert rules(measured, fits=(fit,), replays=(Replay(fit=fit.id, outcome="same"),)) == []
    assert rules(measured, validation(accuracy=0.94), fits=(make_fit(),)) == []


@pytest.mark.parametrize(("units", "expected"), [(128, []), (16, ["layers_contradict_weights"])])
def test_layers_have_the_units_of_their_weights(units: int, expected: list[str]) -> None:
    """A configuration may say anything."""
    store = MemoryStore()
    model = make_model(dense(128, "relu"), dense(10, "softmax"), id="m1")
    shapes = [(20, units), (units,), (units, 10), (10,)]
    weights = {"w1": tuple(store.put(np.full(shape, 0.5)) for shape in shapes)}
    assert rules(store=store, models=(model,), weights=weights) == expected
