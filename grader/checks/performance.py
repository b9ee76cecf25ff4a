"""How well models do: verified accuracies, errors and gaps against bands."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from grader.judging.bands import Limit, Within, absolute, judge, judged, relative
from grader.judging.measured import GAP, TEST_GAP, figure_name, section_figures
from grader.judging.parameters import ComparedSectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, blocked, failed, listed, needs_review, passed, shown
from grader.judging.subject import (
    fit_cells,
    fits_of_model,
    nothing_trained,
    on_repeated_rows,
    speaks_of_model,
    test_rows,
    untested,
    unverified,
)
from grader.judging.views import SectionView
from grader.metrics import ERRORS, METRICS, SCORES, ErrorName, ScoreName, counts_right_answers
from grader.records import CheckResult, EvaluationRecord
from grader.training.data_of_fits import trained_elsewhere

Part = Literal["train", "validation", "test", "test_shifted"]
_PART_NAMES = {"train": "training", "validation": "validation", "test": "test"}


class AccuracyParams(Params):
    """Parameters of `accuracy`."""

    part: Part = Field("test", description="part of the data set: train, validation, test, test_shifted")
    min: float | None = Field(None, ge=0, le=1, description="lowest value that passes, in [0, 1]")
    max: float | None = Field(None, ge=0, le=1, description="highest value that passes, in [0, 1]")
    within: Within | None = Field(
        None, description="not below the reference's spread: figure, false_rejection, borderline"
    )

    @model_validator(mode="after")
    def _some_band(self) -> Self:
        if self.min is None and self.max is None and self.within is None:
            raise ValueError("one of min, max and within is needed")
        return self


class ScoreParams(AccuracyParams):
    """Parameters of `score`."""

    metric: ScoreName = Field("auc", description=listed([f"{one} ({METRICS[one].title})" for one in SCORES], word="or"))


class ErrorParams(Params):
    """Parameters of `error`."""

    part: Part = Field("test", description="part of the data: train, validation, test")
    metric: ErrorName = Field("mae", description=listed(ERRORS, word="or"))
    max: float | None = Field(None, ge=0, description="largest error that passes, in the target's units")
    within: Within | None = Field(
        None, description="not above the reference's spread: figure, false_rejection, borderline"
    )

    @model_validator(mode="after")
    def _some_band(self) -> Self:
        if self.max is None and self.within is None:
            raise ValueError("one of max and within is needed")
        return self


class GapParams(Params):
    """Parameters of `gap`."""

    compared_to: ComparedSectionId | None = Field(
        None, description="section whose gap must not be exceeded by more than chance"
    )
    max: float | None = Field(None, description="largest gap that passes")
    within: Within = Field(
        default_factory=lambda: Within.model_validate({}),
        description="the reference's spread of the difference, or of the gap itself",
    )
    needs_layer: str | None = Field(None, description="layer class that the model must have, such as Dropout")


def _figures_of_accuracy(section: str, params: AccuracyParams) -> tuple[str, ...]:
    return _named_figures(section, params, name="accuracy")


def _figures_of_score(section: str, params: ScoreParams) -> tuple[str, ...]:
    return _named_figures(section, params, name=params.metric)


def _figures_of_error(section: str, params: ErrorParams) -> tuple[str, ...]:
    return (*_named_figures(section, params, name=params.metric), f"{section}.test_r2")


def _named_figures(section: str, params: AccuracyParams | ErrorParams, *, name: str) -> tuple[str, ...]:
    if params.within is None:
        return ()
    return (params.within.figure or f"{section}.{figure_name(params.part, name)}",)


def _figures_of_gap(section: str, params: GapParams) -> tuple[str, ...]:
    if params.within.figure is not None:
        return (params.within.figure,)
    end = "" if params.compared_to is None else "_difference"
    return f"{section}.{GAP}{end}", f"{section}.{TEST_GAP}{end}"


@check("accuracy", params=AccuracyParams, quality="judged", figures=_figures_of_accuracy)
def accuracy(section: SectionView, params: AccuracyParams) -> CheckResult:
    """The model's verified accuracy on a part of the data lies within the band."""
    return _high_enough(section, params, name="accuracy", word="accuracy")


