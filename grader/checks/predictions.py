"""Predictions over a region of a model's inputs."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from grader.figures.plotted_data import artist_points, points_of
from grader.figures.regions import RegionParams, coverage
from grader.judging.registry import check
from grader.judging.results import Words, failed, needs_review, passed, per_cent
from grader.judging.subject import Floats, absent, nothing_trained, numbers, speaks_of_model
from grader.judging.views import SectionView
from grader.records import CheckResult, PredictionRecord

INPUTS = 2


class RegionPredictionsParams(RegionParams):
    """Parameters of `region_predictions`."""

    min_points: int = Field(50, ge=1, description="fewest points that must be predicted")


@check("region_predictions", params=RegionPredictionsParams, shows_model=True)
def region_predictions(section: SectionView, params: RegionPredictionsParams) -> CheckResult:
    """The model predicted the class of points that cover the rectangle, by a grid or a sample."""
    words: Words = {
        "required": f"predictions for points all over {params.named}",
        "expected": f"at least {params.min_points} points that cover {per_cent(params.covered)} of the rectangle",
        "cells": section.match.cells,
        "basis": "claimed",
    }
    missing = nothing_trained(section, words)
    if missing is not None:
        return missing
    records = [
        item
        for item in section.evidence.predictions
        if speaks_of_model(section, item) and len(item.x.shape) == INPUTS and item.x.shape[1] == INPUTS
    ]
    if not records:
        return _none(section, words)
    covering = max(records, key=lambda item: _covered(section, item, params))
    share = _covered(section, covering, params)
    count = covering.x.rows
    together = _together(section, records)
    if together is not None and coverage(together, params) > share:
        share, count = coverage(together, params), len(together)
    words |= {
        "cells": tuple(sorted({item.cell for item in records if item.cell is not None})),
        "yours": f"{count:,} points that cover {per_cent(share)}",
    }
    if share >= params.covered and count >= params.min_points:
        return passed(f"Your model predicted {count:,} points that cover {per_cent(share)} of the rectangle.", words)
    if any(numbers(section, item.x.whole) is None for item in records):
        return needs_review(
            "infrastructure",
            "The points that were predicted are too many to be kept; a tutor will look at them.",
            words,
        )
    return failed(
        f"The {count:,} points that were predicted cover {per_cent(share)} of the rectangle {params.named};"
        f" {params.min_points} points and {per_cent(params.covered)} are required.",
        words,
        next_step="Predict a grid (meshgrid) or a uniform random sample of points over the whole rectangle.",
    )


def _none(section: SectionView, words: Words) -> CheckResult:
    step = "Make points all over the rectangle and let this section's trained model predict their class."
    others = section.here(section.evidence.predictions)
    if others:
        words = {
            **words,
            "yours": "predictions of another model, of an earlier state or of other inputs",
            "cells": tuple(sorted({item.cell for item in others if item.cell is not None})),
        }
        return failed(
            "What is predicted here is not this model's answer for points of the plane.", words, next_step=step
        )
    return absent(
        section, "This model predicted no points of the plane.", words, yours="no predictions", next_step=step
    )


def _covered(section: SectionView, record: PredictionRecord, params: RegionParams) -> float:
    points = points_of(numbers(section, record.x.whole))
    if points is not None:
        return coverage(points, params)
    return max(_mesh_coverage(section, record, params), _drawn_coverage(section, record, params))


def _together(section: SectionView, records: list[PredictionRecord]) -> Floats | None:
    """All points of calls that predict a few at a time."""
    parts = [points for item in records if (points := points_of(numbers(section, item.x.whole))) is not None]
    return np.concatenate(parts) if parts else None


def _mesh_coverage(section: SectionView, record: PredictionRecord, params: RegionParams) -> float:
    """Of more points than are kept: 1 where arrays of as many numbers span both sides of the rectangle, else 0."""
    spans = [
        (item.array.minimum, item.array.maximum)
        for item in section.evidence.arrays
        if item.seq <= record.seq and int(np.prod(item.array.shape)) == record.x.rows
        if item.array.minimum is not None and item.array.maximum is not None
    ]
    return float(
        all(
            any(low <= start + (end - start) / params.raster and high >= end - (end - start) / params.raster
                and high - low <= 2 * (end - start) for low, high in spans)
            for start, end in params.sides
        )
    )  # fmt: skip


def _drawn_coverage(section: SectionView, record: PredictionRecord, params: RegionParams) -> float:
    """Of more points than are kept: what a scatter of exactly as many points covers."""
    drawn = (
        points
        for figure in section.here(section.evidence.figures)
        for axes in figure.axes
        for points in artist_points(section, axes)
        if len(points) == record.x.rows
    )
    return max((coverage(points, params) for points in drawn), default=0.0)
