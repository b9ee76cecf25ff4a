"""Batches of submissions: a cohort that is graded, and runs of a reference that are gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from grader import pipeline
from grader.batch.executor import run_jobs
from grader.batch.jobs import Job
from grader.batch.processes import LocalProcesses
from grader.execution.warm import warmed
from grader.intake import Attempts, Class, HandedIn, collect_submissions, counting, people_of
from grader.marks import Decisions, MarksFile
from grader.records import NOBODY, GradedSubmission, People
from grader.report import write_cohort
from grader.store import OutputFolder
from grader.task import OnProgress, Settings, Task

OnStart = Callable[[Sequence[Task]], None]
"""Told of the submissions that will be executed, before the first begins."""


PLAIN_CLASS = Class()
"""Of which nothing is known but what it handed in."""


@dataclass(frozen=True)
class Cohort:
    """What a batch came to.

    Attributes:
        graded: One grade a submission, in the order of their ids.
        executed: Ids of those that were executed now; the others came from the store.
        why_cold: Why their kernels were started afresh, each with its imports; empty where they were forked.
    """

    graded: tuple[GradedSubmission, ...]
    executed: frozenset[str]
    why_cold: str = ""

    @property
    def need_review_of_infrastructure(self) -> tuple[GradedSubmission, ...]:
        """Those that need review because of us."""
        return tuple(one for one in self.graded if any(verdict.cause == "infrastructure" for verdict in one.verdicts))


def grade_batch(  # noqa: PLR0913
    paths: Sequence[Path],
    settings: Settings,
    *,
    output: OutputFolder,
    jobs: int,
    again: bool,
    on_start: OnStart,
    on_progress: OnProgress,
    about: Class | None = PLAIN_CLASS,
    marks: MarksFile | None = None,
) -> Cohort:
    """Grades every submission below the paths and writes the pages of the cohort, with all that was graded before.

    Args:
        paths: Notebooks, folders of them and archives.
        settings: With what.
        output: Where everything is written; what it holds already is used again.
        jobs: How many submissions at a time.
        again: Execute all of them, whatever the output folder holds.
        on_start: Told of the submissions that will be executed, before the first begins.
        on_progress: Told of every step, from several threads, one call at a time.
        about: What is known of the class; None for a notebook of no class, of which no pages of a cohort are written.
        marks: What people decided.

    Raises:
        UsageError: A path does not exist, or no submission was found below them.
        MachineError: There is no sandbox to be had.
        StoreError: The output folder cannot be written.
    """
    output.make()
    decisions = Decisions(() if marks is None else marks.read())
    before = output.read_people()
    found = collect_submissions(paths, unpack_to=output.unpacked, known=before)
    people = NOBODY
    if about is not None:
        about = replace(about, extensions=decisions.extensions())
        people = people_of(found, before, roots=paths, about=about)
        output.write_people(people)
    tasks = [_task(one, output=output, people=people, decisions=decisions) for one in found]
    if again:
        for task in tasks:
            task.folder.forget()
    # Found once for all workers, which are on this machine; what was made in another tier is executed again.
    settings = replace(settings, sandbox=settings.sandbox.resolved())
    executed = [task for task in tasks if pipeline.needs_execution(task, settings)]
    due = [task for task in tasks if pipeline.needs_grading(task, settings)]
    on_start(executed)
    with _kernels(settings, start=bool(executed) or settings.reruns > 0) as settings:
        failures = _run("grade", due, settings, jobs=jobs, on_progress=on_progress)
    graded = []
    for task in tasks:
        why = failures.get(task.id, "")
        stored = task.folder.read_grade() if not why else None
        graded.append(stored or pipeline.give_up(task, settings, why=why or "Its grade could not be read back."))
    cohort = Cohort(
        graded=tuple(graded),
        executed=frozenset(task.id for task in executed),
        why_cold=settings.sandbox.resolve().why_cold,
    )
    if about is not None:
        earlier = [
            found_before
            for name in people.submissions.keys() - {task.id for task in tasks}
            if (found_before := _earlier(name, people, settings, output=output, decisions=decisions)) is not None
        ]
        _write_cohort((*cohort.graded, *earlier), people, output=output, attempts=about.attempts)
    return cohort


def _task(one: HandedIn, *, output: OutputFolder, people: People, decisions: Decisions) -> Task:
    return Task(
        id=one.id,
        path=one.path,
        folder=output.submission(one.id),
        origin=one.origin,
        people=people.names(one.id),
        handed_in=people.handed_in(one.id),
        attachments=one.attachments,
        marks=decisions.of(one.id),
    )


def _earlier(
    name: str, people: People, settings: Settings, *, output: OutputFolder, decisions: Decisions
) -> GradedSubmission | None:
    """The grade of a submission that is not given now, by the rubric as it is now; None where it is of another."""
    folder = output.submission(name)
    graded = folder.read_grade()
    if graded is None or graded.rubric.assignment != settings.rubric.assignment:
        return None
    if graded.status == "not_run" or folder.read_evidence() is None:
        return graded
    task = Task(
        name,
        folder.executed_notebook,
        folder,
        people=people.names(name),
        handed_in=people.handed_in(name),
        marks=decisions.of(name),
    )
    return pipeline.regrade(task, settings, on_progress=lambda _: None)


def _write_cohort(
    graded: Sequence[GradedSubmission], people: People, *, output: OutputFolder, attempts: Attempts
) -> None:
    """Writes the pages of everybody, in the order in which they were first handed in, and which attempt counts."""
    numbers = {name: number for number, name in enumerate(people.submissions)}
    ordered = sorted(graded, key=lambda one: numbers[one.submission.id])
    earned = {one.submission.id: None if one.status == "not_run" else one.points_earned for one in ordered}
    people = counting(people, earned, attempts)
    output.write_people(people)
    write_cohort(ordered, output=output, people=people)


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
    with _kernels(settings, start=bool(due)) as settings:
        return _run("gather", due, settings, jobs=jobs, on_progress=on_progress)


@contextmanager
def _kernels(settings: Settings, *, start: bool) -> Iterator[Settings]:
    """Has what kernels import imported once for all workers, where any is to start."""
    if not start:
        yield settings
        return
    with warmed(settings.sandbox) as choice:
        yield replace(settings, sandbox=choice)


def _run(step: str, tasks: Sequence[Task], settings: Settings, *, jobs: int, on_progress: OnProgress) -> dict[str, str]:
    """Runs a step of the pipeline on this machine; for each task that failed, by its id, why."""
    with LocalProcesses(jobs, inherited=settings.sandbox.inherited) as executor:
        failures = run_jobs([Job(step, task, settings) for task in tasks], executor, on_progress=on_progress)
    return {task.id: why for task, why in zip(tasks, failures, strict=True) if why}
