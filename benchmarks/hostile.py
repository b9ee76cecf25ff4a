"""Runs every hostile notebook beside an honest one, and writes what came of it: ``python benchmarks/hostile.py``.

Each batch begins and ends with the honest notebook, whose grade must be the one that it gets alone. After each batch
nothing of it may be left on the machine, and nothing outside may have been read or changed.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from case_files import (  # noqa: E402 - the cases are the tests' own
    CASES,
    ESCAPED,
    HOSTILE,
    Case,
    points_gained,
    read_cases,
    with_limits,
    wrong_ending,
    wrong_flags,
    wrong_points,
    wrong_prints,
    wrong_verdicts,
)
from inert import what_acts  # noqa: E402
from outside import Canaries, Watcher  # noqa: E402

from grader import pipeline  # noqa: E402
from grader.batch import Job, LocalProcesses, run_jobs  # noqa: E402
from grader.cli.options import default_jobs, run_limits  # noqa: E402
from grader.datasets import resolve  # noqa: E402
from grader.execution.sandbox import Sandbox, SandboxChoice  # noqa: E402
from grader.execution.warm import warmed  # noqa: E402
from grader.records import GradedSubmission  # noqa: E402
from grader.report import write_cohort  # noqa: E402
from grader.rubric import Rubric, load_rubric  # noqa: E402
from grader.store import OutputFolder  # noqa: E402
from grader.task import Progress, Settings, Task  # noqa: E402

CONTROL = CASES / "honest-and-small" / "notebook.ipynb"
BATCH = 60
"""Cases between two honest notebooks."""

_PATIENT = {"cell_timeout_seconds": 900.0, "notebook_timeout_seconds": 3600.0, "memory_bytes": 3 * 2**30}
"""Limits of the honest notebook: those that end a hostile one soon are too short for it on a busy machine."""

_TIMES = ("seconds", "overhead_seconds")


@dataclass
class Outcome:
    """What came of one hostile notebook."""

    case: Case
    reason: str = ""
    detail: str = ""
    earned: float = 0.0
    gained: float = 0.0
    seconds: float = 0.0
    escapes: list[str] = field(default_factory=list)
    died: str = ""
    left: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)


@dataclass
class Run:
    """Everything that came of a run of the benchmark."""

    tier: str
    start: str
    """How the kernels were started."""
    patience: float
    """By how much the cases' own time limits were stretched."""
    outcomes: list[Outcome] = field(default_factory=list)
    harness: list[str] = field(default_factory=list)
    """What befell the honest notebook, or the machine, rather than one hostile one."""
    seconds: float = 0.0


def main() -> int:
    """Runs what the command line asks for; 1 where anything got out, was left or was gained."""
    options = _options()
    cases = [
        case for case in read_cases(HOSTILE) if not options.only or any(name in case.name for name in options.only)
    ]
    choice = SandboxChoice(known=Sandbox(tier="3") if options.landlock else None, cold=options.cold).resolved()
    # Started before anything is watched: what is left of a submission is told from what was there.
    with warmed(choice) as sandbox:
        return _run(cases, sandbox, options=options)


def _run(cases: Sequence[Case], sandbox: SandboxChoice, *, options: argparse.Namespace) -> int:
    run = Run(tier=sandbox.tier, start=_start_of(sandbox), patience=options.patience)
    began = time.monotonic()
    watcher = Watcher()
    try:
        with Canaries() as canaries:
            bench = _Bench(sandbox, canaries=canaries, watcher=watcher, run=run, options=options)
            bench.run_all(cases)
    finally:
        watcher.close()
    run.seconds = time.monotonic() - began
    text = _table(run)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    print(_summary(run))
    for line in _problems(run):
        print(" ", line)
    return 1 if _problems(run) else 0


def _start_of(sandbox: SandboxChoice) -> str:
    """How kernels start, for a sentence."""
    if sandbox.resolve().zygote is not None:
        return "forked from a process that has imported the libraries"
    return f"started afresh ({sandbox.resolve().why_cold or '--cold'})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME", help="cases with this in their name; repeatable")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where the table is written, such as docs/hostile.md"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what was graded there")
    parser.add_argument("--jobs", type=int, default=default_jobs(), help="notebooks at a time")
    parser.add_argument(
        "--patience",
        type=float,
        default=1.0,
        metavar="FACTOR",
        help="stretches the cases' own time limits, which are meant for a machine that does nothing else",
    )
    parser.add_argument("--landlock", action="store_true", help="use tier 3, whatever better one this machine has")
    parser.add_argument("--cold", action="store_true", help="start each kernel afresh instead of forking it")
    return parser.parse_args()


