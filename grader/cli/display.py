"""What the terminal shows while a batch runs."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grader.batch import Plan
from grader.cli.estimate import Estimate
from grader.cli.terminal import console, tell
from grader.judging.results import counted

if TYPE_CHECKING:
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

_BAR = 30
"""Columns of a progress bar at most."""


class BatchDisplay:
    """One line a running submission with its step and time, and under them how far the batch is and for how long."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = console(stderr=True, quiet=quiet)
        self._plan = Plan()
        self._running: dict[str, tuple[Progress, float]] = {}
        self._waiting: dict[str, str] = {}
        self._done: Counter[str] = Counter()
        self._began = time.monotonic()
        self._estimate = Estimate((), {}, jobs=1, now=self._began)
        self._lock = threading.Lock()
        # Colours may be forced into a log, where nothing can be drawn over.
        self._is_live = self._console.is_interactive and self._console.file.isatty()
        self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=4, transient=True)

    def __enter__(self) -> BatchDisplay:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_live:
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
            tell(self._console, f"Executing {counted(len(executed), 'submission')}{told}{same} ...")
        elif plan.evaluated:
            tell(self._console, f"Evaluating {counted(len(plan.evaluated), 'submission')} ...")

    def on_notice(self, notice: str) -> None:
        """Shows what befell a cluster."""
        self._console.print(Text(notice, style="yellow"))

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
        if what == "executed" and not self._is_live:
            tell(self._console, told)

    def _left(self, now: float) -> str:
        seconds = self._estimate.left(now=now)
        return f", about {_duration(seconds)} left" if seconds else ""

    def _table(self) -> Group:
        """What the terminal shows, drawn by a thread of its own."""
        with self._lock:
            return self._drawn(time.monotonic())

    def _drawn(self, now: float) -> Group:
        table = Table.grid(padding=(0, 2))
        table.add_column(overflow="fold")
        for _ in ("step", "time"):
            table.add_column(no_wrap=True)
        for progress, began in self._running.values():
            step = _STEPS.get(progress.step, progress.step)
            if progress.step == "run":
                step = f"cell {progress.cell + 1} of {progress.cells}{', which waits' * progress.waits}"
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
                ProgressBar(total=count, completed=done, width=min(_BAR, self._console.width // 3)),
                f"{done} of {count} {what}, {clock(now - self._began)}{left}",
            )
            yield line


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
