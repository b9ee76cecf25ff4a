"""The last program before the job's own. Runs inside, as ``python -I -S launcher.py SETTINGS_FD STATUS_FD``.

It says that it is there, reads its settings, takes its limits, gives up what it may do, and becomes the program. Where
nothing outside does so, it stays as the parent and ends everything that the program leaves behind. It is the only file
of ours inside, and every import is paid for at each start: so few, and marshal, which is built in, for the settings.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import struct
import sys
from collections.abc import Sequence
from typing import Any

PR_SET_DEATH_SIGNAL, PR_SET_SECCOMP, PR_DROP_BOUND, PR_SET_SUBREAPER = 1, 22, 24, 36
PR_NO_NEW_PRIVILEGES, PR_AMBIENT, AMBIENT_CLEAR_ALL = 38, 47, 4
CAPABILITY_VERSION, LAST_CAPABILITY = 0x20080522, 63
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
MOST_DESCRIPTORS = 1 << 16
MAKE_DEVICE = 1 << 6 | 1 << 11
INTERRUPT, KILL, TERMINATE, CHILD, STOP = 2, 9, 15, 17, 19

STARTED, READY = b"+", b"="
"""What the status pipe carries: the first at once, the second before the program; then its end, or what went wrong."""


def main(arguments: Sequence[str]) -> None:
    """Becomes the program, or writes why not to the status pipe."""
    settings_fd, status_fd = int(arguments[0]), int(arguments[1])
    os.set_inheritable(status_fd, False)
    os.write(status_fd, STARTED)
    settings = marshal.loads(_read_all(settings_fd))  # noqa: S302 - written by our own parent
    if "program" in settings:
        _wait_for(settings["program"])
    if os.getpid() == 1:
        _start_child()
    if settings["supervise"]:
        _supervise(settings, status_fd=status_fd)
    try:
        _become(settings, status_fd=status_fd)
    except BaseException as error:  # noqa: BLE001 - the status pipe is the only way to tell
        os.write(status_fd, f"{type(error).__name__}: {error}".encode("utf-8", "replace")[:2000])
        os._exit(126)


def _wait_for(child: int) -> None:
    """Waits, as the first process inside, for the program, and ends as it does: with it ends all that is left."""
    os.closerange(0, MOST_DESCRIPTORS)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(128 - code if code < 0 else code)


def _start_child() -> None:
    """Returns in a child only: the first process inside has to wait for what is left without a parent."""
    child = os.fork()
    if child:
        _wait_for(child)


def _read_all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 1 << 16):
        parts.append(part)
    os.close(fd)
    return b"".join(parts)


def _become(settings: dict[str, Any], *, status_fd: int) -> None:
    prepare(settings)
    os.write(status_fd, READY)
    if settings["seccomp"]:
        load_filter(settings["seccomp"])
    os.execve(settings["command"][0], settings["command"], settings["environment"])  # noqa: S606


def prepare(settings: dict[str, Any]) -> None:
    """Takes the limits and gives up what the program may not do; only the filter is still to be loaded."""
    if settings["uid"] is not None:
        _drop_to(settings["uid"], owned=settings["owned"])
    elif settings["drop_capabilities"]:
        _drop_capabilities()
    for name, bounds in settings["limits"].items():
        number = getattr(resource, name, None)
        if number is not None:
            _limit(number, bounds)
    os.umask(0o077)
    # A batch that a shell started in the background ignores interrupts, and its programs would inherit that.
    _library().signal(INTERRUPT, None)
    if settings["copy"]:
        source, target = settings["copy"]
        _copy(source, target)
    os.chdir(settings["folder"])
    _isolate(settings["landlock"])
    os.dup2(settings["stderr"], 2)
    if settings["stderr"] > 2:
        os.close(settings["stderr"])


def _limit(number: int, bounds: tuple[int, int]) -> None:
    """Lowers a limit; one that is lower already stays."""
    highest = resource.getrlimit(number)[1]
    if highest != resource.RLIM_INFINITY:
        bounds = (min(bounds[0], highest), min(bounds[1], highest))
    resource.setrlimit(number, bounds)


def _copy(source: str, target: str) -> None:
    """Copies folders, files and links; nothing else can be part of a submission."""
    with os.scandir(source) as entries:
        for entry in entries:
            path = f"{target}/{entry.name}"
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), path)  # noqa: PTH115, PTH211
            elif entry.is_dir(follow_symlinks=False):
                os.makedirs(path, exist_ok=True)  # noqa: PTH103
                _copy(entry.path, path)
            elif entry.is_file(follow_symlinks=False):
                with open(entry.path, "rb") as reading, open(path, "wb") as writing:  # noqa: PTH123 - pathlib is slow
                    while os.sendfile(writing.fileno(), reading.fileno(), None, 1 << 24):
                        pass


# What a process may give up ------------------------------------------------------------------------------------------


def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return result


def _drop_to(uid: int, *, owned: Sequence[str]) -> None:
    for path in owned:
        os.chown(path, uid, uid)
    _drop_inheritable()
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _drop_own()


def _drop_capabilities() -> None:
    _drop_inheritable()
    _drop_own()


def _drop_inheritable() -> None:
    library = _library()
    for capability in range(LAST_CAPABILITY + 1):
        if library.prctl(PR_DROP_BOUND, capability, 0, 0, 0) < 0:
            break
    library.prctl(PR_AMBIENT, AMBIENT_CLEAR_ALL, 0, 0, 0)


def _drop_own() -> None:
    library = _library()
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _check(library.capset(header, (ctypes.c_uint32 * 6)()), "dropping capabilities")


def _isolate(rules: dict[str, Any] | None) -> None:
    """Enters a Landlock domain: the one given, or, as a second wall, one that only guards the processes outside it.

    Without the wall, a program could write into the memory of the process that holds its namespaces together.
    """
    library = _library()
    if rules is None:
        attributes = struct.pack("=Q", MAKE_DEVICE)
    else:
        attributes = struct.pack("=QQQ", rules["files"], rules["network"], rules["scopes"])
    ruleset = library.syscall(LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0 and rules is None:
        return
    _check(ruleset, "creating the Landlock rules")
    for path, access in rules["paths"] if rules is not None else ():
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        rule = struct.pack("=Qi", access & rules["files"] if rules else 0, place)
        _check(library.syscall(LANDLOCK_ADD, ruleset, 1, rule, 0), f"Landlock: {path}")
        os.close(place)
    _check(library.prctl(PR_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    _check(library.syscall(LANDLOCK_RESTRICT, ruleset, 0), "entering Landlock")
    os.close(ruleset)


def load_filter(program: bytes) -> None:
    """Loads a seccomp program, which nothing takes away again."""
    library = _library()

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    _check(library.prctl(PR_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    loaded = Program(len(program) // 8, program)
    _check(library.prctl(PR_SET_SECCOMP, 2, ctypes.byref(loaded), 0, 0), "loading the seccomp program")


# Where no process namespace ends what is left ------------------------------------------------------------------------


def _supervise(settings: dict[str, Any], *, status_fd: int) -> None:
    """Forks the program and returns in it; in the parent never returns."""
    import signal  # noqa: PLC0415 - only where it is needed, for what it costs

    library = _library()
    waited = {signal.Signals(CHILD), signal.Signals(TERMINATE)}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    library.prctl(PR_SET_SUBREAPER, 1, 0, 0, 0)
    library.prctl(PR_SET_DEATH_SIGNAL, TERMINATE, 0, 0, 0)
    if os.getppid() != settings["parent"]:
        os._exit(128 + TERMINATE)
    child = os.fork()
    if child == 0:
        library.prctl(PR_SET_DEATH_SIGNAL, KILL, 0, 0, 0)
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, waited)
        return
    for fd in {status_fd, settings["stderr"], *settings["pass_fds"]}:
        os.close(fd)
    code = None
    while code is None:
        if signal.sigwait(waited) == TERMINATE:
            code = 128 + TERMINATE
        code = _reap(child) if code is None else code
    _end_descendants()
    os._exit(code)


def _reap(child: int) -> int | None:
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            code = 128 - code if code < 0 else code


def _end_descendants() -> None:
    """Stops all first, so that none can make more while the others are ended."""
    stopped: set[int] = set()
    while fresh := descendants_of(os.getpid()) - stopped:
        for pid in fresh:
            _signal(pid, STOP)
        stopped |= fresh
    while True:
        for pid in descendants_of(os.getpid()):
            _signal(pid, KILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def descendants_of(pid: int) -> set[int]:
    """All processes that a process has started, with theirs, as far as they have not lost their parent."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children_of(waiting.pop()) - found:
            found.add(child)
            waiting.append(child)
    return found


def children_of(pid: int) -> set[int]:
    """The processes that a process's threads have started, or that were left to it."""
    found: set[int] = set()
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - pathlib is slow
            with open(f"/proc/{pid}/task/{thread}/children") as listing:  # noqa: PTH123
                found.update(int(child) for child in listing.read().split())
    except OSError:
        return found
    return found


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
