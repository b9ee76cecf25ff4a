"""The host's side of a warm start: one process with all imports done, forked for each job; see `zygote`.

A fork enters the namespaces that bubblewrap has made for the job, in which the launcher waits for its settings as the
first process. Where there is no fork the launcher gets them and goes on: that is the cold start. Where there is, the
program becomes the launcher's child, and the launcher ends as it does.
"""

from __future__ import annotations

import array
import errno
import fcntl
import json
import marshal
import os
import select
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.execution.sandbox import syscalls
from grader.execution.sandbox.contents import Contents
from grader.execution.sandbox.handshake import Handshake, Pipe
from grader.execution.sandbox.interpreter import Interpreter
from grader.execution.sandbox.job import Job, SandboxError
from grader.execution.sandbox.launcher import children_of
from grader.execution.sandbox.layout import ZYGOTE, environment, zygote_arguments
from grader.execution.sandbox.spawning import Start, spawn
from grader.execution.sandbox.zygote import GO
from grader.limits import SANDBOX_END_SECONDS, SANDBOX_START_SECONDS, START_TIMEOUT_SECONDS

_SPACES = ("mnt", "net", "ipc", "uts", "cgroup", "pid")
_OWNER_OF_NAMESPACE = 0xB701  # ioctl NS_GET_USERNS
_MAX_MESSAGE_BYTES = 1 << 16


class ColdError(Exception):
    """Why a job starts cold."""


