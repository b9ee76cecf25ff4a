"""Gradescope: ``submission_123/hw.ipynb``, and who that is in the export's ``submission_metadata.yml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, plain_text
from grader.limits import MAX_AUTHORS, MAX_METADATA_DEPTH, MAX_STUDENT_ID_CHARACTERS
from grader.records import Author

METADATA = "submission_metadata.yml"

_FOLDER = re.compile(r"submission_(?P<id>\d{1,20})")


def owners(listing: Listing) -> Owners:
    """The people whom the metadata name for a file's folder."""
    submitters = _submitters(listing)
    return {path: owner for path in listing.candidates if (owner := _owner(path, submitters)) is not None}


def read_submitters(raw: bytes) -> dict[str, tuple[Author, ...]]:
    """The people of each ``submission_<id>`` folder; empty where the metadata cannot be read.

    Only names and ids are taken from the stream of YAML's events: nothing is built, and no alias unfolds.
    """
    found: dict[str, list[Author]] = {}
    try:
        for folder, person in _people(yaml.parse(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
            found.setdefault(folder, []).append(person)
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return {folder: tuple(people[:MAX_AUTHORS]) for folder, people in found.items()}


def _submitters(listing: Listing) -> dict[str, tuple[Author, ...]]:
    """What the platform's metadata say; a file of that name further in was handed in by a student."""
    named = [path for path in listing.paths if path[-1] == METADATA]
    outermost = [path for path in named if len(path) == min(map(len, named))]
    raw = listing.read(outermost[0]) if len(outermost) == 1 else None
    return {} if raw is None else read_submitters(raw)


def _owner(path: Parts, submitters: Mapping[str, tuple[Author, ...]]) -> Owner | None:
    for depth, folder in enumerate(path[:-1]):
        match = _FOLDER.fullmatch(folder)
        if match and (people := submitters.get(folder)):
            return Owner(f"{people[0].name} {match['id']}", people, path[-1], depth)
    return None


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
                if _is_person(place) and plain_text(person.get("name", "")):
                    number = plain_text(person.get("sid", ""))[:MAX_STUDENT_ID_CHARACTERS] or None
                    yield str(place[0]), Author(name=plain_text(person["name"]), student_id=number)
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


PLATFORM = Platform("Gradescope", owners)
