"""The cohort's table: ``gradebook.csv`` and ``summary.json``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from grader.records import GradedSubmission
from grader.records.base import SCHEMA_VERSION

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a quote goes before what begins like one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def gradebook_csv(graded: Sequence[GradedSubmission]) -> str:
    """One row a submission: who, status, sums, and what each criterion earned.

    A criterion whose points are pending has ``pending`` in its column.
    """
    criteria = list(dict.fromkeys(verdict.criterion for one in graded for verdict in one.verdicts))
    head = ["id", "file", "authors", "status", "reason", "earned", "pending", "possible"]
    head += ["bonus_earned", "bonus_pending", "bonus_possible", *criteria]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    for one in graded:
        by_criterion = {verdict.criterion: verdict for verdict in one.verdicts}
        cells: list[object] = [
            one.submission.id,
            one.submission.file_name,
            "; ".join(author.name for author in one.submission.authors),
            one.status,
            one.execution.reason or "",
            *(one.points_earned, one.points_pending, one.points_possible),
            *(one.bonus_earned, one.bonus_pending, one.bonus_possible),
        ]
        for name in criteria:
            verdict = by_criterion.get(name)
            cells.append("" if verdict is None else "pending" if verdict.pending else verdict.earned)
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in cells])
    return buffer.getvalue()


def summary_json(graded: Sequence[GradedSubmission]) -> str:
    """The cohort for a machine: sums by submission, and every submission that waits for a person by cause."""
    submissions: list[dict[str, Any]] = [
        {
            "id": one.submission.id,
            "file_name": one.submission.file_name,
            "authors": [author.name for author in one.submission.authors],
            "status": one.status,
            "reason": one.execution.reason,
            "points_earned": one.points_earned,
            "points_pending": one.points_pending,
            "points_possible": one.points_possible,
            "bonus_earned": one.bonus_earned,
            "bonus_pending": one.bonus_pending,
            "bonus_possible": one.bonus_possible,
            "flags": len(one.flags),
            "causes": sorted({verdict.cause for verdict in one.verdicts if verdict.cause is not None}),
        }
        for one in graded
    ]
    whole = {
        "schema_version": SCHEMA_VERSION,
        "rubric": graded[0].rubric.model_dump(mode="json") if graded else None,
        "data_choice": graded[0].data_choice if graded else None,
        "count": len(graded),
        "statuses": {
            status: sum(one.status == status for one in graded) for status in ("graded", "needs_review", "not_run")
        },
        "submissions": submissions,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
