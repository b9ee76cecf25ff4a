"""Computes losses, accuracies and confusion matrices from raw predictions, as Keras does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

EPSILON = np.float32(1e-7)
"""What probabilities are kept away from 0 and 1 by.

Source: keras/src/backend/config.py, ``epsilon()``.
"""

MAX_CLASSES = 1000
"""Whole numbers up to here are read as classes; beyond, as quantities."""


@dataclass(frozen=True)
class Outputs:
    """Raw outputs of a model on some rows.

    Attributes:
        values: Raw outputs, shape ``(rows, outputs)``.
        logits: What the last softmax or sigmoid was given, shape ``(rows, outputs)``; None where the last step is
            neither. Keras computes every cross-entropy from these, whatever ``from_logits`` says.
        from_logits: Of the compiled loss: where there is no last softmax or sigmoid, the outputs are logits.
    """

    values: Array
    logits: Array | None = None
    from_logits: bool = False

    @property
    def width(self) -> int:
        return int(self.values.shape[1])

    @property
    def cross_entropy_logits(self) -> Array | None:
        """The logits that a cross-entropy starts from; None where it takes the outputs for probabilities."""
        if self.logits is not None:
            return self.logits
        return self.values if self.from_logits else None

    def take(self, rows: Array) -> Outputs:
        """The same for some of the rows, by position."""
        logits = None if self.logits is None else self.logits[rows]
        return Outputs(self.values[rows], logits=logits, from_logits=self.from_logits)


@dataclass(frozen=True)
class Targets:
    """What the outputs should have been.

    Attributes:
        values: As the losses take them, shape ``(rows, outputs)``.
        classes: Shape ``(rows,)``, from 0; None for quantities.
        threshold: Between the two values of a single output; classes above it are 1.
    """

    values: Array
    classes: Array | None = None
    threshold: float = 0.5

    @classmethod
    def of_classes(cls, classes: Array, *, width: int) -> Targets:
        """Targets for whole-number classes, shape ``(rows,)``, and a model of ``width`` outputs."""
        classes = classes.astype(np.int64)
        if width == 1:
            return cls(classes[:, None].astype(np.float32), classes=classes)
        values = (classes[:, None] == np.arange(width)).astype(np.float32)
        return cls(values, classes=classes)

    @classmethod
    def of_array(cls, given: Array, *, width: int, classification: bool) -> Targets | None:
        """Targets as handed to ``fit``, for a model of ``width`` outputs; None where the two do not fit.

        Args:
            given: Shape ``(rows,)``, ``(rows, 1)`` or ``(rows, outputs)``.
            width: Outputs of the model.
            classification: Whether whole numbers are classes.
        """
        flat = given.reshape(len(given), -1)
        if flat.shape[1] not in {1, width} or not np.isfinite(flat).all():
            return None
        if flat.shape[1] > 1:
            classes = flat.argmax(axis=1) if classification else None
            return cls(flat.astype(np.float32), classes=classes)
        column = flat[:, 0]
        if not classification:
            return cls(flat.astype(np.float32)) if width == 1 else None
        if width == 1:
            threshold = 0.0 if (column < 0).any() and (column > 0).any() else 0.5
            return cls(flat.astype(np.float32), classes=(column > threshold).astype(np.int64), threshold=threshold)
        return cls.of_classes(column, width=width) if is_classes(column) else None

    def smoothed(self, share: float, *, over: int) -> Targets:
        """The same with a share of each target spread over so many classes, as ``label_smoothing`` does."""
        values = self.values * (1 - share) + share / over
        return Targets(values, classes=self.classes, threshold=self.threshold)

    def take(self, rows: Array) -> Targets:
        """The same for some of the rows, by position."""
        classes = None if self.classes is None else self.classes[rows]
        return Targets(self.values[rows], classes=classes, threshold=self.threshold)


def is_classes(column: Array) -> bool:
    """Whether every value is a whole number that can be a class."""
    if not column.size:
        return False
    if column.dtype.kind not in "biu" and not (np.isfinite(column).all() and (column == np.round(column)).all()):
        return False
    return bool(column.min() >= 0 and column.max() < MAX_CLASSES)


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
    return float(loss(outputs, targets)) if fits else None


def mean_absolute_error(outputs: Outputs, targets: Targets) -> float | None:
    """The mean absolute difference; None where targets and outputs do not fit."""
    if targets.values.shape != outputs.values.shape or not outputs.values.size:
        return None
    return float(_mean_absolute(outputs, targets))


def mean_squared_error(outputs: Outputs, targets: Targets) -> float | None:
    """The mean squared difference; None where targets and outputs do not fit."""
    if targets.values.shape != outputs.values.shape or not outputs.values.size:
        return None
    return _mean_squared(outputs, targets)


def determination(outputs: Outputs, targets: Targets) -> float | None:
    """One less the squared error over the targets' variance, the mean over the outputs; None for targets all equal."""
    if targets.values.shape != outputs.values.shape or not outputs.values.size:
        return None
    wanted = targets.values.astype(np.float64)
    spread = np.square(wanted - wanted.mean(axis=0)).sum(axis=0)
    if not (spread > 0).all():
        return None
    left = np.square(outputs.values.astype(np.float64) - wanted).sum(axis=0)
    return float(np.mean(1 - left / spread))


def area_under_roc(outputs: Outputs, targets: Targets) -> float | None:
    """The share of pairs of a row of class 1 and one of class 0 that are ranked right, equal ones by half.

    Of the single output, or of the second of two; None for more classes, for one class alone, and where an output is
    not finite.
    """
    if targets.classes is None or outputs.width > 2 or not np.isfinite(outputs.values).all():
        return None
    positive = targets.classes == 1
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return None
    _, place, counts = np.unique(outputs.values[:, -1], return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def predicted_classes(outputs: Outputs, *, threshold: float = 0.5) -> Array:
    """The class of each row, shape ``(rows,)``; -1 where an output is not finite.

    The largest of several outputs; for a single one, whether it lies above the threshold (logits: above 0).
    """
    if outputs.width > 1:
        classes = outputs.values.argmax(axis=1)
    else:
        are_logits = outputs.logits is None and outputs.from_logits
        classes = (outputs.values[:, 0] > (0.0 if are_logits else threshold)).astype(np.int64)
    return np.where(np.isfinite(outputs.values).all(axis=1), classes, -1)


def accuracy_of(outputs: Outputs, targets: Targets) -> float | None:
    """The share of rows whose class is right, in [0, 1]; None for quantities and for no rows."""
    if targets.classes is None or not len(targets.classes):
        return None
    return float(np.mean(predicted_classes(outputs, threshold=targets.threshold) == targets.classes))


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


def _mean_squared(outputs: Outputs, targets: Targets) -> float:
    return float(np.mean(np.square(outputs.values.astype(np.float64) - targets.values)))


def _mean_absolute(outputs: Outputs, targets: Targets) -> float:
    return float(np.mean(np.abs(outputs.values.astype(np.float64) - targets.values)))


_LOSSES: dict[str, Callable[[Outputs, Targets], float]] = {
    "categorical_crossentropy": _categorical,
    "sparse_categorical_crossentropy": _sparse_categorical,
    "crossentropy": _categorical,
    "binary_crossentropy": _binary,
    "mean_squared_error": _mean_squared,
    "mse": _mean_squared,
    "mean_absolute_error": _mean_absolute,
    "mae": _mean_absolute,
}
