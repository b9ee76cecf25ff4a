"""The picture of a model's answers over a region, with curves drawn over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np
from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.figures.class_maps import Answers, ClassMap, agreement, answers_of, nearest_on_grid, pictures
from grader.figures.expressions import Expression
from grader.figures.plotted_data import artist_points, axes_were_cut, cells_of, figures_by_nearness, was_cut
from grader.figures.regions import RegionParams, coverage, drawn_curves
from grader.judging.registry import check
from grader.judging.results import Words, failed, failed_or_partial, listed, needs_review, passed, per_cent
from grader.judging.subject import absent, nothing_trained, speaks_of_model
from grader.judging.views import SectionView
from grader.records import AxesRecord, CheckResult, FigureRecord, PictureOf

INPUTS = 2

Whose = Literal["own", "other", "none", "unknown"]


class RegionFigureParams(RegionParams):
    """Parameters of `region_figure`."""

    curves: tuple[Expression, ...] = Field((), description="curves that must be drawn over it, as expressions in x")
    curve_tolerance: float = Field(
        0.02, gt=0, description="how far a drawn point may lie from its curve, in units of y"
    )
    agreement: float = Field(
        0.99, gt=0, le=1, description="share of the picture's places that must be the model's answer"
    )
    partial: float | None = Field(
        None, gt=0, lt=1, description="share of the points where the classes are right and a curve is missing"
    )


@dataclass(frozen=True)
class _Seen:
    """One pair of axes: whose classes it shows, how much of the region, which curves, and whether we lack a part."""

    figure: FigureRecord
    whose: Whose
    verified: bool
    covered: float
    agreed: float | None
    curves: tuple[bool, ...]
    is_cut: bool = False

    def is_right(self, params: RegionFigureParams) -> bool:
        return self.whose == "own" and self.covered >= params.covered and all(self.curves)

    @property
    def rank(self) -> tuple[int, int, float]:
        """What comes nearest to a right picture, for the feedback."""
        return (sum(self.curves), {"own": 3, "other": 2, "unknown": 1, "none": 0}[self.whose], self.covered)


@dataclass(frozen=True)
class _Known:
    """What is known of the models' answers: of this one by record and by measurement, of the others by record."""

    own: tuple[Answers, ...]
    measured: tuple[Answers, ...]
    others: tuple[Answers, ...]
    is_recorded: bool


@check("region_figure", params=RegionFigureParams, shows_model=True, made_by="draws")
def region_figure(section: SectionView, params: RegionFigureParams) -> CheckResult:
    """A picture shows the classes that this model predicts over the rectangle, with the curves drawn over it."""
    curves = listed([f"y = {curve}" for curve in params.curves])
    over = f" with {curves} drawn over it" if curves else ""
    words: Words = {
        "required": f"a picture of this model's classes over {params.named}{over}",
        "expected": f"this model's classes over the rectangle{over}",
        "cells": section.match.cells,
        "basis": "claimed",
        "next_step": f"Colour points of the whole rectangle by this model's prediction{over}.",
    }
    missing = nothing_trained(section, words)
    if missing is not None:
        return missing
    known = _known_answers(section)
    region = section.measurement("region")
    if region is not None:
        words["picture"] = PictureOf(kind="region", model=region.model, weights=region.weights)
    here = section.here(section.evidence.figures)
    seen: list[_Seen] = []
    for figure in figures_by_nearness(section):
        for axes in figure.axes:
            item = _look(section, figure, axes, known=known, params=params)
            if item is not None and item.is_right(params):
                words = _about(figure, words, yours=words["expected"])
                words["basis"] = "verified" if item.verified else "claimed"
                return passed(f"The picture shows what your model predicts over the rectangle{over}.", words)
            if item is not None and figure in here:
                seen.append(item)
    if not seen:
        return _no_picture(section, here, words)
    best = max(seen, key=lambda item: item.rank)
    if any(item.is_cut and item.rank[0] >= best.rank[0] for item in seen):
        return _no_picture(section, here, words)
    if best.whose == "unknown" and best.covered >= params.covered and not known.is_recorded:
        words = _about(best.figure, words, yours="no prediction of this model")
        return absent(
            section, "This section's model predicted nothing, so the picture does not show its answers.", words
        )
    return _not_right(best, params, words=words)


def _about(figure: FigureRecord, words: Words, **more: Unpack[Words]) -> Words:
    """The words about one figure."""
    said: Words = {**words, **more, "cells": cells_of([figure])}
    if "picture" in said:
        said["picture"] = said["picture"].model_copy(update={"figure": figure.seq})
    return said


