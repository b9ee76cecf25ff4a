"""Starts programs from a thread that lives as long as we do.

A sandbox ends with the thread that started it (``--die-with-parent``), so a caller's own short-lived thread would take
it along. The thread also lends its processor mask, which a program inherits and may not change.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from grader.execution.sandbox.launcher import PR_SET_SUBREAPER


@dataclass(frozen=True, kw_only=True)
class Start:
    """A program to start, in a session of its own, with no input.

    Attributes:
        command: Program and arguments.
        environment: All of it.
        stdout: Descriptor.
        stderr: Descriptor.
        pass_fds: Descriptors that stay open.
        uid: The user to become; None to stay.
        core: The processor to be held to; None for those of the caller.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    stdout: int
    stderr: int
    pass_fds: tuple[int, ...]
    uid: int | None = None
    core: int | None = None


def spawn(start: Start) -> subprocess.Popen[bytes]:
    """Starts a program.

    Raises:
        OSError: It cannot be started.
    """
    return _thread(os.getpid()).submit(_spawn, start).result()


@cache
def _thread(process: int) -> ThreadPoolExecutor:  # noqa: ARG001 - a fork has no threads and needs its own
    # Orphans come to us, so that they are gone as soon as they have ended, whatever the machine's first process does.
    ctypes.CDLL(None).prctl(PR_SET_SUBREAPER, 1, 0, 0, 0)
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox")


def _spawn(start: Start) -> subprocess.Popen[bytes]:
    before = os.sched_getaffinity(0)
    if start.core is not None:
        os.sched_setaffinity(0, {start.core})
    try:
        return subprocess.Popen(
            start.command,
            env=start.environment,
            stdin=subprocess.DEVNULL,
            stdout=start.stdout,
            stderr=start.stderr,
            pass_fds=start.pass_fds,
            start_new_session=True,
            cwd="/",
            user=start.uid,
            group=start.uid,
            extra_groups=None if start.uid is None else (),
        )
    finally:
        os.sched_setaffinity(0, before)
