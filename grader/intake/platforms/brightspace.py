"""Brightspace D2L: ``397063-2557369 - Ann Lee - Sep 24, 2024 926 PM/hw.ipynb``, a folder for each attempt.

The time is in the site's language, without the colon that no folder may have. The export has an ``index.html`` of its
own.
"""

from __future__ import annotations

import re
from datetime import datetime

from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, numbered_student, plain_text
from grader.intake.times import read_time

_NAME = re.compile(r"(?P<id>\d{1,20})-(?P<item>\d{1,20}) - (?P<name>.{1,200}?) ?- (?P<time>[^-]*\d[^-]*)", re.DOTALL)
_CLOCK = re.compile(r"\b(\d{1,2})(\d{2})(?:(\d{2}))?(?=\s*(?:[AaPp]\.?[Mm]\.?|Uhr)?\s*$)")
_GROUP = re.compile(r"(?:group|gruppe|groupe|grupo|team)\b.*\d", re.IGNORECASE)


def owners(listing: Listing) -> Owners:
    """The person and the time that a folder's name says."""
    return {path: owner for path in listing.paths if (owner := _owner(path)) is not None}


def _time(text: str) -> datetime | None:
    """The time as a folder has it: ``Sep 24, 2024 926 PM``, ``24 September, 2024 926 PM``."""
    return read_time(_CLOCK.sub(lambda found: f"{found[1]}:{found[2]}", text.strip()))


def _owner(path: Parts) -> Owner | None:
    for depth, folder in enumerate(path[:-1]):
        if match := _NAME.fullmatch(folder):
            name, time = plain_text(match["name"]), plain_text(match["time"])
            is_group = bool(_GROUP.match(name))
            student = numbered_student("d2l", name, match["id"])
            return Owner(
                f"d2l group:{match['id']}" if is_group else student.key,
                () if is_group else (student,),
                path[-1],
                depth,
                group=name if is_group else None,
                attempt=time,
                submitted=_time(time),
            )
    return None


PLATFORM = Platform("Brightspace", owners)
