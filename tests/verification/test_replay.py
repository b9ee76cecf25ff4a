"""A fit is repeated outside, bit for bit; what came otherwise is told, and so is what cannot be repeated."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_kernel import run_cells
from verification import TRAIN, Array, Recorded, data_set, pictures

from grader.datasets import DataSets, resolve
from grader.execution.sandbox import detect, unprotected
from grader.records import ArraySummary, CompileRecord, Edit, Evidence, FitRecord, ModelRecord, Replay, ReplayState
from grader.verification.replay import (
    Impossible,
    _judged,
    _repeatable,
    _Repeated,
    exact_rows,
    exact_targets,
    replay_fits,
)
from grader.verification.row_matching import KnownRows, recognise
from grader.verification.trials import Wanted, try_edits

DIGITS = pictures()
ORDER = np.random.default_rng(1).permutation(TRAIN)
LABELS = DIGITS["y_train"]

ARITHMETIC: dict[str, Callable[[Array], Array]] = {
    "float32": lambda u: u.reshape(-1, 784).astype(np.float32) / 255,
    "float64": lambda u: u / 255.0,
    "by multiplication": lambda u: u.astype(np.float32) * np.float32(1 / 255),
    "to -1 and 1": lambda u: (u.astype(np.float32) - 127.5) / 127.5,
    "padded": lambda u: np.pad(u.astype(np.float32) / 255, ((0, 0), (2, 2), (2, 2)))[..., None],
    "padded by -1": lambda u: np.pad(u / 127.5 - 1, ((0, 0), (2, 2), (2, 2)), constant_values=-1),
    "bytes": lambda u: u,
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> KnownRows:
    return KnownRows.of_file(data_set(tmp_path_factory.mktemp("data")).files[0])


def _too_large(recorded: Recorded, array: Array) -> ArraySummary:
    return recorded.summary(array).model_copy(update={"whole": None, "head": recorded.array(array[:64])})


@pytest.mark.parametrize("form", ARITHMETIC)
def test_rows_are_made_again_to_the_last_bit(known: KnownRows, tmp_path: Path, form: str) -> None:
    """In the student's own arithmetic and order."""
    recorded, rows = Recorded(tmp_path), ARITHMETIC[form](DIGITS["x_train"][ORDER])
    summary = _too_large(recorded, rows)
    found = recognise(summary, known, read=recorded.arrays.get)
    assert found is not None
    again = exact_rows(found, summary, read=recorded.arrays.get)
    assert again is not None
    assert again.dtype == rows.dtype
    np.testing.assert_array_equal(again, rows)


def test_rows_that_differ_in_a_bit_are_not_passed_off(known: KnownRows, tmp_path: Path) -> None:
    """The digest decides."""
    recorded = Recorded(tmp_path)
    rows = DIGITS["x_train"].astype(np.float32) / 255
    rows[200, 9, 9] = np.nextafter(rows[200, 9, 9], np.float32(2))
    summary = _too_large(recorded, rows)
    found = recognise(summary, known, read=recorded.arrays.get)
    assert found is not None
    assert exact_rows(found, summary, read=recorded.arrays.get) is None


@pytest.mark.parametrize(
    "labels", [np.eye(10)[LABELS], np.eye(10, dtype=np.float32)[LABELS], LABELS, LABELS[:, None].astype(np.int32)]
)
def test_labels_are_made_again(tmp_path: Path, labels: Array) -> None:
    """One-hot or whole numbers, in their own type."""
    recorded = Recorded(tmp_path)
    again = exact_targets(_too_large(recorded, labels), read=recorded.arrays.get)
    assert again is not None
    assert again.dtype == labels.dtype
    np.testing.assert_array_equal(again, labels)


def test_smoothed_labels_are_not(tmp_path: Path) -> None:
    """Only their first rows are known."""
    recorded = Recorded(tmp_path)
    assert exact_targets(_too_large(recorded, np.eye(10)[LABELS] * 0.9 + 0.01), read=recorded.arrays.get) is None