@check("score", params=ScoreParams, quality="judged", figures=_figures_of_score)
def score(section: SectionView, params: ScoreParams) -> CheckResult:
    """The model's verified AUC or coefficient of determination on a part of the data lies within the band."""
    return _high_enough(section, params, name=params.metric, word=METRICS[params.metric].words)


def _high_enough(section: SectionView, params: AccuracyParams, *, name: str, word: str) -> CheckResult:
    what = _title(params.part, word)
    words: Words = {"required": f"{what} in the expected range", "cells": fit_cells(section), "basis": "verified"}
    missing = nothing_trained(section, words) or on_repeated_rows(section, f"The {what}", words)
    if missing is not None:
        return missing
    limits = [] if params.min is None else [absolute("lower", params.min)]
    limits += [] if params.max is None else [absolute("upper", params.max)]
    advice = (
        "Compare the layers, the loss, the optimizer, the scaling of the inputs and the number of epochs with the task."
    )
    figure = f"{section.match.section}.{figure_name(params.part, name)}"
    spread = _relative(section, params.within, figure=figure, upper=False)
    value = _measured(section, part=params.part, name=name)
    if value is None:
        return _only_claimed(section, part=params.part, name=name, limits=_known(limits, spread), words=words)
    return _judged(
        value, (limits, params.within, spread), what=f"The {what}", figure=figure, advice=advice, words=words
    )


@check("error", params=ErrorParams, quality="judged", figures=_figures_of_error)
def error(section: SectionView, params: ErrorParams) -> CheckResult:
    """The model's verified error on a part of the data is not above the band."""
    what = _title(params.part, METRICS[params.metric].words)
    words: Words = {"required": f"{what} in the expected range", "cells": fit_cells(section), "basis": "verified"}
    missing = nothing_trained(section, words) or on_repeated_rows(section, f"The {what}", words)
    if missing is not None:
        return missing
    limits = [] if params.max is None else [absolute("upper", params.max)]
    advice = "Compare the layers, the loss, the scaling and the training with the task."
    figure = f"{section.match.section}.{figure_name(params.part, params.metric)}"
    spread = _relative(section, params.within, figure=figure, upper=True)
    value = _measured(section, part=params.part, name=params.metric)
    if value is None:
        hopeless = _hopeless(section, params, words) if params.part == "test" else None
        claimed = _known(limits, spread)
        return hopeless or _only_claimed(section, part=params.part, name=params.metric, limits=claimed, words=words)
    return _judged(
        value, (limits, params.within, spread), what=f"The {what}", figure=figure, advice=advice, words=words
    )


@check("gap", params=GapParams, quality="depends", figures=_figures_of_gap)
def gap(section: SectionView, params: GapParams) -> CheckResult:
    """Validation loss less training loss is not larger than another model's by more than the reference's spread."""
    words: Words = {
        "required": "a gap between validation and training loss that is no larger",
        "cells": fit_cells(section),
        "basis": "verified",
    }
    missing = nothing_trained(section, words)
    if missing is not None:
        return missing
    lacking = _lacks_layer(section, params.needs_layer, words)
    lacking = lacking or on_repeated_rows(section, "The gap between validation and training loss", words)
    if lacking is not None:
        return lacking
    mine = section_figures(section, compared_to=params.compared_to)
    diverged = _diverged(section, words)
    if diverged is not None:
        return diverged
    # Without a validation part of its own the test set stands in, for both models.
    kind = GAP if _has(mine, GAP, params) else TEST_GAP
    if not _has(mine, kind, params):
        return _gap_unknown(section, params, words)
    if params.compared_to is None:
        limits = [] if params.max is None else [absolute("upper", params.max)]
        figure = f"{section.match.section}.{kind}"
        spread = _relative(section, params.within, figure=figure, upper=True)
        asked = params.within if not limits else None
        advice = "Train for fewer epochs, or regularise the model."
        return _judged(mine[kind], (limits, asked, spread), what="The gap", figure=figure, advice=advice, words=words)
    return _compared(section, params, kind=kind, mine=mine, words=words)