@dataclass(frozen=True, kw_only=True)
class Preload:
    """What a zygote has done beforehand.

    Attributes:
        binds: Inside path to a host's file or folder that the imports need.
        environment: Variables that imported modules read; a job that has others starts cold.
        only_imports: Further variables, which hold during the imports alone.
        modules: To be imported, as far as they are installed.
    """

    binds: Mapping[str, Path]
    environment: Mapping[str, str]
    only_imports: Mapping[str, str]
    modules: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Zygote:
    """A process to fork, as those who may ask it know it; plain data, for a process that inherits the descriptors.

    Attributes:
        python: The executable of its Python.
        control: Descriptor on which it is asked.
        user: Descriptor of its user namespace, in which the jobs' are made; None where grader is run by root.
        environment: Variables that its modules have read.
        made: Names of those that its modules have set.
    """

    python: str
    control: int
    user: int | None
    environment: Mapping[str, str]
    made: tuple[str, ...]

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a process must inherit to ask."""
        return _needed(self.control, self.user)

    def enter(self) -> list[str]:
        """What to put before bubblewrap's command, so that its namespaces descend from the zygote's."""
        if self.user is None:
            return []
        # Named through us: what bubblewrap inherits it would pass on.
        return [_nsenter(), "--preserve-credentials", f"--user=/proc/{os.getpid()}/fd/{self.user}"]


@dataclass(frozen=True)
class Starting:
    """A zygote that is importing.

    Attributes:
        descriptors: What a process must inherit to ask it.
        ready: Waits until all is imported, and names it; raises a `ColdError` where there is none to be had.
    """

    descriptors: tuple[int, ...]
    ready: Callable[[], Zygote]


@contextmanager
def started(binary: str, preload: Preload, *, python: Interpreter) -> Iterator[Zygote]:
    """Starts a zygote and waits for it; see `starting`."""
    with starting(binary, preload, python=python) as begun:
        yield begun.ready()


@contextmanager
def starting(binary: str, preload: Preload, *, python: Interpreter) -> Iterator[Starting]:
    """Starts a zygote, which lasts as long as the context and no longer than this process.

    Args:
        binary: Bubblewrap's.
        preload: What it imports.
        python: Of whose packages.

    Raises:
        ColdError: It could not be started.
    """
    root = os.geteuid() == 0
    if not root and not _nsenter():
        raise ColdError("`nsenter` of util-linux is not installed")
    with ExitStack() as stack:
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.enter_context(ours)
            log = stack.enter_context(tempfile.TemporaryFile())
            with theirs:
                outer, pid = _spawn(
                    binary, preload, python=python, control=theirs.fileno(), log=log.fileno(), root=root
                )
                stack.callback(_end, outer, inner=pid)
            _told(ours, log=log)
            user = None if root else os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
            if user is not None:
                stack.callback(os.close, user)
        except OSError as error:
            raise ColdError(f"the process to fork could not be started: {error}") from error

        def ready() -> Zygote:
            try:
                made = _await_imports(ours, log=log)
            except OSError as error:
                raise ColdError(f"the process to fork could not be started: {error}") from error
            environment = dict(preload.environment)
            return Zygote(
                python=python.executable, control=ours.fileno(), user=user, environment=environment, made=made
            )

        yield Starting(_needed(ours.fileno(), user), ready)


def _needed(control: int, user: int | None) -> tuple[int, ...]:
    """What a process must inherit to ask a zygote."""
    return (control,) if user is None else (control, user)


def _spawn(
    binary: str, preload: Preload, *, python: Interpreter, control: int, log: int, root: bool
) -> tuple[subprocess.Popen[bytes], int]:
    job = Job(command=(), stdout=1, stderr=1, environment={**preload.environment, **preload.only_imports})
    variables = [word for item in environment(job, python=python).items() for word in ("--setenv", *item)]
    parts = (*zygote_arguments(preload.binds, python=python, root=root), *variables)
    with closing(Pipe()) as info:
        with Contents() as contents, Path(os.devnull).open("wb") as nowhere:
            options = contents.options(parts)
            command = [binary, "--args", str(options), "--info-fd", str(info.writing), "--", python.executable, "-P"]
            start = Start(
                command=[*command, ZYGOTE, str(control), ",".join(preload.modules)],
                environment={},
                stdout=nowhere.fileno(),
                stderr=log,
                pass_fds=(control, info.writing, *contents.fds),
            )
            outer = spawn(start)
        info.close(info.writing)
        with os.fdopen(info.reading, "rb", closefd=False) as told:
            text = told.read()
    return outer, json.loads(text)["child-pid"] if text else outer.pid


def _await_imports(ours: socket.socket, *, log: Any) -> tuple[str, ...]:
    """Waits until all is imported; the names of the variables that this has set."""
    message = _told(ours, log=log)
    if message["failed"]:
        raise ColdError(message["failed"])
    return tuple(message["variables"])


def _told(ours: socket.socket, *, log: Any) -> dict[str, Any]:
    """The next that it says of itself; where it has ended, the last that it has written is why."""
    try:
        return _next(ours, seconds=START_TIMEOUT_SECONDS)
    except ColdError as error:
        log.seek(0)
        said = log.read().decode(errors="replace").strip().splitlines()
        raise ColdError(f"{error}: {said[-1]}" if said else str(error)) from None


def _end(outer: subprocess.Popen[bytes], *, inner: int) -> None:
    """What it has forked ends with the job's own namespaces, not with it."""
    outer.kill()  # and with it, by --die-with-parent, the process inside
    outer.wait(SANDBOX_END_SECONDS)
    with suppress(ChildProcessError):  # it was the same, or has not come to us
        os.waitpid(inner, 0)


def _nsenter() -> str:
    return shutil.which("nsenter", path="/usr/bin:/bin") or ""


# One fork -------------------------------------------------------------------------------------------------------------


def fork(
    zygote: Zygote,
    job: Job,
    *,
    settings: dict[str, Any],
    user: int | None,
    first: int,
    line: Handshake,
    admit: Callable[[int], None],
) -> None:
    """Has a job's program forked instead of started.

    Args:
        zygote: The process to fork.
        job: What is to run; only ``python -P -m MODULE`` can be forked.
        settings: As the launcher would get them.
        user: Whom the fork becomes before it enters a user namespace; None to stay.
        first: The host's number of the launcher, which is the first process in its namespaces. The program becomes its
            child, and it ends as the program does.
        line: To the launcher.
        admit: Puts a process into the job's control groups.

    Raises:
        ColdError: There is no fork, and nothing has been done.
        SandboxError: The program cannot be prepared, and a cold one could not either.
    """
    program = _module_of(job, zygote)
    _check_variables(job, zygote)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs, _namespaces(first) as spaces:
            named = {**spaces, "fd:1": job.stdout, "stderr": job.stderr, **{f"fd:{fd}": fd for fd in job.pass_fds}}
            request = {
                "names": list(named),
                "program": program,
                "user": user,
                "cores": sorted(os.sched_getaffinity(0)) if job.core is None else [job.core],
                "settings": {**settings, "seccomp": syscalls.program(namespaces=True), "drop_capabilities": True},
            }
            _ask(zygote, marshal.dumps(request), [theirs.fileno(), *named.values()])
        message = _next(ours, seconds=START_TIMEOUT_SECONDS)
        if "program" not in message:
            raise ColdError(message.get("declined") or message["failed"])
        try:
            admit(_only_child(first))
        except OSError as error:
            raise ColdError(f"the fork could not be put into the job's control group: {error}") from error
        line.send({"program": message["program"]})
        ours.send(GO)
        _await_ready(ours)


