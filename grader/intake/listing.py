"""The files of an export, and what a platform module says of their owners.

An archive and a folder that it was unpacked to are the same `Listing` to a platform.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.limits import MAX_AUTHOR_CHARACTERS
from grader.printed_text import well_formed
from grader.records import Student

Parts = tuple[str, ...]
"""A file's path in the export, split at its slashes."""


@dataclass(frozen=True)
class Listing:
    """The files of an export, in an archive or in a folder.

    Attributes:
        paths: Every file that is not hidden, whatever it is.
        read: The content of a small file that the platform added; None where it is missing, cannot be read, or has
            more than `MAX_METADATA_BYTES`.
        repositories: The folders that hold a ``.git``.
        size: Of a file, in bytes; None where that is not known.
    """

    paths: Sequence[Parts]
    read: Callable[[Parts], bytes | None]
    repositories: frozenset[Parts] = frozenset()
    size: Callable[[Parts], int | None] = lambda _: None


@dataclass(frozen=True)
class Owner:
    """Who handed a file in, as an export says.

    Attributes:
        key: What tells this student or group from all others, and stays the same in every export: the submission's id
            is made of it.
        students: Who that is; several for a group, none for a group of which only the name is known.
        file_name: The file's name before the platform changed it.
        depth: How many folders lie around the folder or file whose name says this. Where several platforms name an
            owner, the outermost name counts: what lies inside was named by the student.
        group: The group's name.
        attempt: What tells two attempts of this owner apart, where the export may hold several (the time of each).
        number: Which attempt it is, from 1, where the platform counts them.
        submitted: When, as the platform says.
        late: Whether the platform calls it late; None where it does not say.
        instead: Why this is no file that was handed in (a text typed into a form), a sentence for the tutor.
    """

    key: str
    students: tuple[Student, ...]
    file_name: str
    depth: int
    group: str | None = None
    attempt: str = ""
    number: int | None = None
    submitted: datetime | None = None
    late: bool | None = None
    instead: str = ""


Owners = Mapping[Parts, Owner]
"""The owner of each file whose owner is known."""


@dataclass(frozen=True)
class Platform:
    """One learning platform.

    Attributes:
        name: As its users call it.
        owners: Names the owners of a listing's files; leaves out the files of which it can say nothing.
        certain: Whether no file has such a name by chance. A platform whose names are common gets only the files that
            no certain platform names the owner of, and looks at all of them before it says anything.
    """

    name: str
    owners: Callable[[Listing], Owners]
    certain: bool = True


TYPED = "A text was typed into the platform's form, and no file was handed in."
"""`Owner.instead` of an online text."""

HIDDEN_NAMES = frozenset(
    {"participant", "group", "anon", "anonymous", "teilnehmer", "teilnehmerin", "teilnehmer in", "teilnehmer/in"}
    | {"participante", "partecipante", "deelnemer", "deltager", "deltagare", "osallistuja", "uczestnik", "gruppe"}
    | {"groupe", "grupo", "gruppo", "groep"}
)
"""What platforms put in place of a name that they hide."""


def common_start(names: Collection[str]) -> str:
    """What several names begin with; nothing where there is one alone."""
    least, greatest = min(names, default=""), max(names, default="")
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(least, greatest, strict=False))
    return "".join(first for first, _ in same) if len(set(names)) > 1 else ""


def plain_text(given: str) -> str:
    """A name out of an export on one line, composed, and no longer than a name is."""
    return " ".join(unicodedata.normalize("NFC", well_formed(given)).split())[:MAX_AUTHOR_CHARACTERS]


def numbered_student(platform: str, name: str, number: str) -> Student:
    """A student whom a platform names and numbers; where it hides the names, the number is part of the name."""
    name = plain_text(name.replace("_", " ")) or "unnamed"
    shown = f"{name} {number}" if name.lower() in HIDDEN_NAMES else name
    return Student(key=f"{platform}:{number}", name=shown, platform_id=number)
