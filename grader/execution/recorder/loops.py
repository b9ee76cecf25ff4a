"""Records training without ``fit`` (GradientTape loops, ``train_on_batch``) and weights set without training."""

from __future__ import annotations

import time
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
import tensorflow as tf
from tensorflow.python.eager import record

from .channel import Channel
from .compiled import compile_state, describe_loss, describe_optimizer
from .fits import iterations_of
from .hooks import Call, quietly
from .models import LARGEST_WATCHED_BYTES, Known, ModelRegistry, fingerprint_of, weight_bytes
from .pipelines import usual_size
from .plain import first_array
from .rowhash import row_hashes
from .summary import Rows, as_array
from .wire import FIT, WEIGHTS_SET, Compile, Fit, Place, WeightsSet

MOST_UNIQUE_ROWS = 200_000
KNOWN_BATCHES_IN_A_ROW = 64
"""After so many batches in which every row was seen before, rows are only counted and no longer compared."""

SECONDS_BETWEEN_UPDATES = 10.0

SetBy = Literal["load_model", "load_weights", "set_weights", "assigned"]


class SeenRows:
    """The rows of a training loop: each once, in the order in which they first came, and how many there were in all."""

    def __init__(self) -> None:
        self.count = 0
        self.sizes: Counter[int] = Counter()
        self.x, self.y = Rows(kind="array"), Rows(kind="array")
        self._hashes: set[int] = set()
        self._known_batches = 0
        self._fresh: Any = None

    @property
    def unique(self) -> int:
        return self.x.count

    def add(self, x: Any) -> None:
        """Takes the inputs of the next step."""
        self._fresh = None
        array = as_array(x)
        if array is None or not array.ndim:
            return
        self.count += len(array)
        self.sizes[len(array)] += 1
        if self._known_batches >= KNOWN_BATCHES_IN_A_ROW or len(self._hashes) >= MOST_UNIQUE_ROWS:
            return
        hashes = row_hashes(array).tolist()
        fresh = [index for index, number in enumerate(hashes) if number not in self._hashes]
        self._known_batches = 0 if fresh else self._known_batches + 1
        self._hashes.update(hashes)
        self._fresh = (len(array), fresh)
        if fresh:
            self.x.add(array[fresh])

    def add_targets(self, y: Any) -> None:
        """Takes the targets of the inputs that were taken last."""
        if self._fresh is None:
            return
        (size, fresh), self._fresh = self._fresh, None
        array = as_array(y)
        if fresh and array is not None and array.ndim and len(array) == size:
            self.y.add(array[fresh])

    @property
    def batch_size(self) -> int | None:
        """The size of all batches but a smaller last one; None where it varies."""
        return usual_size(self.sizes)


@dataclass
class Loop:
    """What one cell did to one model without ``fit``."""

    model: Any
    number: int
    seq: int
    cell: int | None
    kind: Literal["loop", "train_on_batch"] = "loop"
    started: float = field(default_factory=time.monotonic)
    sent: float = field(default_factory=time.monotonic)
    before: str | None = None
    pending: list[Any] | None = None
    calls: int = 0
    rows: SeenRows = field(default_factory=SeenRows)


@dataclass
class TrainingFunction:
    """A student's ``tf.function`` that trains: the model, and the shape of a row of its inputs."""

    model: weakref.ref[Any]
    row_shape: tuple[Any, ...]


