"""The table of everybody's points, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from grader.records import GradedSubmission
from grader.report.page import CohortPage

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


PAGE = CohortPage("gradebook.csv", reader="tutor", render=gradebook_csv)