class _Bench:
    def __init__(
        self,
        sandbox: SandboxChoice,
        *,
        canaries: Canaries,
        watcher: Watcher,
        run: Run,
        options: argparse.Namespace,
    ) -> None:
        self.canaries = canaries
        self.watcher = watcher
        self.run = run
        self.keep: Path | None = options.keep
        self.jobs: int = options.jobs
        self.rubric = _rubric("rubrics/week09.yaml")
        self.data_sets = resolve("sample")
        limits = run_limits(
            self.rubric, data=self.data_sets.kind, cell_timeout=None, notebook_timeout=None, memory=None
        )
        self.settings = Settings(rubric=self.rubric, data_sets=self.data_sets, limits=limits, sandbox=sandbox)
        self.alone: dict[str, Any] = {}

    def run_all(self, cases: Sequence[Case]) -> None:
        """Grades the honest notebook alone, and then every batch."""
        with self._folder("alone") as folder:
            output = OutputFolder(folder)
            task = _control("control", output)
            (why,) = _graded([task], self.settings, jobs=1)
            self.alone = _comparable(task)
            execution = self.alone.get("execution") or {}
            if why or not self.alone or execution.get("reason"):
                raise SystemExit(f"The honest notebook cannot be graded here: {why or execution.get('detail')}")
        groups: dict[str, list[Case]] = defaultdict(list)
        for case in cases:
            groups[json.dumps(case.limits, sort_keys=True)].append(case)
        for group in groups.values():
            for start in range(0, len(group), BATCH):
                self._batch(group[start : start + BATCH])

    def _batch(self, cases: Sequence[Case]) -> None:
        settings = _replaced(self.settings, _stretched(cases[0].limits, self.run.patience))
        with self._folder(f"batch-{len(self.run.outcomes)}") as folder:
            output = OutputFolder(folder)
            folder.mkdir(parents=True, exist_ok=True)
            hostile = [
                Task(id=case.name, path=case.handed_in(folder), folder=output.submission(case.name)) for case in cases
            ]
            controls = [_control("control-before", output), _control("control-after", output)]
            tasks = [controls[0], *hostile, controls[1]]
            own = {case.name: dataclasses.replace(settings, rubric=_rubric(case.rubric)) for case in cases}
            failures = _graded(tasks, settings, jobs=self.jobs, own=own)
            for task, why in zip(tasks, failures, strict=True):
                if why:
                    pipeline.give_up(task, own.get(task.id, settings), why=why)
            write_cohort([found for task in tasks if (found := task.folder.read_grade()) is not None], output=output)
            outcomes = [
                _outcome(case, task, died=why) for case, task, why in zip(cases, hostile, failures[1:-1], strict=True)
            ]
            for task in controls:
                if _comparable(task) != self.alone:
                    self.run.harness.append(
                        f"{task.id} ({cases[0].name} to {cases[-1].name}): graded otherwise than alone"
                    )
            self.run.harness += [f"cohort: {text}" for text in what_acts((folder / "index.html").read_text())]
            self.run.harness += self.canaries.touched(folder)
        for outcome in outcomes:
            outcome.left = self.watcher.left()
        self.run.outcomes += outcomes

    def _folder(self, name: str) -> Any:
        if self.keep is not None:
            return _kept(self.keep / name)
        return _temporary()


class _kept:  # noqa: N801 - used as a function
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Path:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self.folder

    def __exit__(self, *_: object) -> None:
        return None


class _temporary:  # noqa: N801 - used as a function
    def __enter__(self) -> Path:
        self.folder = Path(tempfile.mkdtemp(prefix="batch-"))
        return self.folder

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _stretched(limits: dict[str, Any], factor: float) -> dict[str, Any]:
    return {name: value * factor if name.endswith("_timeout_seconds") else value for name, value in limits.items()}


def _replaced(settings: Settings, limits: dict[str, Any]) -> Settings:
    return dataclasses.replace(settings, limits=with_limits(settings.limits, limits))


@cache
def _rubric(path: str) -> Rubric:
    return load_rubric(ROOT / path)


