"""Runs mutants and holds the verdicts of a rubric against what each mutant was made to show.

The two are kept apart: `gather` executes and leaves evidence, which knows of no rubric; `score` evaluates it, also with
another rubric of the same reference.

Faults that can share a run do: no criterion that one is aimed at may be touched by another, and they change different
cells. So a verdict still tells which fault it is about, and a reference of many models needs few runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.batch import OnStart, gather_all
from grader.errors import UsageError
from grader.evaluate import evaluate
from grader.intake import read_submission
from grader.limits import MAX_MUTANTS_TOGETHER
from grader.matching import match
from grader.records import GradedSubmission, Verdict
from grader.records.base import Record
from grader.reference.mutation.changes import Mutant
from grader.reference.mutation.deriving import Derived, derive
from grader.reference.runs import run_reference
from grader.rubric import Rubric
from grader.store import OutputFolder, SubmissionFolder, write_atomically
from grader.task import OnProgress, Settings, Task

Fate = Literal["caught", "to_person", "survived", "kept", "not_kept"]
"""Of a fault: a target caught it; a person would have to; nobody noticed. Of an equivalent: all points kept, or not."""

REFERENCE = "seed-0"
"""The run of the reference as it is."""


class Alarm(Record):
    """A criterion that a mutant changed, and should not have.

    Attributes:
        borderline: A figure that chance moved next to its band: shown, and no false alarm.
    """

    criterion: str
    outcome: str
    feedback: str = ""
    borderline: bool = False


class MutantResult(Record):
    """What became of a mutant.

    Attributes:
        run: The name of the run that it was part of.
        caught_by: The targets that caught it.
        alarms: Criteria besides its targets and what follows from them; those of its run where that was shared.
    """

    id: str
    kind: str
    group: Literal["fault", "equivalent"]
    place: str = ""
    run: str
    fate: Fate
    targets: tuple[str, ...] = ()
    caught_by: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    said: str = ""
    diff: str = ""

    @property
    def false_alarms(self) -> tuple[Alarm, ...]:
        """Those that chance does not explain."""
        return tuple(alarm for alarm in self.alarms if not alarm.borderline)


class CriterionScore(Record):
    """How many of the faults aimed at a criterion it caught."""

    criterion: str
    check: str
    targeted: int
    killed: int


class MutationResult(Record):
    """What a rubric makes of the mutants of its reference.

    Attributes:
        data: ``full`` or ``sample``; ``any`` where the reference loads none of our data sets.
        not_applicable: Kinds for which the reference or the rubric has no place.
        problems: Runs that failed through us, in words.
    """

    assignment: str
    data: str
    mutants: tuple[MutantResult, ...]
    criteria: tuple[CriterionScore, ...]
    runs: int
    not_applicable: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def faults(self) -> tuple[MutantResult, ...]:
        return tuple(one for one in self.mutants if one.group == "fault")

    @property
    def equivalents(self) -> tuple[MutantResult, ...]:
        return tuple(one for one in self.mutants if one.group == "equivalent")


@dataclass(frozen=True)
class Gathered:
    """The executed mutants of a reference: runs, each with the mutants that share it."""

    derived: Derived
    runs: Mapping[str, tuple[Mutant, ...]]
    problems: tuple[str, ...] = ()


def run_mutants(
    settings: Settings,
    *,
    work: OutputFolder,
    jobs: int,
    on_start: OnStart,
    on_progress: OnProgress,
    only: Iterable[str] = (),
) -> MutationResult:
    """Derives, executes and scores the mutants of a rubric's reference; what the work folder holds is not run again.

    Args:
        settings: The rubric, the data and the limits.
        work: Where the mutants and their evidence are kept.
        jobs: Runs at a time.
        on_start: Told of the runs that are due, twice: of the reference, and of its mutants.
        on_progress: Told of every step.
        only: Kinds; default: all. A kind that is named has a run of its own.

    Raises:
        UsageError: The reference could not be run.
    """
    gathered = gather(settings, work=work, jobs=jobs, on_start=on_start, on_progress=on_progress, only=tuple(only))
    return score(settings.rubric, gathered, work=work)


def gather(
    settings: Settings,
    *,
    work: OutputFolder,
    jobs: int,
    on_start: OnStart,
    on_progress: OnProgress,
    only: Sequence[str] = (),
) -> Gathered:
    """Executes the reference and its mutants; the arguments are those of `run_mutants`.

    Raises:
        UsageError: The reference could not be run.
    """
    rubric = settings.rubric
    (original,) = run_reference(settings, seeds=(0,), work=work, jobs=jobs, on_start=on_start, on_progress=on_progress)
    submission, notebook = read_submission(original.path, submission_id=original.id)
    if notebook is None:
        raise UsageError(f"{original.path}: {submission.problem}", fix="Give the rubric a reference that runs.")
    evidence, _ = original.folder.stored_evidence()
    derived = derive(notebook, rubric=rubric, evidence=evidence, matching=match(rubric, evidence), only=only)
    groups = [(mutant,) for mutant in derived.mutants] if only else shared_runs(derived.mutants)
    runs = {_name(group): group for group in groups}
    tasks = [_task(name, group, work=work) for name, group in runs.items()]
    failures = gather_all(tasks, settings, jobs=jobs, on_start=on_start, on_progress=on_progress)
    problems = tuple(f"{run}: {why}" for run, why in failures.items())
    return Gathered(derived=derived, runs=runs, problems=problems)


def shared_runs(mutants: Iterable[Mutant]) -> list[tuple[Mutant, ...]]:
    """Mutants together where none can be taken for another's doing."""
    groups: list[list[Mutant]] = []
    for mutant in mutants:
        for group in groups:
            if len(group) < MAX_MUTANTS_TOGETHER and all(_can_share(mutant, other) for other in group):
                group.append(mutant)
                break
        else:
            groups.append([mutant])
    return [tuple(group) for group in sorted(groups, key=len, reverse=True)]


