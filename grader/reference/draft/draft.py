"""The whole of ``grader init``: run the reference, draft, leave out what does not hold, write."""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch import OnStart
from grader.calibration import calibration_text
from grader.cell_code import libraries
from grader.datasets import DataSets
from grader.environment import StudentsEnvironment
from grader.errors import UsageError
from grader.execution.sandbox import SandboxChoice
from grader.execution.watch import RunLimits
from grader.intake.naming import slug
from grader.judging.absence import is_training
from grader.judging.results import counted, listed
from grader.matching.headings import headings_of
from grader.records import Evidence
from grader.reference.calibrate import calibration_of
from grader.reference.draft.drafting import Run, draft_sections, settle
from grader.reference.draft.outline import is_task, outline
from grader.reference.draft.text import Draft, Drafted, draft_text
from grader.reference.runs import completed_run, run_reference
from grader.rubric import DataKind, Rubric, load_rubric
from grader.rubric.models import CalibrationPaths, DeclaredPoints, Limits, LimitsByData
from grader.store import OutputFolder, write_atomically
from grader.task import OnProgress, Settings, Task

CELL_FACTOR = 10
NOTEBOOK_FACTOR = 6
"""A submission may take so many times as long as the reference's slowest cell, and as the reference."""

LEAST_CELL_SECONDS = 60
LEAST_NOTEBOOK_SECONDS = 240

ENOUGH_SEEDS = 10
"""From here on the bands are as narrow as they get for the cost."""

IDENTIFIER = r"[a-z][a-z0-9_-]*"
NAMELESS = frozenset({"reference", "solution", "notebook", "untitled", "main", "index", "rubric"})
"""Stems that say nothing: the notebook's or the folder's name is taken instead."""


@dataclass(frozen=True)
class DraftRequest:
    """What is to be drafted, and where it goes.

    Attributes:
        notebook: The reference solution.
        output: The rubric's file.
        assignment: Its name, an identifier.
        seeds: How many runs the bands rest on.
        work: Where the runs' evidence is kept.
        overwrite: Whether files that are there may be overwritten.
        environment: The course's environment that it runs in, which the rubric then names; None for the grader's own.
    """

    notebook: Path
    output: Path
    assignment: str
    seeds: int
    work: Path
    overwrite: bool = False
    environment: Path | None = None

    def calibration_path(self, kind: DataKind) -> Path:
        """Where the spread goes: beside the references of a folder of rubrics, else beside the rubric."""
        folder = self.output.parent
        if folder.resolve().name == "rubrics":
            return folder.parent / "reference" / self.assignment / f"calibration-{kind}.json"
        return folder / f"{self.assignment}-calibration-{kind}.json"

    def bare_rubric(self, kind: DataKind) -> Rubric:
        """A rubric that says no more than which notebook is the reference, with room to run it."""
        return Rubric(
            assignment=self.assignment,
            title="",
            points=DeclaredPoints(core=0),
            limits=LimitsByData(full=Limits(), sample=Limits()),
            reference=relative(self.notebook, self.output),
            calibration=CalibrationPaths.model_validate({kind: relative(self.calibration_path(kind), self.output)}),
            path=self.output,
        )


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
    data: DataKind


def assignment_name(given: str | None, *, output: Path | None, notebook: Path) -> str:
    """The assignment's name: as given, else after the rubric's file, else after the notebook or its folder.

    Raises:
        UsageError: The given one is no identifier.
    """
    if given is not None:
        if not re.fullmatch(IDENTIFIER, given):
            raise UsageError(
                f"--assignment {given}: that is no name of an assignment.",
                expected="Small letters, digits, - and _, beginning with a letter.",
                fix=f"Say, for example: --assignment {_identifier(given)}",
            )
        return given
    stems = [*([output.stem] if output is not None else []), notebook.stem, notebook.resolve().parent.name]
    return _identifier(next((stem for stem in stems if stem.casefold() not in NAMELESS), stems[-1]))


def draft_rubric(
    request: DraftRequest,
    *,
    data_sets: DataSets,
    limits: RunLimits,
    sandbox: SandboxChoice,
    environment: StudentsEnvironment,
    jobs: int,
    on_start: OnStart,
    on_progress: OnProgress,
) -> Written:
    """Runs a reference notebook under several seeds, and writes a rubric that it passes, with its calibration.

    Args:
        request: What and where.
        data_sets: That the notebook is given.
        limits: Of its runs.
        sandbox: Where it runs.
        environment: In which packages.
        jobs: Runs at a time.
        on_start: Told of the runs that are due.
        on_progress: Told of every step.

    Raises:
        UsageError: A file is in the way, the notebook is none or does not run through, or nothing in it can be graded.
    """
    kind = data_sets.kind
    _refuse_to_overwrite(request, kind)
    settings = Settings(
        rubric=request.bare_rubric(kind), data_sets=data_sets, limits=limits, sandbox=sandbox, environment=environment
    )
    work = OutputFolder(request.work / request.assignment / kind)
    # What does not run through, or trains nothing, is told of after one run.
    for seeds in (range(1, 2), range(1, request.seeds + 1)):
        tasks = run_reference(settings, seeds=seeds, work=work, jobs=jobs, on_start=on_start, on_progress=on_progress)
        runs = [Run(*completed_run(task), task.folder.arrays.get) for task in tasks]
        _refuse_without_models(runs[0].evidence, request)
    draft = _draft(request, kind, runs=runs)
    draft = settle(draft, runs=runs, load=lambda one: _loaded(one, request, settings=settings, tasks=tasks))
    calibration = _loaded(draft, request, settings=settings, tasks=tasks).calibrations[kind]
    target = request.calibration_path(kind)
    write_atomically(target, calibration_text(calibration))
    write_atomically(request.output, draft_text(draft, calibration=calibration))
    return Written(rubric=load_rubric(request.output), draft=draft, calibration=target, data=kind)


