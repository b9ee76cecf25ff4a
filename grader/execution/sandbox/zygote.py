"""Imports what programs need once, and forks a process for each: ``python -P zygote.py SOCKET MODULES``, inside.

Its image is that of a job without any submission. A fork enters the namespaces that bubblewrap has made for its job and
forks the program there, which takes its limits and gives up what it may do by the launcher's own code. This process
learns nothing of a job but what the harness sends, and reads nothing that comes from one.
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import importlib
import marshal
import os
import random
import runpy
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

LAUNCHER = "/run/nb/launcher.py"
HIGH = 512
"""Descriptors are moved above this number on their way to where the program expects them."""

MAX_REQUEST_BYTES, MAX_DESCRIPTORS = 1 << 18, 64
MAX_HOME_BYTES = 1 << 22
SET_DUMPABLE = 4
GO = b"go"


@dataclass(frozen=True)
class Made:
    """What the imports left beside the modules, which a fresh process would have as well.

    Attributes:
        variables: Of the environment.
        home: Files in the home folder by path, and None for a folder.
    """

    variables: dict[str, str]
    home: dict[str, bytes | None]


def main() -> tuple[str, ...]:
    """Serves until nobody can ask any more; returns in a program only, with its module and arguments."""
    control = socket.socket(fileno=int(sys.argv[1]))
    modules = sys.argv[2].split(",")
    launcher = _load_launcher()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    control.send(marshal.dumps({}))  # by now it is in the namespaces that jobs descend from
    before = dict(os.environ)
    failed = _preload(modules)
    made = Made(
        variables={name: value for name, value in os.environ.items() if before.get(name) != value},
        home=_made_at_home(),
    )
    control.send(marshal.dumps({"failed": failed, "variables": list(made.variables)}))
    while True:
        message, fds, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, MAX_DESCRIPTORS)
        if not message:
            os._exit(0)
        request = marshal.loads(message)  # noqa: S302 - written by the harness
        why = _doubt(control.fileno(), fds)
        if not why and os.fork() == 0:
            control.detach()
            return _fork(request, fds, launcher=launcher, made=made)
        if why:
            os.write(fds[0], marshal.dumps({"declined": why}))
        for fd in fds:
            os.close(fd)


def _load_launcher() -> Any:
    spec = util.spec_from_file_location("launcher", LAUNCHER)
    assert spec is not None  # noqa: S101 - for the type
    assert spec.loader is not None  # noqa: S101
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _preload(modules: Sequence[str]) -> str:
    """Imports modules, as far as they are installed; why none can be had, empty where all is well."""
    gc.disable()  # while nothing but modules is made, collections find nothing: a fifth of the time
    try:
        for name in modules:
            if util.find_spec(name.partition(".")[0]) is not None:
                importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - whatever a library raises: a cold start shows it where it belongs
        return f"{name} could not be imported beforehand ({type(error).__name__}: {error})"[:500]
    gc.enable()
    gc.collect()
    gc.freeze()  # a fork's collections leave the shared pages alone
    return ""


def _doubt(control: int, fds: Sequence[int]) -> str:
    """Why a fork would not be what a fresh process is; empty where it would."""
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
    if threads != 1:
        return f"{threads} threads run in the process to fork"
    expected = {0, 1, 2, control, *fds}
    listed = {int(name) for name in os.listdir("/proc/self/fd")}  # noqa: PTH208
    more = sorted(fd for fd in listed - expected if _is_open(fd))
    if more:
        return f"the process to fork holds the descriptors {more}"
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context.context_safe() is not None:
        return "TensorFlow's eager context is made already in the process to fork"
    return ""


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:  # that of the listing itself
        return False
    return True


def _made_at_home() -> dict[str, bytes | None]:
    home = Path.home()
    found = {str(path): path.read_bytes() if path.is_file() else None for path in sorted(home.rglob("*"))}
    return found if sum(len(content or b"") for content in found.values()) < MAX_HOME_BYTES else {}


# In a fork ------------------------------------------------------------------------------------------------------------


def _fork(request: dict[str, Any], fds: list[int], *, launcher: Any, made: Made) -> tuple[str, ...]:
    fds = [_moved(fd) for fd in fds]
    answer, named = fds[0], dict(zip(request["names"], fds[1:], strict=True))
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _enter(request, named)
        between = os.fork()
        if between:
            os.waitpid(between, 0)
            os._exit(0)
        # Its parent ends at once, so that the program comes to the first process inside, as one that was started there.
        os.setsid()
        if "inner user" in named:
            _set_namespace(named["inner user"])
        program = os.fork()
        if program:
            os.write(answer, marshal.dumps({"program": program}))
            os._exit(0)
        if os.read(answer, len(GO)) != GO:
            os._exit(1)
        _become(request, named, answer=answer, launcher=launcher, made=made)
    except BaseException as error:  # noqa: BLE001 - the socket is the only way to tell
        os.write(answer, marshal.dumps({"failed": f"{type(error).__name__}: {error}"[:2000]}))
        os._exit(126)
    return tuple(request["program"])


def _moved(fd: int) -> int:
    high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH)
    os.close(fd)
    return high


def _enter(request: dict[str, Any], named: dict[str, int]) -> None:
    """Enters the job's namespaces; of processes, only what is forked from now on is in the new one."""
    os.sched_setaffinity(0, request["cores"])
    if request["user"] is not None:
        os.setgroups([])
        os.setresgid(*[request["user"]] * 3)
        os.setresuid(*[request["user"]] * 3)
    spaces = [name for name in request["names"] if name.startswith("ns:")]
    own = {name: os.stat(f"/proc/self/ns/{name[3:]}").st_ino for name in spaces}  # noqa: PTH116
    for name in spaces:
        if os.fstat(named[name]).st_ino != own[name]:
            _set_namespace(named[name])


