from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from grader.execution.sandbox import launcher
from grader.execution.sandbox.syscalls import program

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's"),
    # From Python 3.12 on, a fork beside threads is warned of; this child makes one call and ends.
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning"),
]

LIBRARY = ctypes.CDLL(None, use_errno=True)


def outcome(action: Callable[[], Any], *, namespaces: bool) -> int:
    """The errno that an action meets under the filter, in a child; 0 where it is let through."""
    pid = os.fork()
    if pid == 0:
        try:
            launcher.load_filter(program(namespaces=namespaces))
            action()
        except OSError as error:
            os._exit(error.errno or 255)
        except BaseException:  # noqa: BLE001 - the child must not go on as a test
            os._exit(254)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def call(name: str, *arguments: Any) -> Callable[[], None]:
    """A call into the C library that raises as Python's own do."""

    def action() -> None:
        if getattr(LIBRARY, name)(*arguments) < 0:
            raise OSError(ctypes.get_errno(), name)

    return action


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        (call("unshare", 0), errno.EPERM),
        (call("ptrace", 2, 0, None, None), errno.EPERM),
        (call("mount", None, b"/nowhere", b"tmpfs", 0, None), errno.EPERM),
        (call("syscall", 463, -1, 0), errno.ENOSYS),
        (call("syscall", 0x40000000 + 39), errno.ENOSYS),
        (call("syscall", 435, 0, 0), errno.ENOSYS),
        (call("ioctl", 0, ctypes.c_ulong(0x5412), b"x"), errno.EPERM),
        (call("ioctl", 0, ctypes.c_ulong(0x5412 | 1 << 40), b"x"), errno.EPERM),
        (lambda: os.memfd_create("x"), errno.EPERM),
        (lambda: os.sched_setaffinity(0, {0}), errno.EPERM),
        (lambda: os.chmod("/nowhere", 0o4755), errno.EPERM),  # noqa: PTH101, S103
        (lambda: os.open("/nowhere/x", os.O_CREAT | os.O_WRONLY, 0o2755), errno.EPERM),
        (lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW), errno.EPERM),
    ],
)
def test_what_reaches_out_is_refused(action: Callable[[], Any], refusal: int, namespaces: bool) -> None:
    """By the call, and where it depends on an argument, by the bits that the kernel reads of it."""
    assert outcome(action, namespaces=namespaces) == refusal


@pytest.mark.parametrize("namespaces", [True, False])
@pytest.mark.parametrize(
    "action",
    [
        lambda: subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        socket.socketpair,
        os.pipe,
        lambda: os.nice(1),
        lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
    ],
)
def test_what_notebooks_need_is_let_through(action: Callable[[], Any], namespaces: bool) -> None:
    """Programs, threads, sockets of their own, pipes."""
    assert outcome(action, namespaces=namespaces) == 0


@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        (lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), errno.EPERM),
        (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), errno.EPERM),
        (lambda: socket.socket(socket.AF_UNIX).connect("/nowhere"), errno.EPERM),
        (lambda: os.truncate("/nowhere", 0), errno.EPERM),
        (lambda: os.chmod("/nowhere", 0o600), 0),  # noqa: PTH101
        (lambda: os.utime("/nowhere"), 0),
    ],
)
def test_without_namespaces_the_host_is_out_of_reach(action: Callable[[], Any], refusal: int) -> None:
    """What Landlock does not govern is refused, or pretends to succeed where honest programs would fail."""
    assert outcome(action, namespaces=False) == refusal
    assert outcome(action, namespaces=True) != errno.EPERM
