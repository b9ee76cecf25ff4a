"""Atomic writes, and digests of what lies on disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from grader.errors import StoreError


def write_atomically(path: Path, data: bytes | str) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Args:
        path: Where; its folder is made.
        data: What; text is written as UTF-8, lone surrogates replaced.

    Raises:
        StoreError: The system does not let us, or the disk is full.
    """
    raw = data.encode("utf-8", errors="replace") if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> StoreError:
    """What is said of a place that the system does not let us write."""
    return StoreError(
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
