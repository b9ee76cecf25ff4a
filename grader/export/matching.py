"""Which row of a worksheet is whose: by what the platform and the university call a person, never by likeness.

A full name decides only where nothing else is known of both, and one row and one student alone have it. Whoever is left
is listed with what was tried.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.errors import UsageError
from grader.export.results import Result
from grader.export.worksheet import Worksheet
from grader.intake.listing import HIDDEN_NAMES
from grader.intake.naming import slug
from grader.intake.roster import Listed, column_kinds, listed, may_be, name_key
from grader.records import Student

_CODES = {"id": "id", "number": "number", "user": "user name", "email": "email address"}
"""What tells people apart, the platform's own first."""


@dataclass(frozen=True)
class Row:
    """A person's row of a worksheet.

    Attributes:
        at: Its number in `Worksheet.rows`.
    """

    at: int
    person: Listed

    @property
    def said(self) -> str:
        """What the report calls it, by the row's number in a spreadsheet."""
        return f"row {self.at + 1} ({self.person.student.label})"


@dataclass(frozen=True)
class Matched:
    """Rows and whose they are.

    Attributes:
        pairs: Each row with its student's result; a group's with those of its members.
        tried: Of each student or group without a row, by key, what was tried, a sentence each.
        others: Rows of nobody who is handed back.
    """

    pairs: tuple[tuple[Row, Result], ...] = ()
    tried: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    others: tuple[Row, ...] = ()


def rows_of(sheet: Worksheet) -> tuple[Row, ...]:
    """The rows with a person, columns being told apart as in a roster.

    Raises:
        UsageError: No column says who is who.
    """
    body = [sheet.values(at) for at in range(1, len(sheet.rows))]
    kinds = column_kinds(sheet.head, body)
    if not set(kinds.values()) & {"name", "last", "email", "number", "user", "id"}:
        raise UsageError(
            f"{sheet.path}: no column says who is who; its headings are {', '.join(sheet.head)[:300]}.",
            expected="The worksheet as the platform exported it, with its headings.",
            fix="Check --worksheet.",
        )
    people = ((at, listed(values, kinds)) for at, values in enumerate(body, start=1))
    return tuple(Row(at, person) for at, person in people if person is not None)


def match_rows(results: Sequence[Result], rows: Sequence[Row], *, platform: str) -> Matched:
    """Finds each student's row, and those of the members of groups of which only the name is known.

    Args:
        results: Students and groups.
        rows: Of the worksheet.
        platform: Whose worksheet it is, by the name that hand-ins have: another platform's ids say nothing.
    """
    index = _Index(rows, results)
    found: list[tuple[Row, Result]] = []
    tried: dict[str, tuple[str, ...]] = {}
    for result in results:
        if result.student is not None:
            row, why = index.find(result.student, is_own=result.hand_in.platform == platform)
            if row is None:
                tried[result.key] = why
            else:
                found.append((row, result))
    times = Counter(row.at for row, _ in found)
    for row, result in found:
        if times[row.at] > 1:
            tried[result.key] = (_sentence(f"{row.said} fits another student who handed in as well."),)
    found = [(row, result) for row, result in found if times[row.at] == 1]
    taken = set(times)
    for result in results:
        if result.student is None:
            members = [row for row in rows if row.at not in taken and _is_member(row, result)]
            found += [(row, result) for row in members]
            taken |= {row.at for row in members}
            if not members:
                tried[result.key] = ("Its members are not known, and no row has the group's name.",)
    return Matched(tuple(found), tried, tuple(row for row in rows if row.at not in taken))


def _is_member(row: Row, result: Result) -> bool:
    return bool(row.person.group) and slug(row.person.group) == slug(result.hand_in.group or "")


