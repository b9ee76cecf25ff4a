"""What lies in wait outside of the sandbox, and what is found there afterwards."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import secrets
import shutil
import socket
import stat
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil

_SUBREAPER = 36
_FOLDER = Path("/var/tmp/grader-canary")
_LOCK = _FOLDER.with_suffix(".lock")
_NAME = "\0grader-canary"
_PORT = 47631
_VARIABLE = "GRADER_CANARY_TOKEN"
"""The hostile notebooks know these."""

_MARK = "hostile-escape"
"""Every file that a hostile notebook writes outside has this in its name."""

_PLACES = ("/", "/etc", "/tmp", "/var/tmp", "/dev/shm", "/run", "/home", "/root", "/opt", "/srv", "/usr", "/usr/bin")


class Canaries:
    """Files, sockets and a variable with a secret in them. As a context they are taken away again.

    Attributes:
        secret: Where it is found, somebody has read a canary.
        came: What has connected to a socket.
    """

    def __init__(self) -> None:
        self.secret = secrets.token_hex(16)
        self.came: list[str] = []
        self._listeners: list[socket.socket] = []
        self._before = ""

    def __enter__(self) -> Canaries:
        try:
            self._lock = _LOCK.open("w")
        except PermissionError as error:
            raise SystemExit(
                f"{_LOCK} is another user's. If no run of theirs is under way, have it deleted."
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SystemExit(
                "Another run of this benchmark is under way; its canaries are in the same places."
            ) from error
        shutil.rmtree(_FOLDER, ignore_errors=True)
        _FOLDER.mkdir(mode=0o777)
        _FOLDER.chmod(0o777)
        (_FOLDER / "secret").write_text(self.secret)
        (_FOLDER / "secret").chmod(0o666)
        os.environ[_VARIABLE] = self.secret
        self._listen(socket.AF_UNIX, str(_FOLDER / "socket"))
        self._listen(socket.AF_UNIX, _NAME)
        self._listen(socket.AF_INET, ("127.0.0.1", _PORT))
        (_FOLDER / "socket").chmod(0o777)
        self._before = _state_of(_FOLDER)
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.close()
        del os.environ[_VARIABLE]
        shutil.rmtree(_FOLDER, ignore_errors=True)
        _LOCK.unlink(missing_ok=True)
        self._lock.close()

    def touched(self, output: Path) -> list[str]:
        """What was read, changed or connected to, as far as it shows outside or in the output folder."""
        found = [f"connected to {name}" for name in self.came]
        if _state_of(_FOLDER) != self._before:
            found.append("the canary's folder was changed")
        wanted = self.secret.encode()
        read = (path for path in output.rglob("*") if path.is_file() and wanted in path.read_bytes())
        return [*found, *(f"the canary was read: {path}" for path in read)]

    def _listen(self, family: int, address: str | tuple[str, int]) -> None:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            if kind == socket.SOCK_DGRAM and isinstance(address, str):
                continue  # one socket a path
            listener = socket.socket(family, kind)
            listener.bind(address)
            self._listeners.append(listener)
            if kind == socket.SOCK_STREAM:
                listener.listen()
            threading.Thread(target=self._wait, args=(listener, kind, repr(address)), daemon=True).start()

    def _wait(self, listener: socket.socket, kind: int, name: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                if kind == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recvfrom(100)
                self.came.append(name)


@dataclass(frozen=True)
class Snapshot:
    """What a machine holds that a submission could leave behind."""

    processes: frozenset[str]
    mounts: frozenset[str]
    groups: frozenset[str]
    memory: frozenset[str]
    files: frozenset[str]


class Watcher:
    """Compares the machine after a batch with the machine before.

    Every orphan of ours comes to this process, and every temporary file of ours lies in one folder, so that what other
    programs do at the same time is not taken for a leftover.
    """

    def __init__(self) -> None:
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        self._folder = Path(tempfile.mkdtemp(prefix="hostile-"))
        self._folder.chmod(0o711)
        tempfile.tempdir = os.environ["TMPDIR"] = str(self._folder)
        self.before = self._look()

    def close(self) -> None:
        """Removes the folder for temporary files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def left(self) -> list[str]:
        """What is there now and was not before."""
        now = self._look()
        return sorted(
            f"{kind}: {item}"
            for kind in Snapshot.__dataclass_fields__
            for item in getattr(now, kind) - getattr(self.before, kind)
        )

    def _look(self) -> Snapshot:
        return Snapshot(
            processes=frozenset(_processes()),
            mounts=frozenset(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
            groups=frozenset(_groups()),
            memory=frozenset(line for name in ("shm", "sem", "msg") for line in _lines(f"/proc/sysvipc/{name}")[1:]),
            files=frozenset([*_marked(), *self._temporary()]),
        )

    def _temporary(self) -> list[str]:
        return [str(path) for path in self._folder.iterdir()]


def _processes() -> list[str]:
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if process.status() == psutil.STATUS_ZOMBIE:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)
            else:
                found.append(f"{process.pid} {command[:100]}")
    return found


def _groups() -> list[str]:
    found = []
    for top, folders, _ in os.walk("/sys/fs/cgroup"):
        for name in [name for name in folders if name.startswith("grader-")]:
            owner = name.split("-")[1]
            if not Path(f"/proc/{owner}").exists():
                found.append(f"{top}/{name}")
    return found


def _marked() -> list[str]:
    found = []
    for place in _PLACES:
        with contextlib.suppress(OSError):
            found += [str(path) for path in Path(place).iterdir() if _MARK in path.name]
    return found


def _lines(path: str) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(path).read_text().splitlines()
    return []


def _state_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in (folder, *sorted(folder.iterdir())):
        status = path.stat()
        digest.update(f"{path} {status.st_mode} {status.st_uid} {status.st_mtime_ns} {status.st_size}".encode())
        if stat.S_ISREG(status.st_mode):
            digest.update(path.read_bytes())
    return digest.hexdigest()
