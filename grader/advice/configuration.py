"""Advice on how a model is built and compiled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from grader.advice.thresholds import THRESHOLDS
from grader.advice.training import Remark, Training
from grader.architecture.losses import misfit
from grader.judging.results import listed

LEARNING_RATES = (1e-7, 1e-2)


def linear_hidden(training: Training) -> Iterator[Remark]:
    """A hidden layer without activation before another one.

    Source:
        NeuraLint (Nikanjam et al., TOSEM 2021); UMLAUT (Schoop et al., CHI 2021).
    """
    layers = [layer for layer in training.model.layers if layer.kind == "Dense"]
    plain = [str(number) for number, layer in enumerate(layers[:-1], start=1) if layer.activation == "linear"]
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
    names = [layer.activation for layer in training.model.layers if "activation" in layer.values]
    if any(one == other == "softmax" for one, other in pairwise(names)):
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
    rates = {fit.compiled.learning_rate for fit in training.fits if fit.compiled is not None}
    low, high = LEARNING_RATES
    for rate in sorted(rate for rate in rates if rate is not None and math.isfinite(rate)):
        # float32 knows 0.01 as 0.0099999998.
        if rate < low * (1 - 1e-6) or rate > high * (1 + 1e-6):
            effect = "training hardly moves" if rate < low else "training may jump about"
            yield Remark(
                "learning_rate",
                f"The learning rate in {training.where} is {rate:g}; {low:g} to {high:g} is usual. With yours,"
                f" {effect}.",
            )
