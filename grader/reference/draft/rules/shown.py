"""What evaluations and figures of a section suggest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from grader.checks.learning_rates import by_rate
from grader.figures.plotted_data import series
from grader.judging.absence import is_training
from grader.judging.measured import figure_name, section_figures
from grader.judging.subject import fits_of_model, speaks_of_model, test_rows
from grader.metrics import METRICS, known_name
from grader.reference.draft.proposals import Proposal, View

TOLERANCE = 0.002
"""A printed figure below 10 may differ by so much, a larger one by more: digits cut off, and sums in another order."""

UNDRAWN = 0.5
"""Suggested share of the points where the trainings are right and no figure compares them."""


def evaluated(view: View) -> Iterator[Proposal]:
    """An evaluation on the whole test set; where there is none, predictions of it that something is printed of."""
    if not view.speaks_of_model:
        return
    rows = test_rows(view.section)
    whole = [
        item
        for item in view.section.here(view.section.evidence.evaluations)
        if speaks_of_model(view.section, item) and (rows is None or item.x.rows == rows)
    ]
    if whole:
        named = {known_name(name): value for item in whole for name, value in item.results.items()}
        results = {name: value for name, value in named.items() if name in METRICS}
        yield _evaluated(results)
    elif any(speaks_of_model(view.section, item) for item in view.section.here(view.section.evidence.predictions)):
        figures = section_figures(view.section)
        known = {name: figures[key] for name in METRICS if (key := figure_name("test", name)) in figures}
        printed = {name: value for name, value in known.items() if view.shows(_evaluated({name: value}))}
        if printed:
            yield _evaluated(printed)


def loss_curves(view: View) -> Iterator[Proposal]:
    """Figures with the curves of this model's training: its losses, and its other metrics."""
    drawn = any(
        True
        for figure in view.section.here(view.section.evidence.figures)
        for axes in figure.axes
        for _ in series(view.section, axes)
    )
    if not view.speaks_of_model or not drawn:
        return
    keys = list(dict.fromkeys(key for fit in fits_of_model(view.section) for key in fit.history))
    for key in (key for key in keys if not key.startswith("val_")):
        name = f"{key}_curves".replace("-", "_").lower()
        word = key.replace("_", " ")
        if f"val_{key}" in keys:
            title = f"Training and validation {word}"
            yield Proposal("loss_curves", title, 1, _curves(key, f"val_{key}"), name=name, is_guess=True)
        yield Proposal("loss_curves", f"Training {word}", 1, _curves(key), name=name, is_guess=True)


def confusion_matrix(view: View) -> Iterator[Proposal]:
    """A picture of this model's confusion matrix."""
    if view.speaks_of_model and view.section.here(view.section.evidence.figures):
        yield Proposal("confusion_matrix", "Confusion matrix", 1, is_guess=True)


def prediction_figure(view: View) -> Iterator[Proposal]:
    """A picture of this model's predicted numbers against the true ones."""
    if view.speaks_of_model and view.section.here(view.section.evidence.figures):
        yield Proposal("prediction_figure", "Predicted against true values", 1, is_guess=True)


def learning_rates(view: View) -> Iterator[Proposal]:
    """Trainings with several learning rates, and a figure that compares them."""
    rates = sorted(by_rate([fit for fit in view.section.here(view.section.evidence.fits) if is_training(fit)]))
    if len(rates) > 1:
        params = {"at_least": len(rates), "factor": float(f"{rates[-1] / rates[0]:.2g}"), "undrawn": UNDRAWN}
        title = f"{len(rates)} learning rates in one figure"
        yield Proposal("learning_rates", title, 2, params, is_guess=True)


def _evaluated(results: Mapping[str, float]) -> Proposal:
    largest = max((abs(value) for value in results.values() if math.isfinite(value)), default=0.0)
    digits = math.floor(math.log10(largest)) if largest >= 10 else 0
    params: dict[str, object] = {} if set(results) in ({"loss", "accuracy"}, set()) else {"figures": list(results)}
    params["tolerance"] = TOLERANCE * 10**digits
    return Proposal("evaluated", "Evaluated on the test set", 1, params)


def _curves(*keys: str) -> dict[str, object]:
    return {} if keys == ("loss", "val_loss") else {"curves": list(keys)}
