"""What a rule finds."""

from __future__ import annotations

from dataclasses import dataclass

from grader.records import FitRecord, Measurement


@dataclass(frozen=True)
class Finding:
    """What an integrity rule saw, and what hangs on it.

    Attributes:
        rule: Its name.
        text: What was seen, with the numbers, for the tutor.
        cells: Where.
        model: The model whose figures are doubted; None for everything that the notebook claims.
        of_layers: Whether it is the model's layers that are doubted, not its figures alone.
        fit: The fit whose repetition outside would clear it; None where that would not.
    """

    rule: str
    text: str
    cells: tuple[int, ...] = ()
    model: str | None = None
    of_layers: bool = False
    fit: str | None = None


def place_of(fit: FitRecord) -> str:
    """Where a fit happened, in words."""
    return "an unknown cell" if fit.cell is None else f"cell {fit.cell + 1}"


def finding_of(fit: FitRecord, *, rule: str, text: str, of_layers: bool = False, repeatable: bool = False) -> Finding:
    """A finding that a fit gives of its model.

    Args:
        fit: Where it was seen.
        rule: Its name.
        text: What was seen, with the numbers, for the tutor.
        of_layers: See `Finding`.
        repeatable: Whether the fit's repetition outside would clear it.
    """
    cells = () if fit.cell is None else (fit.cell,)
    cleared_by = fit.id if repeatable else None
    return Finding(rule=rule, text=text, cells=cells, model=fit.model, of_layers=of_layers, fit=cleared_by)


def is_mislabelled(measured: Measurement) -> bool:
    """Whether the rows were handed to ``fit`` with other labels than the data set's."""
    return measured.label_agreement is not None and measured.label_agreement < 1.0
