"""What attribution finds of a run: why each cell failed, and which cells work with what such a cell left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from grader.attribution.causes import Cause

Work = Literal["draws", "evaluates"]
"""What a cell may do for a section with a model that is there."""


@dataclass(frozen=True)
class Attribution:
    """Whose failure it is that a notebook did not do what it should.

    Attributes:
        causes: Index of each cell that did not run to its end to the reason.
        touched: Index of each cell that ran, and works with what the infrastructure lacked, to the reason.
        raised: Cells that raised, were stopped or ended the kernel; without those that were never begun.
        builds: Cells whose code makes or compiles a model, or trains one. Of a cell that failed, here and below, what
            did not run counts.
        trains: Those of them that train one.
        draws: Cells whose code draws a figure.
        evaluates: Cells whose code measures a model.
        makes: Cells whose code does more than to prepare the machine, as imports and checks of the platform do.
        harmless: Cells that failed and took nothing from what followed: a later cell made all that they should have
            made, or they did no more than to look at the machine.
        ended_by: The cell after which no other ran; None where the run came to its end.
    """

    causes: Mapping[int, Cause]
    touched: Mapping[int, Cause] = field(default_factory=dict)
    raised: tuple[int, ...] = ()
    builds: frozenset[int] = frozenset()
    trains: frozenset[int] = frozenset()
    draws: frozenset[int] = frozenset()
    evaluates: frozenset[int] = frozenset()
    makes: frozenset[int] = frozenset()
    harmless: frozenset[int] = frozenset()
    ended_by: int | None = None

    @property
    def reached(self) -> dict[int, str]:
        """Index of each cell that a failure of the infrastructure reaches to a sentence about where that began."""
        found = {**self.touched, **self.causes}
        return {cell: found[cell].sentence(cell) for cell in sorted(found) if found[cell].is_infrastructure}

    @property
    def own_errors(self) -> tuple[int, ...]:
        """Cells that failed by the student's own doing, there or in the cell that they follow from."""
        return tuple(cell for cell in self.raised if not self.causes[cell].is_infrastructure)

    @property
    def every_failure(self) -> bool:
        """Whether cells failed, and none of them by the student's own doing."""
        return bool(self.causes) and all(cause.is_infrastructure for cause in self.causes.values())

    @property
    def origins(self) -> tuple[str, ...]:
        """What the infrastructure lacked, each thing once: a part of a sentence about the cell where it began."""
        first: dict[tuple[str, str], str] = {}
        for cell, cause in sorted(self.causes.items()):
            if cause.is_infrastructure and not cause.follows:
                first.setdefault((cause.kind, cause.detail), cause.clause(cell))
        return tuple(first.values())

    def made(self, work: Work | None) -> frozenset[int]:
        """Cells whose code does this work; none for None."""
        return {"draws": self.draws, "evaluates": self.evaluates}[work] if work else frozenset()

    @property
    def first_reason(self) -> str | None:
        """The first reason of all; None where the infrastructure did not fail."""
        return next(iter(self.reached.values()), None)

    @property
    def unread(self) -> str | None:
        """What is said of the first cell that a print does not show wholly and that did not run; None for none.

        It may have held anything, so that nothing that is lacking is known to be the student's failure.
        """
        unsure = (cell for cell, cause in sorted(self.causes.items()) if cause.kind == "unsure" and not cause.follows)
        return next((self.causes[cell].sentence(cell) for cell in unsure), None)

    def why_not_reached(self, cells: Iterable[int]) -> str | None:
        """Why the run ended before these cells, where the student's doing ended it; None where it did not."""
        ended = self.ended_by
        if ended is None or self.causes[ended].is_infrastructure:
            return None
        raised = set(self.raised)
        if all(cell in raised or cell not in self.causes for cell in cells):
            return None
        return f"{self.causes[ended].sentence(ended).rstrip('.')}, and nothing after it ran."

    def is_infrastructure(self, cell: int) -> bool:
        """Whether a cell failed for what the infrastructure lacks."""
        return cell in self.causes and self.causes[cell].is_infrastructure

    def reason(self, cells: Iterable[int]) -> str | None:
        """Why what these cells should have made is not there, where that is the infrastructure's failure.

        Of several failures the first counts: what failed by the student's doing before stays so. What was made good by
        a later cell does not.
        """
        found = {**self.touched, **{cell: cause for cell, cause in self.causes.items() if cell not in self.harmless}}
        first = min((cell for cell in cells if cell in found), default=None)
        if first is None or not found[first].is_infrastructure:
            return None
        return found[first].sentence(first)
