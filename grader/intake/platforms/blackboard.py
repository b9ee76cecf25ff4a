"""Blackboard Learn: ``Homework 1_alee_attempt_2026-01-31-23-59-00_hw.ipynb``, with a ``.txt`` for each attempt.

User names and the assignment's may hold underscores, so that the name alone does not say where one ends. The ``.txt``
names the user in brackets, and the files as they were called. Its words are in the site's language.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.intake.files import decode
from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, common_start, plain_text
from grader.records import Student

_NAME = re.compile(
    r"(?P<who>.{3,400})_attempt_(?P<time>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)(?:_(?P<file>.+)|(?P<note>\.txt)|\.\w+)",
    re.DOTALL,
)
_PERSON = re.compile(r"(?P<name>[^:\n]{0,200})\((?P<user>[^()\n]{1,100})\)\s*$")
_GROUP_ITEM = re.compile(r"group attempt\b|gruppenversuch\b", re.IGNORECASE)
_FIRST_LINES = 10

NOTHING = "Nothing was handed in: the attempt holds no file."


Attempt = tuple[str, ...]
"""Where the files of an attempt lie, and what stands in their names before and behind ``attempt``."""


@dataclass(frozen=True)
class _Found:
    """What a file's or a folder's name says.

    Attributes:
        who: What stands before the attempt: the assignment and the user name.
        name: The whole name.
        file_name: As it stands behind the attempt; empty where nothing does.
        is_note: Whether it is the attempt's ``.txt``.
    """

    depth: int
    attempt: Attempt
    name: str
    file_name: str
    is_note: bool

    @property
    def who(self) -> str:
        return self.attempt[-2]

    @property
    def time(self) -> str:
        return self.attempt[-1]


@dataclass(frozen=True)
class _Note:
    """What the ``.txt`` of an attempt says.

    Attributes:
        user: The user name that also stands in the file's name; None where it says none.
        originals: The files' names as they were handed in, by their names in the export.
    """

    user: str | None
    name: str
    originals: Mapping[str, str]


def owners(listing: Listing) -> Owners:
    """The user whose name stands before the attempt, as the attempt's ``.txt`` has it."""
    found = {path: one for path in listing.paths if (one := _read(path)) is not None}
    notes = {one.attempt: _note(listing.read(path), who=one.who) for path, one in found.items() if one.is_note}
    items = _items(found.values(), notes)
    filled = {one.attempt for one in found.values() if not one.is_note}
    return {
        path: _owner(path, one, note=notes.get(one.attempt), items=items)
        for path, one in found.items()
        if not (one.is_note and one.attempt in filled)
    }


def _read(path: Parts) -> _Found | None:
    for depth, name in enumerate(path):
        if match := _NAME.fullmatch(name):
            attempt = (*path[:depth], match["who"], match["time"])
            return _Found(depth, attempt, name, match["file"] or "", is_note=bool(match["note"]))
    return None


def _note(raw: bytes | None, *, who: str) -> _Note | None:
    if raw is None:
        return None
    lines = decode(raw)[0].splitlines()
    user, name = None, ""
    for line in lines[:_FIRST_LINES]:
        person = _PERSON.search(line.partition(":")[2] or line)
        if person and (who.endswith(f"_{person['user']}") or who == person["user"]):
            user, name = person["user"], plain_text(person["name"])
            break
    values = [line.partition(":")[2].strip() for line in lines if line[:1].isspace() and ":" in line]
    originals = {_plain(packed): one for one, packed in itertools.pairwise(values) if one and packed}
    return _Note(user, name, originals)


def _plain(name: str) -> str:
    """A name without what is replaced on its way: blanks by underscores, letters by what the archive's encoding has."""
    return re.sub(r"[^A-Za-z0-9.]+", "_", name)


def _items(found: Iterable[_Found], notes: Mapping[Attempt, _Note | None]) -> Sequence[str]:
    """The assignment's name as it stands before the user's, each with its underscore, the longest first."""
    known: set[str] = set()
    by_scope: dict[Attempt, set[str]] = defaultdict(set)
    for one in found:
        note = notes.get(one.attempt)
        by_scope[one.attempt[:-2]].add(one.who)
        if note is not None and note.user:
            known.add(one.who.removesuffix(note.user))
    if not known:
        common = [common_start(names) for names in by_scope.values()]
        known = {prefix[: prefix.rfind("_") + 1] for prefix in common}
    return sorted(known - {""}, key=len, reverse=True)


def _owner(path: Parts, one: _Found, *, note: _Note | None, items: Sequence[str]) -> Owner:
    user = note.user if note is not None and note.user else None
    if user is None:
        start = next((item for item in items if one.who.startswith(item) and len(one.who) > len(item)), None)
        user = one.who[len(start) :] if start else one.who.rpartition("_")[2]
    user = plain_text(user)
    original = None if note is None else note.originals.get(_plain(one.name))
    is_group = bool(_GROUP_ITEM.match(one.who))
    student = Student(key=user, name="" if note is None else note.name, user_name=user)
    return Owner(
        f"blackboard group:{user}" if is_group else user,
        () if is_group else (student,),
        (original or one.file_name or one.name) if one.depth == len(path) - 1 else path[-1],
        one.depth,
        group=user if is_group else None,
        attempt=one.time,
        submitted=_time(one.time),
        instead=NOTHING if one.is_note else "",
    )


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S")  # noqa: DTZ007 - the platform says no zone
    except ValueError:
        return None


PLATFORM = Platform("Blackboard", owners)
