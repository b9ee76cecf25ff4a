"""Negative controls: evidence that was made wrong, or in which nothing was done, judged without a run.

They say whether a criterion can be failed, and whether something is earned by nothing.
"""

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
    Execution,
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
    # Without a training each of these is blocked, whatever its check says.
    whole = {criterion.id for section in rubric.sections if section.whole_notebook for criterion in section.criteria}
    banded = {name for name, verdict in unfailed.items() if verdict.judged is not None}
    nothing = Measurements(submission=evidence.submission)
    controls = [(one, nothing) for one in _without_content(evidence)]
    for other, known in [*controls, (_with_wrong_numbers(evidence), measurements)]:
        grade = evaluate(rubric, evidence=other, measurements=known, read=read)
        blocked = {verdict.criterion for verdict in grade.verdicts if verdict.outcome == "blocked"}
        unfailed = _still(unfailed, grade, deciding=set(unfailed) - banded - (whole & blocked))
    for name in dict.fromkeys(unfailed[name].section for name in banded):
        match = graded.matching[name]
        for measured in _other_figures(measurements, match):
            grade = evaluate(rubric, evidence=evidence, measurements=measured, read=read)
            of_section = {one for one in banded if one in unfailed and unfailed[one].section == name}
            unfailed = _still(unfailed, grade, deciding=of_section)
    return {name: _why(name in banded) for name in unfailed}


def empty_notebooks(rubric: Rubric, evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """Notebooks in which nothing was done, by what they are called: each must earn nothing.

    Args:
        rubric: Its titles are the headings of the one that holds text alone.
        evidence: The reference's, for what is the same for all.
    """
    headings = (f"## {section.title}" for section in rubric.sections if not section.whole_notebook)
    texts = {
        "a blank notebook": [CellRun(index=0, kind="code", source="")],
        "a notebook with the headings alone": [
            CellRun(index=index, kind="markdown", source=heading) for index, heading in enumerate(headings)
        ],
        "a notebook with imports alone": [
            CellRun(index=0, kind="code", source="import numpy as np\nfrom tensorflow import keras", status="ok")
        ],
    }
    nothing: dict[str, object] = dict.fromkeys(_EVENTS, ())
    unused = tuple(use.model_copy(update={"loaded": False}) for use in evidence.data_sets)
    for name, cells in texts.items():
        run = Execution(seconds=1.0)
        yield (
            name,
            evidence.model_copy(
                update={**nothing, "cells": tuple(cells), "data_sets": unused, "execution": run, "weights": {}}
            ),
        )


def earned_by_nothing(graded: GradedSubmission) -> str:
    """What a notebook earned in which nothing was done, or left to a person without words to read; empty for nothing.

    Args:
        graded: The grade of such a notebook.
    """
    earned = [f"{one.criterion} ({one.earned:g} earned)" for one in graded.verdicts if one.earned]
    waiting = [
        f"{one.criterion} ({one.pending:g} pending: {one.feedback})"
        for one in graded.verdicts
        if one.pending and one.cause != "by_hand"
    ]
    if not earned and not waiting:
        return ""
    fix = "Ask in these criteria for something that only the student's work can show."
    return f"It should earn nothing, and no point of it should wait. Found: {'; '.join([*earned, *waiting])}. {fix}"


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
