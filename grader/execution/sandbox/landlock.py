"""Landlock: what a job may reach where no namespaces can be had. The launcher enters it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.execution.sandbox.interpreter import Interpreter

NEEDED_VERSION = 6
"""Linux 6.12: the first that keeps signals in; files, TCP and abstract sockets came before."""

_CREATE, _VERSION_FLAG = 444, 1
_READ_FILE = 0b101  # execute, read
_READ_FOLDER = 0b1101  # and list
_DEVICE = 0b1100000000000110 | 0b100  # write, truncate, control, read
_ALL = 0xFFFF
_MAKE_DEVICES = 1 << 6 | 1 << 11
_TCP, _SCOPES = 0b11, 0b11  # bind and connect; abstract sockets and signals
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/proc")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def version() -> int:
    """The version of Landlock that the kernel has, 0 for none."""
    found: int = ctypes.CDLL(None, use_errno=True).syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION_FLAG)
    return max(found, 0)


def rules(python: Interpreter, *, readable: Iterable[str], writable: Iterable[str], terminals: bool) -> dict[str, Any]:
    """What the launcher needs to know: all rights are taken, and these given back.

    Args:
        python: The Python that runs inside.
        readable: Files and folders, beside the system's and Python's own.
        writable: Folders.
        terminals: Whether it may make terminals, as ``!`` commands do: only a user who owns none of the others.
    """
    seen = [path for path in (*_SYSTEM, *python.shown, *readable) if Path(path).exists()]
    paths = [(path, _READ_FOLDER if Path(path).is_dir() else _READ_FILE) for path in seen]
    paths += [(path, _DEVICE) for path in _DEVICES]
    if terminals:
        paths += [("/dev/ptmx", _DEVICE), ("/dev/pts", _DEVICE)]
    paths += [(path, _ALL & ~_MAKE_DEVICES) for path in writable]
    return {"files": _ALL, "network": _TCP, "scopes": _SCOPES, "paths": paths}
