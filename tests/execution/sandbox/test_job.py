from __future__ import annotations

import signal

import pytest

from grader.execution.sandbox.job import Limits, Usage, ending, excess

LIMITS = Limits(memory_bytes=1000, processes=10, cpu_seconds=60, disk_bytes=1_000_000, files=5)


@pytest.mark.parametrize(
    ("usage", "reason", "ends"),
    [
        (Usage(memory_bytes=LIMITS.tree_bytes + 1), "memory", True),
        (Usage(processes=10), "processes", True),
        (Usage(cpu_seconds=65.1), "cpu", True),
        (Usage(inodes=6), "disk", True),
        (Usage(work_bytes=1_004_097), "disk", True),
        (Usage(work_bytes=1_000_000), "disk", False),
    ],
)
def test_each_limit_has_its_own_reason(usage: Usage, reason: str, ends: bool) -> None:
    """What is met first is named, and a full folder ends nothing."""
    found = excess(usage, LIMITS, out_of_memory=False)
    assert found is not None
    assert (found.reason, found.ends) == (reason, ends)


def test_nothing_is_met_at_the_boundary() -> None:
    """The last byte, second and file that are allowed are allowed."""
    full = Usage(memory_bytes=LIMITS.tree_bytes, processes=9, cpu_seconds=65, inodes=5, work_bytes=995_904)
    assert excess(full, LIMITS, out_of_memory=False) is None


def test_a_process_ended_by_the_kernel_tells_of_memory() -> None:
    """The others may use little by then."""
    found = excess(Usage(memory_bytes=1), LIMITS, out_of_memory=True)
    assert found is not None
    assert found.reason == "memory"


def test_no_limit_of_cpu_is_never_met() -> None:
    """None is no limit."""
    assert excess(Usage(cpu_seconds=1e9), Limits(), out_of_memory=False) is None


@pytest.mark.parametrize(
    ("returncode", "cpu_seconds", "out_of_memory", "reason"),
    [
        (0, 1.0, False, None),
        (0, 1.0, True, None),
        (3, 1.0, False, "kernel_died"),
        (128 + signal.SIGXCPU, 60.0, False, "cpu"),
        (128 + signal.SIGKILL, 64.9, False, "cpu"),
        (128 + signal.SIGKILL, 1.0, True, "memory"),
        (128 + signal.SIGTERM, 1.0, True, "memory"),
        (128 + signal.SIGKILL, 1.0, False, "kernel_died"),
        (128 + signal.SIGSEGV, 1.0, True, "kernel_died"),
    ],
)
def test_deaths_are_told_apart(*, returncode: int, cpu_seconds: float, out_of_memory: bool, reason: str | None) -> None:
    """By the signal, the time used, and whether the kernel ran out of memory."""
    ended = ending(returncode, limits=LIMITS, cpu_seconds=cpu_seconds, out_of_memory=out_of_memory)
    assert ended.reason == reason
    assert ended.signal == (returncode - 128 if returncode > 128 else None)
