"""What stands behind a student's curves: between what those of the reference lie, where the two can be compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from grader.architecture.losses import is_cross_entropy, loss_name
from grader.calibration import FitRanges
from grader.metrics import accuracy_name
from grader.records import FitRecord
from grader.report.templating import figure

Band = tuple[tuple[float, ...], tuple[float, ...]]
"""The lowest and the highest value of each epoch of the student's, shape ``(2, epochs)``."""

_OF_CLASSES = frozenset({"accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy"})
"""Names of one figure; ``binary_accuracy`` of several outputs is another."""

_SAME_LOSSES = frozenset({"categorical_crossentropy", "sparse_categorical_crossentropy"})

_SAME_TARGETS = 0.2
"""How far the ends of two parts of the same targets may lie apart, as a share of their range.

Source: other rows of the same table are split off at random, so that its largest value may be missing in one part;
scaled or centred targets lie much further away.
"""


def beside(fits: Sequence[FitRecord], reference: Sequence[FitRanges]) -> Iterator[tuple[FitRecord, Mapping[str, Band]]]:
    """Each fit of a section with what stands behind its curves: nothing where the reference trains more or less often.

    Args:
        fits: The student's, in order.
        reference: The reference's of the same section, in order.
    """
    for number, fit in enumerate(fits):
        yield fit, bands(fit, reference[number]) if len(fits) == len(reference) else {}


def bands(fit: FitRecord, reference: FitRanges) -> dict[str, Band]:
    """What stands behind the curves of a fit, by the name of a curve; none of losses or accuracies of another kind."""
    accuracy = accuracy_name(fit.history)
    names = {"loss": "loss"} if _same_loss(fit, reference) else {}
    if accuracy is not None and (accuracy == reference.accuracy or {accuracy, reference.accuracy} <= _OF_CLASSES):
        names["accuracy"] = accuracy
    found = {}
    for theirs, own in names.items():
        for part in ("", "val_"):
            epochs = len(fit.history.get(part + own, ()))
            low, _, high = reference.ranges.get(part + theirs, ((), (), ()))
            if epochs and low:
                found[part + own] = (low[:epochs], high[:epochs])
    return found


def bands_in_words(names: Sequence[str], behind: Mapping[str, Band], *, history: Mapping[str, Sequence[float]]) -> str:
    """Where the reference's runs lie in the last epoch that both have, and where the student's; empty without them.

    Args:
        names: ``loss``, the accuracy's name, or both.
        behind: By the name of a curve.
        history: Metric name to values, shape ``(epochs,)``.
    """
    keys = [next((key for key in (f"val_{name}", name) if key in behind), None) for name in names]
    said = [_band_in_words(key, behind[key], own=history[key]) for key in keys if key is not None]
    return f"The reference's runs have {' and '.join(said)}." if said else ""


def _band_in_words(key: str, band: Band, *, own: Sequence[float]) -> str:
    low, high = band
    epoch = len(low)
    value, lowest, highest = own[epoch - 1], low[-1], high[-1]
    what = "validation" if key.startswith("val_") else "training"
    what += " loss" if key.removeprefix("val_") == "loss" else " accuracy"
    said = f"a {what} of {figure(lowest)} to {figure(highest)} in epoch {epoch}"
    if not math.isfinite(value):
        return said
    return f"{said} (yours: {figure(value)}, {'below' if value < lowest else 'above' if value > highest else 'within'})"


def _same_loss(fit: FitRecord, reference: FitRanges) -> bool:
    """Whether two losses are the same figure of the same targets."""
    if fit.compiled is None or fit.compiled.own_loss or fit.class_weight or fit.sample_weight:
        return False
    own, theirs = loss_name(fit.compiled.loss), loss_name(reference.loss)
    if own is None or (own != theirs and not {own, theirs} <= _SAME_LOSSES):
        return False
    return is_cross_entropy(own) or _same_targets(fit, reference)


def _same_targets(fit: FitRecord, reference: FitRanges) -> bool:
    if reference.targets is None or fit.y is None or fit.y.minimum is None or fit.y.maximum is None:
        return False
    low, high = reference.targets
    apart = max(abs(fit.y.minimum - low), abs(fit.y.maximum - high))
    return apart <= _SAME_TARGETS * (high - low)
