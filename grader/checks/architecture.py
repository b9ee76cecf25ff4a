"""What a model is made of: its layers against the form that the rubric gives, and the rates of its dropout."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from grader.architecture.comparison import Comparison, compare, counted_pairs, form_in_short, side_by_side
from grader.architecture.forms import ModelForm
from grader.architecture.layers import PlainModel, last_compile, plain_model
from grader.checks.thresholds import THRESHOLDS
from grader.judging.absence import fix_for, why_no_model
from grader.judging.registry import Params, check
from grader.judging.results import Words, blocked, failed, failed_or_partial, listed, needs_review, passed
from grader.judging.subject import absent
from grader.judging.views import SectionView
from grader.limits import MAX_DIFFERENCES_TOLD
from grader.records import CheckResult, LayerPair


class ArchitectureParams(Params):
    """Parameters of `architecture`."""

    model: ModelForm = Field(description="what the model should look like; default: the section's model")
    one_off: float | None = Field(
        None, gt=0, lt=1, description="share of the points where exactly one property differs; default: none"
    )


class DropoutRateParams(Params):
    """Parameters of `dropout_rate`."""

    rate: float = Field(gt=0, lt=1, description="rate that every Dropout layer must have")


@check("architecture", params=ArchitectureParams, settled_by_code=True)
def architecture(section: SectionView, params: ArchitectureParams) -> CheckResult:
    """The model has the layers that the form asks for, in whatever style it is written.

    A width, an activation or another named value that differs, a layer too many and a layer too few are one property
    each; what only reshapes or scales the input is none.
    """
    words: Words = {"required": "a model with these layers", "expected": form_in_short(params.model)}
    model = section.model
    if model is None:
        return absent(
            section,
            why_no_model(section),
            words,
            yours="no model",
            next_step=fix_for(section),
            cells=section.match.cells,
        )
    words["cells"] = _cells(section)
    plain = plain_model(model, compiled=last_compile(section.evidence, model.id))
    if not plain.layers:
        return needs_review(
            "unverifiable", "The layers of your model could not be read; a tutor will look at it.", words
        )
    words["yours"] = plain.words
    return _judged(plain, compare(plain, params.model), params=params, words=words)


@check("dropout_rate", params=DropoutRateParams, settled_by_code=True)
def dropout_rate(section: SectionView, params: DropoutRateParams) -> CheckResult:
    """Every Dropout layer of the model has the rate asked for."""
    words: Words = {
        "required": "every Dropout layer with this rate",
        "expected": f"{params.rate:g}",
        "cells": _cells(section),
    }
    model = section.model
    if model is None:
        return blocked(why_no_model(section), words, yours="no model", next_step=fix_for(section))
    rates = [layer.config.get("rate") for layer in model.layers if layer.class_name == "Dropout"]
    if not rates:
        advice = f"Add Dropout layers with a rate of {params.rate:g}."
        return blocked("Your model has no Dropout layer.", words, yours="no Dropout", next_step=advice)
    words["yours"] = listed([_rate(value) for value in dict.fromkeys(map(_hashable, rates))])
    other = [value for value in rates if not _is_rate(value, params.rate)]
    if not other:
        return passed(f"{_every(len(rates))} {params.rate:g}.", words)
    words["layers"] = counted_pairs(_dropout_pair(value, params.rate) for value in rates)
    found = listed([_rate(value) for value in dict.fromkeys(map(_hashable, other))])
    have = "has" if len(other) == 1 else "have"
    text = f"{len(other)} of your {len(rates)} Dropout layers {have} another rate ({found})"
    return failed(f"{text}; {params.rate:g} was asked for.", words, next_step=f"Set every rate to {params.rate:g}.")


def _judged(plain: PlainModel, comparison: Comparison, *, params: ArchitectureParams, words: Words) -> CheckResult:
    if not comparison.count:
        return passed("Your model has the layers that were asked for.", words)
    if plain.is_readable and not comparison.undecided:
        words["layers"] = side_by_side(plain, params.model)
    texts = [difference.text for difference in comparison.differences]
    told = " ".join(texts[:MAX_DIFFERENCES_TOLD])
    if len(texts) > MAX_DIFFERENCES_TOLD:
        more = len(texts) - MAX_DIFFERENCES_TOLD
        told += f" {more} more {'property differs' if more == 1 else 'properties differ'}."
    words["next_step"] = comparison.differences[0].step
    if comparison.undecided:
        return needs_review("unverifiable", f"{told} But {comparison.undecided}; a tutor will decide.", words)
    if not plain.is_readable:
        return needs_review("unverifiable", f"{told} Some layers could not be read; a tutor will decide.", words)
    if comparison.count == 1:
        return failed_or_partial(params.one_off, told, words)
    steps = [difference.step for difference in comparison.differences[:MAX_DIFFERENCES_TOLD]]
    if len(texts) > MAX_DIFFERENCES_TOLD:
        steps.append("Then compare the other layers with what was asked for.")
    words["next_step"] = " ".join(steps)
    return failed(told, words)


def _cells(section: SectionView) -> tuple[int, ...]:
    """Where the model was made, else where it was trained."""
    model = section.model
    if model is None or model.cell is None:
        return tuple(dict.fromkeys(fit.cell for fit in section.fits if fit.cell is not None))
    return (model.cell,)


def _is_rate(value: Any, wanted: float) -> bool:
    return isinstance(value, int | float) and abs(value - wanted) <= THRESHOLDS.rate_tolerance


def _dropout_pair(value: Any, wanted: float) -> LayerPair:
    state: Literal["same", "differs"] = "same" if _is_rate(value, wanted) else "differs"
    return LayerPair(asked=f"Dropout {wanted:g}", yours=f"Dropout {_rate(_hashable(value))}", state=state)


def _hashable(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _rate(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _every(number: int) -> str:
    return "Your Dropout layer has the rate" if number == 1 else f"All {number} Dropout layers have the rate"
