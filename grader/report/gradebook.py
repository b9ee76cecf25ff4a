"""The table of everybody's points, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from grader.records import NOBODY, GradedSubmission, People
from grader.report.page import CohortPage

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


_YES = {True: "yes", False: "no", None: ""}
_PEOPLE = (
    "students",
    "keys",
    "group",
    "attempt",
    "submitted",
    "late",
    "counts",
    "present",
    "assigned_by",
    "named_in_notebook",
)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a quote goes before what begins like one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def gradebook_csv(graded: Sequence[GradedSubmission], *, people: People = NOBODY, **_: object) -> str:
    """One row a submission: who, status, sums, and what each criterion earned.

    A criterion whose points are pending has ``pending`` in its column; ``present`` is ``no`` where what was given last
    no longer held the file. What handing in late takes off is taken off ``earned`` already.
    """
    criteria = list(dict.fromkeys(verdict.criterion for one in graded for verdict in one.verdicts))
    head = ["id", "file", *_PEOPLE, "status", "reason", "earned", "pending", "possible", "late_points_off", "late_why"]
    head += ["bonus_earned", "bonus_pending", "bonus_possible", *criteria]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    for one in graded:
        by_criterion = {verdict.criterion: verdict for verdict in one.verdicts}
        cells: list[object] = [
            one.submission.id,
            one.submission.file_name,
            *_people(people, one.submission.id),
            one.status,
            one.execution.reason or "",
            *(one.points_earned, one.points_pending, one.points_possible),
            *_late(one),
            *(one.bonus_earned, one.bonus_pending, one.bonus_possible),
        ]
        for name in criteria:
            verdict = by_criterion.get(name)
            cells.append("" if verdict is None else "pending" if verdict.pending else verdict.earned)
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in cells])
    return buffer.getvalue()


def _late(one: GradedSubmission) -> tuple[object, object]:
    """The points that are taken off for handing in late, and the arithmetic; both empty where there are none."""
    if one.late is None:
        return "", ""
    return "" if one.late.submitted is None else one.late.points, one.late.text


def _people(people: People, submission: str) -> list[object]:
    """The columns of `_PEOPLE`: names and keys of a group's members in one order, parted by semicolons."""
    found = people.submissions.get(submission)
    if found is None:
        return [""] * len(_PEOPLE)
    return [
        "; ".join(people.names(submission)),
        "; ".join(found.students),
        found.group or "",
        "" if found.attempt is None else found.attempt,
        "" if found.submitted is None else found.submitted.isoformat(sep=" "),
        _YES[found.late],
        _YES[found.counts],
        _YES[found.is_present],
        found.assigned_by,
        "; ".join(author.name for author in found.named),
    ]


PAGE = CohortPage("gradebook.csv", reader="tutor", render=gradebook_csv)
