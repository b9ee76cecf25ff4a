"""Which files may be submissions, by their names and first bytes, and what is known of each before it is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.intake.listing import Owner

NOTEBOOK = ".ipynb"
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
"""Archives that are opened."""

_INSTEAD = (".py", ".html", ".htm", ".pdf", *ARCHIVES, ".rar", ".7z", ".gz", ".doc", ".docx", ".odt")
"""What students hand in where a notebook was asked for, what says most first; ``x.ipynb.txt`` counts too."""

_ODD_NOTEBOOK = (".json", ".txt")
"""How browsers and mail programs rename notebooks; a name without an ending is another."""

_COPY = re.compile(r"(?:^copy of |\s*\(\d{1,3}\)$|[-_ ]copy\d{0,2}$)", re.IGNORECASE)
_OWN_OUTPUT = frozenset({"grade.json", "executed.ipynb", "feedback.html"})
_OWN_PAGES = frozenset({"index.html", "gradebook.csv", "summary.json", "people.json", "matrix.html"})


@dataclass(frozen=True)
class Origin:
    """What an archive or an export tells of a file.

    Attributes:
        file_name: The file's name as its author handed it in.
        problem: Why the file cannot be graded, in words for the tutor: it was left in its archive, or nothing was
            handed in; None where it was taken out.
    """

    file_name: str
    problem: str | None = None


@dataclass(frozen=True)
class Attachment:
    """A file that lies beside a notebook.

    Attributes:
        name: Its path from the notebook's folder, slashes between.
        path: Where it lies.
        sha256: Of its content.
        size: In bytes.
    """

    name: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class HandedIn:
    """A file to be graded, and the id that it is kept under.

    Attributes:
        path: Where it lies; of a file that was left in its archive, where it would.
        inside: Its path within the hand-in.
        source: Where it came from, that in an archive behind the archive's path.
        origin: None for a file that lay in no archive, and of which no platform says who handed it in.
        owner: Who handed it in, as the platform says; None where none does.
        platform: That platform's name.
        attachments: What was handed in beside it.
        left_out: Files beside it that are not laid beside it, each with the reason.
    """

    id: str
    path: Path
    inside: tuple[str, ...] = ()
    source: str = ""
    origin: Origin | None = None
    owner: Owner | None = None
    platform: str = ""
    attachments: tuple[Attachment, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        return self.path.name if self.origin is None else self.origin.file_name


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is nobody's submission: hidden, a copy by a system, a checkpoint."""
    return name.startswith((".", "~$")) or name in {"__pycache__", "__MACOSX", "node_modules", "Thumbs.db", "Icon\r"}


def is_own_output(names: frozenset[str]) -> bool:
    """Whether a folder with these files was written by this grader."""
    return "grade.json" in names or {"gradebook.csv", "summary.json"} <= names


def is_own_file(name: str) -> bool:
    """Whether a file in such a folder is this grader's own."""
    return name in _OWN_OUTPUT or name in _OWN_PAGES


def is_notebook(name: str) -> bool:
    """Whether a file says by its name that it is a notebook."""
    return name.lower().endswith(NOTEBOOK)


def is_archive(name: str) -> bool:
    """Whether a file says by its name that it is an archive of a kind that is opened."""
    return name.lower().endswith(ARCHIVES)


def may_be_notebook(name: str) -> bool:
    """Whether a file of another name may hold a notebook all the same."""
    lower = name.lower()
    return f"{NOTEBOOK}." in lower or lower.endswith(_ODD_NOTEBOOK) or "." not in name.strip(".")


def holds_notebook(raw: bytes) -> bool:
    """Whether a file of another name holds a notebook: it says so near its beginning or its end."""
    start = raw[:3].removeprefix(b"\xef\xbb\xbf") + raw[3:200]
    ends = raw[:5000] + raw[-5000:]
    return start.lstrip().startswith(b"{") and b'"nbformat"' in ends and (b'"cells"' in raw or b'"worksheets"' in raw)


def is_candidate(name: str) -> bool:
    """Whether a file may have been handed in: a notebook, or what students take for one."""
    lower = name.lower()
    return lower.endswith((NOTEBOOK, *_INSTEAD)) or f"{NOTEBOOK}." in lower


def rank_instead(name: str) -> tuple[int, str]:
    """Orders what was handed in in place of a notebook: what can say most of one first."""
    lower = name.lower()
    found = (number for number, ending in enumerate((f"{NOTEBOOK}.", *_INSTEAD)) if ending in lower)
    return next(found, len(_INSTEAD) + 1), name


def instead_of_notebooks(names: Iterable[str], notebooks: Iterable[str]) -> Iterator[str]:
    """The files of one folder that were handed in where a notebook was asked for; exports beside theirs are none."""
    taken = set(notebooks)
    stems = {stem(name) for name in taken}
    yield from (name for name in names if is_candidate(name) and name not in taken and stem(name) not in stems)


def stem(name: str) -> str:
    """A file's name up to its ``.ipynb``, or without its suffix where it has none."""
    at = name.lower().find(NOTEBOOK)
    if at > 0:
        return name[:at]
    ending = next((one for one in ARCHIVES if name.lower().endswith(one) and len(name) > len(one)), None)
    return (name[: -len(ending)] if ending else Path(name).stem) or name


def without_copy_mark(name: str) -> str:
    """A stem without what browsers and drives add to a second copy: ``hw (1)``, ``Copy of hw``."""
    return _COPY.sub("", name) or name
