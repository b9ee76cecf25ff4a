"""What a command costs, it and all that it starts: seconds, CPU seconds, memory."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
GRADER = (sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import grader.__main__")
"""The command line of this checkout, whatever is installed."""

_EVERY_SECONDS = 0.05
_LOOKS_EVERY = 20
"""The processes are looked at once in so many waits: to find them and read their memory takes a processor's time, which
a grader that uses all of them would miss."""


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        cpu_seconds: User and system time of it and of all that it started. What ended unseen between two looks, and was
            waited for by nobody, is missing.
        memory_bytes: The largest proportional set size (PSS) of all of them together.
        process_bytes: The largest PSS of a single process among them.
    """

    wall_seconds: float
    cpu_seconds: float
    memory_bytes: int
    process_bytes: int

    def plain(self) -> dict[str, float]:
        """As plain JSON."""
        return asdict(self)


class CommandFailedError(RuntimeError):
    """A command of the benchmark did not end as it should."""


def measure(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    allowed: frozenset[int] = frozenset({0}),
) -> Cost:
    """Runs a command and looks at its processes once a second.

    Args:
        command: The program and its arguments.
        folder: Where it runs; None for the current folder.
        environment: Variables over the present ones.
        log: Where its output goes; None to drop it.
        allowed: Exit codes that are no failure.

    Raises:
        CommandFailedError: It ended with another exit code.
    """
    began = time.monotonic()
    with (log or Path(os.devnull)).open("wb") as output:
        child = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **(environment or {})}, stdout=output, stderr=subprocess.STDOUT
        )
        seen: dict[tuple[int, float], float] = {}
        largest = alone = 0
        for waits in itertools.count():
            # The usage of what was waited for is known once the child itself is.
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
            if ended:
                break
            if waits % _LOOKS_EVERY == 0:
                together, single = _look(child.pid, seen)
                largest, alone = max(largest, together), max(alone, single)
            time.sleep(_EVERY_SECONDS)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if child.returncode not in allowed:
        raise CommandFailedError(f"{' '.join(map(str, command))[:300]}: exit code {child.returncode}; see {log}")
    return Cost(wall, max(usage.ru_utime + usage.ru_stime, sum(seen.values())), largest, alone)


def _look(pid: int, seen: dict[tuple[int, float], float]) -> tuple[int, int]:
    """Notes the CPU seconds of every process so far; the PSS of all together, and the largest, in bytes."""
    together = largest = 0
    try:
        top = psutil.Process(pid)
        processes = [top, *top.children(recursive=True)]
    except psutil.Error:
        return 0, 0
    for process in processes:
        try:
            times, pss = process.cpu_times(), _pss(process.pid)
        except (psutil.Error, OSError):
            continue
        seen[process.pid, process.create_time()] = times.user + times.system
        together, largest = together + pss, max(largest, pss)
    return together, largest


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def folder_bytes(folder: Path) -> int:
    """What a folder's files take on disk, each as if it were the only name of its content."""
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
