"""What the export has to know of a platform whose worksheet is edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grader.errors import UsageError
from grader.export.matching import Row
from grader.export.results import Result
from grader.export.worksheet import Worksheet
from grader.intake.naming import slug


@dataclass(frozen=True)
class PointsColumn:
    """A column that the platform takes points from.

    Attributes:
        at: Its number from 0.
        title: The assignment that it is of, as far as its heading says.
        maximum: The most points that it takes; None where the worksheet does not say.
        is_known: Whether it looks like one; else it was named by the user.
    """

    at: int
    title: str = ""
    maximum: float | None = None
    is_known: bool = True


@dataclass(frozen=True)
class WorksheetPlatform:
    """A platform that gives out a table of the class and takes it back with points.

    Attributes:
        name: As hand-ins name it (`HandIn.platform`).
        worksheet: What its table is called there, and where it is downloaded.
        columns: The columns that may take the points.
        page: The path of a student's page in the archive of pages; None where the platform could not tell whose it is.
            It is told the student's row, where there is one.
        pages: What to do with the archive, for the report.
        above: Whether the platform takes more than the maximum.
    """

    name: str
    worksheet: str
    columns: Callable[[Worksheet], Sequence[PointsColumn]]
    page: Callable[[Result, Row | None], str | None]
    pages: str
    above: bool = True


def choose_column(
    sheet: Worksheet, platform: WorksheetPlatform, *, told: str | None, titles: Sequence[str]
) -> PointsColumn:
    """The column that takes the points.

    Args:
        sheet: The worksheet.
        platform: Whose it is.
        told: A heading, an assignment's title in one, or a column's number from 1; None to find it.
        titles: What the assignment is called: of several columns that may take points, one of these names counts.

    Raises:
        UsageError: There is none, or it is not clear which.
    """
    found = list(platform.columns(sheet))
    if told is not None:
        at = _told(sheet, told, found)
        return next((one for one in found if one.at == at), PointsColumn(at, is_known=False))
    if len(found) > 1:
        wanted = {slug(title) for title in titles}
        found = [one for one in found if slug(one.title) in wanted] or found
    if len(found) == 1:
        return found[0]
    headings = ", ".join(repr(sheet.head[one.at]) for one in found) or ", ".join(map(repr, sheet.head))
    raise UsageError(
        f"{sheet.path}: {'several columns' if found else 'no column'} may take the points"
        f"{'' if found else ' as far as can be told'}: {headings[:400]}.",
        expected=f"{platform.worksheet}, with one column of this assignment.",
        fix="Name it: --column HEADING (or its number from 1).",
    )


def _told(sheet: Worksheet, told: str, found: Sequence[PointsColumn]) -> int:
    wanted = told.strip().casefold()
    fitting = [at for at, heading in enumerate(sheet.head) if heading.casefold() == wanted]
    fitting = fitting or [one.at for one in found if one.title.casefold() == wanted]
    if not fitting and wanted.isdecimal() and 0 < int(wanted) <= len(sheet.head):
        fitting = [int(wanted) - 1]
    if len(fitting) == 1:
        return fitting[0]
    raise UsageError(
        f"{sheet.path}: {len(fitting)} columns are called {told!r}; the headings are "
        f"{', '.join(map(repr, sheet.head))[:400]}.",
        expected="One heading of the worksheet, or a column's number from 1.",
        fix="Check --column.",
    )
