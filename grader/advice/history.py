"""Advice on the course of a training: its losses and accuracies by epoch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from grader.advice.thresholds import THRESHOLDS
from grader.advice.training import Remark, Training
from grader.judging.results import counted, shown


def loss_value(training: Training) -> Iterator[Remark]:
    """A loss that is not finite, negative or huge; the latter two of cross-entropies alone, whose scale is known.

    Source:
        AutoTrainer (Zhang et al., ICSE 2021).
    """
    is_entropy = "crossentropy" in training.loss_name
    for epoch, value in enumerate(training.history("loss"), start=1):
        if not math.isfinite(value):
            found = f"became {shown(value)}"
        elif is_entropy and value < 0:
            found = f"was negative ({shown(value)})"
        elif is_entropy and value >= THRESHOLDS.huge_loss:
            found = f"was {value:,.0f}"
        else:
            continue
        yield Remark(
            "loss_value",
            f"The training loss in {training.where} {found} in epoch {epoch}. Look at the scale of the inputs, the"
            " labels and the learning rate.",
        )
        return


def overfitting(training: Training) -> Iterator[Remark]:
    """A validation loss that rises while the training loss falls.

    Source:
        UMLAUT (Schoop et al., CHI 2021).
    """
    loss, held = training.history("loss"), training.history("val_loss")
    if len(loss) != len(held) or not _has_shape(loss) or not _has_shape(held):
        return
    best = min(range(len(held)), key=held.__getitem__)
    if held[best] > 0 and loss[-1] < loss[best] and rises(held[best:]):
        yield Remark(
            "overfitting",
            f"In {training.where} the validation loss was lowest in epoch {best + 1} ({shown(held[best])}) and rose to"
            f" {shown(held[-1])} by epoch {len(held)}, while the training loss fell from {shown(loss[best])} to"
            f" {shown(loss[-1])}: from there on the model overfits.",
        )


def rises(values: Sequence[float]) -> bool:
    """Whether a validation loss rises from its lowest value on, beyond the noise of single epochs.

    Args:
        values: From the lowest one on, shape ``(epochs,)``, positive.

    Source:
        Mann, Econometrica 1945: a trend is a series of which later values are larger more often than chance has it.
    """
    pairs = list(combinations(values, 2))
    if len(values) <= THRESHOLDS.fewest_risen:
        return False
    larger = sum(later > earlier for earlier, later in pairs)
    end = statistics.median(values[-THRESHOLDS.fewest_risen :])
    return larger >= THRESHOLDS.rising_share * len(pairs) and end > values[0] * (1 + THRESHOLDS.risen)


def no_progress(training: Training) -> Iterator[Remark]:
    """An accuracy that hardly changes, with a loss that hardly falls.

    Source:
        AutoTrainer.
    """
    accuracy, loss = training.accuracy, training.history("loss")
    if training.continues or max(accuracy, default=0.0) > training.guessing + THRESHOLDS.above_guessing:
        return
    if not _has_shape(accuracy) or not _has_shape(loss) or loss[-1] < THRESHOLDS.settled * loss[0]:
        return
    gained = max(accuracy) - accuracy[0]
    # A model that is right from the first epoch on has nothing to gain.
    if gained < THRESHOLDS.no_progress and max(accuracy) < 1 - THRESHOLDS.no_progress:
        yield Remark(
            "no_progress",
            f"In {counted(len(accuracy), 'epoch')} the accuracy in {training.where} rose by no more than"
            f" {shown(gained)} (from {shown(accuracy[0])} to {shown(max(accuracy))}): the model has hardly learned."
            " Check the loss, the labels and the learning rate.",
        )


def oscillation(training: Training) -> Iterator[Remark]:
    """An accuracy that goes up and down.

    Source:
        AutoTrainer.
    """
    accuracy = training.accuracy
    if not _has_shape(accuracy):
        return
    swings = sum(before - after >= THRESHOLDS.swing for before, after in pairwise(accuracy))
    if swings >= max(THRESHOLDS.fewest_swings, THRESHOLDS.swinging_share * len(accuracy)):
        yield Remark(
            "oscillation",
            f"The training accuracy in {training.where} fell by {THRESHOLDS.swing:g} or more in {swings} of"
            f" {counted(len(accuracy), 'epoch')}. A smaller learning rate or a larger batch makes training steadier.",
        )


def _has_shape(values: tuple[float, ...]) -> bool:
    return len(values) >= THRESHOLDS.fewest_epochs and all(map(math.isfinite, values))
