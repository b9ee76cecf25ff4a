"""Gradescope: ``submission_123/hw.ipynb``, and who that is in the export's ``submission_metadata.yml``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml

from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, plain_text
from grader.intake.times import read_time
from grader.limits import MAX_AUTHORS, MAX_METADATA_DEPTH, MAX_STUDENT_ID_CHARACTERS
from grader.records import Student

METADATA = "submission_metadata.yml"

_FOLDER = re.compile(r"submission_(?P<id>\d{1,20})")


@dataclass
class Handed:
    """What the metadata say of one ``submission_<id>`` folder."""

    people: list[Student] = field(default_factory=list)
    submitted: datetime | None = None


def owners(listing: Listing) -> Owners:
    """The people whom the metadata name for a file's folder."""
    known = _metadata(listing)
    return {path: owner for path in listing.paths if (owner := _owner(path, known)) is not None}


def read_metadata(raw: bytes) -> dict[str, Handed]:
    """The people and the time of each ``submission_<id>`` folder; empty where the metadata cannot be read.

    Only names, ids and times are taken from the stream of YAML's events: nothing is built, and no alias unfolds.
    """
    found: dict[str, Handed] = defaultdict(Handed)
    try:
        for folder, said in _facts(yaml.parse(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
            one = found[folder]
            if isinstance(said, str):
                one.submitted = read_time(said)
            elif len(one.people) < MAX_AUTHORS:
                one.people.append(said)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return dict(found)


def _metadata(listing: Listing) -> dict[str, Handed]:
    """What the platform's metadata say; a file of that name further in was handed in by a student."""
    named = [path for path in listing.paths if path[-1] == METADATA]
    outermost = [path for path in named if len(path) == min(map(len, named))]
    raw = listing.read(outermost[0]) if len(outermost) == 1 else None
    return {} if raw is None else read_metadata(raw)


def _owner(path: Parts, known: Mapping[str, Handed]) -> Owner | None:
    for depth, folder in enumerate(path[:-1]):
        match = _FOLDER.fullmatch(folder)
        if match and (one := known.get(folder)) is not None and one.people:
            # Of the submission, not of a person: a partner who is added later makes no other submission of it.
            key = f"gradescope:{match['id']}"
            return Owner(key, tuple(one.people), path[-1], depth, submitted=one.submitted)
    return None


def _student(said: Mapping[str, str]) -> Student | None:
    name, email = plain_text(said.get("name", "")), plain_text(said.get("email", "")) or None
    number = plain_text(said.get("sid", ""))[:MAX_STUDENT_ID_CHARACTERS] or None
    number = None if number in {"null", "~"} else number
    key = email or number or (f"name:{name.casefold()}" if name else None)
    return Student(key=key, name=name, email=email, number=number) if key else None


def _facts(events: Iterable[Any]) -> Iterator[tuple[str, Student | str]]:
    """``submission_1: {":submitters": [{":name": ..., ":sid": ...}]}`` as pairs of folder and person, or time."""
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
                student = _student(person) if _is_person(place) else None
                if student is not None:
                    yield str(place[0]), student
                place.pop()
                is_key.pop()
                _value_ends(place, is_key)
            case yaml.ScalarEvent() if place and is_key[-1] and place[-1] is None:
                place[-1] = event.value.lstrip(":")
            case yaml.ScalarEvent() | yaml.AliasEvent():
                if _is_person(place) and isinstance(event, yaml.ScalarEvent):
                    person[place[-1] or ""] = event.value
                if len(place) == 2 and place[1] == "created_at" and isinstance(event, yaml.ScalarEvent):
                    yield str(place[0]), event.value
                _value_ends(place, is_key)


def _value_ends(place: list[str | None], is_key: list[bool]) -> None:
    if place and is_key[-1]:
        place[-1] = None


def _is_person(place: list[str | None]) -> bool:
    return len(place) == 4 and bool(place[0]) and place[1] == "submitters"


PLATFORM = Platform("Gradescope", owners)
