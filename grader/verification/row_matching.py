"""Recognises recorded rows as rows of one data set: by hash, by official order, or by pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.datasets import DataSetFile, load
from grader.errors import StoreError
from grader.execution.recorder.rowhash import row_hashes
from grader.metrics import is_classes
from grader.records import ArrayRef, ArraySummary
from grader.verification.guest.input_transform import InputTransform, infer, is_possible
from grader.verification.thresholds import THRESHOLDS

Array = npt.NDArray[Any]
Read = Callable[[ArrayRef], Array]

PATTERN_CHUNK_ROWS = 10_000

FEWEST_PIXELS = 100
"""Rows of fewer numbers have too few zeros to be recognised by where they stand."""


class KnownRows:
    """A data set under one numbering of its rows: the training part first, then the test part.

    Attributes:
        name: Keras's module name.
        rows: Raw, shape ``(rows, ...)``.
        labels: Shape ``(rows,)`` for classes, else as the data set has them.
        train_rows: Where the test part begins.
    """

    def __init__(self, name: str, *, rows: Array, labels: Array, train_rows: int) -> None:
        self.name = name
        self.rows = rows
        self.labels: Array = labels.reshape(len(labels)) if labels.size == len(labels) else labels
        self.train_rows = train_rows

    @classmethod
    def of_file(cls, file: DataSetFile) -> KnownRows:
        """The rows of a data set's file."""
        arrays = load(file)
        rows = np.concatenate([arrays["x_train"], arrays["x_test"]])
        labels = np.concatenate([arrays["y_train"], arrays["y_test"]])
        return cls(file.name, rows=rows, labels=labels, train_rows=len(arrays["x_train"]))

    @property
    def test_ids(self) -> Array:
        """Numbers of the test part's rows."""
        return np.arange(self.train_rows, len(self.rows))

    @cached_property
    def has_classes(self) -> bool:
        """Whether the labels are classes: whole numbers from 0 on, of which none is left out."""
        return (
            self.labels.ndim == 1 and is_classes(self.labels) and len(np.unique(self.labels)) == self.labels.max() + 1
        )

    @property
    def are_images(self) -> bool:
        return self.rows.ndim >= 3

    @property
    def are_features(self) -> bool:
        """Whether a row is a few numbers, each with a scale of its own, and not a flattened image."""
        return self.rows.ndim == 2 and 1 < self.rows.shape[1] < FEWEST_PIXELS

    @cached_property
    def values(self) -> tuple[Array, ...]:
        """The values of each feature, sorted, each once; of rows that are features alone."""
        return tuple(np.unique(column) for column in self.rows.T)

    @cached_property
    def hashes(self) -> Array:
        """Of the raw rows, shape ``(rows,)``."""
        return row_hashes(self.rows)

    @cached_property
    def _order(self) -> Array:
        return np.argsort(self.hashes, kind="stable")

    def find(self, hashes: Array, *, among: Array | None = None) -> Array:
        """The number of the row with each hash, -1 for unknown ones.

        Args:
            hashes: Shape ``(n,)``.
            among: Hashes of all rows in another form, ``(rows,)``; None for the raw rows'.
        """
        own, order = (self.hashes, self._order) if among is None else (among, np.argsort(among, kind="stable"))
        place = np.minimum(np.searchsorted(own, hashes, sorter=order), len(own) - 1)
        found = order[place]
        return np.where(own[found] == hashes, found, -1)


@dataclass(frozen=True)
class Recognised:
    """Recorded rows as rows of a data set.

    Attributes:
        known: Whose rows they are.
        transform: How the recorded rows are made of them.
        ids: The number of each recorded row, -1 for unknown ones, shape ``(rows,)``; None where too few are known.
    """

    known: KnownRows
    transform: InputTransform
    ids: Array | None


def recognise(summary: ArraySummary, known: KnownRows, *, read: Read) -> Recognised | None:
    """Recorded rows as rows of this data set, or None where they are not its rows in any known form.

    Args:
        summary: Of the rows, with ``head`` or ``whole`` and ``row_hashes``.
        known: The data set.
        read: Reads a stored array.
    """
    sample = first_rows(summary, read=read)
    if sample is None or not len(sample) or not is_possible(known.rows.shape[1:], sample.shape[1:]):
        return None
    if not np.isfinite(sample).all():
        return None
    hashes = recorded_hashes(summary, read=read)
    transform = _by_hash(sample, known) or _by_order(sample, known, rows=summary.rows) or _by_pattern(sample, known)
    if transform is None:
        return None
    ids = None if hashes is None else _mostly(known.find(hashes))
    if ids is None and hashes is not None:
        ids = _mostly(known.find(hashes, among=_transformed_hashes(known, transform)))
    return Recognised(known, transform, ids)


