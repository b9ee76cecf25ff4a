"""What the terminal shows while a batch runs, and after it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grader.batch import Plan
from grader.cli.estimate import Estimate
from grader.records import GradedSubmission, Verdict

if TYPE_CHECKING:
    from grader.batch import Capacity, Cohort, Kept
    from grader.datasets import DataSets
    from grader.environment import StudentsEnvironment
    from grader.marks import Event
    from grader.reference.validation import Validation
    from grader.rubric import DataKind, Rubric
    from grader.task import Progress

_STEPS = {
    "read": "reading",
    "start": "starting the kernel",
    "verify": "verifying the models",
    "replay": "repeating trainings",
    "hints": "proving hints",
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
    """One line a running submission with its step and time, and under them how far the batch is and for how long."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._plan = Plan()
        self._running: dict[str, tuple[Progress, float]] = {}
        self._waiting: dict[str, str] = {}
        self._done: Counter[str] = Counter()
        self._began = time.monotonic()
        self._estimate = Estimate((), {}, jobs=1, now=self._began)
        self._lock = threading.Lock()
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

    def on_start(self, plan: Plan) -> None:
        """Notes what is about to be done."""
        self._plan, self._began = plan, time.monotonic()
        self._done.clear()
        executed = {task.id: "executed" for task in plan.executed}
        self._waiting = {task.id: "evaluated" for task in (*plan.evaluated, *plan.taking_over)} | executed
        self._estimate = Estimate(executed, plan.seconds, jobs=plan.jobs, now=self._began)
        if executed:
            again = len(plan.taking_over)
            same = f" ({again} more hold{'s' if again == 1 else ''} the same as one of them)" if again else ""
            at_once = min(plan.jobs, len(executed))
            told = f", {at_once} at a time" if at_once > 1 else ""
            self._console.print(f"Executing {len(executed)} submission{_s(len(executed))}{told}{same} ...")
        elif plan.evaluated:
            self._console.print(f"Evaluating {len(plan.evaluated)} submission{_s(len(plan.evaluated))} ...")

    def on_progress(self, progress: Progress) -> None:
        """Notes a step of one submission."""
        now, name = time.monotonic(), progress.task_id
        with self._lock:
            if progress.step != "done":
                _, began = self._running.get(name, (progress, now))
                self._running[name] = (progress, began)
                self._estimate.started(name, now=now)
                return
            self._running.pop(name, None)
            self._estimate.done(name, now=now)
            what = self._waiting.pop(name, "")
            self._done[what] += 1
            told = f"{name}: done ({self._done[what]} of {len(self._plan.executed)}{self._left(now)})"
        if what == "executed" and not self._console.is_terminal:
            self._console.print(told)

    def _left(self, now: float) -> str:
        seconds = self._estimate.left(now=now)
        return f", about {_duration(seconds)} left" if seconds else ""

    def _table(self) -> Group:
        """What the terminal shows, drawn by a thread of its own."""
        with self._lock:
            return self._drawn(time.monotonic())

    def _drawn(self, now: float) -> Group:
        table = Table.grid(padding=(0, 2))
        for progress, began in self._running.values():
            step = _STEPS.get(progress.step, progress.step)
            if progress.step == "run":
                step = f"cell {progress.cell + 1} of {progress.cells}"
            table.add_row(Text(progress.task_id, style="bold"), step, Text(clock(now - began), style="dim"))
        return Group(table, *self._totals(now))

    def _totals(self, now: float) -> Iterator[Table]:
        """How many are done of what there is, each with a bar."""
        plan = self._plan
        counts = {"executed": len(plan.executed), "evaluated": len(plan.evaluated) + len(plan.taking_over)}
        for what, count in counts.items():
            if not count:
                continue
            done = self._done[what]
            left = self._left(now) if what == "executed" else ""
            line = Table.grid(padding=(0, 2))
            line.add_row(
                ProgressBar(total=count, completed=done, width=30),
                f"{done} of {count} {what}, {clock(now - self._began)}{left}",
            )
            yield line


def show_summary(cohort: Cohort, *, output: Path | None, verbose: bool) -> None:
    """Prints one line a submission, and where the pages are; None for a part of a class, which has none."""
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
    _show_untimed(cohort.graded, console=console)
    pages = "grader merge writes the pages, once all parts are there." if output is None else output / "index.html"
    console.print(f"Pages: {pages}")


