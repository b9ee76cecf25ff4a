"""Whether a criterion can be failed: it is judged on negative controls, evidence that was made wrong, without a run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.evaluate import evaluate
from grader.judging.views import Read
from grader.metrics import METRICS
from grader.records import (
    CellError,
    CellRun,
    Evidence,
    GradedSubmission,
    Measurement,
    Measurements,
    SectionMatch,
    Verdict,
)
from grader.rubric import Rubric

_EVENTS = ("models", "compiles", "fits", "evaluations", "predictions", "figures", "arrays")
_TOO_LARGE = 1000.0
"""By what a loss or error is multiplied, and what is added to it: beyond any band."""

_FRACTION = re.compile(r"\b0\.\d+")


def criteria_that_cannot_fail(
    rubric: Rubric, *, graded: GradedSubmission, evidence: Evidence, measurements: Measurements, read: Read
) -> dict[str, str]:
    """Criteria that the reference passes, and that every negative control passes too.

    A criterion with a band must be failed by a figure outside of it; any other by a notebook with nothing in it, one
    in which every cell raises, or one whose stored numbers are wrong.

    Args:
        rubric: Whose criteria.
        graded: The reference's own grade.
        evidence: The reference's.
        measurements: The reference's.
        read: Reads a stored array.

    Returns:
        Criterion to a sentence that says what should have failed it.
    """
    unfailed = {verdict.criterion: verdict for verdict in graded.verdicts if verdict.outcome == "passed"}
    banded = {name for name, verdict in unfailed.items() if verdict.judged is not None}
    nothing = Measurements(submission=evidence.submission)
    controls = [(one, nothing) for one in _without_content(evidence)]
    for other, known in [*controls, (_with_wrong_numbers(evidence), measurements)]:
        grade = evaluate(rubric, evidence=other, measurements=known, read=read)
        unfailed = _still(unfailed, grade, deciding=set(unfailed) - banded)
    for name in dict.fromkeys(unfailed[name].section for name in banded):
        match = graded.matching[name]
        for measured in _other_figures(measurements, match):
            grade = evaluate(rubric, evidence=evidence, measurements=measured, read=read)
            of_section = {one for one in banded if one in unfailed and unfailed[one].section == name}
            unfailed = _still(unfailed, grade, deciding=of_section)
    return {name: _why(name in banded) for name in unfailed}


def _still(unfailed: dict[str, Verdict], grade: GradedSubmission, *, deciding: set[str]) -> dict[str, Verdict]:
    failed = {verdict.criterion for verdict in grade.verdicts if verdict.outcome in {"failed", "partial", "blocked"}}
    return {name: verdict for name, verdict in unfailed.items() if name not in failed & deciding}


def _why(has_band: bool) -> str:
    if has_band:
        return "It is passed by every figure, however good or bad: its band is too wide to mean anything."
    return (
        "It is passed by a notebook with nothing in it, by one in which every cell raises, and by one whose stored"
        " numbers are wrong."
    )


def _without_content(evidence: Evidence) -> Iterator[Evidence]:
    nothing: dict[str, object] = dict.fromkeys(_EVENTS, ())
    empty = CellRun(index=0, kind="code", source="", status="no_code")
    yield evidence.model_copy(update={**nothing, "cells": (empty,)})
    # An error that no package, sample or network causes: of the student's own.
    error = CellError(name="SyntaxError", value="invalid syntax")
    raising = tuple(
        cell.model_copy(update={"status": "error", "error": error, "printed": ""}) if cell.kind == "code" else cell
        for cell in evidence.cells
    )
    run = evidence.execution.model_copy(
        update={"first_error_cell": next((cell.index for cell in raising if cell.error is not None), None)}
    )
    yield evidence.model_copy(update={**nothing, "cells": raising, "execution": run})


def _with_wrong_numbers(evidence: Evidence) -> Evidence:
    # A reference may be kept without outputs: then those of its run stand for them.
    changed = tuple(
        cell.model_copy(update={"stored_text": _FRACTION.sub("0.0123", cell.stored_text or cell.printed)})
        for cell in evidence.cells
    )
    return evidence.model_copy(update={"cells": changed})


def _other_figures(measurements: Measurements, match: SectionMatch) -> Iterator[Measurements]:
    """The section's model measured as useless and as perfect: everywhere, and where it was not trained (for gaps)."""
    for accuracy, factor in ((0.0, _TOO_LARGE), (1.0, 0.0)):
        for spared in ("", "train"):
            measured = tuple(
                _with_figures(item, accuracy=accuracy, factor=factor)
                if item.model == match.model and item.probe != spared
                else item
                for item in measurements.measured
            )
            yield measurements.model_copy(update={"measured": measured})


def _with_figures(item: Measurement, *, accuracy: float, factor: float) -> Measurement:
    known = {metric: getattr(item, metric.name) for metric in METRICS.values() if metric.is_stored}
    return item.model_copy(
        update={
            metric.name: accuracy if metric.direction == "higher" else (value + 1.0) * factor
            for metric, value in known.items()
            if value is not None
        }
    )