def first_rows(summary: ArraySummary, *, read: Read) -> Array | None:
    """The first recorded rows as they stand, at least one axis; None where there are none of plain real numbers."""
    ref = summary.head or summary.whole
    try:
        rows = None if ref is None else read(ref)
    except StoreError:
        return None
    if rows is None or not rows.ndim or rows.dtype.kind not in "biuf" or rows.shape[1:] != summary.shape[1:]:
        return None
    return rows[: min(64, summary.rows)]


def recorded_hashes(summary: ArraySummary, *, read: Read) -> Array | None:
    """The recorded hash of each row, shape ``(rows,)``; None where there are none, or not as many."""
    try:
        hashes = None if summary.row_hashes is None else read(summary.row_hashes)
    except StoreError:
        return None
    if hashes is None or hashes.dtype != np.uint64 or hashes.shape != (summary.rows,):
        return None
    return hashes


def _mostly(ids: Array) -> Array | None:
    return ids if np.mean(ids >= 0) >= THRESHOLDS.share_of_rows else None


def _by_hash(sample: Array, known: KnownRows) -> InputTransform | None:
    """The transform of rows that are recognised one by one, whatever their order."""
    for view in _views(sample, known.rows.shape[1:]):
        ids = known.find(row_hashes(view))
        found = np.flatnonzero(ids >= 0)
        if len(found):
            transform = infer(known.rows[ids[found]], sample[found], population=known.rows[: known.train_rows])
            if transform is not None:
                return transform
    return None


def _views(sample: Array, raw: tuple[int, ...]) -> Iterator[Array]:
    """Forms of the recorded rows that may have the raw rows' hashes: as is, negated, without padding and copies."""
    yield sample
    yield -sample.astype(np.float64)
    if (
        len(raw) < 2
        or sample.ndim < 3
        or any(mine < theirs for mine, theirs in zip(sample.shape[1:3], raw[:2], strict=True))
    ):
        return
    top, left = ((mine - theirs) // 2 for mine, theirs in zip(sample.shape[1:3], raw[:2], strict=True))
    inner = sample[:, top : top + raw[0], left : left + raw[1]]
    yield inner[..., 0] if len(raw) == 2 and inner.ndim == 4 else inner


def _by_order(sample: Array, known: KnownRows, *, rows: int) -> InputTransform | None:
    """The transform under which the recorded rows are the first of a part of the data set, or its last."""
    total = len(known.rows)
    starts = dict.fromkeys((0, known.train_rows, known.train_rows - rows, total - rows))
    for start in starts:
        if 0 <= start <= total - len(sample):
            raw = known.rows[start : start + len(sample)]
            transform = infer(raw, sample, population=known.rows[: known.train_rows])
            if transform is not None:
                return transform
    return None


def _by_pattern(sample: Array, known: KnownRows) -> InputTransform | None:
    """The transform of rows in any order, each feature with a positive scale of its own: zeros stay the lowest."""
    flat = sample.reshape(len(sample), -1)
    features = known.rows[0].size
    if flat.shape[1] != features or features < FEWEST_PIXELS or known.rows.min() < 0:
        return None
    nonzero = (flat > flat.min(axis=0)).astype(np.float32)
    best = np.full(len(sample), np.inf)
    ids = np.zeros(len(sample), dtype=np.int64)
    for start in range(0, len(known.rows), PATTERN_CHUNK_ROWS):
        block = (known.rows[start : start + PATTERN_CHUNK_ROWS].reshape(-1, features) > 0).astype(np.float32)
        apart = nonzero.sum(axis=1)[:, None] + block.sum(axis=1)[None] - 2 * (nonzero @ block.T)
        nearest = apart.argmin(axis=1)
        distance = apart[np.arange(len(sample)), nearest]
        ids = np.where(distance < best, start + nearest, ids)
        best = np.minimum(best, distance)
    same = np.flatnonzero(best == 0)
    return infer(known.rows[ids[same]], sample[same], population=known.rows[: known.train_rows]) if len(same) else None


def _transformed_hashes(known: KnownRows, transform: InputTransform) -> Array:
    hashes = [
        row_hashes(transform.apply(known.rows[start : start + PATTERN_CHUNK_ROWS]))
        for start in range(0, len(known.rows), PATTERN_CHUNK_ROWS)
    ]
    return np.concatenate(hashes)
