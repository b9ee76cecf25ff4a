"""The steps of the self-check that run the notebook: a quick one with few epochs, and the whole."""

from __future__ import annotations

import copy
import platform
import shutil
import tempfile
from pathlib import Path

from nbformat import NotebookNode
from rich.console import Console
from rich.status import Status

from grader.attribution import attribute, needs_full_size
from grader.datasets import DataSets, resolve
from grader.environment.facts import packages
from grader.evaluate import evaluate
from grader.execution.collect import collect
from grader.execution.frames import read_frames
from grader.intake.laying import lay
from grader.limits import MAX_EVIDENCE_BYTES
from grader.proving import Graded, prove
from grader.records import Environment, Evidence, FitRecord, HintLevel, Submission, Trials
from grader.rubric import Rubric
from grader.selfcheck.partial import partly, unknown_fields
from grader.selfcheck.plain_kernel import PlainRun, Surroundings, require_keras, run_plainly
from grader.selfcheck.reading.log import SHORT
from grader.selfcheck.shortened import EPOCHS
from grader.selfcheck.static import judge_partly
from grader.selfcheck.verdicts import Report, report_of
from grader.stand_ins import at_full_size
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


_ALL = ("execution", "models", "compiles", "fits", "evaluations", "predictions", "figures", "arrays")
_FAILED = "a cell raised in the quick run, and a whole training may be what it needs"


def check_by_running(
    rubric: Rubric,
    submission: Submission,
    notebook: NotebookNode,
    *,
    is_quick: bool,
    data: str | None,
    hints: HintLevel = "off",
) -> Report:
    """Runs a notebook of one's own in this Python and judges what it left.

    Args:
        rubric: A tutor's, or a released one.
        submission: The notebook.
        notebook: The same, as it is run.
        is_quick: Whether trainings are cut short.
        data: As ``--data`` says it; None for the sample in a quick run, else for the data at hand.
        hints: How much is told of edits that a full run proves.

    Raises:
        MachineError: This Python has no TensorFlow with Keras 3.
    """
    require_keras()
    data_sets = resolve("sample" if data is None and is_quick else data)
    with tempfile.TemporaryDirectory(prefix="grader-check-") as scratch:
        folder = Path(scratch)
        arrays = ArrayStore(folder / "arrays")
        with Console(stderr=True).status("Starting a kernel ...") as status:
            runner = _Runner(rubric, submission, is_quick=is_quick, status=status)
            evidence = runner.run(copy.deepcopy(notebook), data_sets, folder=folder / "first", arrays=arrays)
            if needs_full_size(evidence):
                data_sets = at_full_size(data_sets, folder=folder / "full")
                evidence = runner.run(notebook, data_sets, folder=folder / "second", arrays=arrays)
            if is_quick:
                found = of_short_trainings(evidence)
                report = judge_partly(rubric, found, step="quick", read=arrays.get, cannot_know=QUICK_CANNOT_KNOW)
                return _with_packages(report, evidence)
            status.update("Measuring the models ...")
            measurements = verify(evidence, arrays=arrays, data_sets=data_sets, sandbox=None, core=None)
            graded = evaluate(rubric, evidence=evidence, measurements=measurements, read=arrays.get)
            told: tuple[str, ...] = ()
            if hints != "off":
                status.update("Repeating trainings with changes ...")
                of = Graded(rubric, graded, evidence, measurements, arrays)
                trials, _ = prove(of, Trials(), data_sets=data_sets, sandbox=None, core=None)
                told = tuple(hint.released for hint in of.proofs(trials).hints(hints) if hint.released)
    report = report_of(graded, step="full", cannot_know=FULL_CANNOT_KNOW).model_copy(update={"hints": told})
    return _with_packages(report, evidence)


def missing_packages(evidence: Evidence) -> dict[str, str]:
    """The packages that a notebook needs and this Python lacks, each with a clause that says in which cell."""
    causes = attribute(evidence).causes
    own = {cell: cause for cell, cause in causes.items() if cause.kind == "missing_package" and not cause.follows}
    return {cause.detail: cause.clause(cell) for cell, cause in reversed(own.items())}


def _with_packages(report: Report, evidence: Evidence) -> Report:
    """The report, which first says what to install."""
    lacking = tuple(
        f"{clause[:1].upper()}{clause[1:]}: install it (pip install {package.lower()}), and check again."
        for package, clause in missing_packages(evidence).items()
    )
    return report.model_copy(update={"remarks": (*lacking, *report.remarks)})


class _Runner:
    """Runs a notebook, as often as it takes."""

    def __init__(self, rubric: Rubric, submission: Submission, *, is_quick: bool, status: Status) -> None:
        self._rubric, self._submission = rubric, submission
        self._is_quick, self._status = is_quick, status

    def run(self, notebook: NotebookNode, data_sets: DataSets, *, folder: Path, arrays: ArrayStore) -> Evidence:
        """Runs it once.

        Args:
            notebook: Whose outputs are replaced.
            data_sets: That it is served.
            folder: A new one.
            arrays: Where arrays are kept.
        """
        folder.mkdir()
        work = folder / "work"
        work.mkdir()
        lay(self._submission.cells, {}, self._rubric.laid_files).write(work)
        around = Surroundings(
            folder=folder,
            data=_served(data_sets, folder / "data"),
            work=work,
            inputs=self._rubric.typed_inputs,
            is_quick=self._is_quick,
        )
        run = run_plainly(
            self._submission,
            notebook,
            around=around,
            on_cell=lambda cell, cells: self._status.update(f"Running cell {cell} of {cells} ..."),
        )
        return _evidence(self._submission, run, arrays=arrays, data_sets=data_sets)


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
    return recording.as_evidence(
        submission,
        cells=recording.noted(run.cells),
        environment=Environment(python=platform.python_version(), packages=packages()),
        execution=execution,
        data_choice=data_sets.choice,
        data_sets=tuple(file.use(loaded=file.name in recording.data_sets) for file in data_sets.files),
    )


def of_short_trainings(evidence: Evidence) -> Evidence:
    """The evidence of a quick run, with what a short training leaves open as unknown."""
    fits = tuple(map(_as_asked, evidence.fits))
    shortened = [fit for fit in fits if "history" in unknown_fields(fit)]
    if not shortened:
        return evidence
    models = {fit.model for fit in shortened}
    evaluations = tuple(partly(one, {"results": SHORT}) if one.model in models else one for one in evidence.evaluations)
    cells = tuple(partly(cell, {"printed": SHORT}) for cell in evidence.cells)
    found = evidence.model_copy(update={"fits": fits, "evaluations": evaluations, "cells": cells})
    first = min((fit.cell for fit in shortened if fit.cell is not None), default=0)
    if any(cell.status in {"error", "died"} and cell.index >= first for cell in evidence.cells):
        # It may well be the short training that a later cell cannot work with.
        why = next(iter(missing_packages(evidence).values()), _FAILED)
        return partly(found, dict.fromkeys(_ALL, why))
    return found


def _as_asked(fit: FitRecord) -> FitRecord:
    """A fit as the notebook asked for it, where it was cut short."""
    asked = (fit.epochs_requested or 0) - fit.initial_epoch
    if fit.kind != "fit" or asked <= EPOCHS:
        return fit
    unknown = dict.fromkeys(("history", "epoch_weights", "weights_after", "replay"), SHORT)
    if fit.callbacks:
        unknown |= dict.fromkeys(("epochs_run", "steps"), SHORT)
    steps = None if fit.steps is None else round(fit.steps * asked / EPOCHS)
    return partly(fit.model_copy(update={"epochs_run": asked, "steps": steps}), unknown)
