"""A regression's predictions against the true values, as points of a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.figures.plotted_data import artist_points, cells_of, figures_by_nearness, was_cut
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, needs_review, passed, per_cent
from grader.judging.subject import Floats, absent, measured_states, nothing_trained, numbers, untested
from grader.judging.views import SectionView
from grader.limits import MAX_COMPARED_POINTS
from grader.records import CheckResult, FigureRecord, Measurement


class PredictionFigureParams(Params):
    """Parameters of `prediction_figure`."""

    share: float = Field(0.95, gt=0, le=1, description="share of the test rows whose point must be drawn")
    tolerance: float = Field(
        0.001, gt=0, description="how far a drawn value may be from the verified one, as a share of the values' range"
    )


@check("prediction_figure", params=PredictionFigureParams, shows_model=True, made_by="draws")
def prediction_figure(section: SectionView, params: PredictionFigureParams) -> CheckResult:
    """A figure shows this model's predictions for the test rows against the true values, or what they miss by."""
    words: Words = {
        "required": "a figure of predicted against true values",
        "expected": f"a point for {per_cent(params.share)} of the test rows",
        "basis": "verified",
        "cells": section.match.cells,
        "next_step": "Predict the test rows with this section's model, and draw a scatter against their true values.",
    }
    missing = nothing_trained(section, words)
    if missing is not None:
        return missing
    states = measured_states(section, "test")
    wanted = [points for state in states for points in _wanted(section, state)]
    if not wanted:
        return _nothing_to_draw(section, states, words)
    figures = figures_by_nearness(section)
    for figure in figures:
        for axes in figure.axes:
            shares = [
                _share_drawn(points, drawn[:MAX_COMPARED_POINTS], tolerance=params.tolerance)
                for drawn in artist_points(section, axes)
                for points in wanted
                if len(drawn) >= params.share * len(points)
            ]
            if max(shares, default=0.0) >= params.share:
                text = "The figure shows this model's predictions against the true values."
                return passed(text, words, cells=cells_of([figure]), yours="predictions against true values")
    return _otherwise_drawn(section, figures, wanted, params=params, words=words)


def _otherwise_drawn(
    section: SectionView,
    figures: Sequence[FigureRecord],
    wanted: Sequence[Floats],
    *,
    params: PredictionFigureParams,
    words: Words,
) -> CheckResult:
    part = next((found for figure in figures if (found := _part_drawn(section, figure, wanted, params=params))), 0)
    if part:
        text = (
            f"The figure shows this model's predictions for {part} of {len(wanted[0])} rows that it was never trained"
            " on. A tutor will look."
        )
        return needs_review("unverifiable", text, words, yours=f"{part} rows")
    here = section.here(figures)
    if was_cut(section, here):
        return needs_review(
            "infrastructure", "A figure of this section could not be kept whole; a tutor will look.", words
        )
    if any(True for figure in here for axes in figure.axes for _ in artist_points(section, axes)):
        text = "No figure shows what this model predicts for the test rows; what is drawn here is something else."
        return failed(text, words, cells=cells_of(here), yours="other points or curves")
    return absent(section, "No figure shows predicted against true values.", words, yours="no such figure")


def _part_drawn(
    section: SectionView, figure: FigureRecord, wanted: Iterable[Floats], *, params: PredictionFigureParams
) -> int:
    """How many points a figure shows where nearly all of them are predictions against true values; 0 for none."""
    for axes in figure.axes:
        for drawn in artist_points(section, axes):
            few = drawn[:MAX_COMPARED_POINTS]
            if len(few) >= THRESHOLDS.fewest_points and any(
                _share(few, points, tolerance=params.tolerance) >= params.share for points in wanted
            ):
                return len(drawn)
    return 0


def _wanted(section: SectionView, measured: Measurement) -> Iterator[Floats]:
    """The points in each usual form, shape ``(rows, 2)``: true and predicted, or one of them and the residual."""
    predicted, true = numbers(section, measured.predictions), numbers(section, measured.targets)
    if predicted is None or true is None or predicted.shape != true.shape or predicted.shape[1:] != (1,):
        return
    p, t = predicted[:, 0], true[:, 0]
    for first, second in ((t, p), (t, p - t), (t, t - p), (p, p - t), (p, t - p)):
        for points in (np.column_stack([first, second]), np.column_stack([second, first])):
            if np.isfinite(points).all():
                yield points


def _nothing_to_draw(section: SectionView, states: Iterable[Measurement], words: Words) -> CheckResult:
    what = "What your model predicts for the test rows"
    outputs = [values for state in states if (values := numbers(section, state.predictions)) is not None]
    if all(np.isfinite(values).all() for values in outputs):
        return untested(section, what, words)
    step = "Lower the learning rate or scale the targets, and see that the loss falls; then draw the predictions."
    words = {**words, "yours": "predictions that are not finite"}
    return failed(f"{what} is no usable number: its training went astray.", words, next_step=step)


def _share_drawn(wanted: Floats, drawn: Floats, *, tolerance: float) -> float:
    """The share of the wanted points that were drawn, in the targets' units or on one other scale for both axes."""
    return max(_share(points, drawn, tolerance=tolerance) for points in (wanted, *_rescaled(wanted, drawn)))


def _rescaled(wanted: Floats, drawn: Floats) -> Iterator[Floats]:
    """The wanted points on the drawn ones' scale, as after a scaler's ``inverse_transform``."""
    if len(drawn) == len(wanted):
        spread = wanted.std(axis=0)
        scale = float(drawn[:, 0].std() / spread[0]) if spread[0] > 0 else 0.0
        if scale > 0:
            yield wanted * scale + (drawn.mean(axis=0) - scale * wanted.mean(axis=0))


def _share(wanted: Floats, drawn: Floats, *, tolerance: float) -> float:
    reach = tolerance * np.maximum(np.ptp(wanted, axis=0), 1e-12)
    near = [bool((np.abs(drawn - point) <= reach).all(axis=1).any()) for point in wanted]
    return float(np.mean(near))
