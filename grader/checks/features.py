"""Tables of features: rows set aside for the test, and features on one scale."""

from __future__ import annotations

import itertools
import math

import numpy as np
from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.judging.parameters import SectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, failed_or_partial, needs_review, passed, per_cent
from grader.judging.subject import Floats, absent, flat_rows, numbers, share_left_out, speaks_of_model, unverified
from grader.judging.views import SectionView
from grader.limits import MAX_UNSEEN_SETS
from grader.records import ArraySummary, CheckResult, EvaluationRecord, FitRecord, PredictionRecord
from grader.training.rows_of_fits import Hashes, hashes, share_within
from grader.training.thresholds import THRESHOLDS as TRAINING

_SCALING_LAYERS = frozenset({"Normalization", "BatchNormalization", "LayerNormalization"})


class HeldOutParams(Params):
    """Parameters of `held_out`."""

    share: float = Field(gt=0, lt=1, description="share of the table's rows that is set aside for the test")
    tolerance: float = Field(0.05, ge=0, lt=0.5, description="by how much it may be larger or smaller")
    used_by: tuple[SectionId, ...] = Field(
        min_length=1, description="sections whose models must not be trained on them"
    )


class ScaledFeaturesParams(Params):
    """Parameters of `scaled_features`."""

    used_by: tuple[SectionId, ...] = Field(min_length=1, description="sections whose models are given the features")
    ratio: float = Field(
        10, gt=1, description="how many times as wide the widest feature may spread as the narrowest (deviations)"
    )
    by_test_rows: float | None = Field(
        None, gt=0, lt=1, description="share of the points where the scaler has seen the test rows too"
    )


@check("held_out", params=HeldOutParams)
def held_out(section: SectionView, params: HeldOutParams) -> CheckResult:
    """A share of a table's rows was set aside for the test, and no model was trained or validated on them."""
    wanted = f"{per_cent(params.share)} of the rows"
    words: Words = {
        "required": f"{wanted} set aside for the test",
        "expected": wanted,
        "basis": "verified",
        "cells": section.match.cells,
        "next_step": f"Split the rows once, as with train_test_split(X, y, test_size={params.share:g}), and train on "
        "the first part alone.",
    }
    owners = [section.of(name) for name in params.used_by if name in section.matching]
    trained = [owner for owner in owners if owner.fits]
    if not trained:
        return absent(section, "No model was trained on a part of the table.", words, yours="no training")
    shares = []
    for owner in trained:
        share = share_left_out(owner)
        if share is None:
            return unverified(owner, "Which rows were set aside for the test", words)
        shares.append(share)
    # A model may well be trained on fewer rows than were left for it: what was set aside is what each of them left.
    off = min(shares)
    words["yours"] = f"{per_cent(off)} of the rows"
    if abs(off - params.share) <= params.tolerance + 1e-9:
        return passed(f"{per_cent(off)} of the rows were set aside for the test.", words)
    if off == 0:
        return failed("The models were trained and validated on every row; none is left to test them on.", words)
    return failed(f"{per_cent(off)} of the rows were never trained on; {per_cent(params.share)} was asked for.", words)


@check("scaled_features", params=ScaledFeaturesParams)
def scaled_features(section: SectionView, params: ScaledFeaturesParams) -> CheckResult:
    """The features that a model is given are on one scale, by a scaler that was fitted on the training rows alone."""
    words: Words = {
        "required": "features on one scale, by the training rows' own statistics",
        "expected": f"no feature more than {params.ratio:g} times as wide as another",
        "basis": "claimed",
        "cells": section.match.cells,
        "next_step": "Fit a StandardScaler or MinMaxScaler on the training rows, and transform both parts with it.",
    }
    owners = [section.of(name) for name in params.used_by if name in section.matching]
    seen = [(owner, rows) for owner in owners for fit in owner.fits if (rows := _rows_of(owner, fit)) is not None]
    if not seen:
        if any(owner.fits for owner in owners):
            return needs_review("infrastructure", "The rows that the models were given were not kept whole.", words)
        return absent(section, "No model was trained on features.", words, yours="no training")
    for owner, parts in seen:
        ratio = _ratio(np.concatenate(parts))
        if ratio > params.ratio and not _scales_itself(owner):
            text = f"One feature that the model is given spreads {ratio:.0f} times as wide as another"
            return failed(f"{text}; at most {params.ratio:g} times was asked for.", words, yours=f"{ratio:.0f} times")
    for owner, parts in seen:
        if _is_fitted_on_test(owner, parts):
            text = "The scaler was fitted on all rows, those of the test too, so the test is no longer a fair one."
            return failed_or_partial(params.by_test_rows, text, words, yours="statistics of all rows")
    return passed("The features are on one scale.", words, yours="features on one scale")