def _set_namespace(fd: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0) < 0:
        raise OSError(ctypes.get_errno(), f"entering a namespace: {os.strerror(ctypes.get_errno())}")


def _become(request: dict[str, Any], named: dict[str, int], *, answer: int, launcher: Any, made: Made) -> None:
    """Makes of this process what the launcher makes of itself before it becomes the program."""
    settings = request["settings"]
    for name, fd in named.items():
        if name.startswith("fd:"):
            os.dup2(fd, int(name[3:]))
    settings["stderr"] = named["stderr"]
    _close_all_but({0, 1, 2, *settings["pass_fds"], answer, settings["stderr"]})
    launcher.prepare(settings)
    launcher.load_filter(settings["seccomp"])
    ctypes.CDLL(None).prctl(SET_DUMPABLE, 1, 0, 0, 0)  # as a program that was executed is: its /proc is its own
    os.environ.clear()
    os.environ.update(made.variables | settings["environment"])
    _bring(made.home)
    _renew(settings["command"])
    os.write(answer, marshal.dumps({"ready": True}))
    os.close(answer)


def _close_all_but(kept: set[int]) -> None:
    before = -1
    for fd in sorted(kept):
        if fd > before + 1:  # an empty range that begins with 0 closes everything
            os.closerange(before + 1, fd)
        before = fd
    os.closerange(before + 1, 1 << 20)


def _bring(home: dict[str, bytes | None]) -> None:
    for name, content in home.items():
        path = Path(name)
        if content is None:
            path.mkdir(exist_ok=True)
        elif not path.exists():
            path.write_bytes(content)


def _renew(command: Sequence[str]) -> None:
    """Makes the interpreter's own state that of a fresh one."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    importlib.invalidate_caches()
    sys.orig_argv[:] = command
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def run(module: str, *arguments: str) -> None:
    """Runs a module as ``python -m`` would."""
    sys.argv[:] = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run(*main())
