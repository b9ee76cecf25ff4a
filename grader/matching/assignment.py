"""One assignment of least total cost: each row and column once, and what is in order does not cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

Order = Literal["free", "ordered", "strict"]
"""What a choice may cross: ``free`` all but strict ones, ``ordered`` only free ones, ``strict`` none."""


@dataclass(frozen=True)
class Choice:
    """A pair that may be chosen.

    Attributes:
        row: Place of the section in the rubric.
        column: Place in the notebook.
        cost: Below 0, or nothing is gained by choosing it.
        order: What it may cross: of two rows that do not cross the later one has the later column.
    """

    row: int
    column: int
    cost: float
    order: Order = "free"


def least_cost(choices: Sequence[Choice]) -> list[Choice]:
    """The choices of least total cost in which no row and no column comes twice, and none cross that may not."""
    useful = [choice for choice in choices if choice.cost < 0]
    if not useful:
        return []
    # Imported here: the command line must start quickly, and most commands match nothing.
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415
    from scipy.sparse import csr_array  # noqa: PLC0415

    rows = [*_once(useful), *_uncrossed(useful)]
    at = [(number, index) for number, row in enumerate(rows) for index in row]
    matrix = csr_array(
        (np.ones(len(at)), ([number for number, _ in at], [index for _, index in at])), shape=(len(rows), len(useful))
    )
    found = milp(
        np.array([choice.cost for choice in useful]),
        integrality=np.ones(len(useful)),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, ub=np.ones(len(rows))),
        options={"mip_rel_gap": 0.0},
    )
    return [choice for choice, value in zip(useful, found.x, strict=True) if value > 0.5]


def _once(choices: Sequence[Choice]) -> list[list[int]]:
    """For each row and each column the choices of which one at most is taken."""
    places = {("row", choice.row) for choice in choices} | {("column", choice.column) for choice in choices}
    return [
        [at for at, choice in enumerate(choices) if (choice.row if kind == "row" else choice.column) == place]
        for kind, place in sorted(places)
    ]


def _uncrossed(choices: Sequence[Choice]) -> list[list[int]]:
    """For two rows and each column: the earlier one at or behind it excludes the later one at or before it."""
    found = []
    for kinds in ((_ORDERED, _ORDERED), (_STRICT, _FREE), (_FREE, _STRICT)):
        early, late = ([(at, one) for at, one in enumerate(choices) if one.order in kind] for kind in kinds)
        for first, second in combinations(sorted({choice.row for choice in choices}), 2):
            earlier = [(at, one.column) for at, one in early if one.row == first]
            later = [(at, one.column) for at, one in late if one.row == second]
            for border in {column for _, column in later}:
                behind = [at for at, column in earlier if column >= border]
                if behind:
                    found.append(behind + [at for at, column in later if column <= border])
    return found


_ORDERED, _STRICT, _FREE = {"ordered", "strict"}, {"strict"}, {"free"}
