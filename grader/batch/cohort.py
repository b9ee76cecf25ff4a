"""Batches of submissions: a cohort that is graded, and runs of a reference that are gathered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grader import pipeline
from grader.batch.executor import Divided, Executor, Scheduler, run_jobs
from grader.batch.jobs import Job
from grader.batch.known import Known
from grader.batch.plan import OnStart, Plan, chosen, make_plan
from grader.batch.processes import LocalProcesses
from grader.batch.sample import varied
from grader.batch.shards import Shard, check_place, write_shard
from grader.batch.stored import write_class
from grader.errors import MachineError, UsageError
from grader.execution.warm import warmed
from grader.intake import Class, LateRule, collect_submissions, late_rule, people_of
from grader.marks import Decisions, MarksFile
from grader.records import NOBODY, GradedSubmission
from grader.report.sources import ClassSources
from grader.store import OutputFolder, held
from grader.task import OnProgress, Settings, Task

if TYPE_CHECKING:
    from grader.batch.dask import DaskCluster

PLAIN_CLASS = Class()
"""Of which nothing is known but what it handed in."""


@dataclass(frozen=True)
class Cohort:
    """What a batch came to.

    Attributes:
        graded: One grade a submission, in the order of their ids.
        executed: Ids of those that were executed now; the others came from the store.
        why_cold: Why their kernels were started afresh, each with its imports; empty where they were forked.
        handed_in: How many submissions were given, with those that the sample leaves out.
    """

    graded: tuple[GradedSubmission, ...]
    executed: frozenset[str]
    why_cold: str = ""
    handed_in: int = 0

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
    again: bool | Sequence[str],
    on_start: OnStart,
    on_progress: OnProgress,
    about: Class | None = PLAIN_CLASS,
    marks: MarksFile | None = None,
    sample_of: int | None = None,
    shard: Shard | None = None,
    scheduler: Scheduler | None = None,
) -> Cohort:
    """Grades every submission below the paths and writes the pages of the cohort, with all that was graded before.

    Args:
        paths: Notebooks, folders of them and archives.
        settings: With what.
        output: Where everything is written; what it holds already is used again.
        jobs: How many submissions at a time.
        again: Execute all of them, or those of these ids, whatever the output folder holds.
        on_start: Told of what is about to be done, before the first begins.
        on_progress: Told of every step, from several threads, one call at a time.
        about: What is known of the class; None for a notebook of no class, of which no pages of a cohort are written.
        marks: What people decided.
        sample_of: Grade so many of them alone, those that differ most; None for all.
        shard: The part of the submissions that is graded; of a part no pages of the cohort are written, for `merge`
            writes those of all parts. None for all of them.
        scheduler: Of the Dask cluster that executes notebooks; None for this machine.

    Raises:
        UsageError: A path does not exist, or no submission was found below them, or none has an id of ``again``, or
            there is a late policy and no deadline, or the output folder is that of another part.
        MachineError: There is no sandbox to be had.
        HeldError: Another process is at work in the output folder.
        StoreError: The output folder cannot be written. What is done is kept.
    """
    output.make()
    with held(output.folder) as lock:
        check_place(output, shard)
        _check_python(scheduler, settings)
        output.remove_parts()
        events = () if marks is None else marks.read()
        decisions = Decisions(events)
        rule = None
        if about is not None:
            about, rule = _when_due(about, settings, decisions)
        note = partial(write_shard, output, shard, settings, events=events, attempts=(about or PLAIN_CLASS).attempts)
        note(is_finished=False)
        before = output.read_people()
        found = collect_submissions(paths, unpack_to=output.unpacked, known=before)
        people = NOBODY
        if about is not None:
            people = people_of(found, before, roots=paths, about=about)
            output.write_people(people)
        known = Known(output, people, decisions, rule)
        wanted = found if sample_of is None else varied(found, sample_of, sandbox=settings.sandbox)
        given = [known.task(one) for one in wanted]
        tasks = [task for task in given if shard is None or shard.holds(task.id)]
        others = people.submissions.keys() - {task.id for task in given}
        earlier = list(_earlier(others, known, assignment=settings.rubric.assignment))
        # Found once for all workers, which are on this machine; what was made in another tier is executed again.
        settings = replace(settings, sandbox=settings.sandbox.resolved())
        anew = chosen(again, given)
        for task in tasks:
            if task.id in anew:
                task.folder.forget_all()
        plan = make_plan(tasks, settings, needs=pipeline.needs_grading, anew=anew, jobs=jobs)
        stored = tuple(task for task in earlier if _is_due(task, settings))
        plan = replace(plan, evaluated=(*plan.evaluated, *stored))
        with _cluster(plan, settings, scheduler) as cluster:
            on_start(plan if cluster is None else replace(plan, jobs=cluster.threads))
            with _workers(plan, settings, lock=lock, cluster=cluster) as (executor, settings):
                failures = _run("grade", plan, settings, executor=executor, on_progress=on_progress)
        graded = tuple(_outcome(task, settings, why=failures.get(task.id, "")) for task in tasks)
        of_earlier = tuple(_outcome(task, settings, why=failures.get(task.id, "")) for task in earlier)
        if about is not None and shard is None:
            sources = ClassSources(output, settings.rubric, tuple(decisions.events))
            write_class((*graded, *of_earlier), people, sources=sources, output=output, attempts=about.attempts)
        note(is_finished=True)
    executed = frozenset(task.id for task in plan.executed)
    return Cohort(graded, executed, why_cold=settings.sandbox.resolve().why_cold, handed_in=len(found))


def _when_due(about: Class, settings: Settings, decisions: Decisions) -> tuple[Class, LateRule | None]:
    """The class with the deadlines that hold for it, and what handing in late costs."""
    about = replace(about, extensions=decisions.extensions())
    rule = late_rule(settings.rubric, deadline=about.deadline, decisions=decisions)
    if rule is not None:
        about = replace(about, deadline=rule.deadline, grace=rule.policy.grace)
    return about, rule


def _earlier(ids: Iterable[str], known: Known, *, assignment: str) -> Iterator[Task]:
    """Submissions that are not given now and were graded before, for the same assignment."""
    for name in ids:
        task = known.stored_task(name)
        graded = task.folder.read_grade()
        if graded is not None and graded.rubric.assignment == assignment:
            yield task


def _is_due(task: Task, settings: Settings) -> bool:
    """Whether a submission that is not given now has to be graded again; a file that was no notebook cannot be."""
    return task.folder.evidence_json.is_file() and pipeline.needs_regrading(task, settings)


def _outcome(task: Task, settings: Settings, *, why: str) -> GradedSubmission:
    """The grade that is on disk; where we failed, one that says so."""
    stored = task.folder.read_grade() if not why else None
    return stored or pipeline.give_up(task, settings, why=why or "Its grade could not be read back.")


def gather_all(
    tasks: Sequence[Task], settings: Settings, *, jobs: int, on_start: OnStart, on_progress: OnProgress
) -> dict[str, str]:
    """Executes, verifies and replays runs, as far as their folders do not hold that already.

    Args:
        tasks: Which; ids are unique.
        settings: With what.
        jobs: How many at a time.
        on_start: Told of what is about to be done, before the first begins.
        on_progress: Told of every step, one call at a time.

    Returns:
        For each run that failed, by its id, why.

    Raises:
        MachineError: There is no sandbox to be had.
        UnwritableError: A folder cannot be written.
    """
    settings = replace(settings, sandbox=settings.sandbox.resolved())
    plan = make_plan(tasks, settings, needs=pipeline.needs_gathering, anew=frozenset(), jobs=jobs)
    on_start(plan)
    with _workers(plan, settings) as (executor, settings):
        return _run("gather", plan, settings, executor=executor, on_progress=on_progress)


@contextmanager
def _workers(
    plan: Plan, settings: Settings, *, lock: int | None = None, cluster: Executor | None = None
) -> Iterator[tuple[Executor, Settings]]:
    """Workers of this machine, for which what kernels import is imported once, where any is to start.

    Args:
        plan: What they will do.
        settings: With what.
        lock: Of the folder in which they write: it is held until the last of them has ended.
        cluster: What executes instead of them.
    """
    with ExitStack() as stack:
        if (plan.executed and cluster is None) or (settings.reruns and plan.evaluated):
            settings = replace(settings, sandbox=stack.enter_context(warmed(settings.sandbox)))
        inherited = (*settings.sandbox.inherited, *([] if lock is None else [lock]))
        local = stack.enter_context(LocalProcesses(plan.jobs, inherited=inherited))
        executed = [task.id for task in plan.executed]
        yield local if cluster is None else Divided(cluster, local, executed=executed), settings


@contextmanager
def _cluster(plan: Plan, settings: Settings, scheduler: Scheduler | None) -> Iterator[DaskCluster | None]:
    """The cluster that executes, where there is one and something to execute."""
    if scheduler is None or not plan.executed:
        yield None
        return
    try:
        from grader.batch.dask import dask_cluster  # noqa: PLC0415 - an extra, which most do not need
    except ImportError as error:
        raise MachineError(
            f"--scheduler needs the Python package {error.name}, which is not installed.",
            expected="The extra `dask` of grader, here, on the scheduler and on every worker.",
            fix="Install it: pip install 'grader[dask]'.",
        ) from error
    with dask_cluster(scheduler, settings) as cluster:
        yield cluster


def _check_python(scheduler: Scheduler | None, settings: Settings) -> None:
    if scheduler is not None and not settings.environment.is_own:
        raise UsageError(
            f"--scheduler: the notebooks' Python is {settings.environment.executable}, of this machine alone.",
            expected="The grader's own Python: on a cluster notebooks run in that of each worker.",
            fix="Give --python own, and install what the course needs on the workers, or grade without --scheduler.",
        )


def _run(step: str, plan: Plan, settings: Settings, *, executor: Executor, on_progress: OnProgress) -> dict[str, str]:
    """Does what is planned; for each task that failed, by its id, why."""
    failures: dict[str, str] = {}
    # Runs are taken over once they are there.
    for tasks in ((*plan.executed, *plan.evaluated), plan.taking_over):
        jobs = [Job(step if task.is_given else "regrade", task, settings) for task in tasks]
        reasons = run_jobs(jobs, executor, on_progress=on_progress)
        failures |= {task.id: why for task, why in zip(tasks, reasons, strict=True) if why}
    return failures
