"""Canvas: the gradebook, and the archive for *Upload submissions*.

Source of the rules: Canvas's own importer (``lib/gradebook_importer.rb``). A column belongs to an assignment by the
number in brackets at the end of its heading; one whose title is not known makes a new assignment. A column is left
aside where its cell in the row of the points possible says ``(read only)``. A student is found by the ID.
"""

from __future__ import annotations

import re

from grader.export.archive import safe_name
from grader.export.matching import Row
from grader.export.platform import PointsColumn, WorksheetPlatform
from grader.export.results import Result
from grader.export.rules import read_number
from grader.export.worksheet import Worksheet

_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d{1,20})\)", re.DOTALL)
_FILE = re.compile(r"(?P<name>[^_/]{1,200})(?P<ids>(?:_LATE)?_[A-Za-z0-9]{1,20}(?:_LATE)?_\d{1,20})_.+", re.DOTALL)
_POSSIBLE = "points possible"


def columns(sheet: Worksheet) -> list[PointsColumn]:
    """The columns of assignments that the gradebook does not call read only."""
    possible = next(
        (at for at in range(1, len(sheet.rows)) if sheet.value(at, 0).casefold().startswith(_POSSIBLE)), None
    )
    found = []
    for at, heading in enumerate(sheet.head):
        match = _ASSIGNMENT.fullmatch(heading)
        points = "" if possible is None else sheet.value(possible, at)
        if match and "read only" not in points.casefold():
            found.append(PointsColumn(at, match["title"], read_number(points)))
    return found


def page(result: Result, row: Row | None) -> str | None:  # noqa: ARG001
    """``leeann_11_900_feedback.html``: the numbers of the user and of the file, as in the file's name.

    Canvas takes a page only for a file that was handed in there, and gives it that file's name.
    """
    if result.hand_in.platform != PLATFORM.name:
        return None
    match = next((match for part in result.source_parts if (match := _FILE.fullmatch(part))), None)
    return f"{safe_name(match['name'])}{match['ids']}_feedback.html" if match else None


PLATFORM = WorksheetPlatform(
    name="Canvas",
    worksheet="Canvas's gradebook (Gradebook: Export: Export Entire Gradebook)",
    columns=columns,
    page=page,
    pages="On the assignment's page: Upload submissions (Canvas shows a page under the name of the file handed in).",
)