def _rows_of(section: SectionView, fit: FitRecord) -> list[Floats] | None:
    """What a fit was given, shape ``(rows, features)`` each: training, then validation; None where it is unknown."""
    parts = [fit.x, *([fit.validation.x] if fit.validation is not None else [])]
    found = [array for part in parts if (array := _table(section, part)) is not None]
    return found if len(found) == len(parts) and len({array.shape[1] for array in found}) == 1 else None


def _table(section: SectionView, summary: ArraySummary) -> Floats | None:
    values = numbers(section, summary.whole)
    usable = values is not None and values.ndim > 1 and len(values) > 1 and np.isfinite(values).all()
    return flat_rows(values) if values is not None and usable else None


def _ratio(rows: Floats) -> float:
    spread = rows.std(axis=0)
    varying = spread[spread > 0]
    return float(varying.max() / varying.min()) if len(varying) else 1.0


def _scales_itself(section: SectionView) -> bool:
    """Whether a layer that scales comes before the first one that learns a weighted sum."""
    for layer in section.model.layers if section.model is not None else ():
        if layer.class_name in _SCALING_LAYERS:
            return True
        if "units" in layer.config or "filters" in layer.config:
            return False
    return False


def _is_fitted_on_test(section: SectionView, parts: list[Floats]) -> bool:
    """Whether the statistics are a scaler's on all rows together, and on no part of them that leaves rows unseen."""
    rows = np.concatenate(parts)
    mean, deviation = _adapted(section, rows.shape[1])

    def looks_fitted(*given: Floats) -> bool:
        return _looks_fitted((np.concatenate(given) - mean) / deviation)

    if looks_fitted(rows) or looks_fitted(parts[0]):
        return False
    unseen = _unseen_rows(section, rows.shape[1])
    for count in range(1, len(unseen) + 1):
        if any(looks_fitted(rows, *some) for some in itertools.combinations(unseen, count)):
            return count == len(unseen)
    return False


def _adapted(section: SectionView, width: int) -> tuple[Floats, Floats]:
    """Mean and deviation of each feature by which a `Normalization` layer scales what the model is given.

    0 and 1 where no such layer comes first.
    """
    weighted = [layer for layer in section.model.layers if layer.parameters] if section.model is not None else []
    refs = section.evidence.weights.get(section.weights or "", ())
    if weighted and weighted[0].class_name == "Normalization" and len(refs) > 1:
        mean, variance = numbers(section, refs[0]), numbers(section, refs[1])
        if mean is not None and variance is not None and mean.shape == variance.shape == (width,):
            return mean, np.sqrt(np.maximum(variance, 1e-12))
    return np.zeros(width), np.ones(width)


def _unseen_rows(section: SectionView, width: int) -> list[Floats]:
    """The sets of rows that the model was asked about and not trained on, none of them a part of another.

    None where it was asked beside a loop of the student's own alone: that was its validation, and no test is known.
    """
    known = [hashes(section.submission, fit.x) for fit in section.fits]
    known += [hashes(section.submission, fit.validation.x) for fit in section.fits if fit.validation is not None]
    loops = {fit.cell for fit in section.fits if fit.kind != "fit"}
    found: dict[str, tuple[Hashes, Floats]] = {}
    is_tested = False
    records: list[EvaluationRecord | PredictionRecord] = [*section.evidence.evaluations, *section.evidence.predictions]
    for item in records:
        if not speaks_of_model(section, item) or math.prod(item.x.shape[1:]) != width:
            continue
        own, table = hashes(section.submission, item.x), _table(section, item.x)
        shares = [share_within(own, others) for others in known]
        if own is None or table is None or any(share is None or share > TRAINING.share_of_chance for share in shares):
            continue
        found[item.x.content] = (own, table)
        is_tested = is_tested or item.cell not in loops
    sets = sorted(found.values(), key=lambda one: -len(one[0]))[:MAX_UNSEEN_SETS]
    whole = [
        table
        for number, (own, table) in enumerate(sets)
        if not any((share_within(own, larger) or 0.0) > 1 - TRAINING.share_of_chance for larger, _ in sets[:number])
    ]
    return whole if is_tested else []


def _looks_fitted(rows: Floats) -> bool:
    """Whether every feature has what a scaler makes of the rows that it was fitted on.

    That is the same ends for all, or the mean 0 and the same deviation for all.
    """
    low, high = rows.min(axis=0), rows.max(axis=0)
    varying = high > low
    if not varying.any():
        return False
    if np.ptp(low[varying]) <= THRESHOLDS.fitted_tolerance and np.ptp(high[varying]) <= THRESHOLDS.fitted_tolerance:
        return True
    spread = rows.std(axis=0)[varying]
    centred = np.abs(rows.mean(axis=0)[varying]) <= THRESHOLDS.fitted_tolerance * spread
    return bool(centred.all() and np.ptp(spread) <= THRESHOLDS.fitted_tolerance * spread.max())
