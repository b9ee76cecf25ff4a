"""Grades rewritten notebooks, says which marks moved, and drops habits as long as they do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from grader.batch import gather_all
from grader.cli.options import run_limits
from grader.datasets import resolve
from grader.evaluate import evaluate
from grader.execution.sandbox import SandboxChoice
from grader.records import Evidence, GradedSubmission, Measurements
from grader.rubric import Rubric, load_rubric
from grader.store import OutputFolder, SubmissionFolder
from grader.task import Settings, Task
from habits.carry import carried
from habits.choosing import compose
from habits.page import Page, paragraphs_of, read_page

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True, eq=False)
class Sample:
    """An honest notebook with its run and its grade."""

    name: str
    page: Page
    folder: SubmissionFolder
    measurements: Measurements
    graded: GradedSubmission

    @property
    def rubric(self) -> Rubric:
        return self.page.rubric


@dataclass(frozen=True, eq=False)
class Trial:
    """A sample with habits.

    Attributes:
        static: Judged on the sample's evidence, or run.
        seed: Of the habits' choices.
    """

    sample: Sample
    habits: tuple[str, ...]
    static: bool
    seed: str
    number: int = 0

    @cached_property
    def page(self) -> Page:
        """The rewritten notebook."""
        return compose(self.sample.page, self.habits, seed=self.seed)[0]


@dataclass(frozen=True, eq=False)
class Case:
    """A trial in which marks moved, one line for each."""

    trial: Trial
    moved: tuple[str, ...]

    @property
    def criteria(self) -> frozenset[str]:
        """Whose marks moved."""
        return frozenset(line.partition(":")[0] for line in self.moved)


class Bench:
    """Where notebooks are run and graded.

    Args:
        work: Where runs are kept.
        data: ``full``, ``sample`` or a folder.
        jobs: Notebooks at a time.
    """

    def __init__(self, work: Path, *, data: str, jobs: int) -> None:
        self.output = OutputFolder(work)
        self.data_sets = resolve(data)
        self.jobs = jobs

    def settings(self, rubric: Rubric) -> Settings:
        """How the notebooks of a rubric are run."""
        limits = run_limits(rubric, data=self.data_sets.kind, cell_timeout=None, notebook_timeout=None, memory=None)
        return Settings(rubric, data_sets=self.data_sets, limits=limits, sandbox=SandboxChoice())

    def run(self, tasks: Sequence[Task], rubric: Rubric) -> None:
        """Executes and verifies what has not been yet.

        Raises:
            RuntimeError: One of them came to no grade.
        """
        ignored = {"on_start": lambda _: None, "on_progress": lambda _: None}
        failed = gather_all(tasks, self.settings(rubric), jobs=self.jobs, **ignored)
        if failed:
            raise RuntimeError("; ".join(f"{name}: {why}" for name, why in failed.items()))

    def task(self, name: str, path: Path) -> Task:
        """A notebook to be run."""
        return Task(id=name, path=path, folder=self.output.submission(name))

    def moved(self, trials: Iterable[Trial]) -> Iterator[tuple[Trial, list[str]]]:
        """Each trial with the marks that moved."""
        trials = list(trials)
        executed = [trial for trial in trials if not trial.static]
        if executed:
            tasks = [self._written(trial) for trial in executed]
            self.run(tasks, executed[0].sample.rubric)
        for trial in trials:
            graded = self._judged(trial)
            yield trial, list(differences(trial.sample.graded, graded))

    def _written(self, trial: Trial) -> Task:
        import nbformat  # noqa: PLC0415 - slow to load

        name = f"{trial.sample.name}-{abs(hash_of(trial)):x}"
        path = self.output.folder / "composed" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(trial.page.notebook(), path)
        return self.task(name, path)

    def _judged(self, trial: Trial) -> GradedSubmission:
        sample = trial.sample
        evidence, measurements, folder = carried_or_none(trial), sample.measurements, sample.folder
        if evidence is None:
            folder = self._written(trial).folder
            evidence, measurements = folder.stored_evidence()
        return evaluate(sample.rubric, evidence=evidence, measurements=measurements, read=folder.arrays.get)


def carried_or_none(trial: Trial) -> Evidence | None:
    """The evidence of a trial that needs no run."""
    return carried(trial.page, trial.sample.page.evidence) if trial.static else None


def hash_of(trial: Trial) -> int:
    """A number that is the same for the same composition."""
    import zlib  # noqa: PLC0415

    return zlib.crc32(repr((trial.habits, trial.seed)).encode())


def sample_paths(root: Path, week: str) -> list[Path]:
    """The honest notebooks of an assignment, the reference last."""
    honest = sorted((root / "submissions" / week).glob("full-marks-*.ipynb"))
    return [*honest, root / "reference" / week / "reference.ipynb"]


def read_samples(root: Path, week: str, *, bench: Bench) -> list[Sample]:
    """The honest notebooks of an assignment, each run once."""
    import nbformat  # noqa: PLC0415 - slow to load

    rubric = load_rubric(root / "rubrics" / f"{week}.yaml")
    paths = sample_paths(root, week)
    tasks = [bench.task(f"{week}-{path.stem}", path) for path in paths]
    bench.run(tasks, rubric)
    notebooks = [nbformat.read(path, 4) for path in paths]
    questions = frozenset(paragraphs_of(notebooks[-1]))
    return [
        _sample(task, notebook, rubric=rubric, questions=questions)
        for task, notebook in zip(tasks, notebooks, strict=True)
    ]


def _sample(task: Task, notebook: NotebookNode, *, rubric: Rubric, questions: frozenset[str]) -> Sample:
    evidence, measurements = task.folder.stored_evidence()
    graded = evaluate(rubric, evidence=evidence, measurements=measurements, read=task.folder.arrays.get)
    page = read_page(notebook, rubric=rubric, matching=graded.matching, evidence=evidence, questions=questions)
    return Sample(task.id, page, task.folder, measurements, graded)


def differences(before: GradedSubmission, after: GradedSubmission) -> Iterator[str]:
    """Every mark that moved and every flag that is new, a line each."""
    old = {verdict.criterion: verdict for verdict in before.verdicts}
    for verdict in after.verdicts:
        was = old[verdict.criterion]
        one = f"{was.outcome} {was.cause or ''} {was.earned:g}"
        two = f"{verdict.outcome} {verdict.cause or ''} {verdict.earned:g}"
        if one != two:
            yield f"{verdict.criterion}: {' '.join(one.split())} -> {' '.join(two.split())}: {verdict.feedback}"
    rules = {flag.rule for flag in before.flags}
    yield from (f"flag {flag.rule}: {flag.text}" for flag in after.flags if flag.rule not in rules)


def minimised(trial: Trial, moved: Sequence[str], *, known: Iterable[Case], bench: Bench) -> list[Case]:
    """Small sets of habits that together explain every mark of a trial that moved.

    Args:
        trial: In which marks moved.
        moved: Which.
        known: Cases that need not be found again: those whose habits the trial has.
        bench: Where smaller trials are judged.
    """
    left = set(Case(trial, tuple(moved)).criteria)
    for case in known:
        if case.trial.sample.rubric is trial.sample.rubric and set(case.trial.habits) <= set(trial.habits):
            left -= case.criteria
    found = list[Case]()
    while left:
        criterion = min(left)
        case = _smallest(trial, criterion, bench=bench)
        left -= {criterion, *case.criteria}
        found.append(case)
    return found


def _smallest(trial: Trial, criterion: str, *, bench: Bench) -> Case:
    """The trial with as few habits as still move one criterion's mark."""
    best = Case(trial, tuple(next(bench.moved([trial]))[1]))
    dropped = True
    while dropped:
        dropped = False
        for name in best.trial.habits:
            fewer = replace(best.trial, habits=tuple(one for one in best.trial.habits if one != name))
            case = Case(fewer, tuple(next(bench.moved([fewer]))[1]))
            if criterion in case.criteria:
                best, dropped = case, True
                break
    return best
