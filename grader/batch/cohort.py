"""Batches of submissions: a cohort that is graded, and runs of a reference that are gathered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

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
from grader.execution.warm import warming
from grader.intake import Class, LateRule, collect_submissions, late_rule, people_of
from grader.marks import Decisions, Event, MarksFile
from grader.records import NOBODY, GradedSubmission, People
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
    spare: int = 0,
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
        spare: How many more may begin here while as many others only wait.

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
        decided = _Decided.of(marks, about, settings)
        about = decided.about
        note = partial(
            write_shard, output, shard, settings, events=decided.events, attempts=(about or PLAIN_CLASS).attempts
        )
        note(is_finished=False)
        taken = _take_in(paths, decided, output=output, settings=settings, sample_of=sample_of)
        tasks = [task for task in taken.given if shard is None or shard.holds(task.id)]
        # Found once for all workers, which are on this machine; what was made in another tier is executed again.
        settings = replace(settings, sandbox=settings.sandbox.resolved())
        plan = _planned(tasks, taken, settings, anew=chosen(again, taken.given), jobs=jobs)
        with _cluster(plan, settings, scheduler) as cluster:
            on_start(plan if cluster is None else replace(plan, jobs=cluster.threads))
            with _workers(plan, settings, lock=lock, cluster=cluster, spare=spare) as (executor, settings):
                failures = _run("grade", plan, settings, executor=executor, on_progress=on_progress)
        graded, of_earlier = (
            tuple(_outcome(task, settings, why=failures.get(task.id, "")) for task in group)
            for group in (tasks, taken.earlier)
        )
        if about is not None and shard is None:
            sources = ClassSources(output, settings.rubric, tuple(decided.decisions.events))
            write_class((*graded, *of_earlier), taken.people, sources=sources, output=output, attempts=about.attempts)
        note(is_finished=True)
    executed = frozenset(task.id for task in plan.executed)
    return Cohort(graded, executed, why_cold=settings.sandbox.resolve().why_cold, handed_in=taken.handed_in)


@dataclass(frozen=True)
class _Decided:
    """What people decided before a batch, and what follows for the class.

    Attributes:
        about: The class with the deadlines that hold for it; None for a notebook of no class.
        rule: What handing in late costs; None where nothing does.
    """

    events: tuple[Event, ...]
    decisions: Decisions
    about: Class | None
    rule: LateRule | None

    @classmethod
    def of(cls, marks: MarksFile | None, about: Class | None, settings: Settings) -> Self:
        events = () if marks is None else marks.read()
        decisions = Decisions(events)
        if about is None:
            return cls(events, decisions, None, None)
        return cls(events, decisions, *_when_due(about, settings, decisions))


@dataclass(frozen=True)
class _TakenIn:
    """The submissions of a batch.

    Attributes:
        people: Whose they are, with those of earlier batches.
        given: What is to be graded of those that were given now, in all parts of the class.
        earlier: Those of earlier batches that are not given now.
        handed_in: How many were given, with those that a sample leaves out.
    """

    people: People
    given: tuple[Task, ...]
    earlier: tuple[Task, ...]
    handed_in: int


def _take_in(
    paths: Sequence[Path], decided: _Decided, *, output: OutputFolder, settings: Settings, sample_of: int | None
) -> _TakenIn:
    """Finds the submissions below the paths, and notes whose they are."""
    before = output.read_people()
    found = collect_submissions(paths, unpack_to=output.unpacked, known=before)
    people = NOBODY
    if decided.about is not None:
        people = people_of(found, before, roots=paths, about=decided.about)
        output.write_people(people)
    known = Known(output, people, decided.decisions, decided.rule)
    wanted = found if sample_of is None else varied(found, sample_of, sandbox=settings.sandbox)
    given = tuple(known.task(one) for one in wanted)
    others = people.submissions.keys() - {task.id for task in given}
    earlier = tuple(_earlier(others, known, assignment=settings.rubric.assignment))
    return _TakenIn(people, given, earlier, handed_in=len(found))


def _planned(tasks: Sequence[Task], taken: _TakenIn, settings: Settings, *, anew: frozenset[str], jobs: int) -> Plan:
    """What is to be done of these tasks, and of earlier submissions; what is stored of those anew is removed."""
    for task in tasks:
        if task.id in anew:
            task.folder.forget_all()
    plan = make_plan(tasks, settings, needs=pipeline.needs_grading, anew=anew, jobs=jobs)
    stored = (task for task in taken.earlier if _is_due(task, settings))
    return replace(plan, evaluated=(*plan.evaluated, *stored))


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
    plan: Plan, settings: Settings, *, lock: int | None = None, cluster: Executor | None = None, spare: int = 0
) -> Iterator[tuple[Executor, Settings]]:
    """Workers of this machine, for which what kernels import is imported once, where any is to start.

    Args:
        plan: What they will do.
        settings: With what.
        lock: Of the folder in which they write: it is held until the last of them has ended.
        cluster: What executes instead of them.
        spare: How many more may begin while as many others only wait.
    """
    with ExitStack() as stack:
        kernels_start = (plan.executed and cluster is None) or (settings.reruns and plan.evaluated)
        begun = stack.enter_context(warming(settings.sandbox)) if kernels_start else None
        inherited = (*(() if begun is None else begun.inherited), *(() if lock is None else (lock,)))
        local = stack.enter_context(LocalProcesses(plan.jobs, inherited=inherited, spare=spare))
        if begun is not None:
            here = (*plan.evaluated, *(plan.executed if cluster is None else ()))
            local.begin(len(here))  # while the other process imports
            settings = replace(settings, sandbox=begun.choice())
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
