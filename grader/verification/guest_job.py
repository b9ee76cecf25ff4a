"""Runs one of the guest's programs, in a fresh sandbox or on one's own machine, and keeps what it sends.

On one's own machine the models are one's own, too: there a plain process will do, and nothing of the sandbox is loaded,
which not every system has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.execution.frames import FrameReader, Frames, read_frames
from grader.limits import MAX_ANSWER_BYTES, MAX_REASON_CHARACTERS
from grader.store import ArrayStore

if TYPE_CHECKING:
    from grader.execution.sandbox import Sandbox

JOB = "job"
_PACKAGE = __name__.partition(".")[0]


class HasEnded(Protocol):
    """How a program ended, see `grader.execution.sandbox.Ending`."""

    @property
    def returncode(self) -> int: ...
    @property
    def reason(self) -> str | None: ...


@dataclass(frozen=True)
class _Ended:
    returncode: int
    reason: str | None = None


class GuestAnswer(BaseModel):
    """A record of the guest's as the host reads it. It is hostile input: the guest runs a student's model."""

    model_config = ConfigDict(extra="ignore")


A = TypeVar("A", bound=GuestAnswer)


def read_answer(record: dict[str, Any], as_type: type[A]) -> A | None:
    """The record as an answer of that type; None where it is none."""
    try:
        return as_type.model_validate(record)
    except (ValidationError, ValueError, RecursionError, OverflowError):
        return None


@dataclass(frozen=True)
class Run:
    """What a program sent, where its arrays are, and how it ended (None: it ran out of time)."""

    frames: Frames
    store: ArrayStore
    ending: HasEnded | None
    last_words: str

    @property
    def how_it_ended(self) -> str:
        """In words."""
        if self.ending is None:
            return "it ran out of time"
        if self.ending.reason in {"cpu", "memory"}:
            return f"at its limit of {self.ending.reason}"
        return f"return code {self.ending.returncode}: {self.last_words or 'it said nothing'}"


@contextmanager
def job_workspace(sandbox: Sandbox | None) -> Iterator[Path]:
    """A folder for a job and its answers, for as long as they are needed.

    Args:
        sandbox: Where the job will run; None for a process of one's own.
    """
    if sandbox is None:
        # Not as a sandboxed job is called: such folders are removed by the next grader once nothing holds their lock.
        with tempfile.TemporaryDirectory(prefix="grader-own-") as scratch:
            (Path(scratch) / JOB).mkdir()
            yield Path(scratch)
        return
    from grader.execution.sandbox.folders import job_folder  # noqa: PLC0415 - not every system has it

    with job_folder() as folder:
        # The sandbox may run as another user, who must get at the job and not at the answers.
        folder.chmod(0o711)
        (folder / JOB).mkdir()
        (folder / JOB).chmod(0o755)
        yield folder


def run_guest(program: str, folder: Path, *, seconds: float, sandbox: Sandbox | None, core: int | None) -> Run:
    """Runs one of the guest's programs.

    Args:
        program: A module of `grader.verification.guest`, such as ``verifier``.
        folder: Of `job_workspace`: the program may read what is in ``job``; what it sends replaces what it sent before.
        seconds: Of wall time, after which it is ended.
        sandbox: Where it runs; None for a process of one's own.
        core: The processor that it is held to; None for any.

    Raises:
        SandboxError: The sandbox does not start.
    """
    store = ArrayStore(folder / "answers")
    shutil.rmtree(store.folder, ignore_errors=True)
    store.folder.mkdir(mode=0o700)
    if sandbox is None:
        return _run_here(program, folder, seconds=seconds, store=store)
    from grader.verification.guest_in_sandbox import run_in_sandbox  # noqa: PLC0415 - not every system has it

    reading, writing = os.pipe()
    reader = FrameReader(reading, store, max_bytes=MAX_ANSWER_BYTES)
    complaints: deque[bytes] = deque(maxlen=2)
    try:
        ending = run_in_sandbox(
            program,
            folder / JOB,
            writing=writing,
            complain=complaints.append,
            seconds=seconds,
            sandbox=sandbox,
            core=core,
        )
    finally:
        frames = reader.close()
    return Run(frames, store, ending, _last_line(complaints))


def _run_here(program: str, folder: Path, *, seconds: float, store: ArrayStore) -> Run:
    frames, log = folder / "frames", folder / "log"
    frames.write_bytes(b"")
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
        "GRADER_RECORD_FILE": str(frames),
    }
    command = [sys.executable, "-m", f"{_PACKAGE}.verification.guest.{program}", str(folder / JOB)]
    ending: HasEnded | None = None
    with log.open("wb") as file:
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                timeout=seconds,
                check=False,
            )
            ending = _Ended(done.returncode)
        except subprocess.TimeoutExpired:
            ending = None
    kept = read_frames(frames, store, max_bytes=MAX_ANSWER_BYTES)
    return Run(kept, store, ending, _last_line([log.read_bytes()[-8000:]]))


def _last_line(kept: Iterable[bytes]) -> str:
    """The last line of what a program complained of."""
    lines = b"".join(kept).decode("utf-8", errors="replace").strip().splitlines()
    return lines[-1][:MAX_REASON_CHARACTERS] if lines else ""
