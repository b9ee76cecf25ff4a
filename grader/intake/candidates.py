"""Which files may be submissions, by their names alone, and what is known of each before it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.records import Author

NOTEBOOK = ".ipynb"
ARCHIVE = ".zip"

_INSTEAD = (".pdf", ".html", ".htm", ".py", ".doc", ".docx", ".odt", ARCHIVE, ".rar", ".7z")
"""What students hand in where a notebook was asked for; ``x.ipynb.txt`` and the like count too."""


@dataclass(frozen=True)
class Origin:
    """What an archive or an export tells of a file.

    Attributes:
        file_name: The file's name as its author handed it in.
        authors: Who handed it in, as the export says; empty where it does not.
        problem: Why the file was left in the archive, in words for the tutor; None where it was taken out.
    """

    file_name: str
    authors: tuple[Author, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class HandedIn:
    """A file to be graded, and the id that it is kept under.

    Attributes:
        path: Where it lies; of a file that was left in its archive, where it would.
        origin: None for a file that lay in no archive, and of which no platform says who handed it in.
    """

    id: str
    path: Path
    origin: Origin | None = None


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is nobody's submission: hidden, a copy by a system, a checkpoint."""
    return name.startswith((".", "~$")) or name in {"__pycache__", "__MACOSX", "node_modules"}


def is_notebook(name: str) -> bool:
    """Whether a file says by its name that it is a notebook."""
    return name.lower().endswith(NOTEBOOK)


def is_candidate(name: str) -> bool:
    """Whether a file may have been handed in: a notebook, or what students take for one."""
    lower = name.lower()
    return lower.endswith((NOTEBOOK, *_INSTEAD)) or f"{NOTEBOOK}." in lower


def instead_of_notebooks(names: Iterable[str], notebooks: Iterable[str]) -> Iterator[str]:
    """The files of one folder that were handed in where a notebook was asked for; exports beside theirs are none."""
    taken = set(notebooks)
    stems = {stem(name) for name in taken}
    yield from (name for name in names if is_candidate(name) and name not in taken and stem(name) not in stems)


def stem(name: str) -> str:
    """A file's name up to its ``.ipynb``, or without its suffix where it has none."""
    at = name.lower().find(NOTEBOOK)
    return (name[:at] if at > 0 else Path(name).stem) or name