def score(rubric: Rubric, gathered: Gathered, *, work: OutputFolder) -> MutationResult:
    """Evaluates executed mutants with a rubric of their reference: that under which they were derived, or another.

    Raises:
        StoreError: The evidence is gone or broken.
    """
    graded_reference = _graded(rubric, REFERENCE, work=work)
    evidence, _ = work.submission(REFERENCE).stored_evidence()
    matching = match(rubric, evidence)
    before = {verdict.criterion: verdict for verdict in graded_reference.verdicts}
    broken = {problem.partition(":")[0] for problem in gathered.problems}
    results: list[MutantResult] = []
    for run, group in gathered.runs.items():
        if run in broken:
            continue
        graded = _graded(rubric, run, work=work)
        after = {verdict.criterion: verdict for verdict in graded.verdicts}
        aims = {
            mutant.id: (
                (mutant.aim.targets(rubric, matching), mutant.aim.related(rubric, matching)) if mutant.aim else ((), ())
            )
            for mutant in group
        }
        expected = {name for targets, related in aims.values() for name in (*targets, *related)}
        if any(mutant.aim is not None and mutant.aim.breaks for mutant in group):
            expected |= _of_broken_cells(rubric, graded, work.submission(run))
        alarms = _alarms(before, after, expected=expected)
        results += [
            _result(mutant, run=run, targets=aims[mutant.id][0], after=after, alarms=alarms)
            for mutant in group
            if mutant.group == "equivalent" or aims[mutant.id][0]
        ]
    loaded = [use for use in evidence.data_sets if use.loaded]
    kind = "sample" if any(use.sample for use in loaded) else "full"
    return MutationResult(
        assignment=rubric.assignment,
        data=kind if loaded else "any",
        mutants=tuple(results),
        criteria=_criteria(rubric, results),
        runs=len(gathered.runs),
        not_applicable=gathered.derived.not_applicable,
        problems=gathered.problems,
    )


