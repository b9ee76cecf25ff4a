"""The output folder: its layout, atomic writes, and reading back.

OUT/
    summary.json  gradebook.csv  index.html
    submissions/<id>/
        grade.json  feedback.html  executed.ipynb
        evidence/
            evidence.json  measurements.json  execution.key
            arrays/<sha256>.npy
        reruns/<seed>/   the same, run under another seed
    .unpacked/<archive>/<file>.ipynb
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from grader.errors import StoreError
from grader.limits import MAX_STORED_ARRAY_BYTES
from grader.records import ArrayRef, Evidence, GradedSubmission, Measurements, Record

R = TypeVar("R", bound=Record)


def write_atomically(path: Path, data: bytes | str) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Args:
        path: Where; its folder is made.
        data: What; text is written as UTF-8, lone surrogates replaced.

    Raises:
        StoreError: The system does not let us, or the disk is full.
    """
    raw = data.encode("utf-8", errors="replace") if isinstance(data, str) else data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


class ArrayStore:
    """Plain arrays by content, one ``.npy`` file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, array: npt.NDArray[Any]) -> ArrayRef:
        """Stores an array and returns its name; an equal array is stored once.

        Raises:
            ValueError: It holds Python objects.
        """
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(array), allow_pickle=False)
        raw = buffer.getvalue()
        name = hashlib.sha256(raw).hexdigest()
        path = self.folder / f"{name}.npy"
        if not path.exists():
            write_atomically(path, raw)
        return name

    def get(self, ref: ArrayRef) -> npt.NDArray[Any]:
        """Reads an array back.

        Raises:
            StoreError: The file is missing, too large, or no plain array.
        """
        path = self.folder / f"{ref}.npy"
        try:
            if path.stat().st_size > MAX_STORED_ARRAY_BYTES:
                raise StoreError(f"{path}: more than {MAX_STORED_ARRAY_BYTES} bytes.")
            loaded: npt.NDArray[Any] = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise StoreError(
                f"{path}: not a stored array ({error}).",
                fix="Delete the submission's folder and grade again.",
            ) from error
        return loaded

    def has(self, ref: ArrayRef | None) -> bool:
        """Whether the array is here."""
        return ref is not None and (self.folder / f"{ref}.npy").is_file()


class SubmissionFolder:
    """One submission's part of the output folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.evidence_folder = folder / "evidence"
        self.arrays = ArrayStore(self.evidence_folder / "arrays")

    @property
    def evidence_json(self) -> Path:
        return self.evidence_folder / "evidence.json"

    @property
    def measurements_json(self) -> Path:
        return self.evidence_folder / "measurements.json"

    @property
    def reruns_folder(self) -> Path:
        return self.folder / "reruns"

    def rerun(self, seed: int) -> SubmissionFolder:
        """The folder of the same submission run under another seed."""
        return SubmissionFolder(self.reruns_folder / str(seed))

    @property
    def key_file(self) -> Path:
        return self.evidence_folder / "execution.key"

    @property
    def executed_notebook(self) -> Path:
        return self.folder / "executed.ipynb"

    @property
    def feedback_html(self) -> Path:
        return self.folder / "feedback.html"

    @property
    def grade_json(self) -> Path:
        return self.folder / "grade.json"

    def write(self, record: Record) -> None:
        """Writes a record to its place."""
        paths = {
            Evidence: self.evidence_json,
            Measurements: self.measurements_json,
            GradedSubmission: self.grade_json,
        }
        write_atomically(paths[type(record)], record.model_dump_json(indent=1) + "\n")

    def read_evidence(self) -> Evidence | None:
        """The stored evidence, or None where there is none of this version."""
        return _read(self.evidence_json, Evidence)

    def read_measurements(self) -> Measurements | None:
        """The stored measurements, or None where there are none of this version."""
        return _read(self.measurements_json, Measurements)

    def read_grade(self) -> GradedSubmission | None:
        """The stored grade, or None where there is none of this version."""
        return _read(self.grade_json, GradedSubmission)


class OutputFolder:
    """The output of one batch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Makes the folder, before anything is run for what could not be kept.

        Raises:
            StoreError: It cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    @property
    def unpacked(self) -> Path:
        """Where the notebooks of archives lie; hidden, so that nobody takes them for submissions of their own."""
        return self.folder / ".unpacked"

    def submission(self, submission_id: str) -> SubmissionFolder:
        """The folder of one submission."""
        return SubmissionFolder(self.folder / "submissions" / submission_id)


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: it cannot be written ({error.strerror or error}).",
        expected="A place where we may write, with room on its disk.",
        fix="Name another folder, or make room there; what was written before is kept.",
    )


def _read(path: Path, kind: type[R]) -> R | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
