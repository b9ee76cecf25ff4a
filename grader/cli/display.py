"""What the terminal shows while a batch runs, and after it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from grader.records import GradedSubmission, Verdict

if TYPE_CHECKING:
    from grader.batch import Cohort
    from grader.datasets import DataSets
    from grader.environment import StudentsEnvironment
    from grader.reference.validation import Validation
    from grader.rubric import DataKind, Rubric
    from grader.task import Progress, Task

_STEPS = {
    "read": "reading",
    "start": "starting the kernel",
    "verify": "verifying the models",
    "replay": "repeating trainings",
    "evaluate": "evaluating",
    "render": "writing the page",
}
OUTCOME_STYLES = {
    "passed": ("+", "green"),
    "partial": ("~", "yellow"),
    "failed": ("-", "red"),
    "blocked": ("x", "red"),
    "needs_review": ("?", "cyan"),
}


class BatchDisplay:
    """One line a running submission with its current cell, and how many are left for how long."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._running: dict[str, Progress] = {}
        self._due: set[str] = set()
        self._began = time.monotonic()
        self._done = 0
        self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=4, transient=True)

    def __enter__(self) -> BatchDisplay:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def on_start(self, due: Sequence[Task]) -> None:
        """Notes which submissions will be executed."""
        self._due, self._done = {task.id for task in due}, 0
        self._began = time.monotonic()
        if due:
            self._console.print(f"Executing {len(due)} submission{'s' if len(due) != 1 else ''} ...")

    def on_progress(self, progress: Progress) -> None:
        """Notes a step of one submission."""
        if progress.step != "done":
            self._running[progress.task_id] = progress
            return
        self._running.pop(progress.task_id, None)
        if progress.task_id in self._due:
            self._done += 1
            if not self._console.is_terminal:
                self._console.print(f"{progress.task_id}: done ({self._done} of {len(self._due)}{self._left()})")

    def _left(self) -> str:
        remaining = len(self._due) - self._done
        if not self._done or not remaining:
            return ""
        seconds = (time.monotonic() - self._began) / self._done * remaining
        return f", about {_duration(seconds)} left"

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for progress in list(self._running.values()):
            step = _STEPS.get(progress.step, progress.step)
            if progress.step == "run":
                step = f"cell {progress.cell + 1} of {progress.cells}"
            table.add_row(Text(progress.task_id, style="bold"), step)
        if self._due:
            table.add_row(f"{self._done} of {len(self._due)} executed{self._left()}", "")
        return table


def show_summary(cohort: Cohort, *, output: Path, verbose: bool) -> None:
    """Prints one line a submission, and where the pages are."""
    console = Console()
    table = Table(box=None, pad_edge=False)
    for name in ("submission", "status", "earned", "pending", "of", "bonus"):
        table.add_column(name, justify="left" if name in {"submission", "status"} else "right")
    if verbose:
        table.add_column("seconds", justify="right")
        table.add_column("harness", justify="right")
    for one in cohort.graded:
        row = [
            Text(one.submission.id),
            one.status,
            f"{one.points_earned:g}",
            f"{one.points_pending:g}",
            f"{one.points_possible:g}",
            f"{one.bonus_earned:g}",
        ]
        if verbose:
            row += [f"{one.execution.seconds:.1f}", f"{one.execution.overhead_seconds:.2f}"]
        table.add_row(*row)
    console.print(table)
    for one in cohort.need_review_of_infrastructure:
        console.print(
            Text(f"{one.submission.id} needs review because of the grading system: {_what_failed(one)}", style="yellow")
        )
    if cohort.why_cold:
        console.print(Text(f"Each kernel imported its libraries itself: {cohort.why_cold}.", style="yellow"))
    _show_stale_marks(cohort.graded, console=console)
    console.print(f"Pages: {output / 'index.html'}")


