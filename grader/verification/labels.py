"""Labels of the rows that a model is probed on: the data set's own for recognised rows, else the student's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.errors import StoreError
from grader.execution.recorder.rowhash import row_hashes
from grader.limits import MAX_CLASSES, MAX_LABEL_ROWS
from grader.metrics import Targets, is_classes
from grader.records import ArraySummary
from grader.verification.guest.input_transform import infer
from grader.verification.row_matching import KnownRows, Read, Recognised, first_rows, recorded_hashes
from grader.verification.thresholds import THRESHOLDS

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Labels:
    """Targets for rows of one task.

    Attributes:
        classes: Shape ``(rows,)``, -1 where a row has none; None for quantities.
        values: For quantities and ready targets, shape ``(rows,)`` or ``(rows, outputs)``; else None.
        agreement: Share of the recorded labels that agree with these, in [0, 1]; None where none could be compared.
        unit: For a data set's quantities: how many of its units one unit of ``values`` is; else None.
    """

    classes: Array | None = None
    values: Array | None = None
    agreement: float | None = None
    unit: float | None = None

    def known(self, ids: Array) -> Array:
        """Which of the rows have a target, shape ``(rows,)``."""
        return np.ones(len(ids), dtype=bool) if self.classes is None else self.classes[ids] >= 0

    def targets(self, ids: Array, *, width: int, classification: bool = True) -> Targets | None:
        """Targets of the rows for a model of ``width`` outputs; None where the two do not fit."""
        if self.values is not None:
            are_classes = classification and self.unit is None
            return Targets.of_array(self.values[ids], width=width, classification=are_classes)
        if self.classes is None or not len(ids):
            return None
        classes = self.classes[ids]
        highest = int(self.classes.max(initial=0))
        if width == 1 and highest > 1:
            return Targets.of_array(classes, width=1, classification=False)
        return Targets.of_classes(classes, width=width) if width == 1 or highest < width else None


def recorded_array(summary: ArraySummary | None, *, read: Read) -> Array | None:
    """The array itself where it was stored whole and is of finite real numbers, else None."""
    try:
        array: Array | None = None if summary is None or summary.whole is None else read(summary.whole)
    except StoreError:
        return None
    if summary is None or array is None or array.dtype.kind not in "biuf" or array.shape != summary.shape:
        return None
    return array if array.ndim and np.isfinite(array).all() else None


def recorded_classes(summary: ArraySummary | None, *, read: Read) -> Array | None:
    """The class of each recorded label, shape ``(rows,)``, -1 where unknown; None where no classes were recorded."""
    if summary is None or not 0 < summary.rows <= MAX_LABEL_ROWS or len(summary.shape) > 2:
        return None
    array = recorded_array(summary, read=read)
    if array is not None:
        return _classes(array)
    return _classes_by_hash(summary, read=read) if summary.one_hot or summary.integral else _first(summary, read=read)


def known_labels(recognised: Recognised, y: ArraySummary | None, *, width: int, read: Read) -> Labels | None:
    """The data set's own labels in the form of the student's task.

    Args:
        recognised: The rows that were trained on, with their numbers.
        y: What was handed in with them.
        width: Outputs of the model.
        read: Reads a stored array.

    Returns:
        None where the data set's labels do not show what the student's task is.
    """
    known, ids = recognised.known, recognised.ids
    if not known.has_classes:
        return _quantities(known, ids=ids, y=y, read=read)
    official = known.labels.astype(np.int64)
    given = recorded_classes(y, read=read)
    if given is None or ids is None or len(given) != len(ids):
        unseen = y is None or not (y.whole or y.head)
        return Labels(official) if official.max() + 1 == width and (unseen or given is not None) else None
    compared = (ids >= 0) & (given >= 0)
    if not compared.any():
        return None
    own, theirs = official[ids[compared]], given[compared]
    if official.max() < width:
        return Labels(official, agreement=float(np.mean(own == theirs)))
    rule, share = _rule(own, theirs)
    if share < THRESHOLDS.consistent_share:
        return None
    return Labels(np.where(official < len(rule), rule[np.minimum(official, len(rule) - 1)], -1), agreement=share)


def _classes(array: Array) -> Array | None:
    flat = array.reshape(len(array), -1)
    if flat.shape[1] == 1:
        return flat[:, 0].astype(np.int64) if is_classes(flat) else None
    # One-hot rows, smoothed ones too; other values in several columns are no classes.
    are_shares = flat.min() >= 0 and np.allclose(flat.sum(axis=1, dtype=np.float64), 1, atol=1e-2)
    return flat.argmax(axis=1) if are_shares else None


def _classes_by_hash(summary: ArraySummary, *, read: Read) -> Array | None:
    """The classes of labels too many to be stored whole: their hashes are compared with those of every possible row."""
    hashes = recorded_hashes(summary, read=read)
    width = int(np.prod(summary.shape[1:], dtype=np.int64))
    if hashes is None or not 1 <= width < MAX_CLASSES:
        return None
    possible = np.eye(width) if width > 1 else np.arange(MAX_CLASSES, dtype=np.float64).reshape(-1, *summary.shape[1:])
    classes = np.full(len(hashes), -1)
    for index, value in enumerate(row_hashes(possible)):
        classes[hashes == value] = index
    return classes if (classes >= 0).any() else None


def _first(summary: ArraySummary, *, read: Read) -> Array | None:
    head = first_rows(summary, read=read)
    classes = None if head is None or not np.isfinite(head).all() else _classes(head)
    return None if classes is None else np.concatenate([classes, np.full(summary.rows - len(classes), -1)])


def _rule(official: Array, given: Array) -> tuple[Array, float]:
    """The class given most often for each official one, -1 for those never seen, and the share of labels that fit."""
    counts = np.zeros((int(official.max()) + 1, int(given.max()) + 1), dtype=np.int64)
    np.add.at(counts, (official, given), 1)
    rule = np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), -1)
    return rule, float(counts.max(axis=1).sum() / len(official))


def _quantities(known: KnownRows, *, ids: Array | None, y: ArraySummary | None, read: Read) -> Labels | None:
    given = recorded_array(y, read=read)
    if given is None or ids is None or len(given) != len(ids) or not (ids >= 0).all():
        return None
    labels, given = known.labels.reshape(len(known.labels), -1), given.reshape(len(given), -1)
    scaling, agreement = infer(labels[ids], given), 1.0
    if scaling is None and given.shape[1] == labels.shape[1] == 1:
        # The data set's own labels, but of other rows: rows and labels were shuffled or sorted separately.
        are_own = bool(np.isin(given.astype(np.float64), labels).all())
        scaling = infer(labels, labels) if are_own else infer(np.sort(labels[ids], axis=0), np.sort(given, axis=0))
        own = labels[ids] if scaling is None else scaling.apply(labels[ids])
        agreement = float(np.mean(np.isclose(own, given, rtol=1e-3, atol=1e-6)))
    if scaling is None:
        return None
    unit = 1 / float(np.abs(scaling.scale)) if not scaling.scale.ndim and scaling.scale else None
    return Labels(values=scaling.apply(labels), agreement=agreement, unit=unit)
