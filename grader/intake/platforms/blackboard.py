"""Blackboard Learn: ``Homework 1_alee_attempt_2026-01-31-23-59-00_hw.ipynb``, with a ``.txt`` for each attempt."""

from __future__ import annotations

import re

from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, plain_text
from grader.records import Author

_NAME = re.compile(
    r".{1,300}_(?P<id>[^_/]{1,100})_attempt_\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d(?:_(?P<file>.+)|\.\w+)", re.DOTALL
)


def owners(listing: Listing) -> Owners:
    """The user whose name stands before the attempt."""
    return {path: owner for path in listing.candidates if (owner := _owner(path)) is not None}


def _owner(path: Parts) -> Owner | None:
    *folders, name = path
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    user = plain_text(match["id"])
    return Owner(user, (Author(name=user),), match["file"] or name, depth=len(folders))


PLATFORM = Platform("Blackboard", owners)