def _hopeless(section: SectionView, params: ErrorParams, words: Words) -> CheckResult | None:
    """A failure where a model is worse on the rows that it was trained on than the reference ever is on unseen ones.

    R2 has no unit, so that this can be told of rows that are of no known table.
    """
    train = section.measurement("train")
    if train is None or train.r2 is None or params.within is None:
        return None
    within = params.within.model_copy(update={"figure": None})
    limit = _relative(section, within, figure=f"{section.match.section}.test_r2", upper=False)
    # With 0 it explains no more than the mean does: wherever the reference learns something, that is too little.
    if limit is None or train.r2 > max(limit.last, min(limit.line, 0.0)):
        return None
    text = (
        "The test error could not be measured outside the notebook, and it cannot be in the expected range:"
        f" even on the rows that the model was trained on, R2 is {shown(train.r2)}; one like the reference's has more"
        f" than {shown(limit.line)} on rows that it never saw."
    )
    step = "See that the model learns: train it on the table's own rows, scaled, each with its own target."
    words = {**words, "expected": f"R2 above {shown(limit.line)}", "next_step": step}
    return failed(text, words, yours=f"R2 {shown(train.r2)}")


def _compared(
    section: SectionView, params: GapParams, *, kind: str, mine: dict[str, float], words: Words
) -> CheckResult:
    difference = mine[f"{kind}_difference"]
    other = mine[kind] - difference
    figure = f"{section.match.section}.{kind}_difference"
    limit = _relative(section, params.within, figure=figure, upper=True)
    # A gap that is not larger at all is right, wherever the reference's own differences lie.
    line = 0.0 if limit is None else max(0.0, limit.line)
    last = 0.0 if limit is None else max(0.0, limit.last)
    words = {**words, "expected": f"at most {shown(other + line)}", "yours": shown(mine[kind], beside=other + line)}
    both = f"{shown(mine[kind])} here and {shown(other)} in the model it is compared with"
    band = Limit(side="upper", line=line, last=last)
    words["judged"] = judged(difference, [band], what="The difference of the gaps", figure=figure)
    if params.max is not None and not absolute("upper", params.max).holds(mine[kind]):
        return failed(f"The gap is {shown(mine[kind])}; at most {shown(params.max)} was allowed.", words)
    if band.holds(difference):
        return passed(f"The gap between validation and training loss is {both}.", words)
    if limit is None:
        return needs_review(
            "infrastructure", f"The gap is {both}; the reference's spread was not measured on this data.", words
        )
    if band.is_near(difference):
        return needs_review("borderline", f"The gap is {both}, close to the line; a tutor will decide.", words)
    return failed(
        f"The gap between validation and training loss is {both}; at most {shown(line)} more is chance.",
        words,
        next_step="Check that the regularisation acts on every hidden layer and that both models are trained alike.",
    )


def _has(figures: dict[str, float], kind: str, params: GapParams) -> bool:
    return kind in figures and (params.compared_to is None or f"{kind}_difference" in figures)


def _lacks_layer(section: SectionView, layer: str | None, words: Words) -> CheckResult | None:
    model = section.model
    if layer is None or model is None or any(item.class_name == layer for item in model.layers):
        return None
    return failed(
        f"The model that was trained here has no {layer} layer, so its gap shows no effect of one.",
        words,
        expected=f"a model with {layer}",
        yours=f"no {layer} layer",
        next_step=f"Add the {layer} layers and train the model again.",
    )


def _diverged(section: SectionView, words: Words) -> CheckResult | None:
    for part in ("train", "validation", "test"):
        measured = section.measurement(part)
        if measured is not None and measured.loss is not None and not math.isfinite(measured.loss):
            return failed(
                f"The {_PART_NAMES[part]} loss of your model is {shown(measured.loss)}: the training went astray.",
                words,
                yours=shown(measured.loss),
                next_step="Check the loss and the scaling of the inputs, or lower the learning rate.",
            )
    return None


