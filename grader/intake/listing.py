"""The files of an export, and what a platform module says of their owners.

An archive and a folder that it was unpacked to are the same `Listing` to a platform.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from grader.intake.candidates import is_candidate
from grader.limits import MAX_AUTHOR_CHARACTERS
from grader.printed_text import well_formed
from grader.records import Author

Parts = tuple[str, ...]
"""A file's path in the export, split at its slashes."""


@dataclass(frozen=True)
class Listing:
    """The files of an export, in an archive or in a folder.

    Attributes:
        paths: Every file that is not hidden, whatever it is.
        read: The content of a small file that the platform added; None where it is missing, cannot be read, or has
            more than `MAX_METADATA_BYTES`.
    """

    paths: Sequence[Parts]
    read: Callable[[Parts], bytes | None]

    @property
    def candidates(self) -> list[Parts]:
        """The files that a student may have handed in; a platform names the owners of these."""
        return [path for path in self.paths if is_candidate(path[-1])]


@dataclass(frozen=True)
class Owner:
    """Who handed a file in, as an export says.

    Attributes:
        label: What tells this owner from the others, and says to a person who it is.
        file_name: The file's name before the platform changed it.
        depth: How many folders lie around the folder or file whose name says this. Where several platforms name an
            owner, the outermost name counts: what lies inside was named by the student.
    """

    label: str
    authors: tuple[Author, ...]
    file_name: str
    depth: int


Owners = Mapping[Parts, Owner]
"""The owner of each file whose owner is known."""


@dataclass(frozen=True)
class Platform:
    """One learning platform.

    Attributes:
        name: As its users call it.
        owners: Names the owners of a listing's candidates; leaves out the files of which it can say nothing.
        certain: Whether no file has such a name by chance. A platform whose names are common gets only the files that
            no certain platform names the owner of, and looks at all of them before it says anything.
    """

    name: str
    owners: Callable[[Listing], Owners]
    certain: bool = True


_NAMELESS = frozenset({"participant", "group", "anon", "anonymous"})
"""What platforms put in place of a name that they hide."""


def plain_text(given: str) -> str:
    """A name out of an export on one line, composed, and no longer than a name is."""
    return " ".join(unicodedata.normalize("NFC", well_formed(given)).split())[:MAX_AUTHOR_CHARACTERS]


def numbered_owner(name: str, number: str, *, file_name: str, depth: int) -> Owner:
    """An owner whom a platform names and numbers; where it hides the names, the number tells the owners apart."""
    name = plain_text(name) or "unnamed"
    label = f"{name} {number}"
    author = Author(name=label if name.lower() in _NAMELESS else name, student_id=number)
    return Owner(label, (author,), file_name, depth)
