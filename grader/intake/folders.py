"""Finds submissions on disk: files, folders of them, archives and exports."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.errors import SubmissionError, UsageError
from grader.intake.archives import unpack
from grader.intake.candidates import ARCHIVE, HandedIn, Origin, is_notebook, is_passed_over, stem
from grader.intake.files import read_bytes
from grader.intake.listing import Listing, Parts
from grader.intake.naming import unique_ids
from grader.intake.selection import Selected, select
from grader.limits import MAX_METADATA_BYTES

_MAGIC = set("*?[")


@dataclass(frozen=True)
class _Found:
    path: Path
    stem: str
    origin: Origin | None = None


def collect_submissions(paths: Iterable[Path], *, unpack_to: Path) -> list[HandedIn]:
    """Finds what was handed in: files, folders of them to any depth, archives, and patterns with ``*``.

    In a folder or an archive, every notebook counts, and what was handed in instead of one (a PDF), so that nobody is
    missing from the list. Hidden files, checkpoints, this grader's own output and what lies beside a notebook in a
    folder of its own are passed over. An archive that lies in a folder or in another archive was handed in by a
    student, and is not opened. Of a learning platform's export, whether unpacked or not, the owners are known.

    Args:
        paths: As the user gave them.
        unpack_to: Where the files of archives are put.

    Returns:
        Each file once, in the order given, folders sorted; ids are unique.

    Raises:
        UsageError: A path is missing, or nothing to grade is there.
        StoreError: The folder for the files of archives cannot be written.
    """
    found: dict[Path, _Found] = {}
    for path in paths:
        for one in _at(path.expanduser(), unpack_to=unpack_to):
            found.setdefault(one.path.absolute(), one)
    files = list(found.values())
    ids = unique_ids([file.stem for file in files], lambda index: _digest(files[index].path))
    return [HandedIn(name, file.path, file.origin) for name, file in zip(ids, files, strict=True)]


def _at(path: Path, *, unpack_to: Path) -> list[_Found]:
    if path.is_file():
        # A link that the user names is meant; one that lies in a folder was put there by somebody else.
        return _named(path.resolve() if path.is_symlink() else path, unpack_to=unpack_to)
    if path.is_dir():
        inside = list(_inside(path))
        if not inside:
            raise UsageError(
                f"{path}: no notebook is in this folder.",
                expected="Files that end in .ipynb, at any depth.",
                fix="Check the path.",
            )
        return inside
    matches = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) if _MAGIC & set(str(path)) else []
    if not matches and not path.is_symlink() and not path.exists():
        raise UsageError(
            f"{path}: there is no such file or folder.",
            expected="Notebooks, folders of them, or zip archives.",
            fix="Check the path.",
        )
    inside = [one for match in matches for one in _at(Path(match), unpack_to=unpack_to)]
    return inside or [_Found(path, stem(path.name))]


def _named(file: Path, *, unpack_to: Path) -> list[_Found]:
    """A file that the user names; an archive is opened."""
    if not file.name.lower().endswith(ARCHIVE):
        return [_Found(file, stem(file.name))]
    return [_Found(one.path, one.stem, one.origin) for one in unpack(file, into=unpack_to)]


def _inside(root: Path) -> Iterator[_Found]:
    """What was handed in, in a folder to any depth."""
    found = list(_walk(root))
    files = {path.relative_to(root).parts: path for path in found if not path.is_dir()}
    chosen = _select(root, files)
    for path in found:
        one = chosen.get(path.relative_to(root).parts)
        if one is not None and one.is_owned:
            yield _Found(path, one.stem, one.origin)
        elif one is not None or path.is_dir():
            yield _Found(path, stem(path.name))


def _select(root: Path, files: Mapping[Parts, Path]) -> dict[Parts, Selected]:
    """Which of a folder's files were handed in, and by whom if the folder is an export or one student's part of it."""
    chosen = select(Listing(list(files), read=lambda parts: _companion(files.get(parts))))
    if any(one.is_owned for one in chosen.values()):
        return chosen
    name = root.resolve().name
    by_root = select(Listing([(name, *parts) for parts in files], read=lambda parts: _companion(files.get(parts[1:]))))
    if any(one.is_owned for one in by_root.values()):
        return {parts[1:]: one for parts, one in by_root.items()}
    return chosen


def _companion(path: Path | None) -> bytes | None:
    """A small file that the platform added; None where it cannot be read."""
    try:
        if path is None or path.lstat().st_size > MAX_METADATA_BYTES:
            return None
        return read_bytes(path)
    except (OSError, SubmissionError):
        return None


def _walk(root: Path) -> Iterator[Path]:
    """Every visible file but this grader's own output, and the folders that are named like notebooks.

    Of each folder those that are named like notebooks come first.
    """
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_passed_over(name))
        is_output = "evidence" in folders or "grade.json" in names
        visible = sorted(name for name in names if not is_passed_over(name))
        # A folder that is named like a notebook is a result too; what it holds is not.
        named_so = [name for name in folders if is_notebook(name)]
        folders[:] = [name for name in folders if name not in named_so]
        notebooks = sorted([name for name in visible if is_notebook(name)] + named_so)
        others = [name for name in visible if not is_notebook(name)]
        if is_output:
            notebooks, others = [name for name in notebooks if name != "executed.ipynb"], []
        yield from (Path(folder) / name for name in (*notebooks, *others))


def _digest(path: Path) -> str:
    try:
        content = read_bytes(path)
    except SubmissionError:
        content = os.fsencode(path)
    return hashlib.sha256(content).hexdigest()
