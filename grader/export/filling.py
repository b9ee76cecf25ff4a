"""Points into a platform's own worksheet, and pages into an archive that it takes back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError
from grader.export.archive import zipped
from grader.export.matching import Matched, Row, match_rows, rows_of
from grader.export.outcome import Outcome, lines_of_people, lines_of_rules, listed
from grader.export.platform import PointsColumn, WorksheetPlatform, choose_column
from grader.export.results import MOST_NAMED, ClassResults, Result
from grader.export.rules import Divided, Rules, divide, number, read_number
from grader.export.worksheet import Worksheet, read_worksheet
from grader.judging.results import first_of

PAGES = "feedback.zip"
_EMPTY = frozenset({"", "-"})
_COMMA = re.compile(r"-?\d+,\d+")


@dataclass(frozen=True)
class _Filled:
    """Rows that get points.

    Attributes:
        edits: New texts by row and column.
        replaced: What stood there before and what does now, for the report.
    """

    edits: Mapping[tuple[int, int], str]
    replaced: tuple[str, ...]


def export_worksheet(
    found: ClassResults, platform: WorksheetPlatform, *, rules: Rules, worksheet: Path | None, column: str | None
) -> Outcome:
    """The worksheet with everybody's points, and an archive of their pages.

    Args:
        found: The class.
        platform: To which.
        rules: What is done with pending and bonus points.
        worksheet: As the platform exported it.
        column: Which column takes the points; None to find it.

    Raises:
        UsageError: There is no worksheet, it cannot be read, it is not clear where the points go, or the platform would
            take them for others than they are.
    """
    if worksheet is None:
        raise UsageError(
            f"--to {platform.name.lower()}: no worksheet was given.",
            expected=f"{platform.worksheet}. It is edited, not made: its language, its columns and its ids are the "
            "platform's.",
            fix="Name it: --worksheet FILE. (--to csv needs none.)",
        )
    divided = divide(found, rules)
    sheet = read_worksheet(worksheet)
    points = choose_column(sheet, platform, told=column, titles=(found.title, found.assignment))
    _refuse_other_scale(sheet, points, possible=found.possible, rules=rules)
    matched = match_rows((*found.results, *found.groups), rows_of(sheet), platform=platform.name)
    given = _given(divided, matched)
    grades = {row.at: _grade(result, found, points=points, rules=rules) for row, result in given}
    if not platform.above:
        _refuse_above(sheet, points, [(row, grades[row.at]) for row, _ in given])
    filled = _fill(sheet, points, [(row, grades[row.at]) for row, _ in given])
    pages, without_page = _pages(given, platform)
    files = {
        sheet.path.name: sheet.written(filled.edits),
        PAGES: zipped(pages),
    }
    left = [(one, matched.tried[one.key]) for one in (*found.results, *found.groups) if one.key in matched.tried]
    lines = [
        f"{platform.name}: {len(given)} rows of {sheet.path.name} have their points in the column "
        f"{sheet.head[points.at]!r}, {len(pages)} pages are in {PAGES}. {platform.pages}".rstrip(),
        *_of_scale(found, points, rules),
        *listed("Other points stood there before", filled.replaced),
        *lines_of_people(found, left),
        *lines_of_rules(found, divided, rules),
        *listed("Pages that the platform could not tell whose they are, not in the archive", without_page),
        *listed("Rows of nobody who handed in, left as they are", (row.said for row in matched.others)),
    ]
    return Outcome(files, tuple(lines), tuple(one.label for one, _ in left))


def _given(divided: Divided, matched: Matched) -> list[tuple[Row, Result]]:
    keys = {result.key for result in divided.given}
    return sorted(((row, one) for row, one in matched.pairs if one.key in keys), key=lambda pair: pair[0].at)


def _grade(result: Result, found: ClassResults, *, points: PointsColumn, rules: Rules) -> float:
    return rules.scaled(rules.points(result.graded), possible=found.possible, maximum=points.maximum)


def _refuse_other_scale(sheet: Worksheet, points: PointsColumn, *, possible: float, rules: Rules) -> None:
    """Refuses to write 18 of 20 where the platform would read 18 of 100."""
    heading = repr(sheet.head[points.at])
    if rules.scale and points.maximum is None:
        raise UsageError(
            f"{sheet.path}: it does not say how many points the column {heading} takes.",
            expected="A maximum to convert to (--scale).",
            fix="Leave --scale out, and see that the platform's maximum is the rubric's.",
        )
    if points.maximum in {None, possible} or rules.scale:
        return
    raise UsageError(
        f"{sheet.path}: the column {heading} takes {number(points.maximum or 0)} points, and the rubric has "
        f"{number(possible)}.",
        expected="The same maximum on both sides.",
        fix=f"Set the platform's maximum to {number(possible)} and download the worksheet again, or convert: --scale.",
    )


def _of_scale(found: ClassResults, points: PointsColumn, rules: Rules) -> list[str]:
    if points.maximum is None:
        out_of = number(found.possible)
        return [f"The worksheet does not say how many points its column takes; these are out of {out_of}: check it."]
    if rules.scale and points.maximum != found.possible:
        return [f"Converted from {number(found.possible)} to {number(points.maximum)} points (--scale)."]
    return []


def _refuse_above(sheet: Worksheet, points: PointsColumn, grades: Sequence[tuple[Row, float]]) -> None:
    above = [f"{row.said}: {number(one)}" for row, one in grades if points.maximum is not None and one > points.maximum]
    if above:
        raise UsageError(
            f"{sheet.path}: {len(above)} would get more than {number(points.maximum or 0)} points, which the platform "
            f"passes over or cuts down without a word: {first_of(above, at_most=MOST_NAMED)}.",
            expected="No grade above the platform's maximum.",
            fix="Leave bonus points out (--bonus leave), or raise the maximum there and download the worksheet again.",
        )


def _fill(sheet: Worksheet, points: PointsColumn, grades: Sequence[tuple[Row, float]]) -> _Filled:
    comma = _has_decimal_commas(sheet, points)
    edits: dict[tuple[int, int], str] = {}
    replaced = []
    for row, grade in grades:
        before = sheet.value(row.at, points.at)
        if read_number(before) == grade:
            continue
        if not points.is_known and before not in _EMPTY and read_number(before) is None:
            raise UsageError(
                f"{sheet.path}: {row.said} has {before!r} in the column {sheet.head[points.at]!r}.",
                expected="A column of points, or an empty one.",
                fix="Check --column.",
            )
        text = number(grade)
        edits[row.at, points.at] = text.replace(".", ",") if comma else text
        if before not in _EMPTY:
            replaced.append(f"{row.said}: {before!r}, now {number(grade)}")
    return _Filled(edits, tuple(replaced))


def _has_decimal_commas(sheet: Worksheet, points: PointsColumn) -> bool:
    """Whether the numbers there have commas, as those of a site in many a language; Moodle's maximum stands beside."""
    columns = range(points.at, min(points.at + 2, len(sheet.head)))
    return any(_COMMA.fullmatch(sheet.value(row, at)) for row in range(1, len(sheet.rows)) for at in columns)


def _pages(
    given: Sequence[tuple[Row, Result]], platform: WorksheetPlatform
) -> tuple[dict[str, bytes | Path], list[str]]:
    """The pages by their paths in the archive, and who has none there."""
    pages: dict[str, bytes | Path] = {}
    without: dict[str, None] = {}
    for row, result in given:
        path = platform.page(result, row)
        if path is None:
            without[f"{result.label} ({result.submission})"] = None
        else:
            pages[path] = result.page
    return pages, list(without)