def _graded(
    tasks: Sequence[Task], settings: Settings, *, jobs: int, own: Mapping[str, Settings] | None = None
) -> list[str]:
    """Grades tasks, each under its own settings, the honest notebook under patient limits; for each why that failed."""
    patient = _replaced(settings, _PATIENT)
    each = [Job("grade", task, patient if task.path == CONTROL else (own or {})[task.id]) for task in tasks]
    with LocalProcesses(jobs, inherited=settings.sandbox.inherited) as executor:
        return run_jobs(each, executor, on_progress=_tell)


def _control(name: str, output: OutputFolder) -> Task:
    return Task(id=name, path=CONTROL, folder=output.submission(name))


def _comparable(task: Task) -> dict[str, Any]:
    """A grade without its times and its id."""
    graded = task.folder.read_grade()
    if graded is None:
        return {}
    plain = graded.model_dump(mode="json")
    plain["submission"].pop("id")
    for name in _TIMES:
        plain["execution"].pop(name)
    return plain


def _tell(progress: Progress) -> None:
    if progress.step == "done":
        print(".", end="", flush=True, file=sys.stderr)


def _outcome(case: Case, task: Task, *, died: str) -> Outcome:
    graded = task.folder.read_grade()
    if graded is None:
        return Outcome(case=case, died=died or "no grade was written")
    evidence = task.folder.read_evidence()
    printed = "\n".join(cell.printed for cell in evidence.cells) if evidence is not None else ""
    escapes = [line for line in printed.splitlines() if line.startswith(ESCAPED)]
    page = task.folder.feedback_html.read_text(encoding="utf-8")
    return Outcome(
        case=case,
        reason=graded.execution.reason or "none",
        detail=graded.execution.detail,
        earned=graded.points_earned + graded.bonus_earned,
        gained=points_gained(case, graded),
        seconds=graded.execution.seconds,
        escapes=[*escapes, *(f"page: {text}" for text in what_acts(page))],
        died=died,
        otherwise=list(_otherwise(case, graded, printed)),
    )


def _otherwise(case: Case, graded: GradedSubmission, printed: str) -> Iterator[str]:
    for wrong in (wrong_verdicts, wrong_ending, wrong_points, wrong_flags):
        yield from wrong(case, graded)
    yield from wrong_prints(case, printed)


def _problems(run: Run) -> list[str]:
    found = list(run.harness)
    for item in run.outcomes:
        texts = [*item.escapes, *([f"died: {item.died}"] if item.died else []), *item.left, *item.otherwise]
        found += [f"{item.case.name}: {text}" for text in texts]
    return found


def _summary(run: Run) -> str:
    outcomes = run.outcomes
    escapes = sum(bool(item.escapes) for item in outcomes)
    deaths = sum(bool(item.died) for item in outcomes)
    left = len({text for item in outcomes for text in item.left})
    gained = sum(item.gained for item in outcomes)
    return (
        f"{len(outcomes)} hostile notebooks: {escapes} escapes, {deaths} harness deaths, {left} leftovers, "
        f"{gained:g} points gained, {len(run.harness)} effects on the honest notebooks beside them."
    )


def _table(run: Run) -> str:
    lines = [
        "# Hostile notebooks",
        "",
        (
            "Written by `python benchmarks/hostile.py --output docs/hostile.md` from a real run; the notebooks are in"
            " `tests/cases/hostile/`."
        ),
        "",
        f"**{_summary(run)}**",
        "",
        (
            f"Sandbox of tier {run.tier} (see `grader doctor`), kernels {run.start}, Linux"
            f" {platform.release().split('-')[0]}, Python {platform.python_version()}, {run.seconds / 60:.0f} minutes,"
            f" the cases' own time limits times {run.patience:g}. Each batch began and ended with an honest notebook,"
            " whose `grade.json` must be the one that it gets alone. *Reason* is what `grade.json` records; *earned* is"
            " what was earned, and what the"
            " honest part of the notebook is worth at most."
        ),
        "",
        "| notebook | what it does | what stops it | reason | earned | gained | left |",
        "|---|---|---|---|---|---|---|",
    ]
    for item in run.outcomes:
        case = item.case.expected
        lines.append(
            f"| {item.case.name.removeprefix('hostile-')} | {case['attack']} | {case['stopped_by']} | {item.reason} |"
            f" {item.earned:g} of {case['max_earned']} | {item.gained:g} | {len(item.left) or 'none'} |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main())
