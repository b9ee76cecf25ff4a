"""The roster: a list of the class, or the worksheet or gradebook that the platform exported.

It joins what exports call people. Columns are told by their headings where these are known, else by what stands in
them; options name them where neither helps.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from grader.errors import SubmissionError, UsageError
from grader.intake.files import read_bytes
from grader.intake.listing import HIDDEN_NAMES, plain_text
from grader.intake.naming import slug
from grader.intake.tables import read_table
from grader.intake.times import read_time
from grader.records import Author, Student

Kind = Literal["name", "first", "last", "email", "number", "user", "id", "group", "submitted"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_HEADINGS: dict[Kind, frozenset[str]] = {
    "name": frozenset(
        {"full name", "name", "student", "student name", "learner", "display name", "vollstandiger name", "nom complet"}
        | {"nombre completo", "nome completo", "volledige naam", "students", "preferred name"}
    ),
    "first": frozenset(
        {"first name", "firstname", "given name", "given names", "forename", "vorname", "prenom", "voornaam"}
        | {"first names", "nombre s", "nombre"}
    ),
    "last": frozenset(
        {"last name", "lastname", "surname", "family name", "nachname", "nom de famille", "achternaam", "apellidos"}
        | {"apellido s", "nom", "cognome"}
    ),
    "email": frozenset({"email", "e mail", "email address", "mail", "e mail adresse", "adresse de courriel"}),
    "number": frozenset(
        {"id number", "student id", "sis user id", "orgdefinedid", "org defined id", "matrikelnummer", "student number"}
        | {"sid", "matriculation number", "matriculation", "matr nr", "identifikationsnummer", "idnumber", "studentid"}
        | {"student no", "registration number", "numero d identification"}
    ),
    "user": frozenset(
        {"username", "user name", "login", "sis login id", "login id", "github username", "benutzername", "netid"}
        | {"anmeldename", "nom d utilisateur", "uun", "user", "userid", "user id", "gebruikersnaam", "usuario"}
    ),
    "id": frozenset({"id", "identifier", "canvas user id", "participant", "kennung", "identifiant", "identificador"}),
    "group": frozenset({"group", "group name", "groups", "gruppe", "team", "groupe", "grupo", "gruppo", "groep"}),
    "submitted": frozenset(
        {"last modified submission", "zuletzt geandert abgabe", "submission time", "submitted", "submitted at"}
        | {"derniere modification travail remis", "last modified"}
    ),
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER = re.compile(r"#?[A-Za-z]{0,3}[-/]?\d{4,12}[A-Za-z]?")
_USER = re.compile(r"#?[A-Za-z][\w.-]{1,39}")
_NUMBERED_WORD = re.compile(r"[^\W\d][^\d]*?\s(?P<number>\d{1,20})")
_NAME = re.compile(r"[^\W\d_][^\d@]*[\s,][^\d@]*")
_NOBODY = frozenset({"points possible", "student test", "test student"})
_MOST = 0.8
"""Share of a column's cells, in [0, 1], that must look like what the column is taken for."""


@dataclass(frozen=True)
class Listed:
    """One person on the roster.

    Attributes:
        ids: What the platform numbers them by.
    """

    student: Student
    ids: tuple[str, ...] = ()
    group: str = ""
    submitted: datetime | None = None


