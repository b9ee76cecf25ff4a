"""Canvas: ``leeann_LATE_123_456_hw.ipynb``, all files in one folder.

Names like that are common, so they count only where every file at the top has one.
"""

from __future__ import annotations

import re

from grader.intake.listing import Listing, Owners, Platform, numbered_owner

_NAME = re.compile(r"(?P<name>[^_/]{1,200})_(?:LATE_)?(?P<id>\d{1,20})_\d{1,20}_(?P<file>.+)", re.DOTALL)


def owners(listing: Listing) -> Owners:
    """The user that each file's name begins with."""
    top = [path for path in listing.candidates if len(path) == 1]
    matches = [_NAME.fullmatch(path[0]) for path in top]
    if not all(matches):
        return {}
    return {
        path: numbered_owner(match["name"], match["id"], file_name=match["file"], depth=0)
        for path, match in zip(top, matches, strict=True)
        if match
    }


PLATFORM = Platform("Canvas", owners, certain=False)
