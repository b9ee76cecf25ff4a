"""The output folder: its layout, and reading back what was written.

OUT/
    summary.json  gradebook.csv  index.html
    people.json   whose each submission is
    .lock         who is at work here; see `grader.store.lock`
    submissions/<id>/
        grade.json  feedback.html  executed.ipynb
        evidence/
            evidence.json  measurements.json
            grade_parts.json   what the grade was put together from
            trials.json   trainings repeated with edits
            <stage>.key   what the stage's stored result is of; none where it failed because of us
            failure.txt   where we failed on it: the traceback
            arrays/<sha256>.npy
        reruns/<seed>/   the same, run under another seed
    submissions/.data/<digest>/<name>.npz   data sets made at the original's size
    .unpacked/<archive>/<file>.ipynb
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from grader.errors import BrokenError
from grader.records import (
    SCHEMA_VERSION,
    ArrayRef,
    Evidence,
    GradedSubmission,
    GradeParts,
    Measurements,
    People,
    Record,
    Trials,
)
from grader.store.arrays import ArrayStore
from grader.store.files import files_below, remove_parts, unwritable, write_atomically

R = TypeVar("R", bound=Record)

Stage = Literal["execution", "verification", "replay", "evaluation", "page"]
STAGES: tuple[Stage, ...] = get_args(Stage)

Key = dict[str, Any]
"""What a stored result depends on, name to plain JSON."""


def arrays_of(key: Key | None) -> dict[ArrayRef, int]:
    """The arrays that a stored result refers to, name to size in bytes."""
    arrays: dict[ArrayRef, int] = {} if key is None else key.get("arrays", {})
    return arrays


_REF = re.compile(rb'"([0-9a-f]{64})"')


@dataclass(frozen=True)
class SubmissionFolder:
    """One submission's part of the output folder."""

    folder: Path

    @cached_property
    def evidence_folder(self) -> Path:
        return self.folder / "evidence"

    @property
    def arrays(self) -> ArrayStore:
        return ArrayStore(self.evidence_folder / "arrays")

    @cached_property
    def evidence_json(self) -> Path:
        return self.evidence_folder / "evidence.json"

    @cached_property
    def measurements_json(self) -> Path:
        return self.evidence_folder / "measurements.json"

    @property
    def grade_parts_json(self) -> Path:
        return self.evidence_folder / "grade_parts.json"

    @property
    def trials_json(self) -> Path:
        return self.evidence_folder / "trials.json"

    @property
    def reruns_folder(self) -> Path:
        return self.folder / "reruns"

    def rerun(self, seed: int) -> SubmissionFolder:
        """The folder of the same submission run under another seed."""
        return SubmissionFolder(self.reruns_folder / str(seed))

    @property
    def made_data_folder(self) -> Path:
        """Where data sets that had to be made are kept; hidden beside the submissions, which share them."""
        return self.folder.parent / ".data"

    @property
    def executed_notebook(self) -> Path:
        return self.folder / "executed.ipynb"

    @property
    def feedback_html(self) -> Path:
        return self.folder / "feedback.html"

    @cached_property
    def grade_json(self) -> Path:
        return self.folder / "grade.json"

    @property
    def failure_txt(self) -> Path:
        return self.evidence_folder / "failure.txt"

    def files(self) -> list[Path]:
        """All that is stored of it; keys last, for they say what else is there."""
        keys = {f"{stage}.key" for stage in STAGES}
        return sorted(files_below(self.folder), key=lambda path: path.name in keys)

    def key_file(self, stage: Stage) -> Path:
        """Where a stage's key is kept."""
        return self.evidence_folder / f"{stage}.key"

    def read_key(self, stage: Stage) -> Key | None:
        """The key of a stage's stored result, or None where there is none."""
        try:
            key = json.loads(self.key_file(stage).read_bytes())
        except (OSError, ValueError):
            return None
        return key if isinstance(key, dict) else None

    def write_key(self, stage: Stage, key: Key) -> None:
        """Writes a stage's key. Last of all that the stage writes: what is cut off before that is done again."""
        write_atomically(self.key_file(stage), json.dumps(key, indent=1) + "\n")

    def forget(self, stages: Iterable[Stage] = STAGES) -> None:
        """Removes keys, so that these stages are done again."""
        for stage in stages:
            self.key_file(stage).unlink(missing_ok=True)

    def forget_all(self) -> None:
        """Removes every key, those of runs under other seeds too, so that all is done again."""
        self.forget()
        for seed in self.seeds_of_reruns():
            self.rerun(seed).forget()

    def seeds_of_reruns(self) -> list[int]:
        """The other seeds under which the submission was run, sorted."""
        return sorted(int(path.name) for path in self.reruns_folder.glob("*") if path.name.isdecimal())

    def remove_run(self) -> None:
        """Removes what runs have left, those under other seeds too, and all that follows from it but grade and page."""
        shutil.rmtree(self.evidence_folder, ignore_errors=True)
        shutil.rmtree(self.reruns_folder, ignore_errors=True)
        self.executed_notebook.unlink(missing_ok=True)

    def remove(self) -> None:
        """Removes all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def refs_of_evidence(self) -> frozenset[str]:
        """The arrays that the stored evidence may refer to."""
        return _refs_of(self.evidence_json)

    def refs_of_measurements(self) -> frozenset[str]:
        """The arrays that the stored measurements may refer to."""
        return _refs_of(self.measurements_json)

    def prune(self) -> int:
        """Removes the arrays that neither evidence nor measurements refer to; says how many bytes they took.

        Nothing is removed where there is no evidence to say so.
        """
        if self.read_evidence() is None:
            return 0
        return self.arrays.keep_only(self.refs_of_evidence() | self.refs_of_measurements())

    def write(self, record: Record) -> None:
        """Writes a record to its place, after the arrays that it names: after a power cut too those are whole."""
        paths = {
            Evidence: self.evidence_json,
            Measurements: self.measurements_json,
            GradedSubmission: self.grade_json,
            GradeParts: self.grade_parts_json,
            Trials: self.trials_json,
        }
        text = record.model_dump_json(indent=1) + "\n"
        if isinstance(record, Evidence | Measurements):
            self.arrays.keep(_refs(text.encode(errors="replace")))
        write_atomically(paths[type(record)], text)

    def read_evidence(self) -> Evidence | None:
        """The stored evidence, or None where there is none of this version."""
        return _read(self.evidence_json, Evidence)

    def read_measurements(self) -> Measurements | None:
        """The stored measurements, or None where there are none of this version."""
        return _read(self.measurements_json, Measurements)

    def read_grade(self) -> GradedSubmission | None:
        """The stored grade, or None where there is none of this version."""
        return _read(self.grade_json, GradedSubmission)

    def read_grade_parts(self) -> GradeParts | None:
        """What the stored grade was put together from, or None where there is none of this version."""
        return _read(self.grade_parts_json, GradeParts)

    def read_trials(self) -> Trials | None:
        """The trainings that were repeated with edits, or None where there are none of this version."""
        return _read(self.trials_json, Trials)

    def stored_evidence(self) -> tuple[Evidence, Measurements]:
        """The stored evidence and measurements.

        Raises:
            BrokenError: They are gone, broken, or of another version.
        """
        measurements = self.read_measurements()
        if measurements is None:
            raise _unreadable(self.measurements_json)
        return self.evidence(), measurements

    def evidence(self) -> Evidence:
        """The stored evidence.

        Raises:
            BrokenError: It is gone, broken, or of another version.
        """
        evidence = self.read_evidence()
        if evidence is None:
            raise _unreadable(self.evidence_json)
        return evidence


class OutputFolder:
    """The output of one batch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Makes the folder, before anything is run for what could not be kept.

        Raises:
            UnwritableError: It cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise unwritable(self.folder, error) from error

    @property
    def unpacked(self) -> Path:
        """Where the notebooks of archives lie; hidden, so that nobody takes them for submissions of their own."""
        return self.folder / ".unpacked"

    @property
    def people_json(self) -> Path:
        return self.folder / "people.json"

    def read_people(self) -> People:
        """Whose each submission is; nobody's where that was not written yet, or by another version."""
        return _read(self.people_json, People) or People()

    def write_people(self, people: People) -> None:
        """Writes whose each submission is."""
        write_atomically(self.people_json, people.model_dump_json(indent=1) + "\n")

    def submission(self, submission_id: str) -> SubmissionFolder:
        """The folder of one submission."""
        return SubmissionFolder(self._submissions / submission_id)

    def stored(self) -> list[str]:
        """The ids of the submissions of which something is stored, sorted."""
        return sorted(path.name for path in self._submissions.glob("[!.]*") if path.is_dir())

    @property
    def _submissions(self) -> Path:
        return self.folder / "submissions"

    def remove_parts(self) -> int:
        """Removes what a process that was killed had written of files; says how many. Hold the folder for it."""
        return remove_parts(self.folder)


