"""Comparisons of settings: several trainings that differ in the learning rate, and their curves side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from grader.checks.loss_curves import is_history
from grader.checks.thresholds import THRESHOLDS
from grader.figures.plotted_data import cells_of, figures_by_nearness, series
from grader.judging.absence import is_training
from grader.judging.registry import Params, check
from grader.judging.results import Words, counted, failed, failed_or_partial, listed, needs_review, passed
from grader.judging.subject import Floats, absent
from grader.judging.views import SectionView
from grader.metrics import METRICS
from grader.records import CheckResult, FigureRecord, FitRecord


class LearningRatesParams(Params):
    """Parameters of `learning_rates`."""

    at_least: int = Field(3, ge=2, description="how many different learning rates")
    factor: float = Field(10, gt=1, description="how many times the smallest the largest must be")
    tolerance: float = Field(1e-6, gt=0, description="relative difference between a drawn value and the history's")
    undrawn: float | None = Field(
        None, gt=0, lt=1, description="share of the points where the trainings are right and no figure compares them"
    )
    went_on: float | None = Field(
        None, gt=0, lt=1, description="share of the points where a training went on from the weights of another"
    )


@check("learning_rates", params=LearningRatesParams, compares_trainings=True)
def learning_rates(section: SectionView, params: LearningRatesParams) -> CheckResult:
    """Models were trained with several learning rates, each from new weights, and one figure compares their curves."""
    words: Words = {
        "required": f"{params.at_least} learning rates compared in one figure",
        "expected": f"{params.at_least} rates, the largest at least {params.factor:g} times the smallest",
        "basis": "claimed",
        "cells": section.match.cells,
        "next_step": "Build and compile the model anew for each rate, train it, and plot its history in one figure.",
    }
    fits = [fit for fit in section.here(section.evidence.fits) if is_training(fit)]
    rated = by_rate(fits)
    if not rated:
        if any(fit.compiled is not None and fit.compiled.schedule for fit in fits):
            text = "The trainings here follow schedules of the learning rate, which a tutor will look at."
            return needs_review("unverifiable", text, words, yours="schedules")
        return absent(
            section, "No training with a learning rate of its own was found here.", words, yours="no training"
        )
    rates = sorted(rated)
    words |= {"yours": f"{counted(len(rates), 'rate')}: {listed([f'{rate:g}' for rate in rates])}"}
    words["cells"] = tuple(dict.fromkeys(fit.cell for fit in fits if fit.cell is not None))
    if len(rates) < params.at_least:
        step = (
            f"Train with {params.at_least} learning rates, each a model of its own, and plot their histories together."
        )
        return failed(f"{_tried(rates)}; {params.at_least} were asked for.", words, next_step=step)
    if rates[-1] < params.factor * rates[0] * (1 - 1e-6):
        text = f"The largest rate is {rates[-1] / rates[0]:.3g} times the smallest; {params.factor:g} times"
        step = f"Take rates further apart: the largest at least {params.factor:g} times the smallest."
        return failed(f"{text} was asked for.", words, next_step=step)
    if _fresh_rates(section, rated) < params.at_least:
        text = "A training went on from the weights that another rate had left, so the curves cannot be compared."
        step = "Build and compile the model anew inside the loop, once for each rate: compile alone keeps the weights."
        return failed_or_partial(params.went_on, text, words, next_step=step)
    return _of_figures(section, rated, params=params, words=words)


def by_rate(fits: Sequence[FitRecord]) -> dict[float, list[FitRecord]]:
    """Trainings by the learning rate that they were compiled with; those that follow a schedule are left out."""
    found: dict[float, list[FitRecord]] = {}
    for fit in fits:
        rate = fit.compiled.learning_rate if fit.compiled is not None else None
        if rate is not None:
            found.setdefault(rate, []).append(fit)
    return found


def _tried(rates: Sequence[float]) -> str:
    names = listed([f"{rate:g}" for rate in rates])
    return f"Only the learning rate {names} was tried" if len(rates) == 1 else f"The learning rates {names} were tried"


def _fresh_rates(section: SectionView, by_rate: Mapping[float, Sequence[FitRecord]]) -> int:
    """With how many rates a training began from weights that no training had left."""
    left = {fit.weights_after: fit.seq for fit in reversed(section.evidence.fits) if fit.weights_after is not None}
    return sum(
        any(fit.weights_before is None or left.get(fit.weights_before, fit.seq) >= fit.seq for fit in fits)
        for fits in by_rate.values()
    )


def _of_figures(
    section: SectionView, by_rate: Mapping[float, Sequence[FitRecord]], *, params: LearningRatesParams, words: Words
) -> CheckResult:
    figures = figures_by_nearness(section)
    shown = {figure.seq: _rates_in(section, figure, by_rate, tolerance=params.tolerance) for figure in figures}
    best = max(figures, key=lambda figure: shown[figure.seq], default=None)
    if best is not None and shown[best.seq] >= params.at_least:
        text = f"One figure compares the trainings with {counted(shown[best.seq], 'learning rate')}."
        return passed(text, words, cells=tuple(dict.fromkeys((*words["cells"], *cells_of([best])))))
    if any(not fit.history for fits in by_rate.values() for fit in fits) and section.here(section.evidence.figures):
        text = "The rates were tried in loops of your own, whose losses were not recorded to compare the figure with."
        return needs_review("unverifiable", f"{text} A tutor will look.", words)
    number = shown[best.seq] if best is not None else 0
    text = f"{_tried(sorted(by_rate))}, but no figure shows the curves of {params.at_least} of them"
    step = "Plot the history of each training in one and the same figure."
    return failed_or_partial(params.undrawn, f"{text} (at most {number} in one figure).", words, next_step=step)


def _rates_in(
    section: SectionView, figure: FigureRecord, by_rate: Mapping[float, Sequence[FitRecord]], *, tolerance: float
) -> int:
    """With how many rates a training has one of its curves in the figure."""
    drawn = [line for axes in figure.axes for line in series(section, axes)]
    count = 0
    for fits in by_rate.values():
        own = [place for place, line in enumerate(drawn) if _is_of(section, line, fits, tolerance=tolerance)]
        count += bool(own)
        if own and not any(fit.history for fit in fits):
            # A loop's curve is told by its end alone, so that it stands for one rate only.
            del drawn[own[0]]
    return count


def _is_of(section: SectionView, line: Floats, fits: Sequence[FitRecord], *, tolerance: float) -> bool:
    return any(
        is_history(line, np.asarray(values, dtype=np.float64), tolerance=tolerance)
        for fit in fits
        for values in fit.history.values()
    ) or any(_ends_as_measured(section, line, fit) for fit in fits if not fit.history)


def _ends_as_measured(section: SectionView, line: Floats, fit: FitRecord) -> bool:
    """Whether a line has a point for each epoch of a loop, and ends near the loss that the loop's model has."""
    measured = section.measurements.find(fit.model, weights=fit.weights_after, probe="train")
    loss = None if measured is None else METRICS["loss" if measured.loss is not None else "mse"].of(measured)
    if loss is None or not loss > 0 or len(line) != fit.epochs_run:
        return False
    forms = (loss, np.log10(loss), np.log(loss))
    reach = (
        THRESHOLDS.loop_tolerance * loss,
        np.log10(1 + THRESHOLDS.loop_tolerance),
        np.log(1 + THRESHOLDS.loop_tolerance),
    )
    return any(abs(float(line[-1]) - form) <= near for form, near in zip(forms, reach, strict=True))
