"""What a section's checks speak of: its trained model, the states that training left, and what was verified of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Unpack

import numpy as np
import numpy.typing as npt

from grader.checks.absence import mend_of, why_no_model
from grader.checks.base import Scope
from grader.checks.results import Words, blocked, failed, needs_review
from grader.errors import StoreError
from grader.records import ArrayRef, CheckResult, EvaluationRecord, FitRecord, Measurement, PredictionRecord

Floats = npt.NDArray[np.float64]


def numbers(scope: Scope, ref: ArrayRef | None) -> Floats | None:
    """A stored array as float64; None where it was not kept, cannot be read or holds no numbers."""
    if ref is None:
        return None
    try:
        array = scope.read(ref)
    except (StoreError, LookupError):
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None


def fit_cells(scope: Scope) -> tuple[int, ...]:
    """The cells in which the section's model was trained."""
    return tuple(dict.fromkeys(fit.cell for fit in scope.fits if fit.cell is not None))


def fits_of_model(scope: Scope) -> tuple[FitRecord, ...]:
    """Every fit of the section's model in the notebook, in order, whether the section counts it or not."""
    return tuple(fit for fit in scope.evidence.fits if fit.model == scope.section.model)


def fits_of_sections(scope: Scope, sections: Iterable[str]) -> tuple[FitRecord, ...]:
    """The fits that those sections count, in order."""
    wanted = {fit for name in sections if name in scope.matching for fit in scope.matching[name].fits}
    return tuple(fit for fit in scope.evidence.fits if fit.id in wanted)


def trained_states(scope: Scope) -> frozenset[str]:
    """The weight states in which a fit left the section's model."""
    return frozenset(fit.weights_after for fit in fits_of_model(scope) if fit.weights_after is not None)


def speaks_of_model(scope: Scope, record: EvaluationRecord | PredictionRecord) -> bool:
    """Whether an evaluation or prediction was made by the section's model after training.

    A model saved and loaded again is another object with the same weights, and counts. Weights that no fit left (set
    by hand, or those of the best epoch) count from the first fit on.
    """
    if record.weights in trained_states(scope):
        return True
    first = min((fit.seq for fit in fits_of_model(scope)), default=None)
    return record.model == scope.section.model and first is not None and record.seq >= first


def test_rows(scope: Scope) -> int | None:
    """Rows of the test set that the section's model is judged on; None where there is none known."""
    measured = scope.measurement("test")
    if measured is not None and measured.rows:
        return measured.rows
    return scope.data_set.test_rows if scope.data_set is not None else None


def measured_states(scope: Scope, probe: str) -> tuple[Measurement, ...]:
    """The section's model on a probe: the state that counts first, then the other states of its training."""
    others = (
        scope.measurements.find(fit.model, weights=fit.weights_after, probe=probe)
        for fit in reversed(fits_of_model(scope))
    )
    found = (item for item in (scope.measurement(probe), *others) if item is not None)
    return tuple({(item.model, item.weights): item for item in found}.values())


def nothing_trained(scope: Scope, words: Words) -> CheckResult | None:
    """The result for a section that trained no model; None for one that did."""
    if scope.section.model is not None and any(fit.weights_after or fit.history for fit in scope.fits):
        return None
    return blocked(
        f"There is nothing to judge here. {why_no_model(scope)}",
        words,
        yours="no trained model",
        next_step=mend_of(scope),
        cells=scope.section.cells,
    )


def unverified(scope: Scope, what: str, words: Words) -> CheckResult:
    """The result for a figure that could not be measured outside the notebook, with the cause where it is known.

    Args:
        scope: Seen from the section.
        what: The figure, as a sentence's subject (``The test accuracy``).
        words: Of the result.
    """
    if scope.measurements.problem is not None:
        return needs_review(
            "ours", f"{what} could not be measured, because our verification failed; a tutor will look.", words
        )
    fits = set(scope.section.fits)
    for item in scope.measurements.unverified:
        if item.model == scope.section.model and (item.fit is None or item.fit in fits):
            why = item.why.strip().rstrip(".")
            return needs_review(
                item.cause, f"{what} could not be measured outside the notebook: {why}. A tutor will look.", words
            )
    return needs_review("unverifiable", f"{what} could not be measured outside the notebook; a tutor will look.", words)


def share_left_out(scope: Scope) -> float | None:
    """The share of a table that the section's model was never trained on, in [0, 1].

    None where that is not known, and where the rows are of no table: other data sets have a test part of their own.
    """
    test, train = scope.measurement("test"), scope.measurement("train")
    if test is not None and test.of_rows:
        return test.rows / test.of_rows
    validation = scope.measurement("validation")
    seen = (train.rows if train is not None else 0) + (validation.rows if validation is not None else 0)
    if train is not None and train.of_rows:
        return 0.0 if seen >= train.of_rows else None
    return None


def untested(scope: Scope, what: str, words: Words) -> CheckResult:
    """The result for a figure of the test part that was not measured: failed where no row was left for a test.

    Args:
        scope: Seen from the section.
        what: The figure, as a sentence's subject.
        words: Of the result.
    """
    if share_left_out(scope) != 0.0:
        return unverified(scope, what, words)
    return failed(
        f"{what} cannot be known: the model was trained and validated on every row of the table.",
        words,
        yours="no test rows",
        next_step="Set rows aside before you train, as with train_test_split, and test the model on those.",
    )


def absent(scope: Scope, feedback: str, words: Words, /, **more: Unpack[Words]) -> CheckResult:
    """The result where something was not found: failed, unless records of this run were cut off by our limits."""
    words = {**words, **more}
    if scope.evidence.truncated:
        return needs_review("ours", f"{feedback} Our record of this run is not complete, so a tutor will look.", words)
    return failed(feedback, words)


def flat_rows(array: Floats) -> Floats:
    """An array as rows and columns, shape ``(rows, values)``."""
    return array.reshape(len(array), math.prod(array.shape[1:])) if array.ndim else array.reshape(1, 1)