def _show_untimed(graded: Iterable[GradedSubmission], *, console: Console) -> None:
    untimed = [one.submission.id for one in graded if one.late is not None and one.late.submitted is None]
    if untimed:
        text = (
            f"When {'1 submission was' if len(untimed) == 1 else f'{len(untimed)} submissions were'} handed in is not"
            f" known, so no points are taken off for being late. They are listed on the page."
        )
        console.print(Text(text, style="yellow"))


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


def show_unapplied(events: Sequence[Event]) -> None:
    """Prints how many decisions of tutors the parts of a class do not know yet, and what to do."""
    if events:
        of = sorted({event.submission or event.student or "the class" for event in events})
        text = (
            f"{len(events)} decision{'' if len(events) == 1 else 's'} of tutors came after the parts were graded, "
            f"on {', '.join(of[:5])}{' and others' if len(of) > 5 else ''}. To apply them, run grader grade over the "
            "whole class with the merged folder as output, and the merged tutor's file: nothing is executed again."
        )
        Console(stderr=True).print(Text(text, style="yellow"))


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


def show_capacity(at_once: Capacity) -> None:
    """Prints why fewer submissions run at a time than there are processors, where that is so."""
    if at_once.why:
        text = f"{at_once.jobs} submission{_s(at_once.jobs)} at a time: {at_once.why}. --jobs sets another number."
        Console(stderr=True).print(Text(text, style="yellow"))


def show_stale(rubric: Rubric, data_sets: DataSets, environment: StudentsEnvironment) -> None:
    """Prints what has changed since the reference's spread was measured, on which the bands of a rubric rest."""
    from grader.reference.calibration_staleness import calibration_results

    for result in calibration_results(rubric, data_sets, environment):
        if not result.passed and result.name != "exists":
            text = f"The reference's spread may no longer belong to this rubric. {result.text}"
            Console().print(Text(text, style="yellow"))


def show_kept(kept: Sequence[Kept]) -> None:
    """Prints what is stored of each submission, and of all of them."""
    table = Table(box=None, pad_edge=False)
    for name in ("submission", "file", "students", ""):
        table.add_column(name, overflow="fold")
    for name in ("size", "own", "unused"):
        table.add_column(name, justify="right")
    for one in kept:
        sizes = (one.total_bytes, one.own_bytes, one.unused_bytes)
        gone = "" if one.is_present else "gone"
        table.add_row(one.id, Text(one.file_name), Text(", ".join(one.students)), gone, *map(size, sizes))
    console = Console()
    console.print(table)
    unused = sum(one.unused_bytes for one in kept)
    console.print(f"{len(kept)} submission{_s(len(kept))}, {size(sum(one.total_bytes for one in kept))}.")
    if unused:
        console.print(f"Nothing refers to {size(unused)} of it: grader store prune removes that.")
    if any(not one.is_present for one in kept):
        console.print("Those that are gone are no longer in what was given: grader store forget --gone removes them.")


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
    show_hints([graded])
    pending = f", {graded.points_pending:g} for a person to decide" if graded.points_pending else ""
    bonus = f"; bonus {graded.bonus_earned:g} of {graded.bonus_possible:g}" if graded.bonus_possible else ""
    console.print(Text(f"{graded.points_earned:g} of {graded.points_possible:g} points{pending}{bonus}", style="bold"))


def show_hints(graded: Iterable[GradedSubmission]) -> None:
    """Prints what was proved to mend what submissions lost, for the tutor."""
    console = Console()
    for one in graded:
        for hint in one.hints:
            cells = ", ".join(str(cell + 1) for cell in hint.cells)
            where = f"{one.submission.id}, {', '.join(hint.sections)}" + (f", cell {cells}" if cells else "")
            console.print(Text(f"hint  {where}: {hint.text}", style="blue"))


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
    """Rounded as an estimate is known, so that it does not flicker."""
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {5 * round(minutes % 60 / 5)} min"


def clock(seconds: float) -> str:
    """A time that has passed: ``0:07``, ``12:30`` or ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def size(count: int) -> str:
    """Bytes for people: ``734 kB``, ``5.2 MB``."""
    amount, unit = next(((count / n, u) for n, u in ((10**9, "GB"), (10**6, "MB")) if count >= n), (count / 1000, "kB"))
    return f"{amount:.0f} {unit}" if unit == "kB" else f"{amount:.1f} {unit}"
