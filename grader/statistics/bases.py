"""What the points of a class rest on: verified, claimed, read from the notebook, or a person's mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

from grader.records import Basis, GradedSubmission, Verdict

BASES: tuple[Basis, ...] = get_args(Basis)


@dataclass(frozen=True)
class PointsByBasis:
    """What points rest on, summed over the submissions of a class.

    Attributes:
        decided: For each basis the points that were decided on it, earned or not.
        pending: Points that are not decided yet.
    """

    decided: Mapping[Basis, float]
    pending: float

    @property
    def points(self) -> float:
        """All of them."""
        return sum(self.decided.values()) + self.pending

    def share(self, basis: Basis) -> float:
        """Of all points those that rest on a basis, in [0, 1]; 0 where there are no points."""
        return self.decided[basis] / self.points if self.points else 0.0


def points_by_basis(graded: Sequence[GradedSubmission]) -> tuple[PointsByBasis, dict[str, PointsByBasis]]:
    """What the points rest on, of all criteria together and of each."""
    by_criterion: dict[str, list[Verdict]] = {}
    for one in graded:
        for verdict in one.verdicts:
            by_criterion.setdefault(verdict.criterion, []).append(verdict)
    total = _summed(verdict for verdicts in by_criterion.values() for verdict in verdicts)
    return total, {name: _summed(verdicts) for name, verdicts in by_criterion.items()}


def _summed(verdicts: Iterable[Verdict]) -> PointsByBasis:
    decided = dict.fromkeys(BASES, 0.0)
    pending = 0.0
    for one in verdicts:
        if one.outcome == "needs_review":
            pending += one.points
        else:
            decided[one.basis] += one.points
    return PointsByBasis(MappingProxyType(decided), pending)