@dataclass(frozen=True)
class Roster:
    """The people of a class, found by any of what they are called."""

    people: tuple[Listed, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    _index: dict[tuple[str, str], list[Listed]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for one in self.people:
            for key in _keys(one):
                self._index[key].append(one)

    def find(self, student: Student) -> Listed | None:
        """The person whom an export means, where the roster has exactly one."""
        email = student.email.casefold() if student.email else None
        tries = (
            ("id", student.platform_id),
            ("user", student.user_name and student.user_name.casefold()),
            ("number", student.number and student.number.casefold()),
            ("email", email),
            ("user", email and email.partition("@")[0]),
            ("mailbox", student.user_name and student.user_name.casefold()),
            ("name", name_key(student.name)),
            ("joined", slug(student.name).replace("-", "") if student.name else None),
        )
        for kind, value in tries:
            found = self._index.get((kind, value), []) if value else []
            fitting = [one for one in found if may_be(student, one.student)]
            if len(fitting) == 1:
                return fitting[0]
            if fitting and kind in {"name", "joined"}:
                return None
        return None

    def find_author(self, author: Author) -> Listed | None:
        """The person whom a notebook names."""
        return self.find(Student(key="", name=author.name, number=author.student_id, user_name=author.student_id))

    def in_text(self, text: str) -> tuple[Listed, ...]:
        """The people whose number, user name, email address or full name stands in a file's or a folder's name."""
        words = set(re.findall(r"[a-z0-9]+", text.casefold())) | set(re.findall(r"[\w.-]+", text.casefold()))
        plain = f"-{slug(text)}-"
        found: dict[str, Listed] = {}
        for one in self.people:
            student = one.student
            codes = {code.casefold() for code in (student.number, student.user_name, student.email) if code}
            tokens = slug(student.name).split("-") if student.name else []
            names = {"-".join(tokens), "-".join(reversed(tokens)), "".join(tokens), "".join(reversed(tokens))}
            named = len(tokens) > 1 and any(f"-{name}-" in plain for name in names)
            if codes & words or (student.email and student.email.casefold() in text.casefold()) or named:
                found[student.key] = one
        return tuple(found.values())

    def in_group(self, group: str) -> tuple[Listed, ...]:
        """The members of a group."""
        wanted = slug(group)
        return tuple(one for one in self.people if one.group and slug(one.group) == wanted)


def read_roster(path: Path, *, columns: Mapping[str, str] | None = None) -> Roster:
    """Reads a list of the class.

    Args:
        path: A table: CSV with commas, semicolons or tabulators.
        columns: For each kind of column that is to be told (see `KINDS`): its heading, or its number from 1.

    Raises:
        UsageError: It cannot be read, no column says who is who, or a column that is named is not there.
    """
    try:
        rows = read_table(read_bytes(path.resolve()))
    except SubmissionError as error:
        raise UsageError(f"{path}: {error}", expected="The list of the class as CSV.", fix="Check the path.") from error
    if not rows:
        raise UsageError(
            f"{path}: there is no table in it.", expected="The list of the class as CSV.", fix="Export it."
        )
    has_head = not any(_EMAIL.fullmatch(cell) for cell in rows[0]) and len(rows) > 1
    head = rows[0] if has_head else [""] * len(rows[0])
    body = rows[1:] if has_head else rows
    kinds = column_kinds(head, body) | _told(path, rows[0], columns or {})
    if not set(kinds.values()) & {"name", "last", "email", "number", "user", "id"}:
        raise UsageError(
            f"{path}: no column says who is who; its headings are {', '.join(rows[0])[:300]}.",
            expected="A column of names, email addresses, user names or numbers.",
            fix="Name it: --roster-column name=HEADING (or email, number, user, id).",
        )
    people = [one for row in body if (one := listed(row, kinds)) is not None]
    distinct = {one.student.key: one for one in people}
    return Roster(tuple(distinct.values()), {kind: head[at] or str(at + 1) for at, kind in kinds.items()})


def _told(path: Path, head: Sequence[str], columns: Mapping[str, str]) -> dict[int, Kind]:
    told: dict[int, Kind] = {}
    for kind, wanted in columns.items():
        at = next((number for number, text in enumerate(head) if text.casefold() == wanted.casefold()), None)
        if at is None and wanted.isdecimal() and 0 < int(wanted) <= len(head):
            at = int(wanted) - 1
        if at is None or kind not in KINDS:
            raise UsageError(
                f"{path}: there is no column {wanted!r} for {kind!r}; its headings are {', '.join(head)[:300]}.",
                expected=f"KIND=HEADING with one of {', '.join(KINDS)}.",
                fix="Check --roster-column.",
            )
        told[at] = kind
    return told


def column_kinds(head: Sequence[str], body: Sequence[Sequence[str]]) -> dict[int, Kind]:
    """What each column holds, as far as it is of use."""
    kinds: dict[int, Kind] = {}
    for at, text in enumerate(head):
        plain = slug(text).replace("-", " ") if text else ""
        known = next((kind for kind, headings in _HEADINGS.items() if plain in headings), None)
        if known is not None and known not in kinds.values():
            kinds[at] = known
    for kind, looks_so in _LOOKS.items():
        for at in range(len(head)):
            cells = [row[at] for row in body if at < len(row) and row[at]]
            taken = at in kinds or kind in kinds.values() or (kind == "name" and "last" in kinds.values())
            if not taken and len(cells) * 2 > len(body) and looks_so(cells):
                kinds[at] = kind
    return kinds


def _share(pattern: re.Pattern[str]) -> Callable[[Sequence[str]], bool]:
    return lambda cells: sum(bool(pattern.fullmatch(cell)) for cell in cells) >= _MOST * len(cells)


def _all_different(pattern: re.Pattern[str]) -> Callable[[Sequence[str]], bool]:
    looks_so = _share(pattern)
    return lambda cells: len(set(cells)) == len(cells) and looks_so(cells)


_LOOKS: dict[Kind, Callable[[Sequence[str]], bool]] = {
    "email": _share(_EMAIL),
    "id": _all_different(_NUMBERED_WORD),
    "number": _all_different(_NUMBER),
    "user": lambda cells: _all_different(_USER)(cells) and any(re.search(r"[a-z]", cell) for cell in cells),
    "name": _share(_NAME),
}


def listed(row: Sequence[str], kinds: Mapping[int, Kind]) -> Listed | None:
    """The person of a row, or None where it is nobody's (such as that of the points possible).

    Args:
        row: Its cells.
        kinds: What each column holds, see `column_kinds`.
    """
    values: dict[str, str] = {
        kind: plain_text(row[at]).lstrip("#'").strip() for at, kind in kinds.items() if at < len(row)
    }
    name = values.get("name") or " ".join(filter(None, (values.get("first"), values.get("last"))))
    if name_key(name) in {name_key(one) for one in _NOBODY}:
        return None
    family, comma, given = name.partition(",")
    shown = f"{given.strip()} {family.strip()}" if comma and given.strip() else name
    number, user, email = (values.get(kind) or None for kind in ("number", "user", "email"))
    ids = tuple(filter(None, {values.get("id", ""), _number_of(values.get("id", ""))}))
    key = number or user or email or (ids and min(ids)) or (f"name:{shown.casefold()}" if shown else "")
    if not key:
        return None
    student = Student(
        key=key,
        name=shown,
        platform_id=_number_of(values.get("id", "")) or None,
        user_name=user,
        email=email,
        number=number,
    )
    return Listed(student, ids, values.get("group", ""), _time(values.get("submitted", "")))


def _number_of(identifier: str) -> str:
    """``101`` of ``Participant 101``."""
    found = _NUMBERED_WORD.fullmatch(identifier)
    return found["number"] if found else identifier


def _time(text: str) -> datetime | None:
    return read_time(text) if re.search(r"\d{4}", text) and re.search(r"\d:\d", text) else None


def _keys(one: Listed) -> Iterable[tuple[str, str]]:
    student = one.student
    yield from (("id", number) for number in one.ids)
    for kind, code in (("user", student.user_name), ("number", student.number), ("email", student.email)):
        if code:
            yield kind, code.casefold()
    if student.user_name:
        yield "number", student.user_name.casefold()
    if student.number:
        yield "user", student.number.casefold()
    if student.email:
        yield "mailbox", student.email.casefold().partition("@")[0]
    if student.name:
        yield "name", name_key(student.name)
        tokens = slug(student.name).split("-")
        orders = {tuple(tokens), tuple(reversed(tokens)), (*tokens[1:], *tokens[:1]), (*tokens[-1:], *tokens[:-1])}
        yield from (("joined", "".join(order)) for order in orders)


def name_key(name: str) -> str:
    """A name in any order and spelling: ``Lee, Ann`` is ``Ann Lee``."""
    return " ".join(sorted(slug(name).split("-"))) if name else ""


def may_be(called: Student, other: Student) -> bool:
    """Whether two names may be one person's: numbers of two platforms can be equal by chance."""
    if not called.name or not other.name or re.sub(r"\s*\w*\d\w*$", "", called.name).casefold() in HIDDEN_NAMES:
        return True
    ours, theirs = set(slug(called.name).split("-")), set(slug(other.name).split("-"))
    joined = slug(called.name).replace("-", "")
    return bool(ours & theirs) or any(len(part) > 1 and part in joined for part in theirs)
