"""One submission through the steps: read, execute, verify, evaluate, render. Each from the store where it is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from grader.borderline import borderline, decide
from grader.datasets import DataSets
from grader.errors import StoreError, SubmissionError
from grader.evaluate import evaluate, not_run
from grader.execution.sandbox import Sandbox
from grader.execution.sources import harness_digest
from grader.execution.watch import RunLimits
from grader.intake import Origin, read_submission
from grader.intake.files import read_bytes
from grader.integrity import fits_to_replay
from grader.judging.views import SubmissionView
from grader.printed_text import well_formed
from grader.records import SCHEMA_VERSION, Evidence, Execution, GradedSubmission, Measurements, Submission
from grader.rubric import Rubric
from grader.store import SubmissionFolder, write_atomically

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Settings:
    """What a batch uses for each of its submissions.

    Attributes:
        sandbox: None where nothing will be executed.
        replay_share: Share of the fits that are repeated outside, in [0, 1], beside those that are suspicious.
        reruns: How many more seeds decide a figure that is near its line.
    """

    rubric: Rubric
    data_sets: DataSets
    limits: RunLimits
    sandbox: Sandbox | None
    replay_share: float = 0.0
    reruns: int = 0


@dataclass(frozen=True)
class Task:
    """One submission to be graded.

    Attributes:
        seed: What `random`, numpy and Keras are seeded with before its first cell.
        origin: What the archive that it lay in tells of it; None where it lay in none.
    """

    id: str
    path: Path
    folder: SubmissionFolder
    seed: int = 0
    origin: Origin | None = None


@dataclass(frozen=True)
class Progress:
    """Where a submission is: the step, and for the step ``run`` the cell (from 0) of how many."""

    task_id: str
    step: str
    cell: int = 0
    cells: int = 0


OnProgress = Callable[[Progress], None]


class Step(Protocol):
    """A part of the pipeline that a worker process runs on one submission."""

    def __call__(self, task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None: ...


def needs_execution(task: Task, settings: Settings) -> bool:
    """Whether the stored evidence is missing, or of another notebook, data set, environment or seed."""
    try:
        stored = json.loads(task.folder.key_file.read_text())
    except (OSError, ValueError):
        return True
    wanted = _execution_key(task, settings)
    # Other limits would have changed nothing where none was met.
    keys = wanted.keys() if stored.get("met_limit") else wanted.keys() - {"limits"}
    return any(stored.get(key) != wanted[key] for key in keys)


def gather(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Executes and verifies a submission, where its folder does not hold that already.

    Raises:
        SubmissionError: The file is no notebook.
    """
    if needs_execution(task, settings):
        on_progress(Progress(task.id, "read"))
        submission, notebook = read_submission(task.path, submission_id=task.id, origin=task.origin)
        if submission.problem is not None or notebook is None:
            raise SubmissionError(submission.problem or "There is nothing in it to run.")
        _execute(task, settings, submission=submission, notebook=notebook, core=core, on_progress=on_progress)
    _replay(task, settings, core=core, on_progress=on_progress)


