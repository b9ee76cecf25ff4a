"""Which rows of data a fit saw: told by row hashes where they were kept, else by counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.errors import StoreError
from grader.judging.views import SubmissionView
from grader.records import ArraySummary, NamedArray
from grader.training.thresholds import THRESHOLDS

Hashes = npt.NDArray[Any]


def width(summary: ArraySummary) -> int:
    """Numbers in one row."""
    return math.prod(summary.shape[1:]) if summary.shape else 0


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
    if summary is None:
        return None
    test = _test_hashes(submission, row_width=width(summary))
    return share_within(test, hashes(submission, summary))


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
