"""How a job is started: the launcher says that it is there, gets its settings, and says that it is ready."""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import select
import time
from typing import Any

from grader.execution.sandbox import launcher
from grader.execution.sandbox.job import SandboxError
from grader.limits import SANDBOX_START_SECONDS


class Pipe:
    """One pipe; each end is closed once."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self._open = {self.reading, self.writing}

    def close(self, *ends: int) -> None:
        """Closes the given ends, or all that are open."""
        for end in ends or tuple(self._open):
            if end in self._open:
                self._open.remove(end)
                os.close(end)


class Handshake:
    """The host's side. As a context it closes what is still open.

    Attributes:
        complaints: Where bubblewrap and Python write their own errors; nobody reads it once the job runs.
        info: Where bubblewrap says which processes it made.
    """

    def __init__(self) -> None:
        self._settings, self._status = Pipe(), Pipe()
        self.complaints, self.info = Pipe(), Pipe()
        self._deadline = time.monotonic() + SANDBOX_START_SECONDS

    def __enter__(self) -> Handshake:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._settings, self._status, self.complaints, self.info):
            pipe.close()

    @property
    def launcher_fds(self) -> tuple[int, int]:
        """What the launcher is told: where its settings come from, and where its status goes."""
        return self._settings.reading, self._status.writing

    def spawned(self) -> None:
        """Closes our copies of the other side's ends."""
        self._settings.close(self._settings.reading)
        for pipe in (self._status, self.complaints, self.info):
            pipe.close(pipe.writing)

    def read_info(self) -> bytes:
        """Everything that bubblewrap says of its processes, to the end: it dies of a pipe that is closed early.

        Raises:
            SandboxError: It says nothing.
        """
        text = self._read(self.info, to_end=True)
        if not text:
            raise self._failure("bubblewrap did not start")
        return text

    def await_start(self) -> None:
        """Waits until the launcher is there.

        Raises:
            SandboxError: It does not come.
        """
        if self._read(self._status, to_end=False) != launcher.STARTED:
            raise self._failure("the launcher did not start")

    def send(self, settings: dict[str, Any]) -> None:
        """Gives the launcher its settings."""
        with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(self._settings.writing), "wb") as pipe:
            pipe.write(marshal.dumps(settings))
        self._settings.close()

    def await_ready(self) -> None:
        """Waits until the launcher has become the program.

        Raises:
            SandboxError: It could not.
        """
        text = self._read(self._status, to_end=True)
        if text == launcher.READY:
            return
        told = text.removeprefix(launcher.READY).decode(errors="replace")
        if f"[Errno {errno.ENOSPC}]" in told:
            raise SandboxError("the submission's own files do not fit into the work folder", reason="disk")
        raise self._failure(told or "the launcher ended early")

    def _read(self, pipe: Pipe, *, to_end: bool) -> bytes:
        text = b""
        waiting = select.poll()
        waiting.register(pipe.reading, select.POLLIN)
        while waiting.poll(max(0.0, self._deadline - time.monotonic()) * 1000):
            part = os.read(pipe.reading, 4096)
            text += part
            if not part or not to_end:
                return text
        raise self._failure(f"no answer within {SANDBOX_START_SECONDS:g} s")

    def _failure(self, what: str) -> SandboxError:
        os.set_blocking(self.complaints.reading, False)
        with contextlib.suppress(BlockingIOError):
            said = os.read(self.complaints.reading, 4096).decode(errors="replace").strip()
            what = f"{what}: {said}" if said else what
        return SandboxError(what)
