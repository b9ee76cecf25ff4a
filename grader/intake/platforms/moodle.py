"""Moodle: ``Ann Lee_123_assignsubmission_file_/hw.ipynb``, or flat ``Ann Lee_123_assignsubmission_file_hw.ipynb``.

Since 4.1 the folder's name has no underscore at its end. Where names are hidden, it begins with ``Participant`` in the
site's language. In an assignment for groups, each member has a folder with the same files, ``Lab A-Ann Lee_123_...``;
those without a group form the default group. Some exports name the group alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from grader.intake.listing import (
    HIDDEN_NAMES,
    TYPED,
    Listing,
    Owner,
    Owners,
    Parts,
    Platform,
    numbered_student,
    plain_text,
)

_NAME = re.compile(
    r"(?P<name>.{1,200}?)(?:_(?P<id>\d{1,20}))?_assignsubmission_(?P<kind>file|onlinetext)(?:_(?P<file>.*))?",
    re.DOTALL,
)
_GROUP_WORDS = re.compile(
    r"(?:default|standard|group|gruppe|groupe|grupo|gruppo|groep|team|lab|tutorial)\b", re.IGNORECASE
)
_GROUP_NUMBERS = frozenset({"group", "gruppe", "groupe", "grupo", "gruppo", "groep"})


@dataclass(frozen=True)
class _Found:
    """What a folder's or a file's name says.

    Attributes:
        scope: The path of that folder or file, up to its name.
        number: The participant's; empty for a group.
    """

    scope: Parts
    name: str
    number: str
    is_text: bool
    file_name: str
    depth: int


def owners(listing: Listing) -> Owners:
    """The participant, or the group, that a folder's name or a file's own name begins with."""
    found = {path: one for path in listing.paths if (one := _read(path)) is not None}
    groups = _groups(found, listing)
    hidden = _hidden_names(found)
    return {path: _owner(one, groups=groups, hidden=hidden) for path, one in found.items()}


def _read(path: Parts) -> _Found | None:
    for depth, name in enumerate(path):
        if match := _NAME.fullmatch(name):
            is_file = depth == len(path) - 1
            return _Found(
                scope=path[:depth],
                name=match["name"],
                number=match["id"] or "",
                is_text=match["kind"] == "onlinetext",
                file_name=(is_file and match["file"]) or path[-1],
                depth=depth,
            )
    return None


def _owner(one: _Found, *, groups: Mapping[tuple[Parts, str, str], tuple[str, str]], hidden: frozenset[str]) -> Owner:
    instead = TYPED if one.is_text else ""
    if not one.number or one.name.lower() in _GROUP_NUMBERS:
        group = plain_text(f"{one.name} {one.number}")
        return Owner(f"moodle group:{group}", (), one.file_name, one.depth, group=group, instead=instead)
    group, name = groups.get((one.scope, one.name, one.number), ("", one.name))
    student = numbered_student("moodle", name, one.number)
    if one.name in hidden:
        student = student.model_copy(update={"name": plain_text(f"{name.replace('_', ' ')} {one.number}")})
    key = f"moodle group:{plain_text(group)}" if group else student.key
    return Owner(key, (student,), one.file_name, one.depth, group=plain_text(group) or None, instead=instead)


def _hidden_names(found: Mapping[Parts, _Found]) -> frozenset[str]:
    """The word that stands for every participant's name, whatever the language: all of several have the same."""
    numbers: dict[str, set[str]] = defaultdict(set)
    for one in found.values():
        if one.number:
            numbers[one.name].add(one.number)
    same = len(numbers) == 1 and len(next(iter(numbers.values()))) > 1
    return frozenset(numbers) if same else frozenset(name for name in numbers if name.lower() in HIDDEN_NAMES)


def _groups(found: Mapping[Parts, _Found], listing: Listing) -> dict[tuple[Parts, str, str], tuple[str, str]]:
    """For each participant of an assignment for groups: the group, and the name without it.

    A hyphen is in many people's names. It ends a group's where everybody in the export has one, and two share what
    stands before it and all their files, or what stands before it is called a group.
    """
    people: dict[tuple[Parts, str, str], set[tuple[str, int | None]]] = defaultdict(set)
    for path, one in found.items():
        if one.number and one.name.lower() not in _GROUP_NUMBERS:
            people[one.scope, one.name, one.number].add((one.file_name, listing.size(path)))
    if not people or not all("-" in name for _, name, _ in people):
        return {}
    made = {}
    for person, files in people.items():
        cuts = [at for at, letter in enumerate(person[1]) if letter == "-"]
        shared = [
            at
            for at in cuts
            if any(
                other != person and other[1].startswith(person[1][: at + 1]) and others == files
                for other, others in people.items()
            )
        ]
        named = [at for at in cuts if _GROUP_WORDS.search(person[1][:at]) or re.search(r"\d", person[1][:at])]
        if not shared and not named:
            return {}
        at = max(shared) if shared else min(named)
        made[person] = (person[1][:at], person[1][at + 1 :])
    return made


PLATFORM = Platform("Moodle", owners)
