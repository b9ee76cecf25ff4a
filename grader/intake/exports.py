"""Whose a file in an archive is, by what each learning platform puts into the names of its exports.

Moodle      ``Ann Lee_123_assignsubmission_file_/hw.ipynb``, or flat ``Ann Lee_123_assignsubmission_file_hw.ipynb``
Canvas      ``leeann_LATE_123_456_hw.ipynb``
Blackboard  ``Homework 1_alee_attempt_2026-01-31-23-59-00_hw.ipynb``
Gradescope  ``.../submission_123/hw.ipynb``, and whose it is in ``.../submission_metadata.yml``
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from grader.limits import MAX_AUTHOR_CHARACTERS, MAX_AUTHORS, MAX_METADATA_DEPTH, MAX_STUDENT_ID_CHARACTERS
from grader.printed_text import well_formed
from grader.records import Author

GRADESCOPE_METADATA = "submission_metadata.yml"

_MOODLE = re.compile(
    r"(?P<name>.{1,200})_(?P<id>\d{1,20})_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?", re.DOTALL
)
_CANVAS = re.compile(r"(?P<name>[^_/]{1,200})_(?:LATE_)?(?P<id>\d{1,20})_\d{1,20}_(?P<file>.+)", re.DOTALL)
_BLACKBOARD = re.compile(
    r".{1,300}_(?P<id>[^_/]{1,100})_attempt_\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d(?:_(?P<file>.+)|\.\w+)", re.DOTALL
)
_GRADESCOPE = re.compile(r"submission_(?P<id>\d{1,20})")
_NAMELESS = frozenset({"participant", "group", "anon", "anonymous"})

Parts = tuple[str, ...]
"""A member's name, split at its slashes."""


@dataclass(frozen=True)
class Owner:
    """Who handed a file in, as an export says.

    Attributes:
        label: What tells this owner from the others, and says to a person who it is.
        file_name: The file's name before the platform changed it.
    """

    label: str
    authors: tuple[Author, ...]
    file_name: str


Owners = Mapping[Parts, Owner]


def owners_by_names(files: Sequence[Parts], submitters: Mapping[str, tuple[Author, ...]]) -> Owners:
    """The owner of each file whose name says so.

    Args:
        files: Of one archive. Canvas's names are common enough that they count only where every file at the top has
            one.
        submitters: What `gradescope_submitters` read.
    """
    found = {parts: owner for parts in files if (owner := _owner(parts, submitters)) is not None}
    flat = [parts for parts in files if parts not in found and len(parts) == 1]
    matches = [_CANVAS.fullmatch(parts[0]) for parts in flat]
    if all(matches):
        found |= {parts: _person(match, match["file"]) for parts, match in zip(flat, matches, strict=True) if match}
    return found


def gradescope_submitters(raw: bytes) -> dict[str, tuple[Author, ...]]:
    """The people of each ``submission_<id>`` folder; empty where the file cannot be read.

    Only names and ids are taken from the stream of YAML's events: nothing is built, and no alias unfolds.
    """
    found: dict[str, list[Author]] = {}
    try:
        for folder, person in _people(yaml.parse(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
            found.setdefault(folder, []).append(person)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return {folder: tuple(people[:MAX_AUTHORS]) for folder, people in found.items()}


def _owner(parts: Parts, submitters: Mapping[str, tuple[Author, ...]]) -> Owner | None:
    *folders, name = parts
    for folder in folders:
        if match := _MOODLE.fullmatch(folder):
            return _person(match, name)
        if (match := _GRADESCOPE.fullmatch(folder)) and (people := submitters.get(folder)):
            return Owner(" ".join((people[0].name, match["id"])), people, name)
    if match := _MOODLE.fullmatch(name):
        return _person(match, match["file"] or name)
    if match := _BLACKBOARD.fullmatch(name):
        user = _text(match["id"])
        return Owner(user, (Author(name=user),), match["file"] or name)
    return None


def _person(match: re.Match[str], file_name: str) -> Owner:
    name, number = _text(match["name"]) or "unnamed", match["id"]
    label = f"{name} {number}"
    return Owner(label, (Author(name=label if name.lower() in _NAMELESS else name, student_id=number),), file_name)


def _people(events: Iterable[Any]) -> Iterator[tuple[str, Author]]:
    """``submission_1: {":submitters": [{":name": ..., ":sid": ...}]}`` as pairs of folder and person."""
    place: list[str | None] = []
    is_key: list[bool] = []
    person: dict[str, str] = {}
    for event in events:
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                if len(place) >= MAX_METADATA_DEPTH:
                    return
                place.append(None)
                is_key.append(isinstance(event, yaml.MappingStartEvent))
                person = {} if _is_person(place) else person
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                if _is_person(place) and _text(person.get("name", "")):
                    number = _text(person.get("sid", ""))[:MAX_STUDENT_ID_CHARACTERS] or None
                    yield str(place[0]), Author(name=_text(person["name"]), student_id=number)
                place.pop()
                is_key.pop()
                _value_ends(place, is_key)
            case yaml.ScalarEvent() if place and is_key[-1] and place[-1] is None:
                place[-1] = event.value.lstrip(":")
            case yaml.ScalarEvent() | yaml.AliasEvent():
                if _is_person(place) and isinstance(event, yaml.ScalarEvent):
                    person[place[-1] or ""] = event.value
                _value_ends(place, is_key)


def _value_ends(place: list[str | None], is_key: list[bool]) -> None:
    if place and is_key[-1]:
        place[-1] = None


def _is_person(place: list[str | None]) -> bool:
    return len(place) == 4 and bool(place[0]) and place[1] == "submitters"


def _text(given: str) -> str:
    return " ".join(well_formed(given).split())[:MAX_AUTHOR_CHARACTERS]