def grade(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Takes one submission through every step that its folder does not hold already.

    The grade and the page are on disk then.

    Args:
        task: Which.
        settings: With what.
        core: The processor for its kernel.
        on_progress: Told of each step and cell.
    """
    if needs_execution(task, settings):
        on_progress(Progress(task.id, "read"))
        submission, notebook = read_submission(task.path, submission_id=task.id, origin=task.origin)
        if submission.problem is not None or notebook is None:
            _finish(task, graded=not_run(settings.rubric, submission), on_progress=on_progress)
            return
        _execute(task, settings, submission=submission, notebook=notebook, core=core, on_progress=on_progress)
    _replay(task, settings, core=core, on_progress=on_progress)
    graded = regrade(task, settings, on_progress=on_progress)
    if borderline(graded) and _rerun(task, settings, core=core, on_progress=on_progress):
        regrade(task, settings, on_progress=on_progress)


def regrade(task: Task, settings: Settings, *, on_progress: OnProgress) -> GradedSubmission:
    """Evaluates and renders what the store holds; runs nothing.

    Raises:
        StoreError: The stored evidence is gone or broken.
    """
    on_progress(Progress(task.id, "evaluate"))
    graded = _evaluated(task.folder, settings.rubric)
    if borderline(graded):
        done = [rerun for rerun in _reruns(task, settings) if not needs_execution(rerun, settings)]
        graded = decide(graded, [_evaluated(rerun.folder, settings.rubric) for rerun in done])
    return _finish(task, graded=graded, on_progress=on_progress)


def _evaluated(folder: SubmissionFolder, rubric: Rubric) -> GradedSubmission:
    evidence, measurements = stored_evidence(folder)
    return evaluate(rubric, evidence=evidence, measurements=measurements, read=folder.arrays.get)


def stored_evidence(folder: SubmissionFolder) -> tuple[Evidence, Measurements]:
    """What the store holds of one submission.

    Raises:
        StoreError: It is gone or broken.
    """
    evidence, measurements = folder.read_evidence(), folder.read_measurements()
    if evidence is None or measurements is None:
        raise StoreError(f"{folder.folder}: its evidence cannot be read.", fix="Delete that folder and grade again.")
    return evidence, measurements


def give_up(task: Task, settings: Settings, *, why: str) -> GradedSubmission:
    """Records that we failed on a submission: everything of it needs a person, and nothing is lost.

    Args:
        task: Which.
        settings: With what.
        why: What happened to us, a sentence for the tutor.
    """
    evidence = Evidence(
        submission=task.id,
        file_name=well_formed(task.path.name if task.origin is None else task.origin.file_name),
        sha256=_sha256(task.path),
        data_choice=settings.data_sets.choice,
        execution=Execution(reason="internal", detail=why),
    )
    task.folder.key_file.unlink(missing_ok=True)
    task.folder.write(evidence)
    task.folder.write(Measurements(submission=task.id, problem=why))
    return regrade(task, settings, on_progress=lambda _: None)


def _finish(task: Task, *, graded: GradedSubmission, on_progress: OnProgress) -> GradedSubmission:
    from grader.report import write_submission  # noqa: PLC0415 - matplotlib is not needed to gather

    on_progress(Progress(task.id, "render"))
    task.folder.write(graded)
    write_submission(graded, folder=task.folder)
    return graded


def _execute(
    task: Task,
    settings: Settings,
    *,
    submission: Submission,
    notebook: NotebookNode,
    core: int | None,
    on_progress: OnProgress,
) -> None:
    from grader.execution.execute import ExecutionSettings, execute  # noqa: PLC0415 - re-grading needs none of it
    from grader.verification.verify import verify  # noqa: PLC0415

    if settings.sandbox is None:
        raise RuntimeError("a submission is to be executed, but no sandbox was chosen")
    execution = ExecutionSettings(
        sandbox=settings.sandbox, data_sets=settings.data_sets, limits=settings.limits, seed=task.seed, core=core
    )
    total = len(submission.cells)
    task.folder.key_file.unlink(missing_ok=True)
    on_progress(Progress(task.id, "start", 0, total))
    evidence = execute(
        submission,
        notebook,
        folder=task.folder,
        settings=execution,
        on_cell=lambda index, cells: on_progress(Progress(task.id, "run", index, cells)),
    )
    on_progress(Progress(task.id, "verify", total, total))
    measurements = verify(
        evidence, arrays=task.folder.arrays, data_sets=settings.data_sets, sandbox=settings.sandbox, core=core
    )
    task.folder.write(measurements)
    # Written last: what was cut off before is done again.
    key = {**_execution_key(task, settings), "met_limit": evidence.execution.reason is not None}
    write_atomically(task.folder.key_file, json.dumps(key, indent=1) + "\n")


def _replay(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Repeats outside what is suspicious, and the share that the tutor chose, where that was not done yet."""
    if settings.sandbox is None:
        return
    from grader.verification.replay import replay_fits  # noqa: PLC0415 - as above

    evidence, measurements = stored_evidence(task.folder)
    chosen = (fit.id for fit in evidence.fits if _draw(evidence.sha256, fit.id) < settings.replay_share)
    done = {replay.fit for replay in measurements.replays}
    submission = SubmissionView(evidence, measurements, matching={}, read=task.folder.arrays.get)
    doubted = fits_to_replay(submission)
    due = [fit for fit in dict.fromkeys((*doubted, *chosen)) if fit not in done]
    if not due:
        return
    on_progress(Progress(task.id, "replay"))
    replays = replay_fits(
        evidence,
        due,
        arrays=task.folder.arrays,
        data_sets=settings.data_sets,
        sandbox=settings.sandbox,
        core=core,
    )
    task.folder.write(measurements.model_copy(update={"replays": (*measurements.replays, *replays)}))


def _reruns(task: Task, settings: Settings) -> list[Task]:
    """The same submission under other seeds: those that are stored, and those that the settings ask for."""
    stored = [int(path.name) for path in task.folder.reruns_folder.glob("*") if path.name.isdecimal()]
    seeds = sorted({*stored, *(task.seed + number for number in range(1, settings.reruns + 1))})
    return [replace(task, seed=seed, folder=task.folder.rerun(seed)) for seed in seeds]


def _rerun(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> bool:
    """Runs a submission under further seeds, and says whether any of those runs is new."""
    due = [rerun for rerun in _reruns(task, settings) if needs_execution(rerun, settings)][: settings.reruns]
    for rerun in due:
        submission, notebook = read_submission(task.path, submission_id=task.id, origin=task.origin)
        if notebook is not None:
            _execute(rerun, settings, submission=submission, notebook=notebook, core=core, on_progress=on_progress)
    return bool(due)


def _draw(sha256: str, fit: str) -> float:
    """A number in [0, 1) that is the same whenever it is drawn for this fit."""
    return int(hashlib.sha256(f"{sha256} {fit}".encode()).hexdigest()[:13], 16) / 16**13


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except SubmissionError as error:
        return hashlib.sha256(str(error).encode()).hexdigest()


def _execution_key(task: Task, settings: Settings) -> dict[str, object]:
    return {
        "schema_version": SCHEMA_VERSION,
        "notebook": _sha256(task.path),
        "data_sets": {file.name: file.fingerprint for file in settings.data_sets.files},
        "data_choice": settings.data_sets.choice,
        "seed": task.seed,
        "limits": repr(settings.limits),
        "environment": harness_digest(),
    }