def _gap_unknown(section: SectionView, params: GapParams, words: Words) -> CheckResult:
    other = None if params.compared_to is None else section.matching.get(params.compared_to)
    if params.compared_to is not None and (other is None or other.model is None):
        return needs_review(
            "unverifiable", "There is no trained model to compare the gap with; a tutor will look at it.", words
        )
    mine = section_figures(section)
    if params.compared_to is not None and (GAP in mine or TEST_GAP in mine):
        return unverified(section.of(params.compared_to), "The gap of the model that yours is compared with", words)
    return unverified(section, "The gap between validation and training loss", words)


def _title(part: Part, name: str) -> str:
    return f"{name} on shifted test images" if part == "test_shifted" else f"{_PART_NAMES[part]} {name}"


def _measured(section: SectionView, *, part: str, name: str) -> float | None:
    measured = section.measurement(part)
    return None if measured is None else METRICS[name].in_units(measured)


def _relative(section: SectionView, within: Within | None, *, figure: str, upper: bool) -> Limit | None:
    if within is None:
        return None
    return relative(within, side="upper" if upper else "lower", figure=figure, calibration=section.calibration)


def _judged(
    value: float,
    band: tuple[list[Limit], Within | None, Limit | None],
    *,
    what: str,
    figure: str,
    advice: str,
    words: Words,
) -> CheckResult:
    limits, within, spread = band
    known = _known(limits, spread)
    if within is not None and spread is None:
        result = judge(value, limits, what=what, figure=figure, advice=advice, words=words) if limits else None
        if result is not None and result.outcome == "failed":
            return result
        words = {**words, "yours": shown(value)}
        return needs_review(
            "infrastructure", f"{what} is {shown(value)}; the reference's spread was not measured on this data.", words
        )
    return judge(value, known, what=what, figure=figure, advice=advice, words=words)


def _known(limits: list[Limit], spread: Limit | None) -> list[Limit]:
    return limits + ([spread] if spread is not None else [])


def _only_claimed(section: SectionView, *, part: Part, name: str, limits: list[Limit], words: Words) -> CheckResult:
    """The result for a figure that was not measured: what a notebook says against itself is believed, and no more."""
    what = f"The {_title(part, METRICS[name].words)}"
    fits = fits_of_model(section)
    is_meant = name != "accuracy" or not fits or counts_right_answers(fits[-1].compiled)
    claims = [
        item.results[name]
        for item in section.evidence.evaluations
        if is_meant
        and speaks_of_model(section, item)
        and name in item.results
        and (part != "test" or _may_be_test(section, item))
    ]
    if claims:
        words = {**words, "basis": "claimed", "yours": f"{shown(claims[-1])} (as the notebook says)"}
    is_comparable = METRICS[name].unit_power == 0 and bool(limits) and bool(claims)
    if is_comparable and not any(limit.is_near(claim) for limit in limits for claim in claims):
        words["expected"] = " and ".join(limit.words for limit in limits)
        text = f"{what} is {shown(claims[-1])} by what your own notebook says of it; {words['expected']} was required."
        return failed(text, words, next_step="Compare this model's output, labels and rows with those of the task.")
    elsewhere = trained_elsewhere(section) if part in {"test", "test_shifted"} and not claims else None
    if elsewhere is not None:
        return blocked(f"{what} does not exist. {elsewhere}", words, yours="trained on other rows")
    missing = untested if part == "test" else unverified
    return missing(section, what, words)


def _may_be_test(section: SectionView, item: EvaluationRecord) -> bool:
    """Whether an evaluation may be that of the test part: by how many rows it has, else by which they are not."""
    rows = test_rows(section)
    return item.x.rows == rows if rows is not None else item.x.content not in {fit.x.content for fit in section.fits}