class Loops:
    """Records models that are trained step by step.

    Args:
        channel: Where records go.
        registry: Of the models.
    """

    def __init__(self, channel: Channel, registry: ModelRegistry) -> None:
        self._channel, self._registry = channel, registry
        self._numbers = 0
        self._open: dict[int, Loop] = {}
        self._functions: weakref.WeakKeyDictionary[Any, TrainingFunction] = weakref.WeakKeyDictionary()
        self._optimizers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._in_use: list[Any] = []
        self._losses: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._running: list[Any] = []
        self._last: weakref.ref[Any] | None = None
        self._trained: set[int] = set()

    def next_number(self) -> int:
        """Of the next record of a fit or loop, from 1."""
        self._numbers += 1
        return self._numbers

    def called(self, model: Any, inputs: Any, *, was_built: bool) -> None:
        """A model was called while gradients are recorded; ``was_built`` before it was."""
        loop = self._loop(model, has_weights=was_built or tf.executing_eagerly())
        self._last = weakref.ref(model)
        if tf.executing_eagerly():
            loop.calls += 1
            loop.rows.add(first_array(inputs))
            self._update(loop)
            return
        # A trace may come before the weights have their first values, and twice: the last before a step counts.
        if loop.before is None and not self._steps(loop):
            with tf.init_scope():
                loop.pending = [weight.numpy() for weight in model.weights]
        shape = getattr(first_array(inputs), "shape", None)
        if self._running and shape is not None:
            self._functions[self._running[-1]] = TrainingFunction(weakref.ref(model), tuple(shape)[1:])

    def loss_computed(self, loss: Any, targets: Any) -> None:
        """A loss was computed while gradients are recorded."""
        model = self._last() if self._last is not None else None
        if model is None:
            return
        self._losses[model] = loss
        if tf.executing_eagerly() and id(model) in self._open:
            self._open[id(model)].rows.add_targets(targets)

    def applying(self, optimizer: Any) -> None:
        """An optimizer is about to take a step, or a function with one is being traced."""
        if optimizer not in self._optimizers:
            self._optimizers[optimizer] = _iterations(optimizer)
            # Keeps one that a function made for itself, and its count of steps, until the cell ends.
            self._in_use.append(optimizer)

    def function_called(self, call: Call) -> Any:
        """Calls a student's ``tf.function``, and counts the rows where it trains."""
        was_known = call.item in self._functions
        if was_known:
            self._function_trains(call)
        self._running.append(call.item)
        try:
            result = call.run()
        finally:
            self._running.pop()
        if not was_known and call.item in self._functions:
            self._function_trains(call)
        return result

    def train_on_batch(self, model: Any, x: Any, y: Any) -> None:
        """``train_on_batch`` is about to be called."""
        loop = self._loop(model)
        loop.kind = "train_on_batch"
        loop.calls += 1
        loop.rows.add(first_array(x))
        loop.rows.add_targets(first_array(y))
        self._update(loop)

    def close(self, model: Any) -> None:
        """Ends the loop on a model, if there is one: a fit starts, or the cell has ended."""
        loop = self._open.pop(id(model), None)
        if loop is None:
            return
        steps = self._steps(loop)
        if loop.pending is not None:
            loop.before = self._registry.store(loop.pending)
        if fingerprint_of(model) is None or (not steps and loop.before == self._registry.weights(model)):
            return
        self._send(loop, after=self._registry.keep_state(model), status="completed")
        self.trained(model)

    def trained(self, model: Any) -> None:
        """Notes that training left the model's present weights: only later changes count as set from elsewhere."""
        known = self._registry.known(model)
        known.at_end = (fingerprint_of(model), known.digest)
        self._trained.update(id(weight) for weight in model.weights)
        for optimizer in [model.optimizer] if iterations_of(model) is not None else []:
            self._optimizers[optimizer] = _iterations(optimizer)

    def end_of_cell(self) -> None:
        """Ends the cell's loops, and records weights that changed without any training."""
        for loop in list(self._open.values()):
            with quietly(self._channel, "record a training loop"):
                self.close(loop.model)
        self._open.clear()
        for optimizer in list(self._optimizers):
            self._optimizers[optimizer] = _iterations(optimizer)
        for model, known in self._registry.all():
            if weight_bytes(model) <= LARGEST_WATCHED_BYTES:
                with quietly(self._channel, "compare a model's weights"):
                    self._compare(model, known)
        self._trained.clear()
        self._in_use.clear()

    def _compare(self, model: Any, known: Known) -> None:
        now = fingerprint_of(model)
        before, digest_before = known.at_end
        if now is None or now == before:
            return
        if known.is_loaded and before is None:
            self.weights_set(model, how="load_model", before=None)
            return
        was_built = before is not None and len(before) == len(now)
        pairs = zip(model.weights, before, now, strict=True) if was_built else ()
        changed = [weight for weight, old, new in pairs if old != new]
        if not all(id(weight) in self._trained for weight in changed):
            self.weights_set(model, how="assigned", before=digest_before)
        else:
            known.at_end = (now, known.digest if now == known.fingerprint else None)

    def used(self, model: Any) -> None:
        """A model is about to be trained or evaluated: if it came from a file, its weights are recorded as loaded."""
        known = self._registry.known(model)
        if known.is_loaded and known.at_end[0] is None:
            self.weights_set(model, how="load_model", before=None)

    def weights_set(self, model: Any, *, how: SetBy, before: str | None) -> None:
        """Records that weights were set from elsewhere."""
        with quietly(self._channel, "record weights that were set"):
            identifier, after = self._registry.record(model), self._registry.keep_state(model)
            known = self._registry.known(model)
            known.at_end = (known.fingerprint, after)
            if after == before:
                return
            self._channel.emit(
                WEIGHTS_SET,
                WeightsSet(
                    seq=self._channel.next_seq(),
                    cell=self._channel.cell,
                    model=identifier,
                    how=how,
                    before=before,
                    weights=after,
                ),
            )

    def _loop(self, model: Any, *, has_weights: bool = True) -> Loop:
        loop = self._open.get(id(model))
        if loop is None:
            loop = Loop(model, self.next_number(), self._channel.next_seq(), self._channel.cell)
            if has_weights:
                with tf.init_scope():
                    loop.before = self._registry.weights(model)
            self._open[id(model)] = loop
        return loop

    def _function_trains(self, call: Call) -> None:
        with quietly(self._channel, "watch a training step"):
            trainer = self._functions[call.item]
            model = trainer.model()
            if model is None:
                return
            loop = self._loop(model)
            loop.calls += 1
            inputs, targets = _inputs_and_targets([*call.args, *call.kwargs.values()], trainer.row_shape)
            if inputs is not None:
                loop.rows.add(inputs)
                if targets is not None:
                    loop.rows.add_targets(targets)
            self._update(loop)

    def _steps(self, loop: Loop) -> int:
        """Optimizer steps since the start of the cell, of the optimizers that train the model's weights."""
        weights = {id(weight) for weight in loop.model.trainable_weights}
        steps = 0
        for optimizer, before in self._optimizers_of(weights):
            steps = max(steps, _iterations(optimizer) - before)
        return steps

    def _optimizers_of(self, weights: set[int]) -> Iterator[tuple[Any, int]]:
        for optimizer, before in list(self._optimizers.items()):
            if weights & {id(weight) for weight in getattr(optimizer, "_trainable_variables", [])}:
                yield optimizer, before

    def _update(self, loop: Loop) -> None:
        if time.monotonic() - loop.sent >= SECONDS_BETWEEN_UPDATES:
            self._send(loop, after=None, status="interrupted")

    def _send(self, loop: Loop, *, after: str | None, status: Literal["completed", "interrupted"]) -> None:
        loop.sent = time.monotonic()
        rows = loop.rows
        is_known = rows.unique > 0
        self._channel.emit(
            FIT,
            Fit(
                id=f"f{loop.number}",
                seq=loop.seq,
                cell=loop.cell,
                model=self._registry.record(loop.model),
                kind=loop.kind,
                compiled=self._compiled(loop),
                epochs_requested=None,
                epochs_run=round(rows.count / rows.unique) if is_known else 0,
                initial_epoch=0,
                batch_size=rows.batch_size,
                steps=self._steps(loop) or loop.calls or None,
                steps_per_epoch=None,
                shuffle=True,
                x=rows.x.summary() if is_known else {"kind": "other"},
                y=rows.y.summary() if rows.y.count == rows.unique and is_known else None,
                rows_given=rows.unique,
                validation=None,
                history={},
                epoch_weights=[],
                callbacks=[],
                class_weight=False,
                sample_weight=False,
                weights_before=loop.before,
                weights_after=after,
                replay=None,
                replay_problems=["it was trained by a loop of the student's own"],
                accelerations=[],
                status=status,
                seconds=round(time.monotonic() - loop.started, 3),
            ),
        )

    def _compiled(self, loop: Loop) -> Compile | None:
        """How the model is compiled; for one that never was, the loss and optimizer that the loop was seen to use."""
        model, known = loop.model, self._registry.known(loop.model)
        place: Place = {"seq": loop.seq, "cell": loop.cell}
        if loop.kind == "train_on_batch" and model.compiled:
            return {**place, "model": known.id, **compile_state(model)}
        optimizers = list(self._optimizers_of({id(weight) for weight in model.trainable_weights}))
        loss = self._losses.get(model)
        if not optimizers and loss is None:
            return {**place, "model": known.id, **compile_state(model)} if model.compiled else None
        return {
            **place,
            "model": known.id,
            **describe_loss(loss, model),
            **describe_optimizer(optimizers[-1][0] if optimizers else None),
            "metrics": [],
            "own_metrics": [],
            "config": None,
        }


