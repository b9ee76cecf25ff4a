"""A job on its way from the caller to a running process: what all tiers have in common."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grader.execution.sandbox import launcher
from grader.execution.sandbox.cgroups import (
    ControlGroup,
    Group,
    Mechanism,
    Scope,
    scope_command,
    scope_environment,
    system_out_of_memory,
)
from grader.execution.sandbox.handshake import Handshake
from grader.execution.sandbox.interpreter import Interpreter
from grader.execution.sandbox.job import Job
from grader.execution.sandbox.layout import WORK, environment
from grader.execution.sandbox.process import Handle, Parts, Sandboxed
from grader.execution.sandbox.spawning import Start, spawn
from grader.execution.sandbox.staging import Staged
from grader.execution.sandbox.uids import tasks_of
from grader.execution.sandbox.usage import Gauge
from grader.execution.sandbox.warm import ColdError, Zygote, fork
from grader.limits import CPU_GRACE_SECONDS, MAX_OPEN_FILES

Tier = Literal["1", "2", "2b", "3", "4"]

OWN_TASKS = 2
"""The launcher and the thread that starts it, where they come after the count."""

COUNTS_BY_NAMESPACE = (5, 14)
"""The Linux whose process limit counts inside a user namespace; before, everything of the same user counts."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """A job, and what is claimed for it until its end.

    Attributes:
        job: What to run.
        tier: How.
        python: The Python that it runs in.
        limits_by: What limits the whole tree.
        uid: Its dedicated user; None where it runs as ourselves.
        files: Where its files can be read.
        cleanup: Undoes the claims.
        zygote: The process to fork for it; None to start it cold.
        why_cold: Why there is none.
    """

    job: Job
    tier: Tier
    python: Interpreter
    limits_by: Mechanism
    uid: int | None
    files: Staged
    cleanup: ExitStack
    zygote: Zygote | None = None
    why_cold: str = ""

    def launch(self, script: str, line: Handshake) -> list[str]:
        """The command of the launcher."""
        return [self.python.executable, "-I", "-S", script, *(str(fd) for fd in line.launcher_fds)]

    def settings(self, stderr: int) -> dict[str, Any]:
        """What the launcher is told; each tier adds its own.

        Args:
            stderr: The job's own, which takes the place of the launcher's when all has gone well.
        """
        return {
            "command": self.job.command,
            "environment": environment(self.job, python=self.python),
            "folder": WORK,
            "limits": self._bounds(),
            "copy": None,
            "uid": None,
            "drop_capabilities": False,
            "owned": (),
            "landlock": None,
            "seccomp": None,
            "supervise": False,
            "parent": os.getpid(),
            "pass_fds": self.job.pass_fds,
            "stderr": stderr,
        }

    def spawn(self, command: list[str], *, line: Handshake, pass_fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
        """Starts the outermost program."""
        scoped = self.limits_by == "systemd scope"
        uid = self.uid if self.tier == "2" else None
        start = Start(
            command=[*scope_command(self.job.limits, uid=uid), *command] if scoped else command,
            environment=scope_environment() if scoped else {},
            stdout=self.job.stdout,
            stderr=line.complaints.writing,
            pass_fds=(*self.job.pass_fds, *line.launcher_fds, *pass_fds),
            uid=None if scoped else uid,
            core=self.job.core,
        )
        outer = spawn(start)
        line.spawned()
        return outer

    def run(
        self, outer: subprocess.Popen[bytes], *, line: Handshake, root: Handle, gauge: Gauge, settings: dict[str, Any]
    ) -> Sandboxed:
        """Lets the waiting launcher go on, or has a fork run in its place, inside the job's control groups."""
        oom_before = system_out_of_memory()
        group = self._group()
        if group is not None:
            group.attach((root.pid, *launcher.children_of(root.pid)))
        why_cold = self._fork(line, root=root, settings=settings, group=group)
        if why_cold is not None:
            line.send(settings)
            line.await_ready()
        parts = Parts(
            outer=outer,
            root=root,
            kernel_pid=min(launcher.children_of(root.pid), default=None),
            is_warm=why_cold is None,
            why_cold=why_cold or "",
            gauge=gauge,
            group=group,
            cleanup=self.cleanup,
            end_root=signal.SIGTERM if settings["supervise"] else signal.SIGKILL,
            oom_before=oom_before,
        )
        return Sandboxed(parts, limits=self.job.limits)

    def _fork(self, line: Handshake, *, root: Handle, settings: dict[str, Any], group: Group | None) -> str | None:
        """Forks the program; why not, where that cannot be, and None where it is done."""
        if self.zygote is None:
            return self.why_cold
        try:
            fork(
                self.zygote,
                self.job,
                settings=settings,
                user=self.uid if self.tier == "2" else None,
                first=root.pid,
                line=line,
                admit=group.admit if group is not None else lambda _: None,
            )
        except ColdError as error:
            return str(error)
        return None

    def _group(self) -> Group | None:
        if self.limits_by == "watchdog":
            return None
        group = ControlGroup(self.job.limits) if self.limits_by == "cgroup v1" else Scope()
        self.cleanup.callback(group.remove)
        return group

    def _bounds(self) -> dict[str, tuple[int, int]]:
        limits = self.job.limits
        bounds = {
            "RLIMIT_DATA": (limits.memory_bytes, limits.memory_bytes),
            "RLIMIT_NPROC": (self._process_limit(),) * 2,
            "RLIMIT_FSIZE": (limits.file_bytes, limits.file_bytes),
            "RLIMIT_NOFILE": (MAX_OPEN_FILES, MAX_OPEN_FILES),
            "RLIMIT_CORE": (0, 0),
            "RLIMIT_MSGQUEUE": (0, 0),
            "RLIMIT_RTPRIO": (0, 0),
        }
        if limits.cpu_seconds is not None:
            bounds["RLIMIT_CPU"] = (limits.cpu_seconds, limits.cpu_seconds + CPU_GRACE_SECONDS)
        return bounds

    def _process_limit(self) -> int:
        release = tuple(int(number) for number in re.findall(r"\d+", platform.release())[:2])
        if self.uid is not None or (self.tier == "1" and release >= COUNTS_BY_NAMESPACE):
            return self.job.limits.processes
        return tasks_of(os.geteuid()) + OWN_TASKS + self.job.limits.processes


@contextmanager
def ended_on_error(outer: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends a start that fails; all of it dies with the outermost program."""
    try:
        yield
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(outer.pid, signal.SIGKILL)
        outer.wait()
        raise


@contextmanager
def duplicate(fd: int) -> Iterator[int]:
    """Another number for a descriptor, not among the first three."""
    other = os.dup(fd)
    try:
        yield other
    finally:
        os.close(other)


def launcher_path() -> Path:
    """The launcher's own file."""
    return Path(launcher.__file__)
