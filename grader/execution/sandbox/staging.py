"""Makes what a job needs readable, and its folders writable, for the dedicated user it runs as, and takes it back."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.execution.sandbox.folders import job_folder


@dataclass(frozen=True)
class Staged:
    """Where a job's files can be read: their own places, or copies."""

    binds: dict[str, Path]
    work: Path | None


@contextmanager
def staged(binds: Mapping[str, Path], *, work: Path | None, uid: int | None) -> Iterator[Staged]:
    """Copies what the user cannot read, until the job is over.

    Args:
        binds: Inside path to file or folder.
        work: The submission's folder.
        uid: The dedicated user; None where the job runs as ourselves, who can read it all.
    """
    places = {inside: path.resolve() for inside, path in binds.items()}
    wanted = [*places.values(), *([] if work is None else [work])]
    if uid is None or all(readable_by_others(path) for path in wanted):
        yield Staged(places, work)
        return
    with job_folder() as folder:
        folder.chmod(0o711)
        copies = {inside: _readable(path, folder / str(i), uid) for i, (inside, path) in enumerate(places.items())}
        yield Staged(copies, None if work is None else _readable(work, folder / "work", uid))


@contextmanager
def lent(folders: Iterable[Path], *, uid: int | None) -> Iterator[None]:
    """Gives folders to the user, and back to their owners afterwards."""
    before = [(folder, folder.stat()) for folder in folders] if uid is not None else []
    try:
        for folder, _ in before:
            os.chown(folder, uid or 0, uid or 0)
        yield
    finally:
        for folder, status in before:
            _give_back(folder, status)


def readable_by_others(path: Path) -> bool:
    """Whether a user who owns nothing can read a file or a whole folder, and reach it."""
    path = path.resolve()
    if not all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents):
        return False
    return all(_open_to_others(part) for part in (path, *path.rglob("*")))


def _open_to_others(path: Path) -> bool:
    if path.is_symlink():
        return True
    needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
    return path.stat().st_mode & needed == needed


def _readable(path: Path, copy: Path, uid: int) -> Path:
    if readable_by_others(path):
        return path
    if path.is_dir():
        shutil.copytree(path, copy, symlinks=True, copy_function=shutil.copyfile, ignore=_special_files)
    else:
        shutil.copyfile(path, copy)
    for part in (copy, *copy.rglob("*")):
        if not part.is_symlink():
            part.chmod(0o500 if part.is_dir() else 0o400)
        os.chown(part, uid, uid, follow_symlinks=False)
    return copy


def _special_files(folder: str, names: list[str]) -> list[str]:
    """A pipe in a submission would be read for ever."""
    kinds = {name: os.lstat(os.path.join(folder, name)).st_mode for name in names}  # noqa: PTH118
    return [
        name for name, mode in kinds.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))
    ]


def _give_back(folder: Path, status: os.stat_result) -> None:
    try:
        for part in (*folder.rglob("*"), folder):
            os.chown(part, status.st_uid, status.st_gid, follow_symlinks=False)
        folder.chmod(stat.S_IMODE(status.st_mode))
    except FileNotFoundError:
        return  # the caller removed it as soon as it had done its work
