"""Learning platforms, one module each: who handed in which file of an export, by the names in it.

To add one, see ``docs/add-an-lms-format.md``.
"""

from __future__ import annotations

from dataclasses import replace

from grader.intake.listing import Listing, Owner, Owners, Parts, Platform
from grader.intake.platforms import blackboard, canvas, gradescope, moodle

PLATFORMS: tuple[Platform, ...] = (moodle.PLATFORM, gradescope.PLATFORM, blackboard.PLATFORM, canvas.PLATFORM)
"""Every platform whose exports are read. Where two could have given the same name to a file, the first counts."""


def find_owners(listing: Listing) -> Owners:
    """The owner of each file of an export; nothing for files that came from no platform."""
    found: dict[Parts, Owner] = {}
    for platform in PLATFORMS:
        if platform.certain:
            for path, owner in platform.owners(listing).items():
                if path not in found or owner.depth < found[path].depth:
                    found[path] = owner
    for platform in PLATFORMS:
        if not platform.certain:
            rest = replace(listing, paths=[path for path in listing.paths if path not in found])
            found.update(platform.owners(rest))
    return found