def relative(path: Path, rubric: Path) -> str:
    """A path as the rubric names it."""
    # The file itself may be a link, as the interpreter of an environment is: it is named, not what it leads to.
    named = path.parent.resolve() / path.name
    return Path(os.path.relpath(named, rubric.parent.resolve())).as_posix()


def _loaded(draft: Draft, request: DraftRequest, *, settings: Settings, tasks: Sequence[Task]) -> Rubric:
    """The draft as `load_rubric` will read its file, with the spread of the figures that its sections have."""
    folder = request.output.parent
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".draft")
    os.close(handle)
    try:
        Path(name).write_text(draft_text(draft), encoding="utf-8")
        rubric = load_rubric(Path(name), with_calibration=False)
    finally:
        Path(name).unlink()
    rubric = rubric.model_copy(update={"path": request.output})
    calibration = calibration_of(replace(settings, rubric=rubric), tasks)
    return rubric.model_copy(update={"calibrations": {calibration.data: calibration}})


def _draft(request: DraftRequest, kind: DataKind, *, runs: Sequence[Run]) -> Draft:
    evidence = runs[0].evidence
    sections = draft_sections(runs[0])
    return Draft(
        assignment=request.assignment,
        title=_title(evidence) or request.assignment,
        schema="schema.json" if (request.output.parent / "schema.json").is_file() else None,
        reference=relative(request.notebook, request.output),
        calibrations={kind: relative(request.calibration_path(kind), request.output)},
        environment=None if request.environment is None else relative(request.environment, request.output),
        limits={kind: _limits(runs)},
        sections=sections,
        dropped=tuple(_unanswered(evidence, sections)),
        head=_words(request, kind, runs=runs),
    )


def _unanswered(evidence: Evidence, sections: Sequence[Drafted]) -> Iterator[str]:
    """What is said of the tasks below whose heading the reference does nothing."""
    drafted = {one.planned.title for one in sections}
    for one in outline(evidence):
        if one.is_headed and one.title not in drafted and (one.bonus or is_task(one.title)):
            yield f'Left out: "{one.title}", because nothing that could be graded happens below it in the reference.'


def _words(request: DraftRequest, kind: DataKind, *, runs: Sequence[Run]) -> tuple[str, ...]:
    slowest, whole = _seconds(runs)
    origin = (
        f"Drafted by `grader init` from {request.notebook.name}, run under {counted(request.seeds, 'seed')} on the"
        f" {kind} data. It is yours to edit: points, titles, what is asked for. Each section is found by its title, so"
        " give it the heading of the worksheet (`also:` takes others). What a `model:` says of units and activations is"
        " the reference's choice: take out what the task leaves open. `grader checks` lists every check with its"
        " parameters; `grader validate` says what an edit broke."
    )
    limits = (
        f"Limits: {CELL_FACTOR} times the reference's slowest cell ({slowest:.0f} s) and {NOTEBOOK_FACTOR} times its"
        f" whole run ({whole:.0f} s), and no less than {LEAST_CELL_SECONDS} s and {LEAST_NOTEBOOK_SECONDS} s."
    )
    if request.seeds >= ENOUGH_SEEDS:
        return origin, limits
    bands = (
        f"The bands rest on {counted(request.seeds, 'seed')} and are wide for it; before you grade, narrow them with:"
        f" grader calibrate {request.output} --data {kind} --seeds {ENOUGH_SEEDS}"
    )
    return origin, limits, bands


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


def _refuse_to_overwrite(request: DraftRequest, kind: DataKind) -> None:
    there = [path for path in (request.output, request.calibration_path(kind)) if path.exists()]
    if there and not request.overwrite:
        raise UsageError(
            f"{' and '.join(map(str, there))}: there already.",
            expected="A draft never overwrites what somebody may have edited.",
            fix="Name another file with --output and another name with --assignment, or say --force.",
        )


def _refuse_without_models(evidence: Evidence, request: DraftRequest) -> None:
    if not any(is_training(fit) for fit in evidence.fits):
        used = listed(libraries(evidence.cells)) or "no library that trains models"
        raise UsageError(
            f"{request.notebook}: no Keras model was trained in it, so there is nothing to draft criteria from.",
            expected="A reference solution that trains Keras models.",
            fix=f"It uses {used}. Name the notebook with the solution.",
        )


def _identifier(text: str) -> str:
    name = slug(text)
    return name if name[0].isalpha() else f"a-{name}"
