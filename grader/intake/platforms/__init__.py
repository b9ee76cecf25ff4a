"""Learning platforms, one module each: who handed in which file of an export, by the names in it.

To add one, see ``docs/add-an-lms-format.md``.
"""

from __future__ import annotations

from dataclasses import replace

from grader.intake.listing import Listing, Owner, Parts, Platform
from grader.intake.platforms import blackboard, brightspace, canvas, drive, github, gradescope, moodle, nbgrader

PLATFORMS: tuple[Platform, ...] = (
    moodle.PLATFORM,
    gradescope.PLATFORM,
    blackboard.PLATFORM,
    brightspace.PLATFORM,
    nbgrader.PLATFORM,
    canvas.PLATFORM,
    github.PLATFORM,
    drive.PLATFORM,
)
"""Every platform whose exports are read. Where two could have given the same name to a file, the first counts."""


def find_owners(listing: Listing) -> dict[Parts, tuple[Owner, str]]:
    """The owner of each file of an export, and the platform that says so; nothing for files of no platform."""
    found: dict[Parts, tuple[Owner, str]] = {}
    for platform in PLATFORMS:
        if platform.certain:
            for path, owner in platform.owners(listing).items():
                if path not in found or owner.depth < found[path][0].depth:
                    found[path] = (owner, platform.name)
    for platform in PLATFORMS:
        if not platform.certain:
            rest = replace(listing, paths=[path for path in listing.paths if path not in found])
            found.update({path: (owner, platform.name) for path, owner in platform.owners(rest).items()})
    return found