def _only_child(first: int) -> int:
    """The host's number of the program, once its own parent has ended and it has come to the first process."""
    end = time.monotonic() + SANDBOX_START_SECONDS
    while not (children := children_of(first)):
        if time.monotonic() > end:
            raise ColdError("the fork did not come to the first process inside")
        time.sleep(0.001)
    return min(children)


def _module_of(job: Job, zygote: Zygote) -> tuple[str, ...]:
    start = (zygote.python, "-P", "-m")
    if job.command[: len(start)] != start:
        raise ColdError("only a module of Python's can be started in a fork")
    return job.command[len(start) :]


def _check_variables(job: Job, zygote: Zygote) -> None:
    other = [name for name, value in zygote.environment.items() if job.environment.get(name) != value]
    if other:
        raise ColdError(f"its variables {', '.join(other)} are not those under which modules were imported")


@contextmanager
def _namespaces(pid: int) -> Iterator[dict[str, int]]:
    """The namespaces of a process in the order in which they can be entered, by descriptor."""
    with ExitStack() as stack:

        def opened(name: str) -> int:
            fd = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, fd)
            return fd

        try:
            spaces = {f"ns:{name}": opened(name) for name in _SPACES}
            inner = opened("user")
            owner = fcntl.ioctl(spaces["ns:mnt"], _OWNER_OF_NAMESPACE)
            stack.callback(os.close, owner)
        except OSError as error:
            raise ColdError(f"the job's namespaces cannot be opened: {error}") from error
        if _inode(inner) == Path("/proc/self/ns/user").stat().st_ino:
            yield spaces
        elif _inode(inner) == _inode(owner):
            yield {"ns:user": owner, **spaces}
        else:
            yield {"ns:user": owner, **spaces, "inner user": inner}


def _inode(fd: int) -> int:
    return os.fstat(fd)[stat.ST_INO]


def _ask(zygote: Zygote, request: bytes, fds: list[int]) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
    try:
        with socket.socket(fileno=os.dup(zygote.control)) as control:
            control.sendmsg([request], rights)
    except OSError as error:
        raise ColdError(f"the process to fork does not answer: {error}") from error


def _next(line: socket.socket, *, seconds: float) -> dict[str, Any]:
    """The next message of a fork, or of the zygote.

    Raises:
        ColdError: It has ended, or does not answer in time.
    """
    waiting = select.poll()
    waiting.register(line, select.POLLIN)
    if not waiting.poll(seconds * 1000):
        raise ColdError(f"the process to fork has not answered within {seconds:g} s")
    try:
        octets = line.recv(_MAX_MESSAGE_BYTES)
    except OSError as error:
        raise ColdError(f"the process to fork does not answer: {error}") from error
    if not octets:
        raise ColdError("the process to fork has ended")
    message: dict[str, Any] = marshal.loads(octets)  # noqa: S302 - written by our own code, before the program's
    return message


def _await_ready(line: socket.socket) -> None:
    """Waits until the program is about to begin.

    Raises:
        SandboxError: It could not be prepared.
    """
    try:
        message = _next(line, seconds=SANDBOX_START_SECONDS)
    except ColdError as error:
        raise SandboxError(str(error)) from None
    if "ready" not in message:
        told = message.get("failed", "the fork ended before its program began")
        raise SandboxError(told, reason="disk" if f"[Errno {errno.ENOSPC}]" in told else "internal")
