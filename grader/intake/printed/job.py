"""Runs a reader of prints in a sandbox and reads its answer as hostile input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from grader.execution.sandbox import Ending, Job, Limits, Sandbox
from grader.execution.sandbox.folders import job_folder
from grader.execution.sandbox.pipes import drained
from grader.limits import MAX_PRINT_ANSWER_BYTES, MAX_PRINT_SECONDS, PRINT_MEMORY_BYTES

GUEST = Path(__file__).parent / "guest"
LIBRARY_INSIDE = "/run/nb/lib"
PACKAGE_INSIDE = "printed"
"""The name of the guest's package inside, which holds no other part of grader."""

PRINT_INSIDE = "/run/nb/print"


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class PrintedDoubt(_Answer):
    """A place that a print does not show wholly, see `grader.intake.printed.guest.cells.Doubt`."""

    line: int
    column: int
    why: str
    page: int | None = None


class PrintedCell(_Answer):
    """A cell of a print, see `grader.intake.printed.guest.cells.ReadCell`."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    count: int | None = None
    page: int | None = None
    outputs: tuple[tuple[str, str], ...] = ()
    doubts: tuple[PrintedDoubt, ...] = ()


class PrintedAnswer(_Answer):
    """What the reader found; ``problem`` says why it could not read the file, a part of a sentence."""

    cells: tuple[PrintedCell, ...] = ()
    authors: tuple[str, ...] = ()
    problem: str | None = None


def read_in_sandbox(raw: bytes, form: str, *, sandbox: Sandbox) -> PrintedAnswer:
    """Has a print read.

    Args:
        raw: The file.
        form: ``pdf``, ``html`` or ``percent``.
        sandbox: Where it is read.

    Raises:
        SandboxError: The sandbox does not start.
    """
    with job_folder() as folder:
        # The sandbox may run as another user, who must get at the file.
        folder.chmod(0o711)
        path = folder / "print"
        path.write_bytes(raw)
        path.chmod(0o644)
        said, ending = _run(form, path, sandbox=sandbox)
    if ending is None or ending.reason == "cpu":
        return PrintedAnswer(problem=f"it takes more than {MAX_PRINT_SECONDS} s to read")
    if ending.reason == "memory":
        return PrintedAnswer(problem=f"it takes more than {PRINT_MEMORY_BYTES / 1e9:.0f} GB to read")
    if said is None:
        return PrintedAnswer(problem="it holds more than any notebook")
    try:
        return PrintedAnswer.model_validate_json(said)
    except ValidationError:
        return PrintedAnswer(problem="its reader broke off")


def _run(form: str, path: Path, *, sandbox: Sandbox) -> tuple[bytes | None, Ending | None]:
    """What the reader said, None where that was too much, and how it ended, None where it ran out of time."""
    output = _Output()
    with drained(output.keep, chunk_bytes=2**20) as writing, Path(os.devnull).open("wb") as nowhere:
        order = Job(
            command=(sandbox.python.executable, "-P", "-m", f"{PACKAGE_INSIDE}.read", form, PRINT_INSIDE),
            stdout=writing,
            stderr=nowhere.fileno(),
            limits=Limits(memory_bytes=PRINT_MEMORY_BYTES, cpu_seconds=MAX_PRINT_SECONDS),
            binds={f"{LIBRARY_INSIDE}/{PACKAGE_INSIDE}": GUEST, PRINT_INSIDE: path},
            environment={"PYTHONPATH": LIBRARY_INSIDE, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"},
        )
        with sandbox.start(order) as running:
            ending = running.wait(2 * MAX_PRINT_SECONDS)
    return output.said, ending


class _Output:
    """What a reader says, as far as it may be kept."""

    def __init__(self) -> None:
        self._said = bytearray()
        self._is_whole = True

    @property
    def said(self) -> bytes | None:
        """All of it; None where it was too much."""
        return bytes(self._said) if self._is_whole else None

    def keep(self, octets: bytes) -> None:
        """Adds a part, as long as it is not too much."""
        self._is_whole = self._is_whole and len(self._said) + len(octets) <= MAX_PRINT_ANSWER_BYTES
        if self._is_whole:
            self._said += octets
