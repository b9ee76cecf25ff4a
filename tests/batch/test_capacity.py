"""How many kernels a machine or a container can run at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.batch.capacity import capacity, memory_free, processors_allowed, processors_of_machine
from grader.limits import BATCH_MEMORY_BYTES, WORKER_MEMORY_BYTES

GIGABYTE = 10**9


def machine(folder: Path, files: Mapping[str, str], *, own: str, free_bytes: float = 64 * GIGABYTE) -> dict[str, Path]:
    """A machine's files on control groups and memory, and our own groups' paths."""
    groups, process = folder / "groups", folder / "process"
    told = {f"groups/{name}": text for name, text in files.items()}
    told |= {"process/self/cgroup": own, "process/meminfo": f"MemAvailable: {free_bytes // 1024:.0f} kB\n"}
    for name, text in told.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return {"groups": groups, "process": process}


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({"cpu.max": "100000 100000"}, "0::/"),
        ({"pod/cpu.max": "199000 100000", "pod/box/cpu.max": "max 100000"}, "0::/pod/box"),
        ({"cpu.max": "150000 100000"}, "0::/path/of/the/host"),
        ({"cpu/box/cpu.cfs_quota_us": "100000", "cpu/box/cpu.cfs_period_us": "100000"}, "4:cpu:/box"),
        ({"cpu,cpuacct/cpu.cfs_quota_us": "50000", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/box"),
    ],
)
def test_a_quota_of_any_group_around_us_counts(tmp_path: Path, files: Mapping[str, str], own: str) -> None:
    """Of both versions, seen from the host or from inside; at least one processor."""
    assert processors_allowed(**machine(tmp_path, files, own=own)) == 1


@pytest.mark.parametrize(
    ("files", "own"),
    [({"cpu.max": "max 100000"}, "0::/"), ({"cpu/cpu.cfs_quota_us": "-1"}, "4:cpu:/"), ({}, "0::/")],
)
def test_without_a_quota_every_processor_counts(tmp_path: Path, files: Mapping[str, str], own: str) -> None:
    """Those that we may run on."""
    assert processors_allowed(**machine(tmp_path, files, own=own)) == processors_of_machine()


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({"memory.max": "5000000000", "memory.current": "1000000000"}, "0::/"),
        (
            {
                "memory.max": "5000000000",
                "memory.current": "4000000000",
                "memory.stat": "anon 5\ninactive_file 3000000000\n",
            },
            "0::/",
        ),
        (
            {"memory/box/memory.limit_in_bytes": "5000000000", "memory/box/memory.usage_in_bytes": "1000000000"},
            "4:memory:/box",
        ),
        ({"memory/memory.limit_in_bytes": "9223372036854771712"}, "4:memory:/"),
    ],
)
def test_the_memory_that_is_left_to_us_counts(tmp_path: Path, files: Mapping[str, str], own: str) -> None:
    """What can be had at once, of the machine or within its groups; a cache of files is given back."""
    found = memory_free(**machine(tmp_path, files, own=own, free_bytes=4.0 * GIGABYTE))
    assert found == pytest.approx(4 * GIGABYTE, rel=0.01)


def test_no_more_kernels_than_memory_for_all_that_each_may_take(tmp_path: Path) -> None:
    """At least one; the reason is told."""
    here = machine(tmp_path, {}, own="0::/", free_bytes=3.0 * GIGABYTE)
    found = capacity(3 * GIGABYTE, **here)
    assert found.jobs == 1
    if processors_of_machine() > 1:
        assert found.why == "3.0 GB of memory are free, and a notebook may use 3 GB"


def test_a_machine_that_is_large_enough_runs_one_a_processor(tmp_path: Path) -> None:
    """And nothing is to be told."""
    found = capacity(GIGABYTE, **machine(tmp_path, {}, own="0::/", free_bytes=10_000.0 * GIGABYTE))
    assert (found.jobs, found.why) == (processors_of_machine(), "")


@pytest.mark.parametrize(("kernels", "spare"), [(1, 0), (2, 1), (9, 1)])
def test_a_spare_kernel_is_one_that_there_is_memory_for(tmp_path: Path, kernels: int, spare: int) -> None:
    """While others only wait, at most as many again may run."""
    a_kernel = GIGABYTE + WORKER_MEMORY_BYTES
    free = BATCH_MEMORY_BYTES + (kernels + 0.5) * a_kernel
    here = machine(tmp_path, {"cpu.max": "100000 100000"}, own="0::/", free_bytes=free)
    found = capacity(GIGABYTE, **here)
    assert (found.jobs, found.spare) == (1, spare)
