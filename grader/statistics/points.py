"""The points of a class as a table: what reliability and item analysis are worked out from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from grader.records import GradedSubmission

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PointsTable:
    """Points that each submission earned in each criterion.

    Attributes:
        criteria: Their ids, ``(criteria,)``.
        possible: The points of each, ``(criteria,)``.
        earned: ``(submissions, criteria)``; NaN where it is pending, or where the submission has no such criterion.
    """

    criteria: tuple[str, ...]
    possible: tuple[float, ...]
    earned: Floats

    @property
    def submissions(self) -> int:
        """How many submissions there are."""
        return len(self.earned)


def points_table(graded: Sequence[GradedSubmission]) -> PointsTable:
    """The points of these submissions; criteria of no points are left out."""
    possible = {one.criterion: one.points for grade in graded for one in grade.verdicts if one.points > 0}
    columns = {name: number for number, name in enumerate(possible)}
    earned = np.full((len(graded), len(columns)), np.nan)
    for row, grade in enumerate(graded):
        for one in grade.verdicts:
            if one.outcome != "needs_review" and one.criterion in columns:
                earned[row, columns[one.criterion]] = one.earned
    return PointsTable(tuple(columns), tuple(possible.values()), earned)
