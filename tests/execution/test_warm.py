"""A forked kernel does what one that was started afresh does, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.datasets import resolve
from grader.execution.execute import ExecutionSettings, execute
from grader.execution.sandbox import Sandbox, SandboxChoice, unprotected
from grader.execution.sandbox.detection import ADVISORY, examine
from grader.execution.warm import warmed
from grader.execution.watch import RunLimits
from grader.intake import read_submission
from grader.store import SubmissionFolder

NOTEBOOK = """
import os, random, sys, keras, numpy as np, tensorflow as tf, matplotlib.pyplot as plt
from keras import callbacks, layers
print(random.random(), np.random.rand(), sorted(os.environ), sys.argv[1:2])
# %%
(x, y), (xt, yt) = keras.datasets.mnist.load_data()
x, xt = x / 255.0, xt / 255.0
# %%
def net(*inner):
    return keras.Sequential([keras.Input((28, 28)), *inner, layers.Dense(10, "softmax")])

dense = net(layers.Flatten(), layers.Dense(24, "relu"), layers.BatchNormalization(), layers.Dropout(0.3))
conv = net(layers.Reshape((28, 28, 1)), layers.RandomFlip(), layers.Conv2D(4, 3, strides=2), layers.Flatten())
recurrent = net(layers.LSTM(6))
# %%
stop = [callbacks.EarlyStopping(patience=1), callbacks.ReduceLROnPlateau()]
for model, optimizer in ((dense, "adam"), (conv, keras.optimizers.SGD(0.01, momentum=0.9)), (recurrent, "rmsprop")):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    h = model.fit(x[:320], y[:320], epochs=2, validation_split=0.2, callbacks=stop, verbose=0)
    print(h.history, model.evaluate(xt[:64], yt[:64], verbose=0))
# %%
rows = tf.data.Dataset.from_tensor_slices((x[:200], y[:200])).shuffle(200).batch(20)
print(dense.fit(rows, epochs=2, verbose=0).history)
# %%
from sklearn.metrics import confusion_matrix
print(confusion_matrix(yt[:64], dense.predict(xt[:64], verbose=0).argmax(1)))
plt.plot(h.history["loss"], label="loss")
plt.legend()
plt.show()
# %%
print(np.random.default_rng(3).normal(), tf.random.normal((2,)), keras.random.uniform((2,)))
# %%
print(sorted(os.listdir(os.path.expanduser("~"))), plt.get_backend())
1 / 0
"""
_TIMES = {"seconds", "cpu_seconds", "overhead_seconds", "started", "ended", "is_warm", "why_cold"}


def evidence_of(sandbox: Sandbox, folder: Path) -> dict[str, Any]:
    """What the cells leave in a kernel of this sandbox."""
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell(text, id=str(i)) for i, text in enumerate(NOTEBOOK.split("# %%\n"))]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, folder / "notebook.ipynb")
    submission, document = read_submission(folder / "notebook.ipynb")
    assert document is not None
    limits = RunLimits(cell_timeout_seconds=300, notebook_timeout_seconds=900)
    settings = ExecutionSettings(sandbox=sandbox, data_sets=resolve("sample"), limits=limits, core=0)
    into = SubmissionFolder(folder / "out")
    return execute(submission, document, folder=into, settings=settings, on_cell=lambda *_: None).model_dump()


def without_times(value: Any) -> Any:
    """A record without what differs between any two runs."""
    if isinstance(value, dict):
        return {name: without_times(item) for name, item in value.items() if name not in _TIMES}
    return [without_times(item) for item in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.slow
def test_evidence_is_the_same_warm_and_cold(warm: Sandbox, tmp_path: Path) -> None:
    """Histories, weights, outputs, figures and random numbers: arrays and weights are named by their digests."""
    if warm.bubblewrap is None:
        pytest.skip("no namespaces on this machine")
    forked = evidence_of(warm, tmp_path / "warm")
    afresh = evidence_of(replace(warm, zygote=None), tmp_path / "cold")
    assert (forked["environment"]["is_warm"], afresh["environment"]["is_warm"]) == (True, False)
    assert len(forked["fits"]) == 4
    assert len(forked["weights"]) >= 4
    assert without_times(forked) == without_times(afresh)


@pytest.mark.slow
def test_a_fork_with_every_library_is_held_like_a_fresh_process(warm: Sandbox) -> None:
    """In each property that the probe tries, and it ends with all that it started."""
    if warm.bubblewrap is None:
        pytest.skip("no namespaces on this machine")
    assert warm.zygote is not None, warm.why_cold
    properties, why = examine(warm)
    assert why == ""
    fresh, _ = examine(replace(warm, zygote=None))
    assert [found.name for found in properties] == [found.name for found in fresh]
    assert {found.name for found in properties if not found.holds} <= ADVISORY[warm.tier]


def test_without_namespaces_kernels_start_cold_and_say_why() -> None:
    """A fork could not be held apart from the process that it comes from."""
    with warmed(SandboxChoice(known=unprotected())) as choice:
        assert choice.resolve().zygote is None
        assert "namespaces" in choice.resolve().why_cold


def test_who_wants_a_cold_start_gets_it_without_a_word(sandbox: Sandbox) -> None:
    """It was wished for, so there is nothing to say."""
    with warmed(SandboxChoice(known=sandbox, cold=True)) as choice:
        assert (choice.resolve().zygote, choice.resolve().why_cold) == (None, "")
