"""What is run in a sandbox, what it may use, what it uses, and how it ended."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.limits import CPU_GRACE_SECONDS, HOME_BYTES, SHARED_MEMORY_BYTES, TEMPORARY_BYTES
from grader.records import ExecutionReason

MEBIBYTE = 2**20

PAGE_BYTES = 4096


class SandboxError(OSError):
    """A sandbox did not start.

    Attributes:
        reason: ``disk`` where the submission's own files do not fit, else ``internal``.
    """

    def __init__(self, text: str, *, reason: ExecutionReason = "internal") -> None:
        super().__init__(text)
        self.reason: ExecutionReason = reason


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a job may use.

    Attributes:
        memory_bytes: Data of one process (more is a ``MemoryError`` in it), and of all together without their files.
        processes: Processes and threads together.
        cpu_seconds: CPU time of one process, and of all together; None for no limit.
        disk_bytes: Size of the work folder.
        file_bytes: Size of one file.
        files: Files, folders and links in all writable folders together.
    """

    memory_bytes: int = 3 * 1024 * MEBIBYTE
    processes: int = 256
    cpu_seconds: int | None = None
    disk_bytes: int = 256 * MEBIBYTE
    file_bytes: int = 256 * MEBIBYTE
    files: int = 65_536

    @property
    def tree_bytes(self) -> int:
        """Memory of everything together: all processes, and all files, which stay in memory too."""
        return self.memory_bytes + self.disk_bytes + SHARED_MEMORY_BYTES + TEMPORARY_BYTES + HOME_BYTES


@dataclass(frozen=True, kw_only=True)
class Job:
    """One program to run.

    Attributes:
        command: Program and arguments, as they are seen inside.
        binds: Inside path to a host's file or folder, shown read-only.
        writable: Inside path to a host's folder that can be written. There is no quota on it, so remove it as soon as
            it has done its work. Where grader runs as root, other users must be able to pass the folders above it.
        work: A host's folder that is copied into the work folder before the start.
        environment: Variables, over a small base; nothing of the caller's own comes in.
        pass_fds: Descriptors that stay open under their numbers.
        core: The one processor that the job is held to; None for any.
        stdout: Descriptor for its output; a file there would not be limited, so give a pipe.
        stderr: The same for its errors.
    """

    command: tuple[str, ...]
    stdout: int
    stderr: int
    limits: Limits = field(default_factory=Limits)
    binds: Mapping[str, Path] = field(default_factory=dict)
    writable: Mapping[str, Path] = field(default_factory=dict)
    work: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()
    core: int | None = None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a job uses at this moment, all its processes together.

    Attributes:
        memory_bytes: Anonymous and shared memory, and the files in memory.
        processes: Processes and threads.
        cpu_seconds: User and system time, of ended processes too.
        disk_bytes: Files in the writable folders.
        inodes: Their number, with folders and links.
        work_bytes: Of ``disk_bytes``, what is in the work folder.
    """

    memory_bytes: int = 0
    processes: int = 0
    cpu_seconds: float = 0.0
    disk_bytes: int = 0
    inodes: int = 0
    work_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Excess:
    """A limit that was met.

    Attributes:
        used: What was reached, with its unit, for a sentence.
        allowed: The limit, in the same unit.
        ends: Whether the job must be ended; a full work folder only makes its writes fail.
    """

    reason: ExecutionReason
    used: str
    allowed: str
    ends: bool = True


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a job ended.

    Attributes:
        returncode: The program's own, or 128 and the number of the signal that ended it.
        signal: That signal.
        reason: Why, where it was a limit or a death; None for a plain exit and for an end that the caller wished.
        cpu_seconds: User and system time of the whole.
    """

    returncode: int
    signal: int | None
    reason: ExecutionReason | None
    cpu_seconds: float


def excess(usage: Usage, limits: Limits, *, out_of_memory: bool) -> Excess | None:
    """The first limit that is met.

    Args:
        usage: What is used now.
        limits: What is allowed.
        out_of_memory: Whether the kernel has ended one of its processes at the memory limit already.
    """
    if usage.memory_bytes > limits.tree_bytes or out_of_memory:
        reached = max(usage.memory_bytes, limits.tree_bytes)
        return Excess(reason="memory", used=_gigabytes(reached), allowed=_gigabytes(limits.tree_bytes))
    if usage.processes >= limits.processes:
        return Excess(reason="processes", used=str(usage.processes), allowed=str(limits.processes))
    if limits.cpu_seconds is not None and usage.cpu_seconds > limits.cpu_seconds + CPU_GRACE_SECONDS:
        return Excess(reason="cpu", used=f"{usage.cpu_seconds:.0f} s", allowed=f"{limits.cpu_seconds} s")
    if usage.inodes > limits.files:
        return Excess(reason="disk", used=f"{usage.inodes} files", allowed=f"{limits.files} files")
    if usage.work_bytes > limits.disk_bytes - PAGE_BYTES:
        over = usage.work_bytes > limits.disk_bytes + PAGE_BYTES  # only where the folder has no size of its own
        used, allowed = _megabytes(usage.work_bytes), _megabytes(limits.disk_bytes)
        return Excess(reason="disk", used=used, allowed=allowed, ends=over)
    return None


def ending(returncode: int, *, limits: Limits, cpu_seconds: float, out_of_memory: bool) -> Ending:
    """Tells the deaths apart.

    Args:
        returncode: As bubblewrap gives it: a signal's number with 128.
        limits: What the job was allowed.
        cpu_seconds: What it used.
        out_of_memory: Whether the kernel ended a process for lack of memory meanwhile.
    """
    reason: ExecutionReason | None = None if returncode == 0 else "kernel_died"
    number = returncode - 128 if 128 < returncode < 128 + signal.NSIG else None
    spent = limits.cpu_seconds is not None and cpu_seconds >= limits.cpu_seconds
    if number == signal.SIGXCPU or (number == signal.SIGKILL and spent):
        reason = "cpu"
    elif number in {signal.SIGKILL, signal.SIGTERM} and out_of_memory:  # systemd ends the others with the second
        reason = "memory"
    return Ending(returncode=returncode, signal=number, reason=reason, cpu_seconds=cpu_seconds)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
