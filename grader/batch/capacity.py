"""How many kernels this machine, or the container that we are in, can run at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.limits import BATCH_MEMORY_BYTES, WORKER_MEMORY_BYTES

_GROUPS = Path("/sys/fs/cgroup")
_PROCESS = Path("/proc")
_NO_LIMIT = 2**60
"""A group of version 1 without a limit says a number near 2**63."""


@dataclass(frozen=True)
class Capacity:
    """How many kernels at a time, and what allows no more.

    Attributes:
        why: Empty where it is one a processor of the machine.
        spare: How many more there is memory for while others only wait and use no processor; at most as many again.
    """

    jobs: int
    why: str = ""
    spare: int = 0


def capacity(memory_bytes: int, *, groups: Path = _GROUPS, process: Path = _PROCESS) -> Capacity:
    """As many kernels as there are processors for, and memory if each takes all that it may.

    Args:
        memory_bytes: What a notebook may use.
        groups: Where control groups are mounted.
        process: Where the system tells of processes.
    """
    processors = processors_of_machine()
    allowed = processors_allowed(groups=groups, process=process)
    free = memory_free(groups=groups, process=process)
    fitting = max(1, int((free - BATCH_MEMORY_BYTES) // (memory_bytes + WORKER_MEMORY_BYTES)))
    if fitting < allowed:
        why = f"{free / 10**9:.1f} GB of memory are free, and a notebook may use {memory_bytes / 10**9:g} GB"
        return Capacity(fitting, why)
    spare = min(allowed, fitting - allowed)
    why = f"this container may use {allowed} of {processors} processors" if allowed < processors else ""
    return Capacity(allowed, why, spare)


def processors_of_machine() -> int:
    """Those that we may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processors_allowed(*, groups: Path = _GROUPS, process: Path = _PROCESS) -> int:
    """Processors that we may run on, no more than our control groups grant the time of, and at least one."""
    shares = [math.inf]
    for folder in _own(groups, "cpu", process=process):
        quota, period = _words(folder / "cpu.max", 2)
        shares.append(_share(quota, period))
        shares.append(_share(*_words(folder / "cpu.cfs_quota_us", 1), *_words(folder / "cpu.cfs_period_us", 1)))
    return max(1, int(min(processors_of_machine(), *shares)))


def memory_free(*, groups: Path = _GROUPS, process: Path = _PROCESS) -> float:
    """Bytes that can still be had: of the machine, and within each of our control groups."""
    found = [_machine_free(process / "meminfo")]
    for folder in _own(groups, "memory", process=process):
        for limit, used, cache in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            most = _number(*_words(folder / limit, 1))
            if most < _NO_LIMIT:
                in_use = _number(*_words(folder / used, 1), unknown=0.0)
                found.append(most - in_use + _line(folder / "memory.stat", cache))
    return max(0.0, min(found))


def _own(groups: Path, controller: str, *, process: Path) -> Iterator[Path]:
    """The folders of our groups and those around them, which bind us as well, of both versions.

    In a container the group's path may be that of the host; its own is then mounted at the root.
    """
    try:
        lines = (process / "self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        roots = [groups / controllers, groups / controller] if controllers else [groups, groups / "unified"]
        for root in dict.fromkeys(roots):
            folder = root / path.lstrip("/")
            yield from (one for one in (folder, *folder.parents) if one == root or root in one.parents)


def _share(quota: str, period: str) -> float:
    allowed, every = _number(quota), _number(period)
    return allowed / every if allowed > 0 and 0 < every < math.inf else math.inf


def _machine_free(path: Path) -> float:
    kilobytes = _line(path, "MemAvailable:", unknown=math.inf)
    return kilobytes * 1024


def _line(path: Path, name: str, *, unknown: float = 0.0) -> float:
    """The number behind a name in a file of such lines."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return unknown
    return next((float(line.split()[1]) for line in lines if line.split()[:1] == [name]), unknown)


def _words(path: Path, count: int) -> list[str]:
    try:
        words = path.read_text().split()
    except OSError:
        words = []
    return (words + [""] * count)[:count]


def _number(text: str, *, unknown: float = math.inf) -> float:
    """A number, ``max`` or nothing; both of these are no limit."""
    try:
        return float(text)
    except ValueError:
        return unknown