def _read(path: Path, kind: type[R]) -> R | None:
    try:
        status = path.stat()
        found = _parsed(path, kind, (status.st_ino, status.st_mtime_ns, status.st_size))
        return found if isinstance(found, kind) else None
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=4)
def _parsed(path: Path, kind: type[Record], state: tuple[int, int, int]) -> Record:  # noqa: ARG001 - what the cache goes by
    """A record, which nobody can change; one submission's steps read the same ones in turn."""
    return kind.model_validate_json(path.read_bytes())


def _refs(record: bytes) -> frozenset[str]:
    """Every SHA-256 in a record: an array's, or another's, which is then no array's name."""
    return frozenset(found.decode() for found in _REF.findall(record))


def _refs_of(path: Path) -> frozenset[str]:
    """Those of a record that is stored."""
    try:
        return _refs(path.read_bytes())
    except OSError:
        return frozenset()


def _unreadable(path: Path) -> BrokenError:
    found = "it is broken"
    try:
        version = json.loads(path.read_bytes()).get("schema_version")
        found = found if version == SCHEMA_VERSION else f"it is of schema version {version}"
    except FileNotFoundError:
        found = "there is no such file"
    except (OSError, ValueError, AttributeError):
        pass
    return BrokenError(
        f"{path}: {found}.",
        expected=f"What this grader writes: schema version {SCHEMA_VERSION}.",
        fix="Run the same command once more: what cannot be read is made again.",
    )