def _of_broken_cells(rubric: Rubric, graded: GradedSubmission, folder: SubmissionFolder) -> set[str]:
    """The criteria of sections in which a cell raised: what speaks of a name that a fault took away does nothing."""
    evidence, _ = folder.stored_evidence()
    raised = {cell.index for cell in evidence.cells if cell.status == "error"}
    return {
        criterion.id
        for section in rubric.sections
        if not section.whole_notebook and raised & set(graded.matching[section.id].cells)
        for criterion in section.criteria
    }


def _result(
    mutant: Mutant,
    *,
    run: str,
    targets: tuple[str, ...],
    after: Mapping[str, Verdict],
    alarms: tuple[Alarm, ...],
) -> MutantResult:
    caught = tuple(name for name in targets if is_caught(after[name]))
    waiting = [name for name in targets if after[name].outcome == "needs_review" and after[name].cause != "by_hand"]
    if mutant.group == "equivalent":
        fate: Fate = "kept" if all(alarm.borderline for alarm in alarms) else "not_kept"
    else:
        fate = "caught" if caught else "to_person" if waiting else "survived"
    told = caught[:1] or tuple(waiting[:1]) or targets[:1]
    return MutantResult(
        id=mutant.id,
        kind=mutant.kind,
        group=mutant.group,
        place=mutant.place,
        run=run,
        fate=fate,
        targets=targets,
        caught_by=caught,
        alarms=alarms,
        said=" ".join(after[name].feedback for name in told),
        diff=mutant.diff,
    )


def is_caught(verdict: Verdict) -> bool:
    """Whether a verdict costs points, or says that something is wrong."""
    return verdict.outcome in {"failed", "partial", "blocked"} or verdict.cause == "flagged"


def _alarms(before: Mapping[str, Verdict], after: Mapping[str, Verdict], *, expected: set[str]) -> tuple[Alarm, ...]:
    worse = [
        verdict
        for name, verdict in after.items()
        if name not in expected
        and (verdict.earned < before[name].earned or (verdict.outcome, verdict.cause) != _ended(before[name]))
        and verdict.outcome != "passed"
    ]
    return tuple(
        Alarm(
            criterion=verdict.criterion,
            outcome=verdict.outcome if verdict.cause is None else f"{verdict.outcome} ({verdict.cause})",
            feedback=verdict.feedback,
            borderline=verdict.cause == "borderline",
        )
        for verdict in worse
    )


def _ended(verdict: Verdict) -> tuple[str, str | None]:
    return verdict.outcome, verdict.cause


def _criteria(rubric: Rubric, results: Iterable[MutantResult]) -> tuple[CriterionScore, ...]:
    aimed = [one for one in results if one.targets]
    return tuple(
        CriterionScore(
            criterion=criterion.id,
            check=criterion.check,
            targeted=sum(criterion.id in one.targets for one in aimed),
            killed=sum(criterion.id in one.caught_by for one in aimed),
        )
        for criterion in rubric.criteria
    )


def _can_share(one: Mutant, other: Mutant) -> bool:
    if one.group != other.group or one.draft.conflicts_with(other.draft):
        return False
    mine, theirs = set(one.targets), set(other.targets)
    return not (mine & {*theirs, *other.related} or theirs & {*mine, *one.related})


def _name(group: Sequence[Mutant]) -> str:
    return group[0].id if len(group) == 1 else f"{group[0].id}-and-{len(group) - 1}"


def _task(name: str, group: Sequence[Mutant], *, work: OutputFolder) -> Task:
    import nbformat  # noqa: PLC0415 - only who makes mutants needs it

    first, *rest = group
    draft = first.draft
    for mutant in rest:
        draft = draft.with_changes_of(mutant.draft)
    path = work.folder / "mutants" / f"{name}.ipynb"
    write_atomically(path, nbformat.writes(draft.finish()) + "\n")
    return Task(id=name, path=path, folder=work.submission(name))


def _graded(rubric: Rubric, run: str, *, work: OutputFolder) -> GradedSubmission:
    folder = work.submission(run)
    evidence, measurements = folder.stored_evidence()
    return evaluate(rubric, evidence=evidence, measurements=measurements, read=folder.arrays.get)
