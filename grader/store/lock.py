"""One process at a time works in an output folder. The lock goes with its holder, however that ends."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from grader.errors import HeldError
from grader.limits import DEAD_HOLDER_SECONDS
from grader.store.files import unwritable

LOCK = ".lock"


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """Holds an output folder against all other processes.

    Args:
        folder: Which; it is there.

    Yields:
        A descriptor. Workers that inherit it hold the folder as well, so that it is free once all of them have ended.

    Raises:
        HeldError: Another process holds it; the error says which.
        UnwritableError: The lock's file cannot be made.
    """
    path = folder / LOCK
    lock = _acquire(path)
    try:
        # The lock is the system's; what stands in its file is for people, and a full disk may leave it empty.
        with contextlib.suppress(OSError):
            os.ftruncate(lock, 0)
            os.pwrite(lock, json.dumps(_own()).encode(), 0)
        yield lock
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _acquire(path: Path) -> int:
    import fcntl  # noqa: PLC0415 - not every system has it, and a student's self-check locks nothing

    waiting_until = time.monotonic() + DEAD_HOLDER_SECONDS
    while True:
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_same(lock, path):
                return lock
        except BlockingIOError:
            holder = _read(lock)
            if not _has_died(holder) or time.monotonic() > waiting_until:
                os.close(lock)
                raise _refusal(path.parent, holder) from None
            # Its workers are still ending.
            time.sleep(0.1)
        except OSError as error:
            os.close(lock)
            raise unwritable(path, error) from error
        os.close(lock)


def _is_same(lock: int, path: Path) -> bool:
    """Whether the file that was locked is still the one of that name: its last holder takes it away."""
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False


def _own() -> dict[str, object]:
    return {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
    }


def _read(lock: int) -> dict[str, object]:
    try:
        found = json.loads(os.pread(lock, 4096, 0))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _has_died(holder: dict[str, object]) -> bool:
    """Whether the holder is known to have ended; what of its workers is left ends as well."""
    process = holder.get("process")
    if holder.get("host") != socket.gethostname() or not isinstance(process, int):
        return False
    return not Path(f"/proc/{process}").exists() if Path("/proc/self").exists() else False


def _refusal(folder: Path, holder: dict[str, object]) -> HeldError:
    who = "another process"
    if holder:
        who = f"process {holder.get('process')} on {holder.get('host')}, since {holder.get('since')}"
    return HeldError(
        f"{folder}: another grader is at work in this folder: {who}.",
        expected="One at a time: two would do the same work, and write over each other's pages.",
        fix="Wait until it has ended, or end it; the same command then continues from there.",
    )
