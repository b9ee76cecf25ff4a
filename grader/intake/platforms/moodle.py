"""Moodle: ``Ann Lee_123_assignsubmission_file_/hw.ipynb``, or flat ``Ann Lee_123_assignsubmission_file_hw.ipynb``.

Since 4.1 the folder's name has no underscore at its end. Where names are hidden, it begins with ``Participant``.
"""

from __future__ import annotations

import re

from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, numbered_owner

_NAME = re.compile(
    r"(?P<name>.{1,200})_(?P<id>\d{1,20})_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?", re.DOTALL
)


def owners(listing: Listing) -> Owners:
    """The participant that a folder's name or a file's own name begins with."""
    return {path: owner for path in listing.candidates if (owner := _owner(path)) is not None}


def _owner(path: Parts) -> Owner | None:
    for depth, name in enumerate(path):
        if match := _NAME.fullmatch(name):
            is_file = depth == len(path) - 1
            file_name = (is_file and match["file"]) or path[-1]
            return numbered_owner(match["name"], match["id"], file_name=file_name, depth=depth)
    return None


PLATFORM = Platform("Moodle", owners)
