"""Advice on the data of a training."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.advice.thresholds import THRESHOLDS
from grader.advice.training import Remark, Training
from grader.judging.results import listed
from grader.records import ArraySummary, FitRecord
from grader.training.rows_of_fits import test_rows_in, width
from grader.training.thresholds import THRESHOLDS as TRAINING

_SCALING_LAYERS = frozenset({"Rescaling", "Normalization", "BatchNormalization", "LayerNormalization"})
_OTHER_INPUT = frozenset({"Embedding", "CategoryEncoding", "Discretization", "Hashing", "IntegerLookup", "Lambda"})
"""Layers whose input need not be small, or that may scale it."""


def unscaled_input(training: Training) -> Iterator[Remark]:
    """Inputs that were not scaled.

    Source:
        UMLAUT (Schoop et al., CHI 2021), which asks for [-1, 1] and no integers; but standardised features and
        coordinates exceed it, and small whole numbers do no harm, so only values far from 0 are reported.
    """
    layers = training.submission.evidence.model(training.model_id).layers
    first = layers[: THRESHOLDS.scales_early]
    if any(layer.class_name in _SCALING_LAYERS | _OTHER_INPUT or layer.own_class is not None for layer in first):
        return
    for fit in training.fits:
        low, high = fit.x.minimum, fit.x.maximum
        if low is None or high is None or not width(fit.x):
            continue
        if max(abs(low), abs(high)) > THRESHOLDS.largest_standard_score:
            kind = "whole numbers" if fit.x.integral else "values"
            yield Remark(
                "unscaled_input",
                f"The inputs in {training.where} are {kind} from {low:g} to {high:g}. Networks train better on small"
                " numbers: divide images by 255, standardise other features.",
            )
            return


def validation_classes(training: Training) -> Iterator[Remark]:
    """A class of the training part that the validation part lacks."""
    for fit in training.fits:
        held = fit.validation
        if held is None or held.y is None or fit.y is None:
            continue
        present, known = _classes(held.y), _classes(fit.y)
        if present and known - present:
            yield Remark("validation_classes", _one_sided(training, fit, missing=known - present))
            return


def test_in_training(training: Training) -> Iterator[Remark]:
    """Test rows in the training, or in the validation that decides on it.

    Source:
        Yang et al., "Data Leakage in Notebooks", ASE 2022.
    """
    for fit in training.fits:
        in_fit = test_rows_in(training.submission, fit.x) or 0.0
        in_validation = (
            test_rows_in(training.submission, fit.validation.x if fit.validation is not None else None) or 0.0
        )
        if max(in_fit, in_validation) <= TRAINING.share_of_chance:
            continue
        if in_fit > TRAINING.share_of_chance:
            found = "trained on: the test accuracy says nothing about new rows any more"
        else:
            found = "used for validation: whatever is chosen by it is chosen for the test set"
        share = in_fit if in_fit > TRAINING.share_of_chance else in_validation
        yield Remark(
            "test_in_training",
            f"In {training.where}, {100 * share:.0f} % of the test rows are {found}. Keep the test set for the end, and"
            " cut the validation set off the training set.",
        )
        return


def _one_sided(training: Training, fit: FitRecord, *, missing: set[str]) -> str:
    held = fit.validation
    present = _classes(held.y) if held is not None and held.y is not None else set()
    rows = held.x.rows if held is not None else 0
    if len(present) == 1:
        what = f"holds only class {next(iter(present))}"
    else:
        what = f"has no row of class {listed(sorted(missing, key=_by_number), word='or')}"
    by_split = held is not None and held.source == "split"
    cause = " validation_split takes the last rows, before any shuffling." if by_split else ""
    return (
        f"The validation set in {training.where} ({rows:,} rows) {what}, so its loss and accuracy do not show how well"
        f" {training.name} does on the others.{cause} Shuffle before you split."
    )


def _classes(summary: ArraySummary) -> set[str]:
    return {name for name, count in (summary.class_counts or {}).items() if count}


def _by_number(name: str) -> tuple[float, str]:
    try:
        return float(name), name
    except ValueError:
        return math.inf, name
