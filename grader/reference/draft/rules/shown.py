"""What evaluations and figures of a section suggest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from grader.checks.drawn import series
from grader.checks.evaluation import Figure
from grader.checks.subject import fits_of_model, speaks_of_model, test_rows
from grader.reference.draft.proposals import Proposal, View

TOLERANCE = 0.002
"""A printed figure may differ by so much: digits cut off, and sums in another order."""

_FIGURES: tuple[str, ...] = get_args(Figure)


def evaluated(view: View) -> Iterator[Proposal]:
    """An evaluation on the whole test set; where there is none, predictions of it that something is printed of."""
    if not view.speaks_of_model:
        return
    rows = test_rows(view.scope)
    whole = [
        item
        for item in view.scope.here(view.scope.evidence.evaluations)
        if speaks_of_model(view.scope, item) and (rows is None or item.x.rows == rows)
    ]
    names = list(dict.fromkeys(name for item in whole for name in item.results if name in _FIGURES))
    predicted = [item for item in view.scope.here(view.scope.evidence.predictions) if speaks_of_model(view.scope, item)]
    title = "Evaluated on the test set"
    if whole:
        yield Proposal("evaluated", title, 1, _evaluated_params(names))
    elif predicted:
        for names in (["accuracy"], ["mae"], ["mse"], ["rmse"]):
            yield Proposal("evaluated", title, 1, _evaluated_params(names), is_guess=True)


def loss_curves(view: View) -> Iterator[Proposal]:
    """Figures with the curves of this model's training: its losses, and its other metrics."""
    drawn = any(
        True
        for figure in view.scope.here(view.scope.evidence.figures)
        for axes in figure.axes
        for _ in series(view.scope, axes)
    )
    if not view.speaks_of_model or not drawn:
        return
    keys = list(dict.fromkeys(key for fit in fits_of_model(view.scope) for key in fit.history))
    for key in (key for key in keys if not key.startswith("val_")):
        name = f"{key}_curves".replace("-", "_").lower()
        word = key.replace("_", " ")
        if f"val_{key}" in keys:
            title = f"Training and validation {word}"
            yield Proposal("loss_curves", title, 1, _curves(key, f"val_{key}"), name=name, is_guess=True)
        yield Proposal("loss_curves", f"Training {word}", 1, _curves(key), name=name, is_guess=True)


def confusion_matrix(view: View) -> Iterator[Proposal]:
    """A picture of this model's confusion matrix."""
    if view.speaks_of_model and view.scope.here(view.scope.evidence.figures):
        yield Proposal("confusion_matrix", "Confusion matrix", 1, is_guess=True)


def _evaluated_params(names: list[str]) -> dict[str, object]:
    params: dict[str, object] = {} if set(names) == {"loss", "accuracy"} else {"figures": names}
    return {**(params if names else {}), "tolerance": TOLERANCE}


def _curves(*keys: str) -> dict[str, object]:
    return {} if keys == ("loss", "val_loss") else {"curves": list(keys)}
