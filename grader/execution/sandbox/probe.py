"""Tries to get out. Runs inside, as ``python -I -S probe.py EXPECTATIONS``, and prints what it found as JSON.

Each line of the answer is a property's name, whether it holds, and what happened when it was tried. What can only be
seen from outside (that no connection came, that nothing is left) is added there.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

LIBRARY = ctypes.CDLL(None, use_errno=True)
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
TERMINAL_INPUT = 0x5412

Finding = tuple[str, bool, str]


def main() -> None:
    """Prints the findings."""
    expected = json.loads(sys.argv[1])
    findings: list[Finding] = []
    for look in (_files, _network, _privileges, _kernel, _calls, _processes, _room):
        try:
            findings += look(expected)
        except Exception as error:  # noqa: BLE001 - a probe that fails has proved nothing
            findings.append((look.__name__.strip("_"), False, f"{type(error).__name__}: {error}"))
    _leave_a_daemon()
    print(json.dumps(findings), flush=True)  # noqa: T201
    time.sleep(60)


def _files(expected: dict[str, Any]) -> Iterator[Finding]:
    for name in ("files", "source"):
        seen = [path for path in expected[name] if _readable(path)]
        told = f"readable: {', '.join(seen)}" if seen else f"none readable: {', '.join(expected[name])}"
        yield name, not seen, told
    written = [path for path in expected["unwritable"] if _writable(path)]
    told = f"written: {', '.join(written)}" if written else f"refused in {', '.join(expected['unwritable'])}"
    yield "read-only", not written, told
    folders = [os.path.expanduser(path) for path in expected["writable"]]  # noqa: PTH111 - "." must stay
    closed = [path for path in folders if not _writable(path)]
    yield "work folder", not closed, f"not writable: {closed}" if closed else f"written: {', '.join(folders)}"
    listed = os.listdir("/proc/self/fd")  # noqa: PTH208 - the descriptor of the listing itself is closed by then
    more = sorted(fd for fd in listed if int(fd) > 2 and _is_open(int(fd)))
    yield "descriptors", not more, f"open beside the first three: {', '.join(more) or 'none'}"
    names = sorted(set(os.environ) - set(expected["environment"]))
    inherited = _text("/proc/1/environ") if expected["namespaces"] else ""
    held = not names and not inherited
    yield "environment", held, f"{len(os.environ)} variables, unexpected: {names}; of the first process: {inherited!r}"


def _network(expected: dict[str, Any]) -> Iterator[Finding]:
    answers = []
    for address in (("127.0.0.1", expected["port"]), f"\0{expected['name']}", expected["path"]):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        answers.append(_attempt(partial(_connect, family, address)))
    yield "network", "done" not in answers, f"listeners outside, by TCP, by name, by path: {', '.join(answers)}"
    if expected["namespaces"]:
        names = [name for _, name in socket.if_nameindex()]
        yield "interfaces", names == ["lo"], ", ".join(names)
    refused = [_attempt(partial(socket.socket, family, socket.SOCK_RAW)) for family in (17, 38, 40)]
    yield "socket families", "done" not in refused, f"packet, alg, vsock: {', '.join(refused)}"


def _privileges(expected: dict[str, Any]) -> Iterator[Finding]:
    status = dict(line.split(":\t", 1) for line in _text("/proc/self/status").splitlines() if ":\t" in line)
    sets = {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    if expected["namespaces"]:
        sets["CapBnd"] = int(status["CapBnd"], 16)
    yield "capabilities", not any(sets.values()), ", ".join(f"{name} {value:x}" for name, value in sets.items())
    held = status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    yield "filter", held, f"NoNewPrivs {status['NoNewPrivs']}, Seccomp {status['Seccomp']}"
    yield "user", os.getuid() != 0, f"uid {os.getuid()}, groups {os.getgroups()}"
    answer = _attempt(lambda: os.setresuid(0, 0, 0))
    yield "root", answer != "done", f"setresuid: {answer}"


def _kernel(expected: dict[str, Any]) -> Iterator[Finding]:
    answers = [_attempt(partial(_open_for_writing, path)) for path in expected["kernel_files"]]
    told = "; ".join(f"{path}: {answer}" for path, answer in zip(expected["kernel_files"], answers, strict=True))
    yield "kernel settings", "done" not in answers, told
    disks = [path for path in ("/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/mem", "/dev/kvm") if _readable(path)]
    yield "devices", not disks, f"readable: {', '.join(disks) or 'no disk, no memory'}"


def _calls(expected: dict[str, Any]) -> Iterator[Finding]:
    page = ctypes.create_string_buffer(64)
    # Whatever is tried does no harm where it is let through: it then fails for another reason, or in a child.
    tried: dict[str, Callable[[], Any]] = {
        "user namespace": lambda: _in_child(lambda: _call("unshare", NEW_USER)),
        "network namespace": lambda: _in_child(lambda: _call("unshare", NEW_NETWORK)),
        "clone in a namespace": lambda: _clone(expected["clone"]),
        "mount": lambda: _call("mount", None, b"/nowhere", b"tmpfs", 0, None),
        "memfd_create": lambda: os.memfd_create("probe"),
        "shmget": lambda: _call("shmget", 0x67726164, 4096, 0),
        "ptrace": lambda: _call("ptrace", 2, 0, page, page),
        "process_vm_readv": lambda: _call("process_vm_readv", os.getpid(), page, 0, page, 0, 0),
        "sched_setaffinity": lambda: os.sched_setaffinity(0, {0}),
        "keyctl": lambda: _call("syscall", expected["keyctl"], 0, -3, 0),
        "TIOCSTI": lambda: _call("ioctl", 0, ctypes.c_ulong(TERMINAL_INPUT | 1 << 40), page),
        "a call of another interface": lambda: _call("syscall", 0x40000000 + expected["getpid"]),
        "a later call": lambda: _call("syscall", expected["later"]),
        "setuid bit": lambda: _set_id(expected["writable"][0]),
    }
    refusals = {os.strerror(errno.EPERM), os.strerror(errno.ENOSYS)}
    answers = {name: _attempt(attempt) for name, attempt in tried.items()}
    allowed = [f"{name} ({answer})" for name, answer in answers.items() if answer not in refusals]
    yield "system calls", not allowed, f"allowed: {', '.join(allowed)}" if allowed else f"refused: {', '.join(answers)}"


def _processes(expected: dict[str, Any]) -> Iterator[Finding]:
    answer = _attempt(lambda: os.kill(expected["outside_pid"], 0))
    yield "signals", answer != "done", f"to process {expected['outside_pid']} outside: {answer}"
    if expected["namespaces"]:
        seen = [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
        yield "processes", len(seen) <= 3, f"{len(seen)} visible, and this is {os.getpid()}"
    others = 1 if expected["namespaces"] else expected["outside_pid"]
    answer = _attempt(lambda: _open_for_writing(f"/proc/{others}/mem"))
    yield "memory of others", answer != "done", f"/proc/{others}/mem: {answer}"


def _room(expected: dict[str, Any]) -> Iterator[Finding]:
    bounds = {name: resource.getrlimit(getattr(resource, name)) for name in expected["limits"]}
    wrong = {name: bound for name, bound in bounds.items() if list(bound) != expected["limits"][name]}
    raised = _attempt(lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 45, 1 << 45)))
    told = f"not as asked: {wrong}" if wrong else f"{len(bounds)} as asked"
    yield "limits", not wrong and raised != "done", f"{told}; raising one: {raised}"
    if expected["namespaces"]:
        sizes = {path: _size(path) for path in expected["sizes"]}
        yield "room", sizes == expected["sizes"], ", ".join(f"{path} {size >> 20} MiB" for path, size in sizes.items())
    if expected["core"] is not None:
        cores = sorted(os.sched_getaffinity(0))
        yield "processor", cores == [expected["core"]], f"held to {cores}"


def _leave_a_daemon() -> None:
    """Leaves a process behind, as a program that wants to outlive its sandbox would."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 64)
        time.sleep(60)
    os._exit(0)