def is_recording_gradients() -> bool:
    """Whether a GradientTape is open."""
    return bool(record.could_possibly_record())


def _iterations(optimizer: Any) -> int:
    with tf.init_scope():
        return int(optimizer.iterations.numpy())


def _inputs_and_targets(arguments: list[Any], row_shape: tuple[Any, ...]) -> tuple[Any, Any]:
    """The inputs among the arguments of a training step, found by their shape, and targets of as many rows."""
    tensors = [item for item in keras.tree.flatten(arguments) if getattr(item, "shape", None) is not None]
    tensors = [tensor for tensor in tensors if len(tensor.shape) > 0 and not isinstance(tensor, keras.Variable)]
    fitting = [tensor for tensor in tensors if _fits(tuple(tensor.shape)[1:], row_shape)]
    inputs = fitting[0] if fitting else (tensors[0] if tensors else None)
    if inputs is None:
        return None, None
    others = [tensor for tensor in tensors if tensor is not inputs and tensor.shape[0] == inputs.shape[0]]
    return inputs, others[0] if others else None


def _fits(shape: tuple[Any, ...], row_shape: tuple[Any, ...]) -> bool:
    return len(shape) == len(row_shape) and all(
        wanted is None or size == wanted for size, wanted in zip(shape, row_shape, strict=True)
    )
