"""Which rows of data a fit saw: told by row hashes where they were kept, else by counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.attribution.flow import Functions, Step, steps
from grader.cell_code import parse
from grader.errors import StoreError
from grader.judging.views import SubmissionView
from grader.records import ArraySummary, EvaluationRecord, Evidence, FitRecord, NamedArray, PredictionRecord
from grader.training.thresholds import THRESHOLDS

Hashes = npt.NDArray[Any]


def width(summary: ArraySummary) -> int:
    """Numbers in one row."""
    return math.prod(summary.shape[1:]) if summary.shape else 0


def data_set_widths(submission: SubmissionView) -> frozenset[int]:
    """How many numbers a row of the data set may have; empty where that is not seen.

    Another exercise's arrays may happen to have as many rows. The data set's are those as it was loaded, images of two
    axes or more; where none are left, the widest rows that there are for its training part.
    """
    use = submission.data_set
    if use is None:
        return frozenset()
    parts = [item.array for item in submission.evidence.arrays if item.array.rows in {use.train_rows, use.test_rows}]
    as_loaded = {width(array) for array in parts if len(array.shape) > 2}
    if as_loaded:
        # Images in grey, of colours that were averaged, are as wide as one colour.
        return frozenset(as_loaded)
    flat = [width(array) for array in parts if array.rows == use.train_rows and not array.one_hot]
    return frozenset({max(flat)}) if flat else frozenset()


def hashes(submission: SubmissionView, summary: ArraySummary | None) -> Hashes | None:
    """One hash a row, shape ``(rows,)``; None where they were not kept."""
    if summary is None or summary.row_hashes is None:
        return None
    try:
        return np.asarray(submission.read(summary.row_hashes))
    except (StoreError, LookupError, ValueError):
        return None


def share_within(rows: Hashes | None, others: Hashes | None) -> float | None:
    """The share of rows that are among the others, in [0, 1]; None where that is unknown."""
    if rows is None or others is None or not len(rows):
        return None
    return float(np.isin(rows, others).mean())


def test_rows_in(submission: SubmissionView, summary: ArraySummary | None) -> float | None:
    """The share of the data set's test rows that are among these rows; None where that cannot be told."""
    if summary is None or width(summary) not in (data_set_widths(submission) or {width(summary)}):
        return None
    test = _test_hashes(submission, row_width=width(summary))
    return share_within(test, hashes(submission, summary))


def rows_beside(submission: SubmissionView, fit: FitRecord) -> int | None:
    """Rows that a loop of the student's own was validated on; None where that is unknown.

    They are those that its model was asked about in the cell of the loop, none of them trained on or a test row. Where
    nothing was recorded (a compiled function may have asked), they are an array that the loop's cell uses, and that
    completes the rows of the loop to the data set's training part. What the loop does not use may be anything.
    """
    trained = hashes(submission, fit.x)
    if trained is None or not fit.x.rows:
        return None
    evidence = submission.evidence
    calls: list[EvaluationRecord | PredictionRecord] = [*evidence.evaluations, *evidence.predictions]
    asked = [item.x for item in calls if item.model == fit.model and item.cell == fit.cell and item.seq > fit.seq]
    use = submission.data_set
    left = use.train_rows - fit.x.rows if use is not None else 0
    used = _names_behind(evidence, fit.cell)
    cut_off = [item.array for item in evidence.arrays if 0 < item.array.rows == left and item.name in used]
    for summaries in (asked, cut_off):
        held = {item.content: item for item in summaries if _is_beside(submission, item, fit=fit, trained=trained)}
        if held:
            return sum(item.rows for item in held.values())
    return None


def _names_behind(evidence: Evidence, cell: int | None) -> set[str]:
    """The names that a cell's code uses, and those that they are made of, through the notebook's functions too."""
    functions, own, made = Functions(), set[str](), list[Step]()
    for one in evidence.cells:
        tree = parse(one.source) if one.kind == "code" else None
        found = [] if tree is None else list(steps(tree.body, functions))
        made += found
        own |= {name for step in found if one.index == cell for name in step.takes}
    used = set[str]()
    while own - used:
        used |= own
        own = used.union(*(step.takes for step in made if not step.makes.isdisjoint(used)))
    return used


def _is_beside(submission: SubmissionView, summary: ArraySummary, *, fit: FitRecord, trained: Hashes) -> bool:
    """Whether rows are of the same kind as those of a fit, and neither trained on nor test rows."""
    if width(summary) != width(fit.x) or not summary.rows:
        return False
    shared = share_within(hashes(submission, summary), trained)
    tested = test_rows_in(submission, summary)
    is_test = tested is None and submission.data_set is not None and summary.rows == submission.data_set.test_rows
    if is_test or (tested or 0.0) > THRESHOLDS.share_of_chance:
        return False
    return shared is not None and shared <= THRESHOLDS.trained_on_too


def arrays_of(submission: SubmissionView, section_id: str, *, row_width: int) -> tuple[ArraySummary, ...]:
    """The arrays of a section whose rows are that wide, the longest first."""
    cells = set(submission.matching[section_id].cells) if section_id in submission.matching else set()
    found = [
        item.array
        for item in submission.evidence.arrays
        if item.cell in cells and len(item.array.shape) > 1 and width(item.array) == row_width
    ]
    return tuple(sorted(found, key=lambda array: -array.rows))


def _test_hashes(submission: SubmissionView, *, row_width: int) -> Hashes | None:
    """The test part as the notebook loaded it: the first array of its length none of whose rows is a training row."""
    use = submission.data_set
    if use is None:
        return None
    train = next((item for item in _wide(submission, row_width) if item.array.rows == use.train_rows), None)
    if train is None:
        return None
    known = hashes(submission, train.array)
    named = [item.array for item in _wide(submission, row_width)]
    evaluated = [item.x for item in submission.evidence.evaluations if width(item.x) == row_width]
    for summary in (*named, *evaluated):
        if summary.rows == use.test_rows:
            rows = hashes(submission, summary)
            shared = share_within(rows, known)
            if shared is not None and shared <= THRESHOLDS.share_of_chance:
                return rows
    return None


def _wide(submission: SubmissionView, row_width: int) -> list[NamedArray]:
    found = [
        item for item in submission.evidence.arrays if len(item.array.shape) > 1 and width(item.array) == row_width
    ]
    return sorted(found, key=lambda item: item.seq)