def _show_stale_marks(graded: Iterable[GradedSubmission], *, console: Console) -> None:
    stale = [
        f"{one.submission.id}, {verdict.criterion}"
        for one in graded
        for verdict in one.verdicts
        if verdict.mark is not None and verdict.mark.stale
    ]
    if stale:
        text = (
            f"{len(stale)} mark{'' if len(stale) == 1 else 's'} of a tutor no longer fit what was handed in or "
            f"measured, and wait to be given again: {'; '.join(stale)}."
        )
        console.print(Text(text, style="yellow"))


def show_unmeasured(graded: Iterable[GradedSubmission], *, rubric: Rubric, data: DataKind) -> None:
    """Prints the criteria that wait for a spread of the reference that was never measured, and how to measure it."""
    from grader.rubric import criteria_of_spread

    waiting = {verdict.criterion for one in graded for verdict in one.verdicts if verdict.cause == "infrastructure"}
    named = [name for name in criteria_of_spread(rubric) if name in waiting]
    if data not in rubric.calibrations and named:
        text = (
            f"{', '.join(named)}: the reference's spread was never measured on the {data} data, so a person must"
            f" decide. Measure it with: grader calibrate {rubric.path} --data {data}. Then grade again: what was"
            " executed is not executed again."
        )
        Console().print(Text(text, style="yellow"))


def show_stale(rubric: Rubric, data_sets: DataSets, environment: StudentsEnvironment) -> None:
    """Prints what has changed since the reference's spread was measured, on which the bands of a rubric rest."""
    from grader.reference.calibration_staleness import calibration_results

    for result in calibration_results(rubric, data_sets, environment):
        if not result.passed and result.name != "exists":
            text = f"The reference's spread may no longer belong to this rubric. {result.text}"
            Console().print(Text(text, style="yellow"))


def show_verdicts(graded: GradedSubmission) -> None:
    """Prints every verdict of one submission with what to do next."""
    console = Console()
    if any(use.stand_in and use.loaded for use in graded.data):
        text = (
            "Run on repeated rows: the notebook needs as many rows as the full data set, which is not on this machine."
            " How accurate its models are says nothing here; --data full downloads the data set."
        )
        console.print(Text(text, style="yellow"))
    for verdict in graded.verdicts:
        console.print(_verdict_line(verdict))
        if verdict.outcome != "passed":
            for text in (verdict.feedback, verdict.next_step):
                if text:
                    console.print(Text(f"      {text}", style="dim"))
    for advice in graded.advice:
        cells = ", ".join(str(cell + 1) for cell in advice.cells)
        console.print(Text(f"advice  {advice.text}" + (f" (cell {cells})" if cells else ""), style="blue"))
    pending = f", {graded.points_pending:g} for a person to decide" if graded.points_pending else ""
    bonus = f"; bonus {graded.bonus_earned:g} of {graded.bonus_possible:g}" if graded.bonus_possible else ""
    console.print(Text(f"{graded.points_earned:g} of {graded.points_possible:g} points{pending}{bonus}", style="bold"))


def show_validation(validation: Validation) -> None:
    """Prints how many results of each group hold, and every one that does not."""
    console = Console()
    console.print(Text(f"{validation.rubric} on the {validation.data} data", style="bold"))
    for group in dict.fromkeys(result.group for result in validation.results):
        results = [result for result in validation.results if result.group == group]
        held = sum(result.passed for result in results)
        style = "green" if held == len(results) else "red"
        console.print(Text(f"  {group:12} {held} of {len(results)} hold", style=style))
    for result in validation.failures:
        console.print(Text(f"- {result.name}", style="red"))
        console.print(Text(f"      {result.text}", style="dim"))


def _verdict_line(verdict: Verdict) -> Text:
    sign, style = OUTCOME_STYLES[verdict.outcome]
    line = Text(f"{sign} {verdict.earned:g}/{verdict.points:g}  ", style=style)
    line.append(f"{verdict.criterion}  ", style="bold")
    line.append(verdict.title or verdict.required)
    if verdict.cells:
        line.append("  cell " + ", ".join(str(cell + 1) for cell in verdict.cells[:4]), style="dim")
    return line


def _what_failed(one: GradedSubmission) -> str:
    return one.execution.detail or next((v.feedback for v in one.verdicts if v.cause == "infrastructure"), "")


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
