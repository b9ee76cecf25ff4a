"""The whole of ``grader init``: run the reference, draft, leave out what does not hold, write."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.calibration import Calibration, calibration_text
from grader.checks.results import counted
from grader.datasets import DataSets
from grader.errors import UsageError
from grader.execution.sandbox import Sandbox
from grader.execution.watch import RunLimits
from grader.intake import read_submission
from grader.matching.headings import headings_of
from grader.pipeline import Settings, Task, Tell, stored_evidence
from grader.records import Evidence
from grader.reference.calibrate import calibration_of, run_seeds
from grader.reference.draft.drafting import Run, draft_sections, settle
from grader.reference.draft.text import Draft, draft_text
from grader.rubric import DataKind, Rubric, load_rubric
from grader.rubric.models import CalibrationPaths, DeclaredPoints
from grader.store import OutputFolder, write_atomically

CELL_FACTOR = 10
NOTEBOOK_FACTOR = 6
"""A submission may take so many times as long as the reference's slowest cell, and as the reference."""

LEAST_CELL_SECONDS = 60
LEAST_NOTEBOOK_SECONDS = 240

ENOUGH_SEEDS = 10


@dataclass(frozen=True)
class DraftRequest:
    """What is to be drafted, and where it goes.

    Attributes:
        notebook: The reference solution.
        output: The rubric's file.
        assignment: Its name, an identifier.
        seeds: How many runs the bands rest on.
        work: Where the runs' evidence is kept.
        replace: Whether files that are there may be overwritten.
    """

    notebook: Path
    output: Path
    assignment: str
    seeds: int
    work: Path
    replace: bool = False

    def calibration_path(self, kind: DataKind) -> Path:
        """Where the spread goes: beside the references of a folder of rubrics, else beside the rubric."""
        folder = self.output.parent
        if folder.resolve().name == "rubrics":
            return folder.parent / "reference" / self.assignment / f"calibration-{kind}.json"
        return folder / f"{self.assignment}-calibration-{kind}.json"


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        rubric: As it was read back.
        draft: With what was left out.
    """

    rubric: Rubric
    draft: Draft
    calibration: Path
    kind: DataKind


@dataclass(frozen=True)
class _Surroundings:
    """What every run uses; the rubric only says which notebook is the reference."""

    data_sets: DataSets
    limits: RunLimits
    sandbox: Sandbox | None
    rubric: Rubric = field(repr=False)

    @property
    def settings(self) -> Settings:
        return Settings(rubric=self.rubric, data_sets=self.data_sets, limits=self.limits, sandbox=self.sandbox)


def draft_rubric(
    request: DraftRequest,
    *,
    data_sets: DataSets,
    limits: RunLimits,
    sandbox: Sandbox | None,
    jobs: int,
    begin: Callable[[Sequence[Task]], None],
    tell: Tell,
) -> Written:
    """Runs a reference notebook under several seeds, and writes a rubric that it passes with its calibration.

    Args:
        request: What and where.
        data_sets: That the notebook is given.
        limits: Of its runs.
        sandbox: None to go without.
        jobs: Runs at a time.
        begin: Told of the runs that are due.
        tell: Told of every step.

    Raises:
        UsageError: A file is in the way, the notebook is none or does not run through, or nothing in it can be graded.
    """
    kind: DataKind = "sample" if all(file.sample for file in data_sets.files) else "full"
    _refuse_to_overwrite(request, kind)
    _, notebook = read_submission(request.notebook, submission_id="reference")
    if notebook is None:
        raise UsageError(f"{request.notebook}: it is no notebook that can be run.", mend="Name an .ipynb file.")
    around = _Surroundings(data_sets=data_sets, limits=limits, sandbox=sandbox, rubric=_bare(request, kind))
    work = OutputFolder(request.work / request.assignment / kind)
    tasks = run_seeds(
        around.settings, seeds=range(1, request.seeds + 1), work=work, jobs=jobs, begin=begin, tell=tell
    )
    runs = [Run(*stored_evidence(task.folder), task.folder.arrays.get) for task in tasks]
    draft = _draft(request, kind, runs=runs)
    if not any(one.planned.model is not None for one in draft.sections):
        raise UsageError(
            f"{request.notebook}: no model was trained in it, so there is nothing to draft criteria from.",
            expected="A reference solution that trains Keras models.",
            mend=f"See {tasks[0].folder.executed_notebook}.",
        )
    loader = _Loader(request, kind, around=around, tasks=tasks)
    draft = settle(draft, runs=runs, load=loader.load)
    loader.load(draft)
    target = request.calibration_path(kind)
    write_atomically(target, calibration_text(loader.calibration))
    write_atomically(request.output, draft_text(draft, calibration=loader.calibration))
    return Written(rubric=load_rubric(request.output), draft=draft, calibration=target, kind=kind)


class _Loader:
    """Makes rubrics of drafts, each with the spread of the figures that its sections have."""

    def __init__(
        self, request: DraftRequest, kind: DataKind, *, around: _Surroundings, tasks: Sequence[Task]
    ) -> None:
        self.request = request
        self.kind = kind
        self.around = around
        self.tasks = tasks
        self.calibration: Calibration

    def load(self, draft: Draft) -> Rubric:
        """The draft as `load_rubric` reads its file, without leaving one."""
        folder = self.request.output.parent
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".draft")
        os.close(handle)
        try:
            Path(name).write_text(draft_text(draft), encoding="utf-8")
            rubric = load_rubric(Path(name), with_calibration=False)
        finally:
            Path(name).unlink()
        rubric = rubric.model_copy(update={"path": self.request.output})
        self.calibration = calibration_of(replace(self.around, rubric=rubric).settings, self.tasks)
        return rubric.model_copy(update={"calibrations": {self.kind: self.calibration}})


def _draft(request: DraftRequest, kind: DataKind, *, runs: Sequence[Run]) -> Draft:
    evidence = runs[0].evidence
    return Draft(
        assignment=request.assignment,
        title=_title(evidence) or request.assignment,
        schema="schema.json",
        reference=_relative(request.notebook, request.output),
        calibrations={kind: _relative(request.calibration_path(kind), request.output)},
        limits={kind: _limits(runs)},
        sections=draft_sections(runs[0]),
        head=_words(request, kind, runs=runs),
    )


def _words(request: DraftRequest, kind: DataKind, *, runs: Sequence[Run]) -> tuple[str, ...]:
    slowest, whole = _seconds(runs)
    words = [
        f"Drafted by `grader init` from {request.notebook.name}, run under {counted(request.seeds, 'seed')} on the"
        f" {kind} data. It is yours to edit: points, titles, what is asked for. Each section is found by its title, so"
        " give it the heading of the worksheet (`also:` takes others). `grader checks` lists every check with its"
        " parameters; `grader validate` says what an edit broke.",
        f"Limits: {CELL_FACTOR} times the reference's slowest cell ({slowest:.0f} s) and {NOTEBOOK_FACTOR} times its"
        f" whole run ({whole:.0f} s), and no less than {LEAST_CELL_SECONDS} s and {LEAST_NOTEBOOK_SECONDS} s.",
    ]
    if request.seeds < ENOUGH_SEEDS:
        words.append(
            f"The bands rest on {counted(request.seeds, 'seed')} and are wide for it; before you grade, narrow them with:"
            f" grader calibrate {request.output} --data {kind} --seeds {ENOUGH_SEEDS}"
        )
    return tuple(words)


def _limits(runs: Sequence[Run]) -> Mapping[str, object]:
    slowest, whole = _seconds(runs)
    return {
        "cell_timeout_seconds": max(LEAST_CELL_SECONDS, _tens(CELL_FACTOR * slowest)),
        "notebook_timeout_seconds": max(LEAST_NOTEBOOK_SECONDS, _tens(NOTEBOOK_FACTOR * whole)),
        "memory_bytes": "3 GB",
    }


def _seconds(runs: Sequence[Run]) -> tuple[float, float]:
    """Of the slowest cell, and of the slowest run."""
    cells = (cell.seconds for run in runs for cell in run.evidence.cells)
    return max(cells, default=0.0), max(run.evidence.execution.seconds for run in runs)


def _tens(seconds: float) -> int:
    return 10 * math.ceil(seconds / 10)


def _title(evidence: Evidence) -> str:
    return next((one.text for one in headings_of(evidence.cells) if one.is_real), "")


def _bare(request: DraftRequest, kind: DataKind) -> Rubric:
    """A rubric that says no more than which notebook is the reference."""
    calibration = {kind: _relative(request.calibration_path(kind), request.output)}
    return Rubric(
        assignment=request.assignment,
        title="",
        points=DeclaredPoints(core=0),
        reference=_relative(request.notebook, request.output),
        calibration=CalibrationPaths(**calibration),
        path=request.output,
    )


def _relative(path: Path, rubric: Path) -> str:
    return Path(os.path.relpath(path.resolve(), rubric.parent.resolve())).as_posix()


def _refuse_to_overwrite(request: DraftRequest, kind: DataKind) -> None:
    there = [path for path in (request.output, request.calibration_path(kind)) if path.exists()]
    if there and not request.replace:
        raise UsageError(
            f"{' and '.join(map(str, there))}: there already.",
            expected="A draft never overwrites what somebody may have edited.",
            mend="Name another file with --output, or say --force.",
        )
