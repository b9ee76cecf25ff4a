"""Computes losses, accuracies and confusion matrices from raw predictions, as Keras does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.limits import MAX_CLASSES
from grader.metrics import METRICS, Outputs, Targets, mean_absolute_error, mean_squared_error, predicted_classes

Array = npt.NDArray[Any]

EPSILON = np.float32(1e-7)
"""What probabilities are kept away from 0 and 1 by.

Source: keras/src/backend/config.py, ``epsilon()``.
"""


def loss_of(name: str | None, *, outputs: Outputs, targets: Targets) -> float | None:
    """The mean of a loss over the rows, as Keras computes it in ``evaluate``; NaN where an output is.

    Args:
        name: Keras's snake_case name; weights of classes or rows are left out, as in ``evaluate``.
        outputs: Of the model.
        targets: For the same rows.

    Returns:
        None for a loss that is not known here, for no rows, and where targets and outputs do not fit.
    """
    loss = _LOSSES.get(name or "")
    if loss is None or not len(outputs.values):
        return None
    if name == "sparse_categorical_crossentropy":
        fits = targets.classes is not None and int(targets.classes.max(initial=0)) < outputs.width
    else:
        fits = targets.values.shape == outputs.values.shape
    return loss(outputs, targets) if fits else None


def confusion_of(outputs: Outputs, targets: Targets) -> tuple[tuple[int, ...], ...] | None:
    """Rows by true and predicted class, shape ``(classes, classes)``, without those whose outputs are not finite."""
    if targets.classes is None or not len(targets.classes):
        return None
    predicted = predicted_classes(outputs, threshold=targets.threshold)
    known = predicted >= 0
    size = int(max(targets.classes.max(), predicted.max(initial=0), 1)) + 1
    if size > MAX_CLASSES:
        return None
    counts = np.bincount(targets.classes[known] * size + predicted[known], minlength=size * size)
    return tuple(tuple(int(count) for count in row) for row in counts.reshape(size, size))


def _log_softmax(logits: Array) -> Array:
    wide = logits.astype(np.float64)
    shifted = wide - wide.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _clipped(probabilities: Array) -> Array:
    # In float32, as Keras does: 1 - 1e-7 is another number there.
    return np.clip(probabilities.astype(np.float32), EPSILON, np.float32(1) - EPSILON)


def _categorical(outputs: Outputs, targets: Targets) -> float:
    logits = outputs.cross_entropy_logits
    if logits is not None:
        logs = _log_softmax(logits)
    else:
        # Keras divides before it clips; a sum of 0 gives its NaN too.
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(_clipped(outputs.values / outputs.values.sum(axis=1, keepdims=True)))
    return float(np.mean(-(targets.values * logs).sum(axis=1)))


def _sparse_categorical(outputs: Outputs, targets: Targets) -> float:
    logits = outputs.cross_entropy_logits
    logs = _log_softmax(np.log(_clipped(outputs.values)) if logits is None else logits)
    return float(np.mean(-logs[np.arange(len(logs)), targets.classes]))


def _binary(outputs: Outputs, targets: Targets) -> float:
    logits, wanted = outputs.cross_entropy_logits, targets.values
    if logits is not None:
        wide = logits.astype(np.float64)
        return float(np.mean(np.maximum(wide, 0) - wide * wanted + np.log1p(np.exp(-np.abs(wide)))))
    clipped = _clipped(outputs.values)
    return float(np.mean(-(wanted * np.log(clipped) + (1 - wanted) * np.log(1 - clipped)), dtype=np.float64))


_LOSSES: dict[str, Callable[[Outputs, Targets], float | None]] = {
    "categorical_crossentropy": _categorical,
    "sparse_categorical_crossentropy": _sparse_categorical,
    "crossentropy": _categorical,
    "binary_crossentropy": _binary,
    **dict.fromkeys(METRICS["mse"].names, mean_squared_error),
    **dict.fromkeys(METRICS["mae"].names, mean_absolute_error),
}
