"""Advice on how a model is built and compiled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from grader.advice.thresholds import THRESHOLDS
from grader.advice.training import Remark, Training
from grader.architecture.layers import PlainLayer
from grader.architecture.losses import misfit
from grader.judging.results import listed

LEARNING_RATES = (1e-7, 1e-2)
LARGEST_RATES = {"sgd": 1e-1, "adadelta": 1.0}
"""Larger rates are usual for optimizers that do not scale their steps.

Source: He et al., CVPR 2016 (0.1 with SGD); Zeiler, arXiv:1212.5701 (Adadelta knows no rate, which is 1).
"""

_LINEAR = frozenset({"Dropout", "GaussianNoise", "BatchNormalization", "ActivityRegularization"})
"""Layers that leave two linear layers on both sides of them linear in all, once the model is trained."""

_MERGES = frozenset({"Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"})
"""A model that has one has branches, and its layers in order are not layers in a row."""


def linear_hidden(training: Training) -> Iterator[Remark]:
    """A hidden layer without activation before another one.

    Source:
        NeuraLint (Nikanjam et al., TOSEM 2021); UMLAUT (Schoop et al., CHI 2021).
    """
    layers = training.model.layers
    if any(layer.kind in _MERGES for layer in layers):
        return
    dense = [at for at, layer in enumerate(layers) if layer.kind == "Dense"]
    plain = [
        str(number)
        for number, (at, following) in enumerate(pairwise(dense), start=1)
        if layers[at].activation == "linear" and all(_is_linear(layer) for layer in layers[at + 1 : following])
    ]
    if plain:
        which = f"hidden layers {listed(plain)} have" if len(plain) > 1 else f"hidden layer {plain[0]} has"
        yield Remark(
            "linear_hidden",
            f"In {training.name}, {which} no activation. Linear layers in a row compute no more than one of them, so"
            " the model is no more flexible than without.",
        )


def loss_of_output(training: Training) -> Iterator[Remark]:
    """A loss that does not fit the output.

    Source:
        NeuraLint.
    """
    output = training.model.raw_output
    if training.compiled is None or output is None:
        return
    reason = misfit(training.compiled, output, labels=training.fits[-1].y)
    if reason is not None:
        yield Remark("loss_of_output", f"About {training.name} in {training.where}: {reason[0].lower()}{reason[1:]}")


def activation_twice(training: Training) -> Iterator[Remark]:
    """A softmax after a softmax.

    Source:
        NeuraLint.
    """
    layers = [layer for layer in training.model.layers if "activation" in layer.values]
    if any(one.activation == other.activation == "softmax" and _is_bare(other) for one, other in pairwise(layers)):
        yield Remark(
            "activation_twice",
            f"The output of {training.name} goes through a softmax twice, which flattens its probabilities."
            " One is enough.",
        )


def strong_dropout(training: Training) -> Iterator[Remark]:
    """A dropout rate above one half.

    Source:
        UMLAUT.
    """
    rates = [layer.values.get("rate") for layer in training.model.layers if layer.kind == "Dropout"]
    strong = sorted({rate for rate in rates if isinstance(rate, int | float) and rate > THRESHOLDS.strong_dropout})
    if strong:
        found = listed([f"{rate:g}" for rate in strong])
        yield Remark(
            "strong_dropout",
            f"The dropout rate of {found} in {training.name} silences more than half of the units in each step;"
            f" rates from 0.2 to {THRESHOLDS.strong_dropout:g} are usual.",
        )


def learning_rate(training: Training) -> Iterator[Remark]:
    """A learning rate outside [1e-7, 1e-2].

    Source:
        UMLAUT.
    """
    if training.tries_rates:
        return
    compiled = [fit.compiled for fit in training.fits if fit.compiled is not None]
    rates = {(one.learning_rate, (one.optimizer or "").casefold()) for one in compiled if one.learning_rate is not None}
    for rate, optimizer in sorted(pair for pair in rates if math.isfinite(pair[0])):
        low, high = LEARNING_RATES[0], LARGEST_RATES.get(optimizer, LEARNING_RATES[1])
        # float32 knows 0.01 as 0.0099999998.
        if rate < low * (1 - 1e-6) or rate > high * (1 + 1e-6):
            effect = "training hardly moves" if rate < low else "training may jump about"
            yield Remark(
                "learning_rate",
                f"The learning rate in {training.where} is {rate:g}; {low:g} to {high:g} is usual. With yours,"
                f" {effect}.",
            )


def _is_linear(layer: PlainLayer) -> bool:
    """Whether a layer between two others is known to compute nothing but a linear function."""
    return layer.kind in _LINEAR and not layer.opaque


def _is_bare(layer: PlainLayer) -> bool:
    """Whether a layer is an activation alone, so that it takes what the layer before it puts out."""
    return layer.kind == "Activation"
