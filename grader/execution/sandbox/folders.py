"""Folders that last as long as a job, and no longer than the next job where grader itself was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from grader.limits import NEW_FOLDER_SECONDS
from grader.machine_paths import JOB_FOLDER_PREFIX as PREFIX


@contextmanager
def job_folder() -> Iterator[Path]:
    """A folder of one job. A lock on it says that its owner lives."""
    _remove_abandoned(os.getpid())
    folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@cache
def _remove_abandoned(process: int) -> None:  # noqa: ARG001 - once in each process
    """Removes what a grader of ours left that was killed before it could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.lstat().st_mtime > NEW_FOLDER_SECONDS:
                _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