def _attempt(action: Callable[[], Any]) -> str:
    try:
        action()
    except (OSError, ValueError, PermissionError) as error:
        return str(getattr(error, "strerror", None) or error)
    return "done"


def _call(name: str, *arguments: Any) -> None:
    if getattr(LIBRARY, name)(*arguments) < 0:
        _raise(ctypes.get_errno())


def _in_child(action: Callable[[], None]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    _raise(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _clone(number: int) -> None:
    pid = LIBRARY.syscall(number, NEW_USER | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    if pid < 0:
        _raise(ctypes.get_errno())
    os.waitpid(pid, 0)


def _raise(number: int) -> None:
    if number:
        raise OSError(number, os.strerror(number))


def _connect(family: int, address: Any) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        client.connect(address)


def _set_id(folder: str) -> None:
    path = Path(folder) / "probe"
    path.touch()
    path.chmod(0o4755)
    if not path.stat().st_mode & 0o4000:
        raise OSError("it changed nothing")


def _readable(path: str) -> bool:
    return _attempt(lambda: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))) == "done"


def _writable(folder: str) -> bool:
    path = f"{folder}/.probe-{os.getpid()}"
    if _attempt(lambda: os.close(os.open(path, os.O_WRONLY | os.O_CREAT))) != "done":
        return False
    os.unlink(path)  # noqa: PTH108
    return True


def _open_for_writing(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY))


def _is_open(fd: int) -> bool:
    return _attempt(lambda: os.fstat(fd)) == "done"


def _size(path: str) -> int:
    status = os.statvfs(path)
    return status.f_blocks * status.f_frsize


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


if __name__ == "__main__":
    main()
