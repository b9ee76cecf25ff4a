"""A running job: how it is watched, interrupted and ended, with nothing of it left."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from grader.execution.sandbox.cgroups import Group, system_out_of_memory
from grader.execution.sandbox.job import Ending, Excess, Limits, Usage, ending, excess
from grader.execution.sandbox.launcher import descendants_of
from grader.execution.sandbox.usage import Gauge
from grader.limits import SANDBOX_END_SECONDS
from grader.records import ExecutionReason

SAMPLE_SECONDS = 0.25
"""Between two readings of the CPU time, which goes unaccounted with the last process."""


class Handle:
    """A process by a descriptor, which never comes to mean another process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._fd: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._fd = None

    def signal(self, number: int) -> None:
        """Sends a signal; nothing happens where the process has ended."""
        if self._fd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._fd, number)

    def wait(self, timeout_seconds: float | None) -> bool:
        """Whether the process has ended, after at most this time."""
        if self._fd is None:
            return True
        waiting = select.poll()
        waiting.register(self._fd, select.POLLIN)
        return bool(waiting.poll(None if timeout_seconds is None else max(0, timeout_seconds) * 1000))

    def close(self) -> None:
        """Gives the descriptor back."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def starved_seconds(pid: int) -> float:
    """How long a process's main thread has been ready to run and had no processor; 0 where the system does not say.

    Source: the second field of Linux's ``/proc/<pid>/schedstat``, in nanoseconds.
    """
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a job consists of on the host.

    Attributes:
        outer: The process that we started.
        root: The one whose end ends the job: init of its process namespace, or the launcher that stayed.
        kernel_pid: The job's own program; None where it ended at once.
        gauge: Measures it.
        group: Its control groups, where there are any.
        cleanup: What to undo once all processes are gone.
        end_root: The signal for ``root``: one that it cannot catch, or one upon which it ends its descendants.
        oom_before: How many processes the kernel had ended for lack of memory, anywhere, before the start.
        is_warm: Whether the program is a fork of the zygote.
        why_cold: Why it is none, where one was wished for.
    """

    outer: subprocess.Popen[bytes]
    root: Handle
    kernel_pid: int | None
    gauge: Gauge
    group: Group | None
    cleanup: ExitStack
    end_root: int
    oom_before: int
    is_warm: bool = False
    why_cold: str = ""


