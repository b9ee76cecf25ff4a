"""One call of ``fit``, from its beginning on: what leaves the kernel of it, and when."""

from __future__ import annotations

import time
from typing import Any

import tensorflow as tf

from .channel import Channel
from .compiled import by_metric
from .data import Given, given_to_fit, steps_of
from .hooks import quietly
from .models import LARGEST_WATCHED_BYTES, ModelRegistry, mark_of, weight_bytes
from .replay import flat_callbacks, is_own_callback, random_state
from .speed import steps_of_fit

SECONDS_BETWEEN_UPDATES = 1.0

Status = str


class FitWatch:
    """Records a fit at its beginning, while it runs, and at its end.

    Args:
        channel: Where records go.
        book: Of the models.
        model: The one that is fitted.
        arguments: Of ``fit``, defaults filled in.
        number: Of the fit, from 1.
    """

    def __init__(
        self, channel: Channel, book: ModelRegistry, *, model: Any, arguments: dict[str, Any], number: int
    ) -> None:
        self._channel, self._book, self.model = channel, book, model
        self._began = self._sent = time.monotonic()
        self.given: Given = given_to_fit(arguments)
        self.rows_a_step, self.steps_per_epoch = steps_of(self.given, arguments)
        self.steps = None if self.steps_per_epoch is None else self.steps_per_epoch * _epochs(arguments)
        self._steps_given = arguments["steps_per_epoch"]
        self._iterations = iterations_of(model)
        self._history: dict[str, list[float]] = {}
        self._epoch_weights: list[str] = []
        self._epochs = 0
        self._is_ending = False
        self._row: dict[str, Any] | None = None
        self._initial: list[Any] | None = None
        self.is_built = bool(model.built and model.weights)
        self._seen_eagerly = False
        callbacks = flat_callbacks(arguments["callbacks"])
        self._record: dict[str, Any] = {
            "id": f"f{number}",
            "seq": channel.next_seq(),
            "cell": channel.cell,
            "model": book.record(model),
            "kind": "fit",
            "epochs_requested": _whole(arguments["epochs"]),
            "initial_epoch": _whole(arguments["initial_epoch"]) or 0,
            "batch_size": self.rows_a_step,
            "steps_per_epoch": _whole(arguments["steps_per_epoch"]),
            "shuffle": bool(arguments["shuffle"]),
            "callbacks": [type(callback).__name__ for callback in callbacks],
            "own_callbacks": any(is_own_callback(callback) for callback in callbacks),
            "class_weight": arguments["class_weight"] is not None,
            "sample_weight": arguments["sample_weight"] is not None,
            "weights_before": book.weights(model) if self.is_built else None,
        }
        self._record["random_state"] = {"problems": ["its random state could not be recorded"]}
        with quietly(channel, "record the random state of a fit"):
            problems = list(self.given.problems)
            self._record["random_state"] = random_state(channel, model, arguments=arguments, problems=problems)

    def steps_a_call(self, arguments: dict[str, Any]) -> int:
        """How many steps Keras may take a call; see `speed`."""
        return steps_of_fit(self.model, steps=self.steps, rows_a_step=self.rows_a_step, arguments=arguments)

    def begin(self, compiled: dict[str, Any] | None) -> None:
        """Sends the record for the first time, with the state in which the model is compiled."""
        self._record["compiled"] = compiled
        self._send("interrupted")

    def epoch_ending(self) -> None:
        """Marks the weights of which an epoch's validation figures are, before any callback can change them."""
        self._is_ending, self._row = True, None
        if weight_bytes(self.model) <= LARGEST_WATCHED_BYTES:
            self._epoch_weights.append(mark_of(self.model))

    def row_written(self, logs: dict[str, Any]) -> None:
        """Takes a row as Keras's history gets it; of several in one epoch the last, which is Keras's own."""
        if self._is_ending:
            self._row = dict(logs)

    def epoch_ended(self) -> None:
        """Counts an epoch that has left a row in the history: rows that come at another time are of no epoch."""
        self._is_ending = False
        if self._row is None:
            return
        self._epochs += 1
        for name, value in by_metric(self._row).items():
            number = _number(value)
            if number is not None:
                self._history.setdefault(name, []).append(number)
        if self._epochs == 1:
            self._record["model"] = self._book.record(self.model)
        if time.monotonic() - self._sent >= SECONDS_BETWEEN_UPDATES or self._epochs == 1:
            self._send("interrupted")

    def called(self) -> None:
        """Keeps the first weights of a model that this fit builds, once they exist and before a step changes them."""
        if self.is_built or self._seen_eagerly or not self.model.weights:
            return
        # While a function is traced, it may be traced again: the last reading before the first step counts.
        self._seen_eagerly = tf.executing_eagerly()
        with tf.init_scope():
            if iterations_of(self.model) == self._iterations:
                self._initial = [weight.numpy() for weight in self.model.weights]

    def end(self, status: Status) -> None:
        """Sends the record for the last time."""
        self.given.read(self._channel, most_batches=self._steps_given)
        if self._record["batch_size"] is None:
            self._record["batch_size"] = self._observed_batch_size()
        with quietly(self._channel, "record what a fit has left"):
            if self._initial is not None:
                self._record["weights_before"] = self._book.store(self._initial)
            self._record["model"] = self._book.record(self.model)
            self._record["weights_after"] = self._book.weights(self.model)
            self._book.keep_state(self.model)
        self._send(status)

    def _observed_batch_size(self) -> int | None:
        """Rows a step, where every epoch took the whole of the data."""
        steps, rows = self._steps_taken(), self.given.training.rows
        if not steps or not rows or not self._epochs or steps % self._epochs:
            return None
        return -(-rows // (steps // self._epochs))

    def _steps_taken(self) -> int | None:
        now = iterations_of(self.model)
        if now is None or self._iterations is None:
            return None
        # A training step of the student's own may leave the compiled optimizer alone.
        return now - self._iterations if now > self._iterations or not self._epochs else None

    def _send(self, status: Status) -> None:
        self._sent = time.monotonic()
        self._channel.emit(
            "fit",
            {
                **self._record,
                "epochs_run": self._epochs,
                "steps": self._steps_taken(),
                "x": self.given.training.x,
                "y": self.given.training.y,
                "rows_given": self.given.rows_given,
                "validation": self.given.validation_record(),
                "history": self._history,
                "epoch_weights": self._epoch_weights,
                "status": status,
                "seconds": round(time.monotonic() - self._began, 3),
            },
        )


def iterations_of(model: Any) -> int | None:
    """Optimizer steps taken so far with the compiled optimizer."""
    optimizer = getattr(model, "optimizer", None)
    iterations = getattr(optimizer, "iterations", None)
    return None if iterations is None else int(iterations.numpy())


def _epochs(arguments: dict[str, Any]) -> int:
    first, last = _whole(arguments["initial_epoch"]) or 0, _whole(arguments["epochs"]) or 0
    return max(0, last - first)


def _whole(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
