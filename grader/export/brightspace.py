"""Brightspace D2L: the exported grades, and the archive for *Add feedback files*.

Source of the rules: D2L's page on importing grades. A heading is the grade item's name and ``Points Grade``; a user is
found by ``OrgDefinedId`` or ``Username``; the last column, ``End-of-Line Indicator``, holds ``#``. A grade above the
item's maximum is cut down to it unless the item says otherwise.
"""

from __future__ import annotations

import re

from grader.export.matching import Row
from grader.export.platform import PointsColumn, WorksheetPlatform
from grader.export.results import Result
from grader.export.rules import read_number
from grader.export.worksheet import Worksheet

_ITEM = re.compile(r"(?P<title>.*?)\s*(?:\bPoints Grade\b)?\s*(?P<about><[^<>]*>)?", re.DOTALL | re.IGNORECASE)
_POINTS = re.compile(r"MaxPoints:\s*(?P<points>\d+(?:[.,]\d+)?)", re.IGNORECASE)
_FOLDER = re.compile(r"\d{1,20}-\d{1,20} - [^\\:*?\"<>|\x00-\x1f]+")


def columns(sheet: Worksheet) -> list[PointsColumn]:
    """The columns of grade items with points, known by ``Points Grade`` or by their maximum in angle brackets."""
    found = []
    for at, heading in enumerate(sheet.head):
        match = _ITEM.fullmatch(heading)
        points = _POINTS.search(match["about"] or "") if match else None
        if match and (points or "points grade" in heading.casefold()):
            found.append(PointsColumn(at, match["title"], read_number(points["points"]) if points else None))
    return found


def page(result: Result, row: Row | None) -> str | None:  # noqa: ARG001
    """``397063-2557369 - Ann Lee - Sep 24, 2024 926 PM/feedback.html``, in the folder that was downloaded."""
    if result.hand_in.platform != PLATFORM.name:
        return None
    folder = next((part for part in result.source_parts if _FOLDER.fullmatch(part)), None)
    return f"{folder}/feedback.html" if folder else None


PLATFORM = WorksheetPlatform(
    name="Brightspace",
    worksheet="Brightspace's grades (Grades: Enter Grades: Export; key field Both, Points grade, to CSV)",
    columns=columns,
    page=page,
    pages="On the assignment's submissions: Add Feedback Files.",
    above=False,
)
