"""Augmentation: whether a model was trained on rows changed at random, by layers of its own or on their way to it."""

from __future__ import annotations

from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, failed_or_partial, listed, needs_review, passed, per_cent
from grader.judging.subject import fit_cells, nothing_trained
from grader.judging.views import SectionView
from grader.records import CheckResult, FitRecord
from grader.training.rows_of_fits import hashes, share_within, width

_CHANGING_LAYERS = frozenset(
    {"AugMix", "AutoContrast", "CutMix", "MixUp", "RandAugment", "GaussianNoise", "Solarization", "Equalization"}
)


class AugmentedParams(Params):
    """Parameters of `augmented`."""

    data_set: str | None = Field(None, description="Keras's name of the data set; default: the one loaded")
    anew: bool = Field(False, description="true: changed anew in every epoch, not once before the training")
    once: float | None = Field(None, gt=0, lt=1, description="share of the points where they were changed once")


@check("augmented", params=AugmentedParams)
def augmented(section: SectionView, params: AugmentedParams) -> CheckResult:
    """The model was trained on rows changed at random, by layers of Keras in it or by a pipeline before it."""
    words: Words = {
        "required": "training rows changed at random",
        "expected": "random layers in the model, or changed rows in its pipeline",
        "basis": "claimed",
        "cells": fit_cells(section),
        "next_step": "Put layers such as RandomTranslation before the first convolution, or map them over the data.",
    }
    missing = nothing_trained(section, words)
    if missing is not None:
        return missing
    layers = _random_layers(section)
    if layers:
        return passed(f"The model changes its images by {listed(layers)}.", words, yours=listed(layers), basis="static")
    shares = [_share_of_data_set(section, fit, name=params.data_set) for fit in section.fits]
    known = [share for share in shares if share is not None]
    if len(known) < len(shares):
        text = "The model has no random layers, and whether its training rows were changed could not be seen."
        return needs_review("unverifiable", f"{text} A tutor will look.", words)
    if min(known) <= 1 - THRESHOLDS.changed_share:
        text = f"{per_cent(1 - min(known))} of the training rows were changed on their way to the model."
        if params.anew and _is_fixed(section.fits):
            text = f"{per_cent(1 - min(known))} of the training rows were changed, but once: every epoch saw the same."
            step = "Change the images on their way to the model: by random layers in it, or in a pipeline or generator."
            return failed_or_partial(params.once, text, words, yours="rows changed once", next_step=step)
        return passed(text, words, yours="changed rows")
    return failed(
        "The model has no random layers, and its training rows are the data set's own.", words, yours="unchanged rows"
    )


def changes_rows(kind: str) -> bool:
    """Whether a layer of this class changes the rows of images at random in training."""
    return kind.startswith("Random") or kind in _CHANGING_LAYERS


def _random_layers(section: SectionView) -> list[str]:
    names = [layer.class_name for layer in section.model.layers] if section.model is not None else []
    return list(dict.fromkeys(name for name in names if changes_rows(name)))


def _is_fixed(fits: tuple[FitRecord, ...]) -> bool:
    """Whether every epoch saw the same rows: one array, however many fits."""
    arrays = {fit.x.content for fit in fits if fit.x.kind == "array"}
    return len(arrays) == 1 and all(fit.x.kind == "array" for fit in fits) and sum(fit.epochs_run for fit in fits) > 1


def _share_of_data_set(section: SectionView, fit: FitRecord, *, name: str | None) -> float | None:
    """The share of a fit's rows that the training part of the data set holds, whatever their scale, in [0, 1]."""
    use = next((item for item in section.evidence.data_sets if item.loaded and name in {None, item.name}), None)
    if use is None:
        return None
    whole = [
        item.array
        for item in section.evidence.arrays
        if item.array.rows == use.train_rows and len(item.array.shape) > 1 and width(item.array) == width(fit.x)
    ]
    shares = [share_within(hashes(section.submission, fit.x), hashes(section.submission, array)) for array in whole]
    return max((share for share in shares if share is not None), default=None)
