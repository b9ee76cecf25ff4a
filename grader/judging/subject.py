"""What a section's checks speak of: its trained model, the states that training left, and what was verified of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Unpack

import numpy as np
import numpy.typing as npt

from grader.errors import StoreError
from grader.judging.absence import (
    fix_for,
    fix_of,
    is_training,
    lost_trainings,
    own_failure,
    what_failed,
    why_no_model,
)
from grader.judging.results import Words, blocked, failed, needs_review
from grader.judging.views import SectionView
from grader.records import ArrayRef, CheckResult, EvaluationRecord, FitRecord, Measurement, PredictionRecord

Floats = npt.NDArray[np.float64]


def numbers(section: SectionView, ref: ArrayRef | None) -> Floats | None:
    """A stored array as float64; None where it was not kept, cannot be read or holds no numbers."""
    if ref is None:
        return None
    try:
        array = section.read(ref)
    except (StoreError, LookupError):
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None


def fit_cells(section: SectionView) -> tuple[int, ...]:
    """The cells in which the section's model was trained; those of fits that took no step where there are no others."""
    cells = [(fit.cell, is_training(fit)) for fit in section.fits if fit.cell is not None]
    return tuple(dict.fromkeys(cell for cell, trained in cells if trained or not any(one for _, one in cells)))


def fits_of_model(section: SectionView) -> tuple[FitRecord, ...]:
    """Every fit of the section's model in the notebook, in order, whether the section counts it or not."""
    return tuple(fit for fit in section.evidence.fits if fit.model == section.match.model)


def fits_of_sections(section: SectionView, sections: Iterable[str]) -> tuple[FitRecord, ...]:
    """The fits that those sections count, in order."""
    wanted = {fit for name in sections if name in section.matching for fit in section.matching[name].fits}
    return tuple(fit for fit in section.evidence.fits if fit.id in wanted)


def trained_states(section: SectionView) -> frozenset[str]:
    """The weight states in which a fit left the section's model."""
    return frozenset(fit.weights_after for fit in fits_of_model(section) if fit.weights_after is not None)


def speaks_of_model(section: SectionView, record: EvaluationRecord | PredictionRecord) -> bool:
    """Whether an evaluation or prediction was made by the section's model after training.

    A model saved and loaded again is another object with the same weights, and counts. Weights that no fit left (set
    by hand, or those of the best epoch) count from the first fit on.
    """
    if record.weights in trained_states(section):
        return True
    first = min((fit.seq for fit in fits_of_model(section)), default=None)
    return record.model == section.match.model and first is not None and record.seq >= first


def test_rows(section: SectionView) -> int | None:
    """Rows of the test set that the section's model is judged on; None where there is none known."""
    measured = section.measurement("test")
    if measured is not None and measured.rows:
        return measured.rows
    return section.data_set.test_rows if section.data_set is not None else None


def measured_states(section: SectionView, probe: str) -> tuple[Measurement, ...]:
    """The section's model on a probe: the state that counts first, then the other states of its training."""
    others = (
        section.measurements.find(fit.model, weights=fit.weights_after, probe=probe)
        for fit in reversed(fits_of_model(section))
    )
    found = (item for item in (section.measurement(probe), *others) if item is not None)
    return tuple({(item.model, item.weights): item for item in found}.values())


def nothing_trained(section: SectionView, words: Words) -> CheckResult | None:
    """The result for a section that trained no model; None for one that did."""
    if section.match.model is not None and any(fit.weights_after or fit.history for fit in section.fits):
        return None
    text = f"There is nothing to judge here. {why_no_model(section)}"
    lost = lost_trainings(section, text, words)
    if lost is not None:
        return lost
    return blocked(
        text,
        words,
        yours="no trained model",
        next_step=fix_for(section),
        cells=section.match.cells,
    )


def unverified(section: SectionView, what: str, words: Words) -> CheckResult:
    """The result for a figure that could not be measured outside the notebook, with the cause where it is known.

    Args:
        section: Whose model it is.
        what: The figure, as a sentence's subject (``The test accuracy``).
        words: Of the result.
    """
    if section.measurements.problem is not None:
        return needs_review(
            "infrastructure",
            f"{what} could not be measured, because our verification failed; a tutor will look.",
            words,
        )
    fits = set(section.match.fits)
    for item in section.measurements.unverified:
        if item.model == section.match.model and (item.fit is None or item.fit in fits):
            why = item.why.strip().rstrip(".")
            return needs_review(
                item.cause, f"{what} could not be measured outside the notebook: {why}. A tutor will look.", words
            )
    return needs_review("unverifiable", f"{what} could not be measured outside the notebook; a tutor will look.", words)


def on_repeated_rows(section: SectionView, what: str, words: Words) -> CheckResult | None:
    """The result for a figure of a model that ran on a stand-in; None where the model ran on other data.

    Args:
        section: Whose model it is.
        what: The figure, as a sentence's subject (``The test accuracy``).
        words: Of the result.
    """
    if not section.on_stand_in:
        return None
    return needs_review(
        "infrastructure",
        f"{what} cannot be judged yet: this notebook needs the full data set's rows; it ran on repeated rows, so its"
        " accuracy says nothing. A tutor runs it with --data full.",
        words,
    )


def share_left_out(section: SectionView) -> float | None:
    """The share of a table that the section's model was never trained on, in [0, 1].

    None where that is not known, and where the rows are of no table: other data sets have a test part of their own.
    """
    test, train = section.measurement("test"), section.measurement("train")
    if test is not None and test.of_rows:
        return test.rows / test.of_rows
    validation = section.measurement("validation")
    seen = (train.rows if train is not None else 0) + (validation.rows if validation is not None else 0)
    if train is not None and train.of_rows:
        return 0.0 if seen >= train.of_rows else None
    return None


def untested(section: SectionView, what: str, words: Words) -> CheckResult:
    """The result for a figure of the test part that was not measured: failed where no row was left for a test.

    Args:
        section: Whose model it is.
        what: The figure, as a sentence's subject.
        words: Of the result.
    """
    if share_left_out(section) != 0.0:
        return unverified(section, what, words)
    return failed(
        f"{what} cannot be known: the model was trained and validated on every row of the table.",
        words,
        yours="no test rows",
        next_step="Set rows aside before you train, as with train_test_split, and test the model on those.",
    )


def absent(section: SectionView, feedback: str, words: Words, /, **more: Unpack[Words]) -> CheckResult:
    """The result where something was not found: failed, unless records of this run were cut off by our limits.

    A cell of the section that failed is named: it may well be the reason.
    """
    words = {**words, **more}
    cell = own_failure(section)
    if cell is not None and f"cell {cell.index + 1} " not in feedback.lower():
        said = what_failed(cell, section.attribution)
        feedback = f"{feedback} {said[:1].upper()}{said[1:]}."
        words["next_step"] = fix_of(cell, section.attribution)
    if section.evidence.truncated:
        return needs_review(
            "infrastructure", f"{feedback} Our record of this run is not complete, so a tutor will look.", words
        )
    return failed(feedback, words)


def flat_rows(array: Floats) -> Floats:
    """An array as rows and columns, shape ``(rows, values)``."""
    return array.reshape(len(array), math.prod(array.shape[1:])) if array.ndim else array.reshape(1, 1)
