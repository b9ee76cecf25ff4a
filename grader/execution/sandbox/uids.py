"""Dedicated users for submissions, where grader runs as root: never two submissions under one, nobody else under any.

Source of the range: systemd keeps 61184 to 65519 for users that exist only while a service runs.
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FIRST, LAST = 61184, 65519


@contextmanager
def dedicated_uid() -> Iterator[int]:
    """Lends a user id that no process and no account has.

    The claim is a socket's name: the kernel grants it once, and takes it back when we end, however we end.

    Raises:
        OSError: All are taken.
    """
    taken = _uids_of_processes()
    for uid in range(FIRST, LAST + 1):
        if uid in taken or _has_account(uid):
            continue
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as claim:
            try:
                claim.bind(f"\0grader-uid-{uid}")
            except OSError:
                continue
            yield uid
            return
    raise OSError(f"every user id from {FIRST} to {LAST} is in use")


def tasks_of(uid: int) -> int:
    """How many processes and threads a user has."""
    return sum(
        sum(1 for _ in (folder / "task").iterdir())
        for folder in Path("/proc").iterdir()
        if folder.name.isdecimal() and _owner(folder) == uid
    )


def _uids_of_processes() -> set[int]:
    return {_owner(folder) for folder in Path("/proc").iterdir() if folder.name.isdecimal()}


def _owner(folder: Path) -> int:
    try:
        return os.stat(folder).st_uid  # noqa: PTH116 - once for every process
    except OSError:
        return -1


def _has_account(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
