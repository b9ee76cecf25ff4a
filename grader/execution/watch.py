"""Interrupts or ends a kernel that meets a limit of its run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from grader.execution.messages import Traffic
from grader.execution.sandbox import Excess, Limits, Sandboxed
from grader.limits import INTERRUPT_GRACE_SECONDS, LARGEST_STRETCH
from grader.records import ExecutionReason

INTERRUPT_INTERVAL_SECONDS = 1.0
WATCH_INTERVAL_SECONDS = 0.2

WAIT_SECONDS = 2.0
WAIT_SHARE = 0.1
"""A kernel that needed less of a processor than this share, for so long, only waits: trainings need all of one."""

OUT_OF_MEMORY = frozenset({"MemoryError", "ResourceExhaustedError"})
"""What Python and TensorFlow raise at the memory limit of a process."""


@dataclass(frozen=True)
class RunLimits:
    """What a run may use.

    Attributes:
        cell_timeout_seconds: After it the cell is interrupted, and the run goes on.
        notebook_timeout_seconds: After it the run ends; counted from when the kernel has started. Neither includes time
            in which the kernel was ready to run and had no processor, see `LARGEST_STRETCH`.
        sandbox: Memory, processes, disk.
    """

    cell_timeout_seconds: float
    notebook_timeout_seconds: float
    sandbox: Limits = field(default_factory=Limits)


@dataclass
class Stop:
    """The first limit that was met, and the latest; ``ends`` says whether the run is over."""

    reason: ExecutionReason | None = None
    detail: str = ""
    cell: int | None = None
    ends: bool = False
    latest: ExecutionReason | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, reason: ExecutionReason, *, detail: str, cell: int | None, ends: bool) -> None:
        """Notes a limit; the first one stays, with the text of how it ended."""
        with self._lock:
            if self.reason is None or (ends and not self.ends and (reason, cell) == (self.reason, self.cell)):
                self.reason, self.detail, self.cell = reason, detail, cell
            if not self.ends:
                self.latest, self.ends = reason, ends


@dataclass
class _Cell:
    index: int
    began: float
    starved_before: float
    interrupted_at: float | None = None
    latest_interrupt: float = 0.0


class Watch:
    """Holds a kernel to its limits in a thread of its own, so that a busy reader of messages cannot delay it.

    Args:
        limits: What the run may use.
        stop: Where the limit that was met is noted.
        traffic: What the kernel has sent.
        sandboxed: The kernel. It is ended where the run must end; a cell's own time limit only interrupts it.
        on_end: Called once where the watch has ended the kernel.
        on_wait: Called with the cell, from 0, and whether it waits, where it begins to wait, using no processor, and
            where it goes on.
    """

    def __init__(
        self,
        limits: RunLimits,
        *,
        stop: Stop,
        traffic: Traffic,
        sandboxed: Sandboxed,
        on_end: Callable[[], None],
        on_wait: Callable[[int, bool], None],
    ) -> None:
        self._limits = limits
        self._stop = stop
        self._traffic = traffic
        self._sandboxed = sandboxed
        self._on_end = on_end
        self._on_wait = on_wait
        self._waits = False
        self._span: tuple[float, float] | None = None
        """When it was last looked for a wait, and the seconds of a processor that the kernel had needed by then."""
        self._began = time.monotonic()
        self._starved_before = sandboxed.starved_seconds()
        self._cell: _Cell | None = None
        self._latest = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def begin(self, index: int) -> None:
        """A cell starts, and with it the time that its limit counts."""
        with self._lock:
            if self._waits:
                self._on_wait(index, False)
            self._latest, self._waits, self._span = index, False, None
            self._cell = _Cell(index, time.monotonic(), self._sandboxed.starved_seconds())

    def end(self) -> bool:
        """The cell has ended: no interrupt is sent from now on.

        Returns:
            Whether one was.
        """
        with self._lock:
            cell, self._cell = self._cell, None
        return cell is not None and cell.interrupted_at is not None

    def _run(self) -> None:
        try:
            self._hold()
        except Exception as error:  # noqa: BLE001 - no kernel may run without its watch
            self._finish("internal", f"The watch over the kernel failed: {error!r}")

    def _hold(self) -> None:
        while not self._over.is_set():
            self._look_for_wait()
            for reason, detail, ends in self._broken():
                if ends:
                    self._finish(reason, detail)
                    return
                self._stop.note(reason, detail=detail, cell=self._latest, ends=False)
            if self._hold_to_time():
                return
            self._traffic.flood.wait(WATCH_INTERVAL_SECONDS)

    def _look_for_wait(self) -> None:
        """Says where the cell that runs has begun to wait, or goes on."""
        with self._lock:
            if self._span is not None and time.monotonic() < self._span[0] + WAIT_SECONDS:
                return
            now, needed = time.monotonic(), self._sandboxed.usage().cpu_seconds + self._sandboxed.starved_seconds()
            if self._span is not None:
                began, before = self._span
                waits = needed - before < WAIT_SHARE * (now - began)
                if waits != self._waits:
                    self._waits = waits
                    self._on_wait(self._latest, waits)
            self._span = now, needed

    def _finish(self, reason: ExecutionReason, detail: str) -> None:
        self._stop.note(reason, detail=detail, cell=self._latest, ends=True)
        self._sandboxed.kill()
        self._on_end()

    def _hold_to_time(self) -> bool:
        """Whether the kernel was ended."""
        now = time.monotonic()
        with self._lock:
            cell = self._cell
            if cell is None or not self._is_over(cell, now):
                return False
            text = f"Cell {cell.index + 1} ran longer than {self._limits.cell_timeout_seconds:g} s and"
            if cell.interrupted_at is None:
                cell.interrupted_at = now
            # A loop that catches the interrupt gets a few more, and then the kernel is ended.
            if now <= cell.interrupted_at + INTERRUPT_GRACE_SECONDS:
                self._stop.note("cell_timeout", detail=f"{text} was interrupted.", cell=cell.index, ends=False)
                self._sandboxed.interrupt()
                cell.latest_interrupt = now
                return False
        self._finish("cell_timeout", f"{text} did not heed the interrupt, so the kernel was ended.")
        return True

    def _is_over(self, cell: _Cell, now: float) -> bool:
        """Whether a cell is to be interrupted: it is past its limit, and not just after another interrupt."""
        if cell.interrupted_at is not None:
            return now >= cell.latest_interrupt + INTERRUPT_INTERVAL_SECONDS
        return self._passed(cell.began, cell.starved_before, limit=self._limits.cell_timeout_seconds)

    def _passed(self, began: float, starved_before: float, *, limit: float) -> bool:
        elapsed = time.monotonic() - began
        if elapsed < limit:
            return False
        starved = self._sandboxed.starved_seconds() - starved_before
        return elapsed >= allowed_seconds(limit, starved=starved)

    def _broken(self) -> Iterator[tuple[ExecutionReason, str, bool]]:
        """Each limit that is met: its reason, a text for the student, and whether it ends the run."""
        name = f"Cell {self._latest + 1}"
        if self._traffic.flood.is_set():
            sent = f"{self._traffic.octets / 1e6:.0f} MB in {self._traffic.messages:,} messages"
            yield "output", f"{name} brought the notebook's output to {sent}, which is without end.", True
        met = self._sandboxed.excess()
        if met is not None:
            yield met.reason, _excess_text(met, name=name), met.ends
        limit = self._limits.notebook_timeout_seconds
        if self._passed(self._began, self._starved_before, limit=limit):
            yield (
                "notebook_timeout",
                f"The notebook ran longer than {limit:g} s; {name.lower()} was running then.",
                True,
            )


def allowed_seconds(limit: float, *, starved: float) -> float:
    """The wall time that a limit allows where the kernel was kept waiting for a processor.

    Args:
        limit: In seconds, on a machine that is not busy.
        starved: Seconds that the kernel was ready and could not run.
    """
    return min(limit + max(0.0, starved), limit * LARGEST_STRETCH)


def death_text(reason: ExecutionReason, *, index: int, limits: RunLimits) -> str:
    """Why a kernel died in a cell, for the student."""
    name = f"Cell {index + 1}"
    return {
        "memory": f"{name} used more than {_gigabytes(limits)} of memory, and the kernel was ended.",
        "cpu": f"{name} used up the CPU time that a notebook may use, and the kernel was ended.",
    }.get(reason, f"The kernel died in cell {index + 1}.")


def memory_text(*, index: int, limits: RunLimits) -> str:
    """A cell that met the memory limit and raised, for the student."""
    return f"Cell {index + 1} asked for more than the {_gigabytes(limits)} of memory that a notebook may use."


def _gigabytes(limits: RunLimits) -> str:
    return f"{limits.sandbox.memory_bytes / 1e9:.1f} GB"


def _excess_text(met: Excess, *, name: str) -> str:
    what = {
        "memory": f"{name} used {met.used} of memory; {met.allowed} are allowed.",
        "processes": f"{name} started {met.used} processes and threads; {met.allowed} are allowed.",
        "disk": f"{name} wrote {met.used}; {met.allowed} are allowed.",
        "cpu": f"{name} brought the notebook to {met.used} of CPU time; {met.allowed} are allowed.",
    }
    return what.get(met.reason, f"{name} met the limit of {met.allowed} with {met.used}.")
