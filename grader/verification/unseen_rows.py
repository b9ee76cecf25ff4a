"""Finds the test part of a table: the rows that a model was never trained or validated on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.records import ArraySummary, EvaluationRecord, Evidence, FitRecord, PredictionRecord
from grader.verification.row_matching import Recognised
from grader.verification.tables import Table

Array = npt.NDArray[Any]
_NONE: Array = np.zeros(0, np.int64)
Recognise = Callable[[ArraySummary | None], Recognised | None]


@dataclass(frozen=True)
class Unseen:
    """Rows of a table that a state of a model was not trained on, by number.

    Attributes:
        test: Those that it was not validated on either, shape ``(rows,)``.
        held_out: Of a loop, which names no validation part: those that it was validated on, shape ``(rows,)``.
    """

    test: Array
    held_out: Array


def unseen_rows(table: Table, *, model: str, weights: str, evidence: Evidence, recognise: Recognise) -> Unseen:
    """The rows that no fit leading to a state was given; ``validation_data`` among them where no others are left.

    Args:
        table: The table.
        model: Of the state.
        weights: Of the state, their digest.
        evidence: Of the run.
        recognise: Finds recorded rows in the table.

    Returns:
        No rows where some of what the state was given is not known.
    """
    fits = _fits_leading_to(model, weights, evidence=evidence)
    given = [_numbers(recognise(fit.x), table) for fit in fits]
    known = [part for part in given if part is not None]
    if not fits or len(known) < len(given):
        return Unseen(_NONE, _NONE)
    held = {"split": list[Array](), "data": list[Array]()}
    for fit in fits:
        part = _numbers(recognise(fit.validation.x), table) if fit.validation is not None else None
        if fit.validation is not None and part is not None:
            held[fit.validation.source].append(part)
    seen = [*known, *held["split"]]
    if len(table.never_in([*seen, *held["data"]])):
        seen += held["data"]
    test = unseen = table.never_in(seen)
    for summary in _held_out_otherwise(model, weights, evidence=evidence, earlier=fits):
        part = _numbers(recognise(summary), table)
        left = test if part is None else table.never_in([*seen, part])
        # A part with rows that were trained on comes from another split of the table, and says nothing about this one.
        if part is not None and 0 < len(left) == len(test) - len(part):
            seen, test = [*seen, part], left
    return Unseen(test, held_out=np.setdiff1d(unseen, test))


def _numbers(found: Recognised | None, table: Table) -> Array | None:
    return found.ids if found is not None and found.known is table else None


def _fits_leading_to(model: str, weights: str, *, evidence: Evidence) -> list[FitRecord]:
    """Every fit that led to a state: of the model itself, and of the one that its weights came from."""
    fits: dict[str, FitRecord] = {}
    digests = {weights}
    while True:
        found = [
            fit for fit in evidence.fits if fit.id not in fits and (fit.model == model or fit.weights_after in digests)
        ]
        if not found:
            return sorted(fits.values(), key=lambda fit: fit.seq)
        fits |= {fit.id: fit for fit in found}
        digests |= {fit.weights_before for fit in found if fit.weights_before is not None}


def _held_out_otherwise(
    model: str, weights: str, *, evidence: Evidence, earlier: list[FitRecord]
) -> Iterator[ArraySummary]:
    """Rows that a loop, which names no validation part, may have held out.

    Those on which other models are validated, and those that this one was evaluated on during its training and never
    after it.
    """
    yield from (fit.validation.x for fit in evidence.fits if fit.validation is not None and fit not in earlier)
    calls: list[EvaluationRecord | PredictionRecord] = [*evidence.evaluations, *evidence.predictions]
    asked = [item for item in calls if item.model == model]
    after = {item.x.content for item in asked if item.weights == weights}
    yield from (item.x for item in asked if item.x.content not in after)
