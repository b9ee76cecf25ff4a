"""What a rule finds."""

from __future__ import annotations

from dataclasses import dataclass

from grader.records import FitRecord


@dataclass(frozen=True)
class Suspicion:
    """A sign, and what hangs on it.

    Attributes:
        rule: Its name.
        text: What was seen, with the numbers, for the tutor.
        cells: Where.
        model: The model whose figures are doubted; None for everything that the notebook claims.
        fit: The fit whose repetition outside would clear it; None where that would not.
    """

    rule: str
    text: str
    cells: tuple[int, ...] = ()
    model: str | None = None
    fit: str | None = None


def place_of(fit: FitRecord) -> str:
    """Where a fit happened, in words."""
    return "an unknown cell" if fit.cell is None else f"cell {fit.cell + 1}"


def cells_of(fit: FitRecord) -> tuple[int, ...]:
    """Where a fit happened."""
    return () if fit.cell is None else (fit.cell,)
