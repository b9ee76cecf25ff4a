"""Runs one of the guest's programs in a fresh sandbox, and keeps the arrays and records that it sends."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.execution.frames import FrameReader, Frames
from grader.execution.sandbox import Ending, Job, Limits, Sandbox
from grader.execution.sandbox.folders import job_folder
from grader.execution.sandbox.pipes import drained
from grader.execution.warm import LIBRARY_INSIDE, PYTHON_ENVIRONMENT, RECORDER
from grader.limits import MAX_ANSWER_BYTES, MAX_REASON_CHARACTERS, VERIFIER_MEMORY_BYTES
from grader.store import ArrayStore

PACKAGE_INSIDE = "inside"
"""The name of the guest's package inside; it holds no other part of grader, and its imports are relative."""

GUEST = Path(__file__).parent / "guest"
GUEST_BINDS = {
    f"{LIBRARY_INSIDE}/{PACKAGE_INSIDE}/{folder.relative_to(GUEST.parent.parent)}": folder
    for folder in (GUEST, RECORDER)
}
"""All that enters the sandbox: the guest's programs, and the recorder's modules that they share with the kernel."""

JOB_INSIDE = "/run/nb/job"
JOB = "job"

TAIL_BYTES = 4000

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    **PYTHON_ENVIRONMENT,
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


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
    ending: Ending | None
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
def job_workspace() -> Iterator[Path]:
    """A folder for a job and its answers, for as long as they are needed."""
    with job_folder() as folder:
        # The sandbox may run as another user, who must get at the job and not at the answers.
        folder.chmod(0o711)
        (folder / JOB).mkdir()
        (folder / JOB).chmod(0o755)
        yield folder


def run_guest(program: str, folder: Path, *, seconds: float, sandbox: Sandbox, core: int | None) -> Run:
    """Runs one of the guest's programs.

    Args:
        program: A module of `grader.verification.guest`, such as ``verifier``.
        folder: Of `job_workspace`: the program may read what is in ``job``; what it sends replaces what it sent before.
        seconds: Of wall time, after which it is ended.
        sandbox: Where it runs.
        core: The processor that it is held to; None for any.

    Raises:
        SandboxError: The sandbox does not start.
    """
    module = f"{PACKAGE_INSIDE}.verification.guest.{program}"
    store = ArrayStore(folder / "answers")
    shutil.rmtree(store.folder, ignore_errors=True)
    store.folder.mkdir(mode=0o700)
    reading, writing = os.pipe()
    reader = FrameReader(reading, store, max_bytes=MAX_ANSWER_BYTES)
    try:
        complaints: deque[bytes] = deque(maxlen=2)
        with drained(complaints.append, chunk_bytes=TAIL_BYTES) as tail:
            order = Job(
                command=(sandbox.python.executable, "-P", "-m", module, JOB_INSIDE),
                stdout=tail,
                stderr=tail,
                limits=Limits(memory_bytes=VERIFIER_MEMORY_BYTES, cpu_seconds=max(1, int(seconds))),
                binds={**GUEST_BINDS, JOB_INSIDE: folder / JOB},
                environment={**ENVIRONMENT, "GRADER_RECORD_FD": str(writing)},
                pass_fds=(writing,),
                core=core,
            )
            try:
                running = sandbox.start(order)
            finally:
                os.close(writing)
            with running:
                ending = running.wait(seconds)
    finally:
        frames = reader.close()
    return Run(frames, store, ending, _last_line(complaints))


def _last_line(kept: Iterable[bytes]) -> str:
    """The last line of what a program complained of."""
    lines = b"".join(kept).decode("utf-8", errors="replace").strip().splitlines()
    return lines[-1][:MAX_REASON_CHARACTERS] if lines else ""
