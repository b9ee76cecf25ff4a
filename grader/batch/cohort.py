"""Batches of submissions: a cohort that is graded, and runs of a reference that are gathered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader import pipeline
from grader.batch.executor import run_jobs
from grader.batch.jobs import Job
from grader.batch.processes import LocalProcesses
from grader.intake import collect_submissions
from grader.marks import Decisions, MarksFile
from grader.records import GradedSubmission
from grader.report import write_cohort
from grader.store import OutputFolder
from grader.task import OnProgress, Settings, Task

OnStart = Callable[[Sequence[Task]], None]
"""Told of the submissions that will be executed, before the first begins."""


@dataclass(frozen=True)
class Cohort:
    """What a batch came to.

    Attributes:
        graded: One grade a submission, in the order of their ids.
        executed: Ids of those that were executed now; the others came from the store.
    """

    graded: tuple[GradedSubmission, ...]
    executed: frozenset[str]

    @property
    def need_review_of_infrastructure(self) -> tuple[GradedSubmission, ...]:
        """Those that need review because of us."""
        return tuple(one for one in self.graded if any(verdict.cause == "infrastructure" for verdict in one.verdicts))


def grade_batch(
    paths: Sequence[Path],
    settings: Settings,
    *,
    output: OutputFolder,
    jobs: int,
    again: bool,
    on_start: OnStart,
    on_progress: OnProgress,
    marks: MarksFile | None = None,
) -> Cohort:
    """Grades every submission below the paths and writes the pages of the cohort.

    Args:
        paths: Notebooks, folders of them and archives.
        settings: With what.
        output: Where everything is written; what it holds already is used again.
        jobs: How many submissions at a time.
        again: Execute all of them, whatever the output folder holds.
        on_start: Told of the submissions that will be executed, before the first begins.
        on_progress: Told of every step, from several threads, one call at a time.
        marks: What people decided.

    Raises:
        UsageError: A path does not exist, or no submission was found below them.
        MachineError: There is no sandbox to be had.
        StoreError: The output folder cannot be written.
    """
    output.make()
    decisions = Decisions(() if marks is None else marks.read())
    tasks = [
        Task(
            id=one.id,
            path=one.path,
            folder=output.submission(one.id),
            origin=one.origin,
            marks=decisions.of(one.id),
        )
        for one in collect_submissions(paths, unpack_to=output.unpacked)
    ]
    if again:
        for task in tasks:
            task.folder.forget()
    # Found once for all workers, which are on this machine; what was made in another tier is executed again.
    settings = replace(settings, sandbox=settings.sandbox.resolved())
    executed = [task for task in tasks if pipeline.needs_execution(task, settings)]
    due = [task for task in tasks if pipeline.needs_grading(task, settings)]
    on_start(executed)
    failures = _run("grade", due, settings, jobs=jobs, on_progress=on_progress)
    graded = []
    for task in tasks:
        why = failures.get(task.id, "")
        found = task.folder.read_grade() if not why else None
        graded.append(found or pipeline.give_up(task, settings, why=why or "Its grade could not be read back."))
    cohort = Cohort(graded=tuple(graded), executed=frozenset(task.id for task in executed))
    write_cohort(cohort.graded, output=output)
    return cohort


def gather_all(
    tasks: Sequence[Task], settings: Settings, *, jobs: int, on_start: OnStart, on_progress: OnProgress
) -> dict[str, str]:
    """Executes, verifies and replays runs, as far as their folders do not hold that already.

    Args:
        tasks: Which; ids are unique.
        settings: With what.
        jobs: How many at a time.
        on_start: Told of those that will be executed, before the first begins.
        on_progress: Told of every step, one call at a time.

    Returns:
        For each run that failed, by its id, why.

    Raises:
        MachineError: There is no sandbox to be had.
    """
    settings = replace(settings, sandbox=settings.sandbox.resolved())
    on_start([task for task in tasks if pipeline.needs_execution(task, settings)])
    due = [task for task in tasks if pipeline.needs_gathering(task, settings)]
    return _run("gather", due, settings, jobs=jobs, on_progress=on_progress)


def _run(step: str, tasks: Sequence[Task], settings: Settings, *, jobs: int, on_progress: OnProgress) -> dict[str, str]:
    """Runs a step of the pipeline on this machine; for each task that failed, by its id, why."""
    with LocalProcesses(jobs) as executor:
        failures = run_jobs([Job(step, task, settings) for task in tasks], executor, on_progress=on_progress)
    return {task.id: why for task, why in zip(tasks, failures, strict=True) if why}
