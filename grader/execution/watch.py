"""The limits of a run, and the watch that holds a kernel to them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from grader.execution.sandbox import Excess, Limits, Sandboxed
from grader.records import ExecutionReason

INTERRUPT_GRACE_SECONDS = 10.0
WATCH_INTERVAL_SECONDS = 0.2
FLOOD_BYTES = 256 * 2**20
FLOOD_MESSAGES = 200_000


@dataclass(frozen=True)
class RunLimits:
    """What a run may use.

    Attributes:
        cell_timeout_seconds: After it the cell is interrupted, and the run goes on.
        notebook_timeout_seconds: After it the run ends.
        sandbox: Memory, processes, disk.
    """

    cell_timeout_seconds: float
    notebook_timeout_seconds: float
    sandbox: Limits = field(default_factory=Limits)


@dataclass
class Stop:
    """The first limit that was met; ``ends`` says whether the run is over."""

    reason: ExecutionReason | None = None
    detail: str = ""
    cell: int | None = None
    ends: bool = False

    def note(self, reason: ExecutionReason, *, detail: str, cell: int | None, ends: bool) -> None:
        if self.reason is None:
            self.reason, self.detail, self.cell = reason, detail, cell
        self.ends = self.ends or ends


@dataclass
class Traffic:
    """What a kernel has sent so far, over all cells."""

    messages: int = 0
    octets: int = 0


class Watch:
    """Holds one cell to the limits. Ends when the run must end; a cell's own time limit only interrupts it."""

    def __init__(
        self,
        limits: RunLimits,
        *,
        stop: Stop,
        traffic: Traffic,
        sandboxed: Sandboxed,
        index: int,
        deadline: float,
    ) -> None:
        self.limits = limits
        self.stop = stop
        self.traffic = traffic
        self.sandboxed = sandboxed
        self.index = index
        self.cell_deadline = time.monotonic() + limits.cell_timeout_seconds
        self.deadline = deadline
        self.interrupted_at: float | None = None

    async def until_over(self) -> None:
        while True:
            if self.stop.ends:
                return
            await asyncio.sleep(WATCH_INTERVAL_SECONDS)
            for reason, detail in self._broken():
                self.stop.note(reason, detail=detail, cell=self.index, ends=True)
                self.sandboxed.kill()
                return
            self._hold_to_time()

    def _hold_to_time(self) -> None:
        now = time.monotonic()
        if now < self.cell_deadline:
            return
        limit = self.limits.cell_timeout_seconds
        detail = f"Cell {self.index + 1} ran longer than {limit:g} s and was interrupted."
        if self.interrupted_at is None:
            self.interrupted_at = now
        # A loop that swallows the interrupt gets a few more, and then the kernel's end.
        ends = now > self.interrupted_at + INTERRUPT_GRACE_SECONDS
        self.stop.note("cell_timeout", detail=detail, cell=self.index, ends=ends)
        if ends:
            self.sandboxed.kill()
        else:
            self.sandboxed.interrupt()
            self.cell_deadline = now + 1.0

    def _broken(self) -> Iterator[tuple[ExecutionReason, str]]:
        name = f"Cell {self.index + 1}"
        met = self.sandboxed.excess()
        if met is not None and met.ends:
            yield met.reason, _excess_text(met, name=name)
        elif met is not None:
            # A full work folder makes writes fail, which the student's code meets as its own error.
            self.stop.note(met.reason, detail=_excess_text(met, name=name), cell=self.index, ends=False)
        if self.traffic.octets > FLOOD_BYTES or self.traffic.messages > FLOOD_MESSAGES:
            yield "output", f"{name} printed without end ({self.traffic.octets / 1e6:.0f} MB) and was ended."
        if time.monotonic() > self.deadline:
            limit = self.limits.notebook_timeout_seconds
            yield "notebook_timeout", f"The notebook ran longer than {limit:g} s; {name.lower()} was running then."


def death_text(reason: ExecutionReason, *, index: int, limits: RunLimits) -> str:
    """Why a kernel died in a cell, for the student."""
    name = f"Cell {index + 1}"
    memory = f"{limits.sandbox.memory_bytes / 1e9:.1f} GB"
    return {
        "memory": f"{name} used more than {memory} of memory, and the kernel was ended.",
        "cpu": f"{name} used up the CPU time that a notebook may use, and the kernel was ended.",
    }.get(reason, f"The kernel died in cell {index + 1}.")


def _excess_text(met: Excess, *, name: str) -> str:
    what = {
        "memory": f"{name} used {met.used} of memory; {met.allowed} are allowed.",
        "processes": f"{name} started {met.used} processes and threads; {met.allowed} are allowed.",
        "disk": f"{name} wrote {met.used}; {met.allowed} are allowed.",
        "cpu": f"{name} brought the notebook to {met.used} of CPU time; {met.allowed} are allowed.",
    }
    return what.get(met.reason, f"{name} met the limit of {met.allowed} with {met.used}.")
