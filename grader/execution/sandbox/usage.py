"""Measures what a running job uses, from outside."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.execution.sandbox.job import Usage
from grader.execution.sandbox.launcher import descendants_of

_TICKS = os.sysconf("SC_CLK_TCK")
_BLOCK = 512


class Gauge:
    """Reads one job's use.

    Args:
        root: Where its file tree and its ``proc`` can be seen from outside.
        leader: The process that all others descend from, as ``proc`` numbers it.
        writable: Folders of the tree whose files count, the work folder first.
        namespace: Whether ``proc`` shows this job alone and each writable folder is a file system of its own.
    """

    def __init__(self, root: Path, *, leader: int, writable: Iterable[str], namespace: bool) -> None:
        # A descriptor stays with this job whatever its process number is used for later.
        self._root = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._proc = "proc" if namespace else "/proc"
        self._leader = leader
        self._writable = tuple(writable)
        self._namespace = namespace

    def close(self) -> None:
        """Lets the job's file systems go."""
        os.close(self._root)

    def read(self, *, bound_bytes: int) -> Usage:
        """What is used now.

        Args:
            bound_bytes: Above this the slower measure is taken, which counts a page shared by several processes once.
        """
        pids = list(self._pids())
        sizes = [self._size(name) for name in self._writable]
        files = sum(size for size, _ in sizes)
        memory = sum(self._status(pid)[0] for pid in pids)
        if memory + files > bound_bytes:
            memory = sum(self._proportional(pid) for pid in pids)
        return Usage(
            memory_bytes=memory + (files if self._namespace else 0),
            processes=sum(self._status(pid)[1] for pid in pids),
            cpu_seconds=sum(self._cpu(pid) for pid in pids),
            disk_bytes=files,
            inodes=sum(count for _, count in sizes),
            work_bytes=sizes[0][0] if sizes else 0,
        )

    def _pids(self) -> Iterator[int]:
        if not self._namespace:
            yield from (self._leader, *descendants_of(self._leader))
            return
        with contextlib.suppress(OSError):
            folder = os.open(self._proc, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._root)
            try:
                yield from (int(name) for name in os.listdir(folder) if name.isdecimal())  # noqa: PTH208
            finally:
                os.close(folder)

    def _text(self, pid: int, name: str) -> str:
        """A file of a process; empty where the process has ended meanwhile."""
        with contextlib.suppress(OSError):
            fd = os.open(f"{self._proc}/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._root)
            with os.fdopen(fd, errors="replace") as file:
                return file.read()
        return ""

    def _status(self, pid: int) -> tuple[int, int]:
        memory, tasks = 0, 0
        for line in self._text(pid, "status").splitlines():
            name, _, value = line.partition(":")
            if name in {"RssAnon", "RssShmem"}:
                memory += int(value.split()[0]) * 1024
            elif name == "Threads":
                tasks = int(value)
        return memory, tasks

    def _proportional(self, pid: int) -> int:
        lines = self._text(pid, "smaps_rollup").splitlines()
        counted = [line.split() for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:"))]
        return sum(int(fields[1]) * 1024 for fields in counted) if counted else self._status(pid)[0]

    def _cpu(self, pid: int) -> float:
        """Its own time and that of the children it has waited for."""
        fields = self._text(pid, "stat").rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15]) / _TICKS

    def _size(self, name: str) -> tuple[int, int]:
        if not self._namespace:
            return _size_of(Path(name))
        with contextlib.suppress(OSError):
            fd = os.open(name.lstrip("/"), os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._root)
            try:
                status = os.fstatvfs(fd)
            finally:
                os.close(fd)
            return (status.f_blocks - status.f_bfree) * status.f_frsize, status.f_files - status.f_ffree
        return 0, 0


def _size_of(folder: Path) -> tuple[int, int]:
    size, count = 0, 0
    for parent, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        for name in files:
            with contextlib.suppress(OSError):
                size += os.lstat(f"{parent}/{name}").st_blocks * _BLOCK
    return size, count