class Sandboxed:
    """A job that runs. Ends with `kill`, or by itself; as a context it is killed at the end.

    Attributes:
        pid: The host's number of the process that we started.
        kernel_pid: The host's number of the job's own program; None where it ended at once.
        is_warm: Whether the program is a fork of a process with its imports done.
        why_cold: Why it is not, where it was to be.
    """

    def __init__(self, parts: Parts, *, limits: Limits) -> None:
        self.pid = parts.outer.pid
        self.kernel_pid = parts.kernel_pid
        self.is_warm = parts.is_warm
        self.why_cold = parts.why_cold
        self._parts = parts
        self._limits = limits
        self._lock = threading.RLock()
        self._kernel = Handle(parts.kernel_pid) if parts.kernel_pid is not None else None
        self._outer = Handle(parts.outer.pid)
        self._wished: ExecutionReason | None = None
        self._killed = False
        self._cpu_seconds = 0.0
        self._ending: Ending | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def poll(self) -> Ending | None:
        """How it ended, or None while it runs."""
        return self.wait(0)

    def wait(self, timeout_seconds: float | None = None) -> Ending | None:
        """Waits for the end.

        Args:
            timeout_seconds: At most this long; None for ever.

        Returns:
            How it ended, and nothing of it is left; None while it runs.
        """
        end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while self._ending is None:
            left = math.inf if end is None else end - time.monotonic()
            if self._outer.wait(min(left, SAMPLE_SECONDS)):
                self._finish()
            elif left <= 0:
                return None
            elif left > SAMPLE_SECONDS:
                self.usage()
        return self._ending

    def interrupt(self) -> None:
        """Sends the program itself, not its group, what Ctrl-C sends."""
        if self._kernel is not None:
            self._kernel.signal(signal.SIGINT)

    def kill(self, reason: ExecutionReason | None = None) -> None:
        """Ends everything of it. Does nothing where it has ended.

        Args:
            reason: Why, for the ending; None where the work is done.
        """
        with self._lock:
            if self._ending is not None or self._outer.wait(0):
                self._finish()
                return
            self.usage()
            self._killed = True
            self._wished = reason
            self._parts.root.signal(self._parts.end_root)
            if not self._outer.wait(SANDBOX_END_SECONDS):
                self._outer.signal(signal.SIGKILL)
            self._finish()

    def usage(self) -> Usage:
        """What it uses now; after its end, what is known of the whole."""
        with self._lock:
            if self._ending is not None:
                return Usage(cpu_seconds=self._ending.cpu_seconds)
            usage = self._parts.gauge.read(bound_bytes=self._limits.tree_bytes)
            self._cpu_seconds = max(self._cpu_seconds, usage.cpu_seconds)
            return usage

    def processes(self) -> set[int]:
        """The host's numbers of all its processes; one that ended meanwhile may be among them."""
        return {self.pid, *descendants_of(self.pid)}

    def starved_seconds(self) -> float:
        """How long the program has been ready to run and had no processor; 0 where the system does not say."""
        return starved_seconds(self.kernel_pid) if self.kernel_pid is not None else 0.0

    def excess(self) -> Excess | None:
        """The limit that it has met by now; where ``ends`` is set, kill it for that reason."""
        with self._lock:
            ended_some = self._ending is None and self._parts.group is not None and self._parts.group.out_of_memory()
        return excess(self.usage(), self._limits, out_of_memory=ended_some)

    def _finish(self) -> None:
        with self._lock:
            if self._ending is not None:
                return
            parts = self._parts
            # Daemons outlive the program, and bubblewrap's init could have been made to outlive bubblewrap.
            parts.root.signal(signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)  # before it is reaped, while the number is its own
            gone = parts.root.wait(SANDBOX_END_SECONDS)
            code, cpu_seconds = _reap(parts.outer, self._outer)
            if gone and parts.root.pid != self.pid:
                cpu_seconds += _reap_orphan(parts.root.pid)
            self._cpu_seconds = max(self._cpu_seconds, cpu_seconds)
            self._ending = self._told(code, gone=gone)
            for handle in (parts.root, self._outer, self._kernel):
                if handle is not None:
                    handle.close()
            parts.cleanup.close()

    def _told(self, code: int, *, gone: bool) -> Ending:
        used = self._cpu_seconds
        if not gone:  # stuck in the kernel itself: nobody can end it, and nothing of it may be trusted
            return Ending(returncode=code, signal=None, reason="internal", cpu_seconds=used)
        if self._killed:
            return Ending(returncode=code, signal=signal.SIGKILL, reason=self._wished, cpu_seconds=used)
        out_of_memory = system_out_of_memory() > self._parts.oom_before
        return ending(code, limits=self._limits, cpu_seconds=used, out_of_memory=out_of_memory)


def _reap(outer: subprocess.Popen[bytes], handle: Handle) -> tuple[int, float]:
    """The return code and the CPU time of a process and all that it waited for."""
    handle.wait(SANDBOX_END_SECONDS)
    try:
        _, status, used = os.wait4(outer.pid, 0)
    except ChildProcessError:  # somebody waited for all children of this process
        outer.returncode = 0
        return 0, 0.0
    code = os.waitstatus_to_exitcode(status)
    # Popen must know, so that it never waits for a number that may be another's by then.
    outer.returncode = code
    return (128 - code if code < 0 else code), used.ru_utime + used.ru_stime


def _reap_orphan(pid: int) -> float:
    """Takes note of the end of a process that outlived its parent and so came to us; its CPU time."""
    try:
        _, _, used = os.wait4(pid, 0)
    except ChildProcessError:  # its parent did so
        return 0.0
    return used.ru_utime + used.ru_stime
