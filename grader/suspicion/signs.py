"""What a rule finds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from grader.checks.base import Array
from grader.records import ArrayRef, FitRecord, Measurement

Read = Callable[[ArrayRef], Array]


@dataclass(frozen=True)
class Suspicion:
    """A sign, and what hangs on it.

    Attributes:
        rule: Its name.
        text: What was seen, with the numbers, for the tutor.
        cells: Where.
        model: The model whose figures are doubted; None for everything that the notebook claims.
        of_layers: Whether it is the model's layers that are doubted, not its figures alone.
        fit: The fit whose repetition outside would clear it; None where that would not.
    """

    rule: str
    text: str
    cells: tuple[int, ...] = ()
    model: str | None = None
    of_layers: bool = False
    fit: str | None = None


def place_of(fit: FitRecord) -> str:
    """Where a fit happened, in words."""
    return "an unknown cell" if fit.cell is None else f"cell {fit.cell + 1}"


def cells_of(fit: FitRecord) -> tuple[int, ...]:
    """Where a fit happened."""
    return () if fit.cell is None else (fit.cell,)


def mark_of(arrays: Iterable[Array]) -> str:
    """The mark of a state of weights, as `FitRecord.epoch_weights` has it."""
    crc = 0
    for array in arrays:
        crc = zlib.crc32(np.ascontiguousarray(array).tobytes(), crc)
    return f"{crc:08x}"


def is_mislabelled(measured: Measurement) -> bool:
    """Whether the rows were handed to ``fit`` with other labels than the data set's."""
    return measured.label_agreement is not None and measured.label_agreement < 1.0