def _known_answers(section: SectionView) -> _Known:
    asked = [item for item in section.evidence.predictions if item.x.shape == (item.x.rows, INPUTS)]
    mine = [speaks_of_model(section, item) for item in asked]
    own = [item for item, is_mine in zip(asked, mine, strict=True) if is_mine]
    others = [item for item, is_mine in zip(asked, mine, strict=True) if not is_mine]
    region = section.measurement("region")
    return _Known(
        own=answers_of(section, [(item.x.whole, item.output.whole) for item in own]),
        measured=() if region is None else answers_of(section, [(region.inputs, region.predictions)]),
        others=answers_of(section, [(item.x.whole, item.output.whole) for item in others]),
        is_recorded=bool(own),
    )


def _look(
    section: SectionView, figure: FigureRecord, axes: AxesRecord, *, known: _Known, params: RegionFigureParams
) -> _Seen | None:
    """What one pair of axes shows; None where it shows neither classes nor a curve."""
    (interval, _) = params.sides
    curves = drawn_curves(
        artist_points(section, axes), params.curves, tolerance=params.curve_tolerance, interval=interval
    )
    is_cut = axes_were_cut(section, axes)
    best: _Seen | None = None
    for class_map in pictures(section, axes, curves=params.curves, tolerance=params.curve_tolerance):
        whose, agreed, verified = _whose(class_map, known, params)
        covered = coverage(class_map.points, params)
        item = _Seen(figure, whose, verified, covered=covered, agreed=agreed, curves=curves, is_cut=is_cut)
        best = item if best is None or item.rank > best.rank else best
    if best is None and any(curves):
        return _Seen(figure, "none", verified=False, covered=0.0, agreed=None, curves=curves, is_cut=is_cut)
    return best


def _whose(class_map: ClassMap, known: _Known, params: RegionFigureParams) -> tuple[Whose, float | None, bool]:
    """Whose answers a picture shows, to which share they are this model's, and whether by measurement."""
    own = _best(agreement, class_map, known.own)
    other = _best(agreement, class_map, known.others)
    measured = _best(nearest_on_grid, class_map, known.measured)
    is_measured = measured is not None and measured >= THRESHOLDS.near_grid_agreement
    if own is not None and own >= params.agreement:
        # Two models may well answer alike; a picture that fits another one better is the other's.
        return ("own" if other is None or own >= other else "other"), own, is_measured
    if other is not None and other >= params.agreement:
        return "other", own, False
    # The order of a table's places is a guess; the places themselves are not.
    exact = None if class_map.is_table else own
    near = max(measured or 0.0, _best(nearest_on_grid, class_map, known.own) or 0.0)
    if exact is None and near >= THRESHOLDS.near_grid_agreement:
        rival = _best(nearest_on_grid, class_map, known.others) or 0.0
        return ("own" if near >= rival else "other"), near, is_measured
    if exact is not None or 0.0 < near < THRESHOLDS.far_grid_agreement:
        return "other", exact if exact is not None else near, False
    return "unknown", None, False


def _best(
    compared: Callable[[ClassMap, Answers], float | None], class_map: ClassMap, answers: tuple[Answers, ...]
) -> float | None:
    # Places may be infinite; whatever comes of them agrees with nothing.
    with np.errstate(all="ignore"):
        return max((share for item in answers if (share := compared(class_map, item)) is not None), default=None)


def _no_picture(section: SectionView, here: tuple[FigureRecord, ...], words: Words) -> CheckResult:
    words = {**words, "yours": "no such picture"}
    if was_cut(section, here):
        return needs_review(
            "infrastructure", "A figure of this section could not be kept whole; a tutor will look at it.", words
        )
    return absent(section, "No picture of this model's predictions was found in this section.", words)


def _not_right(item: _Seen, params: RegionFigureParams, *, words: Words) -> CheckResult:
    words = _about(item.figure, words)
    if item.whose in {"own", "unknown"} and item.covered < params.covered:
        return failed(
            f"The picture shows classes for {per_cent(item.covered)} of the rectangle only;"
            f" {per_cent(params.covered)} is required.",
            words,
            yours=f"{per_cent(item.covered)} of the rectangle",
        )
    if item.whose == "own":
        lacking = listed([f"y = {curve}" for curve, there in zip(params.curves, item.curves, strict=True) if not there])
        words |= {"yours": f"the classes without {lacking}", "next_step": f"Draw {lacking} in the same axes."}
        return failed_or_partial(
            params.partial, f"The picture shows this model's predictions, but not {lacking}.", words
        )
    if item.whose == "unknown":
        return needs_review(
            "unverifiable",
            "What this picture shows could not be compared with the model's predictions.",
            words,
            yours="a picture that cannot be compared",
        )
    if item.whose == "none":
        text = "The picture shows curves, but no predicted classes."
        return failed(text, words, yours="curves without predicted classes")
    share = "" if item.agreed is None else f" (they agree at {per_cent(item.agreed)} of its places)"
    return failed(
        f"The classes in this picture are not the predictions of this section's model{share}.",
        words,
        yours="other classes than this model's",
    )
