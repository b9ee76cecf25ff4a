"""What a call of ``fit``, ``evaluate`` or ``predict`` was given: its rows, split as Keras splits them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import GeneratorType
from typing import Any

import keras
import tensorflow as tf

from .channel import Channel
from .hooks import quietly
from .pipelines import WatchedDataset, batch_size_of, read_pipeline, watched
from .summary import Rows, as_array, summarise

KERAS_BATCH_SIZE = 32
"""What Keras takes for arrays where no batch size is given.

Source: keras/src/trainers/data_adapters/array_data_adapter.py.
"""

Summary = dict[str, Any]


@dataclass
class Part:
    """One part of the data of a call.

    Attributes:
        x: `ArraySummary` of the first input.
        y: Of the first target; None where there is none.
        source: What is still to be read: a pipeline (after the call), or the rows that a generator gave meanwhile.
        batch_size: Rows a step, where the data says it.
    """

    x: Summary
    y: Summary | None = None
    source: Any = None
    batch_size: int | None = None

    @property
    def rows(self) -> int:
        shape = self.x.get("shape") or [0]
        return int(shape[0])

    def read(self, *, most_batches: int | None) -> None:
        """Reads what only now can be read without being felt by the program."""
        if isinstance(self.source, tuple):
            x, y = self.source
            self.x, self.y = x.summary(), y.summary() if y.count else None
        elif isinstance(self.source, tf.data.Dataset):
            self.x, self.y = read_pipeline(self.source, most_batches=most_batches)
        self.source = None


@dataclass
class Given:
    """The data of one call.

    Attributes:
        training: What the call works on (for a fit without the rows that are split off).
        validation: The validation part of a fit.
        from_split: Whether that part was split off.
        replacement: What to hand to Keras in place of ``x``, so that its rows are seen on their way; None for ``x``.
        validation_replacement: Likewise in place of ``validation_data``.
        validation_is_weighted: Whether the rows of a validation part have weights of their own.
        problems: Why the data cannot be had again from the records, in words.
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
        """Reads pipelines and what generators gave, after the call; what cannot be read is noted."""
        with quietly(channel, "read the rows of a pipeline"):
            self.training.read(most_batches=most_batches)
        with quietly(channel, "read the rows of a validation pipeline"):
            if self.validation is not None:
                self.validation.read(most_batches=None)

    def validation_record(self) -> dict[str, Any] | None:
        """The JSON of a `ValidationRecord`."""
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
    given = given_to(x, y)
    given.problems = problems + (("its data came as a pipeline or generator",) if given.is_stream else ())
    if validation_data is not None:
        held = validation_data if isinstance(validation_data, tuple | list) else (validation_data,)
        held_out = given_to(*held[:2])
        given.validation, given.validation_replacement = held_out.training, held_out.replacement
        if len(held) > 2 and held[2] is not None:
            given.validation_is_weighted = True
            given.problems += ("the rows of its validation data have weights of their own",)
    return given


def given_to(x: Any, y: Any = None) -> Given:
    """The data of a call of ``evaluate`` or ``predict``, or of a ``fit`` without a split."""
    if isinstance(x, tf.data.Dataset):
        return Given(Part({"kind": "dataset"}, source=x, batch_size=batch_size_of(x)))
    if isinstance(x, GeneratorType):
        rows = Rows(kind="generator"), Rows(kind="generator")
        return Given(Part({"kind": "generator"}, source=rows), replacement=watched(x, *rows))
    if isinstance(x, keras.utils.PyDataset):
        proxy = WatchedDataset(x)
        return Given(Part({"kind": "generator"}, source=proxy.seen), replacement=proxy)
    return Given(_arrays(x, y))


def steps_of(given: Given, arguments: dict[str, Any]) -> tuple[int | None, int | None]:
    """Rows a step and steps an epoch, as far as they can be told before the call."""
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
    return Part(summarise(_first(x)), None if _first(y) is None else summarise(_first(y)))


def _sliced(x: Any, y: Any, rows: slice) -> Part:
    return _arrays(as_array(_first(x))[rows], None if _first(y) is None else as_array(_first(y))[rows])  # type: ignore[index]


def _first(structure: Any) -> Any:
    """The first array of a structure of inputs or targets."""
    flat = _leaves(structure)
    return next((item for item in flat if item is not None), None)


def _several(x: Any, y: Any) -> tuple[str, ...]:
    several = len(_leaves(x)) > 1 or len(_leaves(y)) > 1
    return ("its model has several inputs or targets",) if several else ()


def _leaves(structure: Any) -> list[Any]:
    return list(keras.tree.flatten(structure)) if isinstance(structure, dict | list | tuple) else [structure]


def _rows(x: Any) -> int | None:
    array = as_array(_first(x))
    return None if array is None or not array.ndim else len(array)
