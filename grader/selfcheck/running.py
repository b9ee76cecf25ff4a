"""The steps of the self-check that run the notebook: a quick one with few epochs, and the whole."""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path

from nbformat import NotebookNode
from rich.console import Console

from grader.datasets import DataSets, resolve
from grader.environment import packages
from grader.evaluate import evaluate
from grader.execution.collect import collect
from grader.execution.frames import read_frames
from grader.limits import MAX_EVIDENCE_BYTES
from grader.records import Environment, Evidence, FitRecord, Submission
from grader.rubric import Rubric
from grader.selfcheck.partial import partly, unknown_fields
from grader.selfcheck.plain_kernel import PlainRun, require_keras, run_plainly
from grader.selfcheck.reading.log import SHORT
from grader.selfcheck.shortened import EPOCHS
from grader.selfcheck.static import judge_partly
from grader.selfcheck.verdicts import Report, report_of
from grader.store import ArrayStore
from grader.verification.verify import verify

QUICK_CANNOT_KNOW = (
    f"Trainings were cut short after {EPOCHS} epochs, on a sample of the data: how well a model does, and what hangs on"
    " it, stays unknown."
)
FULL_CANNOT_KNOW = (
    "It ran in your own Python, without the limits of time and memory of the grading. Grading may use the full data,"
    " repeats trainings that look odd, and a person reads what is written in words."
)


def check_by_running(
    rubric: Rubric, submission: Submission, notebook: NotebookNode, *, is_quick: bool, data: str | None
) -> Report:
    """Runs a notebook of one's own in this Python and judges what it left.

    Args:
        rubric: A tutor's, or a released one.
        submission: The notebook.
        notebook: The same, as it is run.
        is_quick: Whether trainings are cut short.
        data: As ``--data`` says it; None for the sample in a quick run, else for the data at hand.

    Raises:
        MachineError: This Python has no TensorFlow with Keras 3.
    """
    require_keras()
    data_sets = resolve("sample" if data is None and is_quick else data)
    with tempfile.TemporaryDirectory(prefix="grader-check-") as scratch:
        folder = Path(scratch)
        console = Console(stderr=True)
        with console.status("Starting a kernel ...") as status:
            run = run_plainly(
                submission,
                notebook,
                folder=folder,
                data=_served(data_sets, folder / "data"),
                is_quick=is_quick,
                on_cell=lambda cell, cells: status.update(f"Running cell {cell} of {cells} ..."),
            )
            arrays = ArrayStore(folder / "arrays")
            evidence = _evidence(submission, run, arrays=arrays, data_sets=data_sets)
            if is_quick:
                found = _of_short_trainings(evidence)
                return judge_partly(rubric, found, step="quick", read=arrays.get, cannot_know=QUICK_CANNOT_KNOW)
            status.update("Measuring the models ...")
            measurements = verify(evidence, arrays=arrays, data_sets=data_sets, sandbox=None, core=None)
        graded = evaluate(rubric, evidence=evidence, measurements=measurements, read=arrays.get)
    return report_of(graded, step="full", cannot_know=FULL_CANNOT_KNOW)


def _served(data_sets: DataSets, folder: Path) -> Path:
    """The data sets under the names by which the kernel looks for them."""
    folder.mkdir()
    for file in data_sets.files:
        shutil.copyfile(file.path, folder / f"{file.name}.npz")
    return folder


def _evidence(submission: Submission, run: PlainRun, *, arrays: ArrayStore, data_sets: DataSets) -> Evidence:
    recording = collect(read_frames(run.frames, arrays, max_bytes=MAX_EVIDENCE_BYTES), cell_indices=tuple(run.ordinals))
    execution = run.execution
    if not recording.started and execution.reason is None:
        execution = execution.model_copy(update={"reason": "internal", "detail": "The recorder did not start."})
    return Evidence(
        submission=submission.id,
        file_name=submission.file_name,
        sha256=submission.sha256,
        environment=Environment(python=platform.python_version(), packages=packages()),
        data_choice=data_sets.choice,
        data_sets=tuple(file.use(loaded=file.name in recording.data_sets) for file in data_sets.files),
        execution=execution,
        cells=tuple(
            cell.model_copy(
                update={
                    "notes": recording.cell_notes.get(cell.index, ()),
                    "recorded": cell.index in recording.cells_seen,
                    "rewritten": cell.index in recording.cells_rewritten,
                }
            )
            for cell in run.cells
        ),
        models=recording.models,
        compiles=recording.compiles,
        fits=recording.fits,
        weights_set=recording.weights_set,
        evaluations=recording.evaluations,
        predictions=recording.predictions,
        figures=recording.figures,
        arrays=recording.arrays,
        weights=dict(recording.weights),
        truncated=recording.truncated,
    )


def _of_short_trainings(evidence: Evidence) -> Evidence:
    """The evidence of a quick run, with what a short training leaves open as unknown."""
    fits = tuple(map(_as_asked, evidence.fits))
    shortened = {fit.model for fit in fits if "history" in unknown_fields(fit)}
    if not shortened:
        return evidence
    evaluations = tuple(
        partly(one, {"results": SHORT}) if one.model in shortened else one for one in evidence.evaluations
    )
    cells = tuple(partly(cell, {"printed": SHORT}) for cell in evidence.cells)
    found = evidence.model_copy(update={"fits": fits, "evaluations": evaluations, "cells": cells})
    errors = any(cell.status in {"error", "died"} for cell in evidence.cells)
    return partly(found, {"execution": SHORT, "figures": SHORT} if errors else {"figures": SHORT})


def _as_asked(fit: FitRecord) -> FitRecord:
    """A fit as the notebook asked for it, where it was cut short."""
    asked = (fit.epochs_requested or 0) - fit.initial_epoch
    if fit.kind != "fit" or asked <= EPOCHS:
        return fit
    unknown = dict.fromkeys(("history", "epoch_weights", "weights_after", "replay", "steps"), SHORT)
    if fit.callbacks:
        unknown["epochs_run"] = SHORT
    return partly(fit.model_copy(update={"epochs_run": asked}), unknown)
