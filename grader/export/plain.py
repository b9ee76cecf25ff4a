"""A plain table for any other use, one row a student, and every page; or any table of the class, edited."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from grader.export.archive import safe_name, zipped
from grader.export.outcome import Outcome, lines_of_people, lines_of_rules
from grader.export.platform import PointsColumn, WorksheetPlatform
from grader.export.results import ClassResults, Result
from grader.export.rules import Rules, divide, number
from grader.export.worksheet import Worksheet
from grader.records import Student
from grader.report.gradebook import guarded

TABLE = "grades.csv"
PAGES = "feedback.zip"
_HEAD = ("name", "user_name", "email", "number", "platform", "platform_id", "group", "submission", "file", "status")
_POINTS = ("grade", "earned", "bonus_earned", "pending", "possible", "late", "comment", "page")


def export_table(found: ClassResults, *, rules: Rules) -> Outcome:
    """A table with a row for each student who is handed back, and an archive of their pages."""
    divided = divide(found, rules)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow((*_HEAD, *_POINTS))
    pages: dict[str, bytes | Path] = {}
    for result in divided.given:
        path = _page(result)
        pages[path] = result.page
        writer.writerow([guarded(cell) for cell in (*_person(result), *_points(result, rules), path)])
    files = {TABLE: b"\xef\xbb\xbf" + buffer.getvalue().encode(errors="replace"), PAGES: zipped(pages)}
    lines = [f"{len(divided.given)} rows are in {TABLE}, {len(pages)} pages in {PAGES}."]
    lines += [*lines_of_people(found, ()), *lines_of_rules(found, divided, rules)]
    return Outcome(files, tuple(lines))


def _person(result: Result) -> list[str]:
    student, hand_in = result.student or Student(key=result.key), result.hand_in
    return [
        result.label,
        student.user_name or "",
        student.email or "",
        student.number or "",
        hand_in.platform,
        student.platform_id or "",
        hand_in.group or "",
        result.submission,
        hand_in.file_name,
        result.graded.status,
    ]


def _points(result: Result, rules: Rules) -> list[str]:
    graded, late = result.graded, result.hand_in.late
    return [
        number(rules.points(result.graded)),
        *(number(one) for one in (graded.points_earned, graded.bonus_earned)),
        number(graded.points_pending + graded.bonus_pending),
        number(graded.points_possible),
        "" if late is None else "yes" if late else "no",
        graded.comment,
    ]


def _page(result: Result) -> str:
    """``Ann Lee (hw-1a2b3c4d)/feedback.html``; two people of one name have two submissions, or one page."""
    return f"{safe_name(result.label)} ({result.submission})/feedback.html"


def _no_columns(sheet: Worksheet) -> Sequence[PointsColumn]:  # noqa: ARG001 - a table of anybody's says nothing
    return ()


PLATFORM = WorksheetPlatform(
    name="csv",
    worksheet="A table of the class",
    columns=_no_columns,
    page=lambda result, row: _page(result),  # noqa: ARG005
    pages="",
)
"""A table that is no platform's: the column that takes the points has to be named."""