class _Index:
    """Rows by what their people are called."""

    def __init__(self, rows: Sequence[Row], results: Sequence[Result]) -> None:
        self._rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in rows:
            for kind, code in _of_row(row.person):
                self._rows[kind, code].append(row)
        students = {result.key: result.student for result in results if result.student is not None}
        self._same_name = Counter(name_key(student.name) for student in students.values())

    def find(self, student: Student, *, is_own: bool) -> tuple[Row | None, tuple[str, ...]]:
        """A student's row, or what was tried.

        Args:
            student: Whose.
            is_own: Whether the platform's id of the student is that of the worksheet's platform.
        """
        tried: list[str] = []
        found: dict[int, tuple[Row, str]] = {}
        for kind, code in _of_student(student):
            rows = self._rows.get((kind, code.casefold()), [])
            if kind == "id" and not is_own:
                rows = [row for row in rows if name_key(row.person.student.name) == name_key(student.name)]
            fitting = [row for row in rows if may_be(student, row.person.student)]
            if len(fitting) == 1:
                found.setdefault(fitting[0].at, (fitting[0], f"{fitting[0].said} has the {_CODES[kind]} {code!r}"))
            else:
                tried.append(_why_not(f"the {_CODES[kind]} {code!r}", rows, fitting))
        if len(found) == 1:
            return next(iter(found.values()))[0], ()
        if found:
            return None, (_sentence(f"{', but '.join(why for _, why in found.values())}."), *tried)
        row, why = self._by_name(student, is_own=is_own)
        return row, (*tried, *why)

    def _by_name(self, student: Student, *, is_own: bool) -> tuple[Row | None, tuple[str, ...]]:
        if not student.name or slug(student.name).rstrip("-0123456789") in {slug(one) for one in HIDDEN_NAMES}:
            return None, ("There is no name to look for.",)
        key = name_key(student.name)
        rows = self._rows.get(("name", key), [])
        if self._same_name[key] > 1:
            return None, (f"{self._same_name[key]} students who handed in are called {student.name!r}.",)
        if len(rows) == 1:
            other = _contradiction(student, rows[0].person, is_own=is_own)
            return (None, (_sentence(f"{rows[0].said} has the name, but {other}."),)) if other else (rows[0], ())
        return None, (_why_not(f"the name {student.name!r}", rows, rows),)


def _why_not(what: str, rows: Sequence[Row], fitting: Sequence[Row]) -> str:
    if not rows:
        return f"No row has {what}."
    said = ", ".join(row.said for row in rows)
    if len(fitting) > 1:
        return f"{len(rows)} rows have {what}: {said}."
    return _sentence(f"{what} is that of somebody with another name: {said}.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_student(student: Student) -> Iterator[tuple[str, str]]:
    """What a student is called; a number may stand among the user names, and the other way round."""
    codes = (
        ("id", student.platform_id),
        ("number", student.number),
        ("user", student.user_name),
        ("email", student.email),
        ("user", student.number),
        ("number", student.user_name),
    )
    yield from ((kind, code) for kind, code in codes if code)


def _of_row(person: Listed) -> Iterable[tuple[str, str]]:
    student = person.student
    yield from (("id", number.casefold()) for number in _ids(person))
    for kind, code in (("number", student.number), ("user", student.user_name), ("email", student.email)):
        if code:
            yield kind, code.casefold()
    if student.name:
        yield "name", name_key(student.name)


def _ids(person: Listed) -> set[str]:
    """What the platform numbers a person by: ``Participant 101``, ``Teilnehmer/in101`` and ``101`` are the same."""
    numbered = (re.fullmatch(r"\D+(\d{1,20})", one) for one in person.ids)
    return {*person.ids, *(found[1] for found in numbered if found)}


def _contradiction(student: Student, person: Listed, *, is_own: bool) -> str:
    """What tells two people of one name apart; empty where nothing does."""
    other = person.student
    pairs = [("number", student.number, other.number), ("user name", student.user_name, other.user_name)]
    pairs.append(("email address", student.email, other.email))
    for what, ours, theirs in pairs:
        if ours and theirs and ours.casefold() != theirs.casefold():
            return f"another {what} ({theirs!r}, not {ours!r})"
    if is_own and student.platform_id and person.ids and student.platform_id not in _ids(person):
        return f"another id ({min(person.ids)!r}, not {student.platform_id!r})"
    return ""
