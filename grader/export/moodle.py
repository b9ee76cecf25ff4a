"""Moodle: the offline grading worksheet, and the archive for *Upload multiple feedback files in a zip*.

Both are read by number: the worksheet's rows by the participant's in its first column, the archive's folders by that
between the first and the second underscore. The worksheet is in the site's language, its headings and its decimals too,
so a worksheet is never made here.
"""

from __future__ import annotations

import re

from grader.export.archive import safe_name
from grader.export.matching import Row
from grader.export.platform import PointsColumn, WorksheetPlatform
from grader.export.results import Result
from grader.export.rules import read_number
from grader.export.worksheet import Worksheet
from grader.intake.naming import slug

_GRADE = frozenset(
    {"grade", "bewertung", "note", "calificacion", "nota", "valutazione", "cijfer", "karakter", "betyg", "arvosana"}
    | {"ocena", "classificacao", "avaliacao", "beoordeling", "karakterer"}
)
_FOLDER = re.compile(r"(?P<name>.+?)_(?P<id>\d{1,20})_assignsubmission_(?:file|onlinetext)(?:_.*)?", re.DOTALL)


def columns(sheet: Worksheet) -> list[PointsColumn]:
    """The column of grades, beside the maximum's, which is the same in every row; of several the one with its heading.

    An assignment that is graded by words (a scale) has no maximum, and no column that takes points.
    """
    by_heading = [at for at, heading in enumerate(sheet.head) if slug(heading).replace("-", " ") in _GRADE]
    beside = [at for at in range(len(sheet.head) - 1) if _may_be_grades(sheet, at)]
    chosen = [at for at in by_heading if at in beside] or beside
    return [PointsColumn(at, maximum=_maximum(sheet, at + 1)) for at in chosen]


def _may_be_grades(sheet: Worksheet, at: int) -> bool:
    """Whether a column holds nothing but grades, none above the maximum that stands beside it."""
    maximum = _maximum(sheet, at + 1)
    cells = [sheet.value(row, at) for row in range(1, len(sheet.rows))]
    grades = [read_number(cell) for cell in cells if cell not in {"", "-"}]
    return maximum is not None and all(grade is not None and 0 <= grade <= maximum for grade in grades)


def _maximum(sheet: Worksheet, at: int) -> float | None:
    """The number that stands in every cell of a column; None where there is none."""
    if at >= len(sheet.head):
        return None
    cells = {sheet.value(row, at) for row in range(1, len(sheet.rows))}
    found = read_number(next(iter(cells))) if len(cells) == 1 else None
    return found or None


def page(result: Result, row: Row | None) -> str | None:
    """``Ann Lee_101_assignsubmission_file_/feedback.html``.

    Moodle reads the number and passes over the name, which must hold no underscore for that. The underscore at the end
    is needed before version 4.1, and allowed since.
    """
    if result.student is None:
        return _page_of_group(result)
    ids = [] if row is None else sorted(row.person.ids)
    number = next((found[0] for one in ids if (found := re.search(r"\d+$", one))), "")
    if not number:
        return None
    return _path(result.label, number)


def _page_of_group(result: Result) -> str | None:
    """A group of which only the name is known has one folder, numbered as the one that it handed in."""
    parts = [match for part in result.source_parts if (match := _FOLDER.fullmatch(part))]
    return _path(parts[0]["name"], parts[0]["id"]) if parts else None


def _path(name: str, number: str) -> str:
    return f"{safe_name(name).replace('_', ' ')}_{number}_assignsubmission_file_/feedback.html"


PLATFORM = WorksheetPlatform(
    name="Moodle",
    worksheet="Moodle's grading worksheet (in the assignment's submissions: Download grading worksheet)",
    columns=columns,
    page=page,
    pages="In the assignment's submissions: Upload multiple feedback files in a zip.",
    above=False,
)
