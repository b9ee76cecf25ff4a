"""Rebuilds models and predicts, in a sandboxed process of its own. It has no labels, and judges nothing.

``python -m inside.verification.guest.verifier JOB_FOLDER``: inside the sandbox the package is called that. `wire` says
what the job and the answers are. Each answer is sent at once, so that those before a crash are kept.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ...execution.recorder.channel import Channel, descriptor_from_environment
from ...execution.recorder.wire import Json
from .input_transform import InputTransform, shifted
from .limits import GRACE_SECONDS, MAX_BATCH_ROWS, MAX_BATCH_VALUES, MAX_OUTPUTS, MAX_REASON_CHARACTERS
from .weights import give_weights
from .wire import (
    BUILT,
    DONE,
    OUTPUTS,
    STARTED,
    STATE_FAILED,
    Built,
    Done,
    FeedJob,
    Outputs,
    Started,
    StateFailed,
    StateJob,
    VerifierJob,
)

Array = npt.NDArray[Any]
Predict = Callable[[Array], tuple[Array, Array | None]]
"""Gives outputs and, where the last step is a softmax or sigmoid, what that was given; both ``(rows, outputs)``."""

FOREIGN_OPERATIONS = ("File", "PyFunc", "Save", "Restore", "Dataset", "Iterator", "Rpc", "Debug", "Summary", "Print")
"""Parts of names of TensorFlow operations that reach out of a graph; the sandbox holds anyway."""


class OverTimeError(BaseException):
    """A model took too long. No ``Exception``: Keras catches those."""


class Feed:
    """Rows to predict: a data set's raw rows under a map, or rows stored as the model takes them."""

    def __init__(self, plain: FeedJob, folder: Path) -> None:
        self._rows = np.load(folder / plain["rows"], mmap_mode="r", allow_pickle=False)
        self._ids = None if plain["ids"] is None else np.load(folder / plain["ids"], allow_pickle=False)
        self._map = None if plain["map"] is None else InputTransform.from_plain(plain["map"])
        self._shift = bool(plain["shift"])
        self.count = len(self._rows if self._ids is None else self._ids)

    def batches(self, values: int) -> Iterator[Array]:
        """The rows as the model takes them, float32, where its largest layer makes so many values of one."""
        own = int(np.prod(self._rows.shape[1:] if self._map is None else self._map.shape, dtype=np.int64))
        step = min(MAX_BATCH_ROWS, max(16, MAX_BATCH_VALUES // max(1, own, values)))
        return (self._batch(slice(start, start + step)) for start in range(0, self.count, step))

    def first(self) -> Array:
        """One row of them."""
        return self._batch(slice(0, 1))

    def _batch(self, part: slice) -> Array:
        rows = np.asarray(self._rows[part] if self._ids is None else self._rows[self._ids[part]])
        if self._map is None:
            return rows.astype(np.float32)
        return self._map.apply(shifted(rows) if self._shift else rows)


_HAS_TIMER = hasattr(signal, "setitimer")
"""Windows has none: there a model of one's own may take its time."""


@dataclass(frozen=True)
class Rebuilt:
    """A model again.

    Attributes:
        predict: Answers rows.
        values: What its largest layer makes of one row.
        penalty: Of its regularised weights; None where it is unknown.
    """

    predict: Predict
    values: int
    penalty: float | None = None


class Clock:
    """CPU time for one model, stopped while results are sent: a frame must not be cut in two."""

    def __init__(self, seconds: float, *, watchdog: Watchdog) -> None:
        self._left = seconds
        self._watchdog = watchdog

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Counts the time of what is inside.

        Raises:
            OverTimeError: No time is left.
        """
        if self._left <= 0:
            raise OverTimeError
        self._watchdog.deadline = time.process_time() + self._left + GRACE_SECONDS
        if not _HAS_TIMER:
            yield
            return
        signal.setitimer(signal.ITIMER_PROF, self._left)
        try:
            yield
        finally:
            self._left = signal.setitimer(signal.ITIMER_PROF, 0)[0]
            self._watchdog.deadline = math.inf


class Watchdog(threading.Thread):
    """Ends the process where a model hangs inside TensorFlow, which no signal's handler can leave."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.deadline = math.inf
        self.state = 0
        self._channel = channel

    def run(self) -> None:
        """Looks at the process's CPU time again and again."""
        while time.process_time() < self.deadline:
            time.sleep(0.5)
        self._channel.emit(STATE_FAILED, StateFailed(state=self.state, over_time=True, why=""))
        os._exit(1)


def main(folder: Path) -> None:
    """Works through a job, one model after the other; what one raises does not stop the others."""
    channel = Channel(descriptor_from_environment())
    watchdog = Watchdog(channel)
    watchdog.start()
    if _HAS_TIMER:
        signal.signal(signal.SIGPROF, _out_of_time)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    job: VerifierJob = json.loads((folder / "job.json").read_bytes())
    for state in job["states"]:
        number = watchdog.state = state["state"]
        channel.emit(STARTED, Started(state=number))
        try:
            _measure(state, folder=folder, channel=channel, clock=Clock(state["seconds"], watchdog=watchdog))
        except OverTimeError:
            channel.emit(STATE_FAILED, StateFailed(state=number, over_time=True, why=""))
        except Exception as error:  # noqa: BLE001 - a student's model may raise anything, and the next one still runs
            channel.emit(STATE_FAILED, StateFailed(state=number, over_time=False, why=_words(error)))
        else:
            channel.emit(DONE, Done(state=number))
        keras.backend.clear_session(free_memory=False)


def _measure(state: StateJob, *, folder: Path, channel: Channel, clock: Clock) -> None:
    feeds = [Feed(plain, folder) for plain in state["feeds"]]
    weights = [np.load(folder / name, allow_pickle=False) for name in state["weights"]]
    with clock.running():
        model = _rebuilt(state, folder=folder, weights=weights, first=feeds[0].first())
    channel.emit(BUILT, Built(state=state["state"], penalty=model.penalty))
    for number, feed in enumerate(feeds):
        with clock.running():
            outputs, logits = _predicted(model, feed)
        answer = Outputs(
            state=state["state"],
            feed=number,
            outputs=channel.array(outputs),
            logits=None if logits is None else channel.array(logits),
        )
        channel.emit(OUTPUTS, answer)


def _rebuilt(state: StateJob, *, folder: Path, weights: list[Array], first: Array) -> Rebuilt:
    """The model from its configuration where that works, else from its graph."""
    if state["graph"] is None:
        return _from_config(state["config"], weights=weights, first=first)
    if state["config"] is not None:
        with contextlib.suppress(Exception):
            return _from_config(state["config"], weights=weights, first=first)
    return _from_graph(np.load(folder / state["graph"], allow_pickle=False))


def _from_config(config: Json | None, *, weights: list[Array], first: Array) -> Rebuilt:
    model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    if not isinstance(model, keras.Model):
        raise TypeError(f"the configuration is of a {type(model).__name__}, not of a model")
    if not model.built:
        model(first, training=False)
    give_weights(model, weights)
    penalty = float(sum(float(np.sum(loss)) for loss in model.losses))

    def predict(rows: Array) -> tuple[Array, Array | None]:
        outputs = model(rows, training=False)
        logits = getattr(outputs, "_keras_logits", None)
        return _matrix(outputs), None if logits is None else _matrix(logits)

    return Rebuilt(predict, max((_size(layer) for layer in model.layers), default=1), penalty)


def _size(layer: Any) -> int:
    shapes = [getattr(tensor, "shape", ()) for tensor in keras.tree.flatten(getattr(layer, "output", None))]
    return max((math.prod(size or 1 for size in shape[1:]) for shape in shapes), default=1)


def _from_graph(octets: Array) -> Rebuilt:
    definition = tf.compat.v1.GraphDef.FromString(octets.tobytes())
    nodes = list(definition.node) + [node for function in definition.library.function for node in function.node_def]
    foreign = sorted({node.op for node in nodes if any(part in node.op for part in FOREIGN_OPERATIONS)})
    if foreign:
        raise ValueError(f"its graph does more than compute: {', '.join(foreign)}")
    if sum(node.name.startswith("input_") and node.op == "Placeholder" for node in definition.node) != 1:
        raise ValueError("it has several inputs")
    fetches = ["output_0:0"]
    logits = _logits_of(definition)
    if logits is not None:
        fetches.append(logits)
    whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(definition, name=""), [])
    function = whole.prune("input_0:0", fetches)
    dtype = whole.graph.as_graph_element("input_0:0").dtype

    def predict(rows: Array) -> tuple[Array, Array | None]:
        outputs = function(tf.cast(rows, dtype))
        return _matrix(outputs[0]), _matrix(outputs[1]) if logits is not None else None

    # The sizes of its layers are unknown: assumed are those of a medium-sized picture for each row.
    return Rebuilt(predict, values=MAX_BATCH_VALUES // 1024)


def _logits_of(definition: Any) -> str | None:
    """The tensor that the last softmax or sigmoid is given, where one makes the output."""
    nodes = {node.name: node for node in definition.node}
    node = nodes["output_0"]
    while node.op == "Identity" and node.input and node.input[0].split(":")[0] in nodes:
        node = nodes[node.input[0].split(":")[0]]
    if node.op not in {"Softmax", "Sigmoid"}:
        return None
    name = str(node.input[0])
    return name if ":" in name else f"{name}:0"


def _predicted(model: Rebuilt, feed: Feed) -> tuple[Array, Array | None]:
    outputs, logits = [], []
    for batch in feed.batches(model.values):
        values, before = model.predict(batch)
        outputs.append(values)
        if before is not None and before.shape == values.shape:
            logits.append(before)
    whole = np.concatenate(outputs) if outputs else np.zeros((0, 1), np.float32)
    return whole, np.concatenate(logits) if outputs and len(logits) == len(outputs) else None


def _matrix(outputs: Any) -> Array:
    if isinstance(outputs, list | tuple | dict):
        if len(outputs) != 1:
            raise ValueError("it has several outputs")
        outputs = outputs[0] if isinstance(outputs, list | tuple) else next(iter(outputs.values()))
    array = np.asarray(outputs, dtype=np.float32)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] > MAX_OUTPUTS:
        raise ValueError(f"its output has the shape {array.shape}, where (rows, outputs) was expected")
    return array


def _out_of_time(*_: object) -> None:
    raise OverTimeError


def _words(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:MAX_REASON_CHARACTERS]}" if text else type(error).__name__


if __name__ == "__main__":
    main(Path(sys.argv[1]))