NAN = math.nan
CLAIMED = {"loss": (0.5, 0.25), "accuracy": (0.75, NAN)}
HISTORIES: dict[str, tuple[Any, str]] = {
    "the same": ({"loss": [0.5, 0.25], "accuracy": [0.75, NAN]}, "same"),
    "another value": ({"loss": [0.5, 0.5], "accuracy": [0.75, NAN]}, "differs"),
    "a number for a NaN": ({"loss": [0.5, 0.25], "accuracy": [0.75, 1.0]}, "differs"),
    "an epoch less": ({"loss": [0.5], "accuracy": [0.75]}, "differs"),
    "another metric": ({"loss": [0.5, 0.25]}, "differs"),
    "text": ({"loss": ["a", "b"], "accuracy": [0.75, NAN]}, "differs"),
    "nothing": ({}, "differs"),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_histories_are_compared_bit_for_bit(name: str) -> None:
    """NaN equals NaN; anything else that differs does."""
    history, outcome = HISTORIES[name]
    fit = FitRecord(id="f1", seq=1, cell=0, model="m1", x=ArraySummary(), history=CLAIMED)
    found = _judged(fit, _Repeated(fit="f1", history=history, weights=("a",)), weights=("a",))
    assert found.outcome == outcome


def test_other_weights_are_told() -> None:
    """A history alone could be copied from an honest run."""
    fit = FitRecord(id="f1", seq=1, cell=0, model="m1", x=ArraySummary(), history={"loss": (0.5,)})
    found = _judged(fit, _Repeated(fit="f1", history={"loss": (0.5,)}, weights=("a",)), weights=("b",))
    assert found.outcome == "differs"
    assert "weights" in found.why


COMPILED = CompileRecord(seq=1, cell=0, model="m1", config={"loss": "mse"})
MODEL = ModelRecord(id="m1", object_id="o1", kind="sequential", config={"class_name": "Sequential", "module": "keras"})
FITTED = {"seq": 2, "cell": 0, "model": "m1", "x": ArraySummary(), "compiled": COMPILED, "weights_before": "w"}
IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "a problem": ({"replay_problems": ("its rows are unknown",)}, "its rows are unknown"),
    "no state": ({"replay": None}, "seed"),
    "no seed": ({"replay": ReplayState()}, "seed"),
    "an own loss": ({"compiled": COMPILED.model_copy(update={"config": None})}, "not Keras's own"),
    "no compile": ({"compiled": None}, "not Keras's own"),
    "no first weights": ({"weights_before": None}, "weights"),
    "lost sample weights": ({"sample_weight": True}, "sample weights"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_a_replay_lacks_is_named(name: str) -> None:
    """Before any process is started."""
    fields, words = IMPOSSIBLE[name]
    fit = FitRecord(**{"id": "f1", "replay": ReplayState(tensorflow_seed=1), **FITTED, **fields})
    with pytest.raises(Impossible, match=words):
        _repeatable(fit, MODEL, weights={"w": ()})


def test_a_whole_record_can_be_repeated() -> None:
    """With its configuration, seed and weights."""
    fit = FitRecord(**{"id": "f1", "replay": ReplayState(tensorflow_seed=1), **FITTED})
    assert _repeatable(fit, MODEL, weights={"w": ("a",)}).weights == ("a",)


CELLS = [
    """
import numpy as np, keras
from keras import layers
(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x = x.reshape(-1, 784).astype("float32") / 255
""",
    """
model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dropout(0.2)])
model.add(layers.Dense(10, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
model.fit(x, y, epochs=4, batch_size=16, validation_split=0.2, callbacks=[stop], verbose=0)
model.fit(x, keras.utils.to_categorical(y) @ np.arange(10.0), epochs=2, batch_size=16, class_weight={0: 2.0}, verbose=0)
""",
    """
class Watching(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.seen = logs
class Acting(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.01
for callback in (Watching(), Acting()):
    model.fit(x, y, epochs=1, callbacks=[callback], verbose=0)
""",
]


@pytest.fixture(scope="module")
def recorded_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, Any, DataSets]:
    """Fits of a real kernel; the last two have forged records."""
    folder = tmp_path_factory.mktemp("kernel")
    run = run_cells(CELLS, folder)
    first = run.recording.fits[0]
    forged = first.model_copy(update={"id": "forged", "history": {**first.history, "loss": (0.1,) * first.epochs_run}})
    loop = first.model_copy(update={"id": "loop", "kind": "loop"})
    recording = replace(run.recording, fits=(*run.recording.fits, forged, loop))
    evidence = Evidence(
        submission="one",
        file_name="one.ipynb",
        sha256="0" * 64,
        models=recording.models,
        fits=recording.fits,
        weights=recording.weights,
    )
    return evidence, run.store, resolve(str(folder / "data"))


@pytest.fixture(scope="module")
def replays(recorded_run: tuple[Evidence, Any, DataSets]) -> list[Replay]:
    evidence, arrays, data_sets = recorded_run
    sandbox = detect().sandbox or unprotected()
    wanted = [fit.id for fit in evidence.fits]
    found = replay_fits(evidence, wanted, arrays=arrays, data_sets=data_sets, sandbox=sandbox, core=None)
    return list(found)


@pytest.mark.slow
def test_fits_come_out_the_same(replays: list[Replay]) -> None:
    """With shuffling, dropout, a split, early stopping, and a second fit that goes on from the first."""
    assert [found.outcome for found in replays[:2]] == ["same"] * 2


@pytest.mark.slow
def test_an_own_callback_is_left_out(replays: list[Replay]) -> None:
    """One that only watches is not missed; of one that acts, nothing can be said, and the reason names it."""
    assert replays[2].outcome == "same"
    assert replays[3].outcome == "impossible"
    assert "Acting" in replays[3].why


@pytest.mark.slow
def test_a_forged_history_is_found_out(replays: list[Replay]) -> None:
    """It was never what this training gave."""
    assert (replays[4].outcome, replays[4].why) == ("differs", "The history came out otherwise.")


@pytest.mark.slow
def test_a_loop_is_not_repeated(replays: list[Replay]) -> None:
    """It is said why."""
    assert (replays[5].outcome, "loop" in replays[5].why) == ("impossible", True)


@pytest.mark.slow
def test_a_fit_is_repeated_with_edits(recorded_run: tuple[Evidence, Any, DataSets]) -> None:
    """Of a layer and of the call, from another start and from the recorded one; each is measured as it came out."""
    evidence, arrays, data_sets = recorded_run
    wider = Edit(kind="set_value", place=0, name="units", value=12)
    shorter = (Edit(kind="epochs", value=1), Edit(kind="validation_split", value=0.1))
    loop = Wanted("loop", (wider,), seeds=(1,))
    wanted = [Wanted(evidence.fits[0].id, (wider,), seeds=(1,)), Wanted(evidence.fits[0].id, shorter, (None,)), loop]
    sandbox = detect().sandbox or unprotected()
    found = try_edits(evidence, wanted, arrays=arrays, data_sets=data_sets, sandbox=sandbox, core=None)
    (wide,), (short,) = found[0].runs, found[1].runs
    assert wide.model.layers[0].config["units"] == 12
    assert (short.fit.epochs_run, short.fit.validation and round(short.fit.validation.fraction or 0, 2)) == (1, 0.1)
    assert all(any(one.probe == "test" and one.accuracy is not None for one in run.measured) for run in (wide, short))
    assert "loop" in found[2].why
