"""Records one call of ``fit``: at its start, while it runs, and at its end."""

from __future__ import annotations

import time
from typing import Any, Literal

import tensorflow as tf

from .channel import Channel
from .compiled import by_metric
from .data import Given, epochs_of, given_to_fit, steps_of
from .hooks import quietly
from .models import LARGEST_WATCHED_BYTES, ModelRegistry, checksum_of, weight_bytes
from .replay import callback_of, flat_callbacks, replay_state, whole_number
from .speed import prepare, steps_of_fit
from .wire import FIT, Compile, Fit, FitStart

SECONDS_BETWEEN_UPDATES = 1.0

Status = Literal["completed", "interrupted", "raised"]


class FitWatch:
    """Records a fit at its start, while it runs, and at its end.

    Args:
        channel: Where records go.
        registry: Of the models.
        model: The one that is fitted.
        arguments: Of ``fit``, defaults filled in.
        number: Of the fit, from 1.
    """

    def __init__(
        self, channel: Channel, registry: ModelRegistry, *, model: Any, arguments: dict[str, Any], number: int
    ) -> None:
        self._channel, self._registry, self.model = channel, registry, model
        self._started = self._sent = time.monotonic()
        self.given: Given = given_to_fit(arguments)
        self._rows_a_step, steps_per_epoch = steps_of(self.given, arguments)
        self.steps = None if steps_per_epoch is None else steps_per_epoch * epochs_of(arguments)
        self._steps_given = arguments["steps_per_epoch"]
        self._iterations = iterations_of(model)
        self._history: dict[str, list[float]] = {}
        self._epoch_weights: list[str] = []
        self._epochs = 0
        self._accelerations: list[str] = []
        self._is_ending = False
        self._row: dict[str, Any] | None = None
        self._initial: list[Any] | None = None
        self.is_built = bool(model.built and model.weights)
        self._seen_eagerly = False
        self._start = _start_of(arguments, channel=channel, number=number)
        self._model_id = registry.record(model)
        self._weights_before = registry.weights(model) if self.is_built else None
        self._weights_after: str | None = None
        self._start["replay_problems"] = ["its random state could not be recorded"]
        with quietly(channel, "record the random state of a fit"):
            self._start["replay"], problems = replay_state(channel, model, arguments=arguments)
            self._start["replay_problems"] = [*self.given.problems, *problems]

    def steps_a_call(self, arguments: dict[str, Any]) -> int:
        """How many steps Keras may take a call; see `speed`."""
        return steps_of_fit(self.model, steps=self.steps, rows_a_step=self._rows_a_step, arguments=arguments)

    def prepare(self, arguments: dict[str, Any], *, steps_a_call: int | None) -> None:
        """Prepares the fit to be fast, and notes what makes it so; see `speed`."""
        self._accelerations = prepare(self.model, arguments=arguments, steps_a_call=steps_a_call)

    def begin(self, compiled: Compile | None) -> None:
        """Sends the record for the first time, with the state in which the model is compiled."""
        self._start["compiled"] = compiled
        self._send("interrupted")

    def epoch_ending(self) -> None:
        """Takes the checksum of an epoch's weights, before a callback can change them after the validation."""
        self._is_ending, self._row = True, None
        if weight_bytes(self.model) <= LARGEST_WATCHED_BYTES:
            self._epoch_weights.append(checksum_of(self.model))

    def row_written(self, logs: dict[str, Any]) -> None:
        """Notes a row that Keras's history gets; of several in one epoch the last counts, which is Keras's own."""
        if self._is_ending:
            self._row = dict(logs)

    def epoch_ended(self) -> None:
        """Counts an epoch that added a row to the history; rows that are added at other times do not count."""
        self._is_ending = False
        if self._row is None:
            return
        self._epochs += 1
        for name, value in by_metric(self._row).items():
            number = _number(value)
            if number is not None:
                self._history.setdefault(name, []).append(number)
        if self._epochs == 1:
            self._model_id = self._registry.record(self.model)
        if time.monotonic() - self._sent >= SECONDS_BETWEEN_UPDATES or self._epochs == 1:
            self._send("interrupted")

    def called(self) -> None:
        """Keeps the initial weights of a model that this fit builds, before the first step changes them."""
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
        if self._rows_a_step is None:
            self._rows_a_step = self.given.training.batch_size
        with quietly(self._channel, "record what a fit has left"):
            if self._initial is not None:
                self._weights_before = self._registry.store(self._initial)
            self._model_id = self._registry.record(self.model)
            self._weights_after = self._registry.weights(self.model)
            self._registry.keep_state(self.model)
        self._send(status)

    def _steps_taken(self) -> int | None:
        now = iterations_of(self.model)
        if now is None or self._iterations is None:
            return None
        # A training step of the student's own may leave the compiled optimizer alone.
        return now - self._iterations if now > self._iterations or not self._epochs else None

    def _send(self, status: Status) -> None:
        self._sent = time.monotonic()
        self._channel.emit(
            FIT,
            Fit(
                **self._start,
                model=self._model_id,
                epochs_run=self._epochs,
                batch_size=self._rows_a_step,
                steps=self._steps_taken(),
                x=self.given.training.x,
                y=self.given.training.y,
                rows_given=self.given.rows_given,
                validation=self.given.validation_record(),
                history=self._history,
                epoch_weights=self._epoch_weights,
                weights_before=self._weights_before,
                weights_after=self._weights_after,
                accelerations=self._accelerations,
                status=status,
                seconds=round(time.monotonic() - self._started, 3),
            ),
        )


def _start_of(arguments: dict[str, Any], *, channel: Channel, number: int) -> FitStart:
    return {
        "seq": channel.next_seq(),
        "cell": channel.cell,
        "id": f"f{number}",
        "kind": "fit",
        "compiled": None,
        "epochs_requested": whole_number(arguments["epochs"]),
        "initial_epoch": whole_number(arguments["initial_epoch"]) or 0,
        "steps_per_epoch": whole_number(arguments["steps_per_epoch"]),
        "shuffle": bool(arguments["shuffle"]),
        "callbacks": [callback_of(callback) for callback in flat_callbacks(arguments["callbacks"])],
        "class_weight": arguments["class_weight"] is not None,
        "sample_weight": arguments["sample_weight"] is not None,
        "replay": None,
        "replay_problems": [],
    }


def iterations_of(model: Any) -> int | None:
    """Optimizer steps taken so far with the compiled optimizer."""
    optimizer = getattr(model, "optimizer", None)
    iterations = getattr(optimizer, "iterations", None)
    return None if iterations is None else int(iterations.numpy())


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
