"""Canvas: ``leeann_LATE_123_456_hw.ipynb``, all files in one folder: who, user id, id of the upload, file.

Graded anonymously, ``anon_5hT2x_456_hw.ipynb``. A text typed into the form is ``leeann_123_text.html``. Canvas numbers
what is uploaded again under one name: ``hw-1.ipynb`` is the second.

Names like that are common, so they count only where the files at the top have one.
"""

from __future__ import annotations

import re

from grader.intake.listing import TYPED, Listing, Owner, Owners, Platform, numbered_student
from grader.records import Student

_NAME = re.compile(
    r"(?P<name>[^_/]{1,200})_(?P<late>LATE_)?(?P<id>[1-9]\d{0,19})_(?:LATE_)?(?:(?P<upload>[1-9]\d{0,19})_(?P<file>.+)"
    r"|(?P<typed>(?:text|link|media|discussion)\.html?))",
    re.DOTALL,
)
_ANONYMOUS = re.compile(
    r"(?P<name>anon(?:ymous)?)_(?P<late>LATE_)?(?P<id>[A-Za-z0-9]{1,20})_(?P<late_too>LATE_)?"
    r"(?:(?P<upload>\d{1,20})_(?P<file>.+)|(?P<typed>(?:text|link|media|discussion)\.html?))",
    re.DOTALL,
)
_AGAIN = re.compile(r".*-(?P<number>\d{1,2})(?:\.[^.]*)?", re.DOTALL)
_DATE = re.compile(r"(?:19|20)\d\d_(?:[1-9]|1[0-2])_")
"""A year and a month, as many people write into file names."""

_ENOUGH = 0.8
"""Share of the files at the top, in [0, 1], that must be named so; a file of the tutor's own may lie among them."""


def owners(listing: Listing) -> Owners:
    """The user that each file's name begins with."""
    top = [path for path in listing.paths if len(path) == 1]
    matches = {path: match for path in top if (match := _match(path[0])) is not None}
    uploads = {match["upload"] for match in matches.values() if match["upload"]}
    is_plain = len(matches) == len(top)
    if not matches or not (is_plain or (len(uploads) > 2 and len(matches) >= _ENOUGH * len(top))):
        return {}
    return {path: _owner(match) for path, match in matches.items()}


def _match(name: str) -> re.Match[str] | None:
    match = _ANONYMOUS.fullmatch(name) or _NAME.fullmatch(name)
    return None if match is None or _DATE.match(name, match.start("id")) else match


def _owner(match: re.Match[str]) -> Owner:
    file_name = match["file"] or match["typed"]
    again = _AGAIN.fullmatch(file_name)
    is_late = match["late"] or "_LATE_" in match.string[: match.start("id") + len(match["id"]) + 6]
    student: Student = numbered_student("canvas", match["name"], match["id"])
    return Owner(
        student.key,
        (student,),
        file_name,
        depth=0,
        number=int(again["number"]) + 1 if again else None,
        late=bool(is_late),
        instead=TYPED if match["typed"] else "",
    )


PLATFORM = Platform("Canvas", owners, certain=False)
