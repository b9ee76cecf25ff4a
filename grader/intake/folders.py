"""Notebooks and folders of them, as they lie on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.errors import SubmissionError, UsageError
from grader.intake.files import read_bytes
from grader.intake.naming import unique_ids

_NOTEBOOK = ".ipynb"
_MAGIC = set("*?[")
_INSTEAD = (".pdf", ".html", ".htm", ".py", ".doc", ".docx", ".odt", ".zip", ".rar", ".7z")
"""What students hand in where a notebook was asked for; ``x.ipynb.txt`` and the like count too."""


@dataclass(frozen=True)
class HandedIn:
    """A file to be graded, and the id that it is kept under."""

    id: str
    path: Path


def collect_submissions(paths: Iterable[Path]) -> list[HandedIn]:
    """Finds what was handed in: files, folders of them to any depth, and patterns with ``*``.

    In a folder, every notebook counts, and what was handed in instead of one (a PDF), so that nobody is missing from
    the list. Hidden files, checkpoints, this grader's own output and what lies beside a notebook in a folder of its
    own are passed over.

    Args:
        paths: As the user gave them.

    Returns:
        Each file once, in the order given, folders sorted; ids are unique.

    Raises:
        UsageError: A path is missing, or nothing to grade is there.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path):
            found.setdefault(file.absolute(), file)
    files = list(found.values())
    ids = unique_ids([_stem(path) for path in files], lambda index: _digest(files[index]))
    return [HandedIn(name, path) for name, path in zip(ids, files, strict=True)]


def _files(path: Path) -> list[Path]:
    path = path.expanduser()
    if path.is_file():
        # A link that the user names is meant; one that lies in a folder was put there by somebody else.
        return [path.resolve() if path.is_symlink() else path]
    if path.is_dir():
        inside = list(_walk(path))
        if not inside:
            raise UsageError(
                f"{path}: no notebook is in this folder.",
                expected="Files that end in .ipynb, at any depth.",
                mend="Check the path.",
            )
        return inside
    matches = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) if _MAGIC & set(str(path)) else []
    if not matches and not path.is_symlink() and not path.exists():
        raise UsageError(
            f"{path}: there is no such file or folder.",
            expected="Notebooks, or folders of them.",
            mend="Check the path.",
        )
    return [file for match in matches for file in _files(Path(match))] or [path]


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        here = Path(folder)
        is_output = "evidence" in folders or "grade.json" in names
        visible = sorted(name for name in names if not _is_hidden(name))
        notebooks = [name for name in visible if name.lower().endswith(_NOTEBOOK)]
        notebooks = [name for name in notebooks if not (is_output and name == "executed.ipynb")]
        # A folder that is named like a notebook is a result too; what it holds is not.
        named_so = [name for name in folders if name.lower().endswith(_NOTEBOOK)]
        folders[:] = [name for name in folders if name not in named_so]
        yield from (here / name for name in sorted(notebooks + named_so))
        if not is_output and (here == root or not notebooks):
            yield from (here / name for name in _instead(visible, notebooks))


def _instead(names: list[str], notebooks: list[str]) -> Iterator[str]:
    stems = {_stem(Path(name)) for name in notebooks}
    for name in names:
        lower = name.lower()
        is_candidate = lower.endswith(_INSTEAD) or f"{_NOTEBOOK}." in lower
        if is_candidate and name not in notebooks and _stem(Path(name)) not in stems:
            yield name


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name in {"__pycache__", "__MACOSX", "node_modules"}


def _stem(path: Path) -> str:
    at = path.name.lower().find(_NOTEBOOK)
    return (path.name[:at] if at > 0 else path.stem) or path.name


def _digest(path: Path) -> str:
    try:
        content = read_bytes(path)
    except SubmissionError:
        content = os.fsencode(path)
    return hashlib.sha256(content).hexdigest()
