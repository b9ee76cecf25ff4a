"""Google Drive: ``Ann Lee - hw.ipynb`` as Classroom copies a file for everybody, ``hw - Ann Lee.ipynb`` from a form.

Names with a dash are common, so they count only where all files in the folder have one, and one side of it is the same
for all, or looks like the name of a person in all.
"""

from __future__ import annotations

import re
from collections import defaultdict

from grader.intake.candidates import is_candidate, stem, without_copy_mark
from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, plain_text
from grader.records import Student

_DASH = re.compile(r"\s+[-\u2013]\s+")
_PERSON = re.compile(r"[^\W\d_][\w.'\u2019-]*(?:\s+[^\W\d_][\w.'\u2019-]*\d{0,3}){1,5}")


def owners(listing: Listing) -> Owners:
    """The person before or behind the dash."""
    folders: dict[Parts, list[Parts]] = defaultdict(list)
    for path in listing.paths:
        if is_candidate(path[-1]):
            folders[path[:-1]].append(path)
    found: dict[Parts, Owner] = {}
    for paths in folders.values():
        halves = {path: _halves(path[-1]) for path in paths}
        side = _side([both for both in halves.values() if both])
        if side is None or not all(halves.values()):
            continue
        for path, both in halves.items():
            if both is not None:
                name = plain_text(both[side])
                student = Student(key=f"name:{name.casefold()}", name=name)
                file_name = path[-1] if side else _DASH.split(path[-1], maxsplit=1)[1]
                found[path] = Owner(student.key, (student,), file_name, depth=len(path) - 1)
    return found


def _halves(name: str) -> tuple[str, str] | None:
    """What stands before the first dash, and behind the last."""
    parts = _DASH.split(without_copy_mark(stem(name)))
    return (without_copy_mark(parts[0]), without_copy_mark(parts[-1])) if len(parts) > 1 else None


def _side(halves: list[tuple[str, str]]) -> int | None:
    """On which side of the dash people stand: 0, 1, or None where nobody can say."""
    looks_so = [all(_PERSON.fullmatch(both[side]) for both in halves) for side in (0, 1)]
    differs = [len({both[side] for both in halves}) > 1 for side in (0, 1)]
    for side in (0, 1):
        if looks_so[side] and (differs[side] or not looks_so[1 - side]) and not differs[1 - side]:
            return side
    return (
        0 if halves and looks_so[0] and not looks_so[1] else 1 if halves and looks_so[1] and not looks_so[0] else None
    )


PLATFORM = Platform("Google Drive", owners, certain=False)
