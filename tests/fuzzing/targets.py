"""What must hold of any input: it ends as a result or as a reason of ours, and the result can be graded and shown."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import stat
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import nbformat
from builders import make_evidence, make_measurement
from fuzzing.inputs import worksheet
from inert import cells_that_compute, what_acts

from grader.errors import RubricError
from grader.evaluate import evaluate, not_run
from grader.execution.collect import collect
from grader.execution.frames import FrameReader
from grader.intake import collect_submissions, read_submission
from grader.limits import MAX_FILE_BYTES
from grader.records import CellRun, Evidence, GradedSubmission, Measurements
from grader.report.feedback import render_feedback
from grader.report.gradebook import gradebook_csv
from grader.report.summary import summary_json
from grader.rubric import Rubric, load_rubric
from grader.store import SubmissionFolder

RUBRIC = Path(__file__).parents[2] / "rubrics" / "week09.yaml"


class WrongError(AssertionError):
    """Something that must hold of every input does not hold of this one."""


Target = Callable[[bytes, Path], bool]
"""Takes an input and a folder of its own; False where the input was refused for a reason of ours."""


def read_notebook(raw: bytes, folder: Path) -> bool:
    """A file is read; if it is a notebook it can be written, and is graded as if it had printed what it stores."""
    path = folder / "hw.ipynb"
    path.write_bytes(raw)
    submission, notebook = read_submission(path)
    if notebook is None:
        _require(bool(submission.problem), "a refusal without a reason")
        _show(not_run(_rubric(), submission), SubmissionFolder(folder / "graded"))
        return False
    json.loads(nbformat.writes(notebook).encode("utf-8"))
    ran = (
        CellRun(index=cell.index, kind=cell.kind, source=cell.source, status=status, printed=cell.stored_text)
        for cell in submission.cells
        for status in ["ok" if cell.kind == "code" else "no_code"]
    )
    honest = worksheet().evidence()
    changed = {"cells": tuple(ran), "file_name": submission.file_name}
    _grade(honest.model_copy(update=changed), SubmissionFolder(folder / "graded"))
    return True


def read_recording(raw: bytes, folder: Path) -> bool:
    """A stream is read and collected to its end, and what is left of it is graded; False where no training is left."""
    graded = SubmissionFolder(folder / "graded")
    reading, writing = os.pipe()
    reader = FrameReader(reading, graded.arrays, max_bytes=2**26)
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(raw)
    book = worksheet()
    found = collect(reader.close(), cell_indices=range(len(book.cells)))
    evidence = make_evidence(
        cells=tuple(book.cells),
        models=found.models,
        compiles=found.compiles,
        fits=found.fits,
        evaluations=found.evaluations,
        predictions=found.predictions,
        figures=found.figures,
        arrays=found.arrays,
        weights=dict(found.weights),
        truncated=found.truncated,
    )
    _grade(evidence, graded)
    return bool(found.models and found.fits)


def read_rubric(raw: bytes, folder: Path) -> bool:
    """A rubric is loaded, and an honest submission graded by it; or every mistake has its line."""
    path = _beside_reference(folder) / "rubric.yaml"
    path.write_bytes(raw)
    try:
        rubric = load_rubric(path)
    except RubricError as error:
        placed = [text for text in error.problems if text.startswith(f"{path}:") and ": " in text]
        _require(bool(error.problems) and len(placed) == len(error.problems), f"a mistake without a place: {error}")
        return False
    book = worksheet()
    evidence = book.evidence()
    graded = evaluate(rubric, evidence=evidence, measurements=_measurements(evidence), read=book.store.get)
    _sound(graded)
    GradedSubmission.model_validate_json(graded.model_dump_json())
    return True


def read_archive(raw: bytes, folder: Path) -> bool:
    """An archive is opened; whatever it holds lies below the given folder as plain files, and is read."""
    inside = folder / "inside"
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir()
    path = inside / "week.zip"
    path.write_bytes(raw)
    found = collect_submissions([path], unpack_to=inside / "out")
    _require({file.name for file in inside.iterdir()} <= {"week.zip", "out"}, "files beside the folder")
    for file in (inside / "out").rglob("*"):
        state = file.lstat()
        plain = stat.S_ISREG(state.st_mode) and state.st_size <= MAX_FILE_BYTES
        _require(plain or stat.S_ISDIR(state.st_mode), f"{file} is no plain file")
    _require(bool(found) and len({one.id for one in found}) == len(found), "submissions are lost or share an id")
    for one in found:
        submission, notebook = read_submission(one.path, submission_id=one.id, origin=one.origin)
        _require((notebook is None) == bool(submission.problem), "a refusal without a reason")
    return any(one.origin is not None and one.origin.problem is None for one in found)


TARGETS: dict[str, Target] = {
    "notebooks": read_notebook,
    "recordings": read_recording,
    "rubrics": read_rubric,
    "archives": read_archive,
}


@cache
def _rubric() -> Rubric:
    return load_rubric(RUBRIC)


@cache
def _beside_reference(folder: Path) -> Path:
    """A folder for rubrics, beside what theirs name."""
    shutil.copytree(RUBRIC.parents[1] / "reference", folder / "reference", dirs_exist_ok=True)
    (folder / "rubrics").mkdir(exist_ok=True)
    return folder / "rubrics"


def _measurements(evidence: Evidence) -> Measurements:
    measured = (
        make_measurement(probe, model=fit.model, weights=fit.weights_after or "", fit=fit.id, accuracy=0.97, loss=0.1)
        for fit in evidence.fits
        for probe in ("train", "validation", "test")
    )
    return Measurements(submission=evidence.submission, measured=tuple(measured))


def _grade(evidence: Evidence, folder: SubmissionFolder) -> None:
    measurements = _measurements(evidence)
    folder.write(evidence)
    folder.write(measurements)
    _require(folder.read_evidence() is not None, "evidence that cannot be read back")
    graded = evaluate(_rubric(), evidence=evidence, measurements=measurements, read=folder.arrays.get)
    _sound(graded)
    _show(graded, folder)


def _sound(graded: GradedSubmission) -> None:
    crashed = [
        verdict.feedback for verdict in graded.verdicts if verdict.feedback.startswith(("Our check", "We failed"))
    ]
    _require(not crashed, "; ".join(crashed[:3]))
    figures = (graded.points_earned, graded.points_pending, graded.points_possible, graded.bonus_earned)
    _require(all(map(math.isfinite, figures)), f"points that are no numbers: {figures}")
    _require(0 <= graded.points_earned <= graded.points_possible + 1e-6, f"points out of range: {figures}")


def _show(graded: GradedSubmission, folder: SubmissionFolder) -> None:
    folder.write(graded)
    _require(folder.read_grade() is not None, "a grade that cannot be read back")
    _nothing("the page", what_acts(render_feedback(graded, folder=folder)))
    _nothing("the table", cells_that_compute(csv.reader(io.StringIO(gradebook_csv([graded]), newline=""))))
    json.loads(summary_json([graded]).encode("utf-8"))


def _nothing(where: str, found: Iterable[str]) -> None:
    listed = list(found)
    _require(not listed, f"{where} acts: {listed[:5]}")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise WrongError(otherwise)
