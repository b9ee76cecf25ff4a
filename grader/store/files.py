"""Whole files or none: how everything is written that is to outlast a kill, a full disk or a power cut.

Digests of what lies on disk are here as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import IO

from grader.errors import UnwritableError

_PART = ".part"

_THREADS = 8


def write_atomically(path: Path, data: bytes | str, *, to_disk: bool = True) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Args:
        path: Where; its folder is made.
        data: What; text is written as UTF-8, lone surrogates replaced.
        to_disk: Whether that holds after a power cut too; else `see_to_disk` sees to it later, for many files at once.

    Raises:
        UnwritableError: The system does not let us, or the disk is full.
    """
    raw = data.encode("utf-8", errors="replace") if isinstance(data, str) else data
    try:
        with atomic_file(path, to_disk=to_disk) as file:
            file.write(raw)
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def atomic_file(path: Path, *, to_disk: bool = True) -> Iterator[IO[bytes]]:
    """A file that takes its place once all of it is on the disk: after a power cut too it is whole, or the old one.

    Where the block raises, the old file stays as it is.

    Args:
        path: Where; its folder is made.
        to_disk: See `write_atomically`.

    Raises:
        OSError: The system does not let us, or the disk is full.
    """
    _make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_PART)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if to_disk:
                file.flush()
                os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if to_disk:
        _keep_names(path.parent)


def see_to_disk(folder: Path, names: Iterable[str]) -> None:
    """Sees files of a folder to the disk, those that are there; it takes a moment for hundreds of them.

    Raises:
        UnwritableError: The disk does not take them.
    """
    try:
        # The disk takes what several threads ask of it at once.
        with ThreadPoolExecutor(_THREADS) as threads:
            is_any = any(list(threads.map(partial(_see_to_disk, folder), names)))
        if is_any:
            _keep_names(folder)
    except OSError as error:
        raise unwritable(folder, error) from error


def _see_to_disk(folder: Path, name: str) -> bool:
    """Sees a file to the disk; whether there is one."""
    try:
        handle = os.open(folder / name, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return True


def copy_atomically(source: Path, path: Path) -> None:
    """Has a file stand in a second place: the same one where the file system can do that, else a copy.

    Files are never changed, only replaced, so that neither place can be changed through the other.

    Raises:
        UnwritableError: The system does not let us, or the disk is full.
    """
    try:
        _make_folder(path.parent)
        os.link(source, path)
        _keep_names(path.parent)
    except FileExistsError:
        return
    except OSError:
        write_atomically(path, source.read_bytes())


def link_atomically(source: Path, path: Path) -> None:
    """Has a file that is there become the same file as an equal one, where the file system can do that."""
    part = path.with_name(f".{path.name}{_PART}")
    with contextlib.suppress(OSError):
        os.link(source, part)
        part.replace(path)


def files_below(folder: Path) -> Iterator[Path]:
    """The files in a folder, to any depth."""
    for where, _, names in os.walk(folder):
        yield from (Path(where, name) for name in names)


def remove_parts(folder: Path) -> int:
    """Removes what a process that was killed had written of files, in a folder to any depth; says how many.

    Nobody else may be writing there.
    """
    removed = 0
    # A class has a hundred thousand files: no path is made for each.
    for where, _, names in os.walk(folder):
        for name in names:
            if name.startswith(".") and name.endswith(_PART):
                with contextlib.suppress(OSError):
                    Path(where, name).unlink()
                    removed += 1
    return removed


def _make_folder(folder: Path) -> None:
    """Makes a folder and those around it, with their names on the disk."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _keep_names(folder.parent)


def _keep_names(folder: Path) -> None:
    """Sees a folder's list of names to the disk; a file system that cannot do that keeps them in its own way."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(path: Path, error: OSError) -> UnwritableError:
    """What is said of a place that the system does not let us write."""
    return UnwritableError(
        f"{path}: it cannot be written ({error.strerror or error}).",
        expected="A place where we may write, with room on its disk.",
        fix="Name another folder, or make room there; what was written before is kept.",
    )


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, empty where there is none that can be read."""
    try:
        status = path.stat()
        return _digest(path, status.st_ino, status.st_mtime_ns, status.st_size)
    except OSError:
        return ""


@lru_cache(maxsize=256)
def _digest(path: Path, number: int, modified: int, size: int) -> str:  # noqa: ARG001, PLR0917 - what the cache goes by
    return hashlib.sha256(path.read_bytes()).hexdigest()
