"""Blackboard Learn: the full grade center, a table with tabulators in UTF-16 whose name ends in ``.xls``.

A column is known by the number behind the bar in its heading, ``Homework 1 [Total Pts: 20 Score] |409578``; a heading
without one makes a new column, of text. A student is found by the user name. Totals are calculated and not taken.
"""

from __future__ import annotations

import re

from grader.export.archive import safe_name
from grader.export.matching import Row
from grader.export.platform import PointsColumn, WorksheetPlatform
from grader.export.results import Result
from grader.export.rules import read_number
from grader.export.worksheet import Worksheet

_COLUMN = re.compile(r"(?P<title>.*?)\s*\[(?P<about>[^\[\]]*)\]\s*\|\s*(?P<id>\d{1,20})", re.DOTALL)
_POINTS = re.compile(r":\s*(?P<points>\d+(?:[.,]\d+)?)\b")
_CALCULATED = re.compile(r"\bup to\b|\bbis zu\b|%", re.IGNORECASE)
_ATTEMPT = re.compile(r".{3,400}_attempt_\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d", re.DOTALL)


def columns(sheet: Worksheet) -> list[PointsColumn]:
    """The columns with a number and points of their own."""
    found = []
    for at, heading in enumerate(sheet.head):
        match = _COLUMN.fullmatch(heading)
        points = match and _POINTS.search(match["about"])
        if match and points and not _CALCULATED.search(match["about"]):
            found.append(PointsColumn(at, match["title"], read_number(points["points"])))
    return found


def page(result: Result, row: Row | None) -> str | None:
    """``alee/Homework 1_alee_attempt_2026-01-31-23-59-00_feedback.html``, to be attached by hand."""
    parts = (_ATTEMPT.match(part) for part in result.source_parts)
    start = next((match[0] for match in parts if match), None)
    folder = row.person.student.user_name if row is not None else None
    folder = folder or (result.student.user_name if result.student is not None else result.hand_in.group)
    if not folder:
        return None
    if result.hand_in.platform != PLATFORM.name or start is None:
        return f"{safe_name(folder)}/feedback.html"
    return f"{safe_name(folder)}/{safe_name(start)}_feedback.html"


PLATFORM = WorksheetPlatform(
    name="Blackboard",
    worksheet="Blackboard's full grade center (Work Offline: Download: Full Grade Center, tab-delimited)",
    columns=columns,
    page=page,
    pages="Blackboard takes no archive of pages: attach them to the attempts.",
)
