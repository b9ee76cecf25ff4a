"""Summarises the data of a call of ``fit``, ``evaluate`` or ``predict``, split as Keras splits it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import GeneratorType
from typing import Any

import keras
import tensorflow as tf

from .channel import Channel
from .hooks import quietly
from .pipelines import SeenBatches, WatchedDataset, batch_size_of, read_pipeline, watched
from .plain import first_array, flattened
from .replay import whole_number
from .summary import as_array, summarise
from .wire import Summary, Validation

KERAS_BATCH_SIZE = 32
"""What Keras takes for arrays where no batch size is given.

Source: keras/src/trainers/data_adapters/array_data_adapter.py.
"""


@dataclass
class Part:
    """One part of the data of a call.

    Attributes:
        x: `ArraySummary` of the first input.
        y: Of the first target; None where there is none.
        source: What is read after the call: a pipeline, or the batches that a generator yields during the call.
        batch_size: Rows a step, where the data say it.
        epoch_rows: Of a generator that starts again: the rows of one epoch.
    """

    x: Summary
    y: Summary | None = None
    source: Any = None
    batch_size: int | None = None
    epoch_rows: int | None = None

    @property
    def rows(self) -> int:
        """Rows of one epoch."""
        shape = self.x.get("shape") or [0]
        return self.epoch_rows or int(shape[0])

    def read(self, *, most_batches: int | None) -> None:
        """Reads the source, which before the call would have changed what the program does."""
        if isinstance(self.source, SeenBatches):
            seen = self.source
            self.x, self.y = seen.x.summary(), seen.y.summary() if seen.y.count else None
            self.batch_size, self.epoch_rows = seen.batch_size, seen.rows or None
        elif isinstance(self.source, tf.data.Dataset):
            self.x, self.y, size = read_pipeline(self.source, most_batches=most_batches)
            self.batch_size = self.batch_size or size
        self.source = None


@dataclass
class Given:
    """The data of one call.

    Attributes:
        training: What the call works on (for a fit without the rows that are split off).
        validation: The validation part of a fit.
        from_split: Whether that part was split off.
        replacement: What Keras is given in place of ``x``, so that the recorder sees its rows; None for ``x`` itself.
        validation_replacement: Likewise in place of ``validation_data``.
        validation_is_weighted: Whether the rows of a validation part have weights of their own.
        problems: Why the data cannot be rebuilt from the records, in words.
    """

    training: Part
    validation: Part | None = None
    from_split: bool = False
    replacement: Any = None
    validation_replacement: Any = None
    validation_is_weighted: bool = False
    problems: tuple[str, ...] = ()

    @property
    def is_stream(self) -> bool:
        return self.training.x.get("kind") in {"dataset", "generator"}

    @property
    def rows_given(self) -> int:
        split_off = self.validation.rows if self.validation is not None and self.from_split else 0
        return self.training.rows + split_off

    def read(self, channel: Channel, *, most_batches: int | None = None) -> None:
        """Reads pipelines and what generators yielded, after the call; a failure is noted."""
        with quietly(channel, "read the rows of a pipeline"):
            self.training.read(most_batches=most_batches)
        with quietly(channel, "read the rows of a validation pipeline"):
            if self.validation is not None:
                self.validation.read(most_batches=None)

    def validation_record(self) -> Validation | None:
        """The `ValidationRecord` of a fit."""
        if self.validation is None:
            return None
        rows, training = self.validation.rows, self.training.rows
        return {
            "source": "split" if self.from_split else "data",
            "fraction": rows / (rows + training) if rows and training else None,
            "x": self.validation.x,
            "y": self.validation.y,
            "sample_weight": self.validation_is_weighted,
        }


def given_to_fit(arguments: dict[str, Any]) -> Given:
    """The data of a call of ``fit`` with these arguments, defaults filled in."""
    x, y = arguments["x"], arguments["y"]
    validation_data, fraction = arguments["validation_data"], arguments["validation_split"]
    problems = _several(x, y)
    if fraction and validation_data is None and (rows := _rows(x)) is not None:
        # As keras/src/trainers/data_adapters/array_slicing.py does it.
        split_at = math.floor(rows * (1.0 - fraction))
        training, validation = _sliced(x, y, slice(0, split_at)), _sliced(x, y, slice(split_at, rows))
        is_weighted = arguments["sample_weight"] is not None
        return Given(training, validation, from_split=True, validation_is_weighted=is_weighted, problems=problems)
    epochs = epochs_of(arguments)
    given = given_to(x, y, steps=whole_number(arguments["steps_per_epoch"]), epochs=epochs)
    given.problems = problems + (("its data came as a pipeline or generator",) if given.is_stream else ())
    if validation_data is not None:
        held = validation_data if isinstance(validation_data, tuple | list) else (validation_data,)
        held_out = given_to(*held[:2], steps=whole_number(arguments["validation_steps"]), epochs=epochs)
        given.validation, given.validation_replacement = held_out.training, held_out.replacement
        if len(held) > 2 and held[2] is not None:
            given.validation_is_weighted = True
            given.problems += ("the rows of its validation data have weights of their own",)
    return given


def given_to(x: Any, y: Any = None, *, steps: int | None = None, epochs: int = 1) -> Given:
    """The data of a call of ``evaluate`` or ``predict``, or of a ``fit`` without a split.

    Args:
        x: The inputs, or a pipeline or generator of inputs and targets.
        y: The targets of arrays.
        steps: Batches an epoch, as the call names them.
        epochs: How often that many are taken.
    """
    if isinstance(x, tf.data.Dataset):
        return Given(Part({"kind": "dataset"}, source=x, batch_size=batch_size_of(x)))
    if isinstance(x, GeneratorType):
        seen = SeenBatches(kind="generator", steps=steps, epochs=epochs)
        return Given(Part({"kind": "generator"}, source=seen), replacement=watched(x, seen))
    if isinstance(x, keras.utils.PyDataset):
        proxy = WatchedDataset(x)
        return Given(Part({"kind": "generator"}, source=proxy.seen), replacement=proxy)
    return Given(_arrays(x, y))


def epochs_of(arguments: dict[str, Any]) -> int:
    """How many epochs a call of ``fit`` asks for."""
    first, last = whole_number(arguments["initial_epoch"]) or 0, whole_number(arguments["epochs"]) or 0
    return max(0, last - first)


def steps_of(given: Given, arguments: dict[str, Any]) -> tuple[int | None, int | None]:
    """Rows a step and steps an epoch, as far as they are known before the call."""
    rows, steps = given.training.rows, arguments["steps_per_epoch"]
    if given.is_stream:
        source = given.training.source
        size = given.training.batch_size
        if steps is None and isinstance(source, tf.data.Dataset):
            count = int(source.cardinality())
            steps = count if count > 0 else None
        return size, steps
    size = arguments["batch_size"]
    if not size:
        size = math.ceil(rows / steps) if steps and rows else KERAS_BATCH_SIZE
    return int(size), steps or (math.ceil(rows / size) if rows else None)


def _arrays(x: Any, y: Any) -> Part:
    inputs, targets = first_array(x), first_array(y)
    return Part(summarise(inputs), None if targets is None else summarise(targets))


def _sliced(x: Any, y: Any, rows: slice) -> Part:
    inputs, targets = first_array(x), first_array(y)
    return _arrays(as_array(inputs)[rows], None if targets is None else as_array(targets)[rows])  # type: ignore[index]


def _several(x: Any, y: Any) -> tuple[str, ...]:
    several = len(flattened(x)) > 1 or len(flattened(y)) > 1
    return ("its model has several inputs or targets",) if several else ()


def _rows(x: Any) -> int | None:
    array = as_array(first_array(x))
    return None if array is None or not array.ndim else len(array)
