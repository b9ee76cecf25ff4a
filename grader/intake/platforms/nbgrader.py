"""nbgrader: ``submitted/<student>/<assignment>/hw.ipynb``, with the time in ``timestamp.txt``."""

from __future__ import annotations

import re
from datetime import datetime

from grader.intake.files import decode
from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, plain_text
from grader.intake.times import read_time
from grader.records import Student

TIME = "timestamp.txt"
_FOLDER = "submitted"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def owners(listing: Listing) -> Owners:
    """The student after whom the folder above the assignment's is named."""
    found: dict[Parts, Owner] = {}
    stamped = {path[:-1] for path in listing.paths if path[-1] == TIME and len(path) > 2}
    for path in listing.paths:
        at = _student_at(path, stamped)
        if at is not None and path[-1] != TIME:
            user = plain_text(path[at])
            submitted = _time(listing.read((*path[: at + 2], TIME)))
            student = Student(key=user, user_name=user)
            found[path] = Owner(user, (student,), path[-1], depth=at + 1, submitted=submitted)
    return found


def _student_at(path: Parts, stamped: set[Parts]) -> int | None:
    """Which part of a path is the student's name: that below ``submitted``, or two above a time stamp."""
    if _FOLDER in path[:-3]:
        return path.index(_FOLDER) + 1
    return next((depth - 2 for depth in range(2, len(path)) if path[:depth] in stamped), None)


def _time(raw: bytes | None) -> datetime | None:
    text = "" if raw is None else decode(raw)[0].strip()[:100]
    return read_time(text) if _DATE.match(text) else None


PLATFORM = Platform("nbgrader", owners)
