"""Limits on a whole tree of processes by the kernel, where that can be had.

Version 1 groups that we may write, or a systemd scope on version 2. Elsewhere the caller's watch on `Sandboxed.excess`
is the limit.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from grader.execution.sandbox.job import Limits
from grader.limits import SPARE_TASKS

Mechanism = Literal["cgroup v1", "systemd scope", "watchdog"]

_ROOT = Path("/sys/fs/cgroup")
_BUS_VARIABLES = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
_numbers = itertools.count()


class Group(Protocol):
    """What holds a whole tree of processes to its limits."""

    def attach(self, pids: Iterable[int]) -> None:
        """Puts processes in; what they start later is in as well."""

    def admit(self, pid: int) -> None:
        """Puts in a process from elsewhere, after the others.

        Raises:
            OSError: It may not be moved.
        """

    def out_of_memory(self) -> bool:
        """Whether the kernel has ended a process of the group at its memory limit."""

    def remove(self) -> None:
        """Removes it; its processes have ended."""


class ControlGroup:
    """The version 1 groups of one job, below our own, so that what binds us binds it as well.

    Raises:
        OSError: They cannot be made.
    """

    def __init__(self, limits: Limits) -> None:
        name = f"grader-{os.getpid()}-{next(_numbers)}"
        self._folders: list[Path] = []
        try:
            self._memory = self._make("memory", name)
            _write(self._memory / "memory.limit_in_bytes", limits.tree_bytes)
            with contextlib.suppress(OSError):  # not there where the kernel does not count swap
                _write(self._memory / "memory.memsw.limit_in_bytes", limits.tree_bytes)
            _write(self._make("pids", name) / "pids.max", limits.processes + SPARE_TASKS)
        except BaseException:
            self.remove()
            raise

    def _make(self, controller: str, name: str) -> Path:
        parent = _own_groups()[controller]
        _remove_stale(parent)
        folder = parent / name
        folder.mkdir()
        self._folders.append(folder)
        return folder

    def attach(self, pids: Iterable[int]) -> None:
        for folder in self._folders:
            for pid in pids:
                _write(folder / "cgroup.procs", pid)

    def admit(self, pid: int) -> None:
        self.attach((pid,))

    def out_of_memory(self) -> bool:
        return _count(self._memory / "memory.oom_control", "oom_kill") > 0

    def remove(self) -> None:
        for folder in self._folders:
            for _ in range(200):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:  # the last process is still leaving
                    time.sleep(0.005)
                else:
                    break


class Scope:
    """A systemd scope, which its programs are born in and which goes with the last of them."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._ended = False

    def attach(self, pids: Iterable[int]) -> None:
        self._folder = _version_two_folder(min(pids))

    def admit(self, pid: int) -> None:
        if self._folder is None:
            raise FileNotFoundError("the job's scope is not known")
        _write(self._folder / "cgroup.procs", pid)

    def out_of_memory(self) -> bool:
        if self._folder is not None and _count(self._folder / "memory.events", "oom_kill") > 0:
            self._ended = True
        return self._ended

    def remove(self) -> None:
        self._folder = None


def mechanism() -> Mechanism:
    """What this machine has, tried."""
    if _groups_can_be_made():
        return "cgroup v1"
    return "systemd scope" if _scope_works() else "watchdog"


def scope_command(limits: Limits, *, uid: int | None) -> tuple[str, ...]:
    """What to put before a command to run it in a scope of its own, with an empty environment.

    Args:
        limits: The scope's.
        uid: The user to become then: only we ourselves may ask for a scope.
    """
    name = f"grader-{os.getpid()}-{time.monotonic_ns()}"
    manager = () if os.geteuid() == 0 else ("--user",)
    properties = (f"MemoryMax={limits.tree_bytes}", "MemorySwapMax=0", f"TasksMax={limits.processes + SPARE_TASKS}")
    options = (option for text in properties for option in ("-p", text))
    told = ("--quiet", "--collect", "--description=a submission", f"--unit={name}")
    user = () if uid is None else ("/usr/bin/setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    return (_systemd_run(), *manager, "--scope", *told, *options, "--", "/usr/bin/env", "-i", *user)


def scope_environment() -> dict[str, str]:
    """What systemd-run needs to find the user's manager; it does not reach the job."""
    return {name: os.environ[name] for name in _BUS_VARIABLES if name in os.environ}


def system_out_of_memory() -> int:
    """How many processes the kernel has ended for lack of memory since it started, anywhere."""
    return _count(Path("/proc/vmstat"), "oom_kill")


def _version_two_folder(pid: int) -> Path | None:
    with contextlib.suppress(OSError, StopIteration):
        groups = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        return _ROOT / next(line[3:] for line in groups if line.startswith("0::")).lstrip("/")
    return None


@cache
def _systemd_run() -> str:
    return shutil.which("systemd-run", path="/usr/bin:/bin") or ""


def _scope_works() -> bool:
    if not _systemd_run() or not (_ROOT / "cgroup.controllers").exists() or not Path("/run/systemd/system").exists():
        return False
    limits = Limits()
    command = (*scope_command(limits, uid=None), "/bin/cat")
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=scope_environment(),
        ) as echo:
            assert echo.stdin is not None  # noqa: S101 - for the type
            assert echo.stdout is not None  # noqa: S101
            echo.stdin.write(b"here\n")
            echo.stdin.flush()
            echo.stdout.readline()
            folder = _version_two_folder(echo.pid)
            return folder is not None and int((folder / "memory.max").read_text()) == limits.tree_bytes
    except (OSError, ValueError):
        return False


def _groups_can_be_made() -> bool:
    try:
        ControlGroup(Limits()).remove()
    except (OSError, KeyError):
        return False
    return True


@cache
def _own_groups() -> dict[str, Path]:
    """Our own group's folder for each version 1 controller."""
    found: dict[str, Path] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller:
                found[controller] = next(_places(controller, path))
    return found


def _places(controller: str, path: str) -> Iterator[Path]:
    """Inside a container the group's path may be that of the host, and the mount the group itself."""
    for folder in (_ROOT / controller / path.lstrip("/"), _ROOT / controller):
        if (folder / "cgroup.procs").exists():
            yield folder
    yield _ROOT / controller


def _remove_stale(parent: Path) -> None:
    """Removes groups of a grader that was killed before it could."""
    for folder in parent.glob("grader-*-*"):
        owner = folder.name.split("-")[1]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _count(path: Path, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    return 0


def _write(path: Path, value: int) -> None:
    path.write_text(str(value))
