"""The reference solution, run under several seeds; what the work folder holds already is not run again."""

from __future__ import annotations

from collections.abc import Sequence

from grader.attribution import attribute
from grader.batch import OnStart, gather_all
from grader.errors import UsageError
from grader.judging.absence import what_failed
from grader.records import Evidence, Measurements
from grader.store import OutputFolder
from grader.task import OnProgress, Settings, Task


def run_reference(
    settings: Settings,
    *,
    seeds: Sequence[int],
    work: OutputFolder,
    jobs: int,
    on_start: OnStart,
    on_progress: OnProgress,
) -> list[Task]:
    """Runs a rubric's reference once a seed, several at a time.

    Args:
        settings: The rubric, the data and the limits.
        seeds: One a run.
        work: Where the runs' evidence is kept; shared by calibration and validation.
        jobs: Runs at a time.
        on_start: Told of the runs that are due.
        on_progress: Told of every step.

    Returns:
        The runs, in the order of the seeds; their evidence is in the work folder.

    Raises:
        RubricError: The rubric names no reference, or its file is missing.
        UsageError: A run failed.
        StoreError: The work folder cannot be written.
    """
    reference = settings.rubric.reference_path
    work.make()
    tasks = [
        Task(id=f"seed-{seed}", path=reference, folder=work.submission(f"seed-{seed}"), seed=seed) for seed in seeds
    ]
    failures = gather_all(tasks, settings, jobs=jobs, on_start=on_start, on_progress=on_progress)
    for task in tasks:
        if task.id in failures:
            raise UsageError(f"{reference}: the run with seed {task.seed} failed: {failures[task.id]}")
        _refuse_other_data(task, settings)
    return tasks


def _refuse_other_data(task: Task, settings: Settings) -> None:
    """A reference that needs more rows than the sample's says nothing about submissions that run on the sample."""
    if task.folder.evidence().data_choice != settings.data_sets.choice:
        raise UsageError(
            f"{task.path}: the reference needs the full data set's rows, which the sample lacks.",
            expected="A reference that runs on the data that it is given, such as x[len(x) // 2 :] for x[30000:].",
            fix="Change the reference, or use --data full.",
        )


def completed_run(task: Task) -> tuple[Evidence, Measurements]:
    """What a run of the reference left.

    Raises:
        UsageError: It did not come through, or a cell raised an error.
    """
    evidence, measurements = task.folder.stored_evidence()
    broken = next((cell for cell in evidence.cells if cell.status not in {"ok", "no_code"}), None)
    if broken is not None or evidence.execution.reason is not None:
        why = evidence.execution.detail
        if broken is not None:
            why = what_failed(broken, attribute(evidence))
        raise UsageError(
            f"{task.path}: with seed {task.seed} the reference did not run through: {why}.",
            expected="A reference solution that runs from top to bottom without an error.",
            fix=f"See {task.folder.executed_notebook}.",
        )
    return evidence, measurements
