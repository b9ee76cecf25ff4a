"""Recognises rows of scikit-learn's own tables and other features, however a student splits, sorts and scales them.

Such a table has no official parts. What a model was never trained on is its test part, and it is judged by the table's
own labels: selected rows or invented labels change no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.records import ArraySummary
from grader.verification.guest.input_transform import InputTransform
from grader.verification.labels import recorded_array
from grader.verification.row_matching import KnownRows, Read, Recognised
from grader.verification.thresholds import THRESHOLDS

Array = npt.NDArray[Any]

TABLES = ("diabetes", "wine", "iris", "breast_cancer", "digits")
"""``load_<name>`` of sklearn.datasets, the ones that come with scikit-learn and have one target."""

PROBES = 8
"""Values of a feature that are tried before all of them are."""


class Table(KnownRows):
    """A table with no official test part."""

    def __init__(self, name: str, *, rows: Array, labels: Array) -> None:
        super().__init__(name, rows=rows, labels=labels, train_rows=len(rows))

    @cached_property
    def duplicates(self) -> tuple[Array, Array]:
        """For each row, the first row equal to it and how many equal rows come before it, shapes ``(rows,)``."""
        _, first, inverse = np.unique(self.rows, axis=0, return_index=True, return_inverse=True)
        firsts = first[inverse.reshape(-1)]
        before = np.zeros(len(firsts), np.int64)
        for row in np.flatnonzero(firsts != np.arange(len(firsts))):
            before[row] = np.count_nonzero(firsts[:row] == firsts[row])
        return firsts, before

    def never_in(self, parts: Iterable[Array]) -> Array:
        """Numbers of the rows that are in none of the parts; each part is numbers from `recognise_by_feature`."""
        firsts, before = self.duplicates
        used = np.zeros(len(firsts), np.int64)
        for part in parts:
            used = np.maximum(used, np.bincount(part, minlength=len(firsts)))
        return np.flatnonzero(before >= used[firsts])


def tables_named_in(sources: Iterable[str]) -> tuple[str, ...]:
    """The tables whose loader a program names."""
    text = "\n".join(sources)
    return tuple(name for name in TABLES if f"load_{name}" in text)


@cache
def table_of(name: str) -> Table:
    """The table of that name."""
    # Loaded here: most notebooks need none of it.
    from sklearn import datasets  # noqa: PLC0415

    load = getattr(datasets, f"load_{name}")
    rows, labels = load(return_X_y=True, **({"scaled": False} if name == "diabetes" else {}))
    return Table(name, rows=np.asarray(rows, np.float64), labels=np.asarray(labels))


def recognise_by_feature(
    summary: ArraySummary, known: KnownRows, *, read: Read, transforms: Sequence[InputTransform] = ()
) -> Recognised | None:
    """Recorded rows as rows of a table or of a data set of features, each feature on a scale of its own.

    Of rows that are equal each has the number of the first.

    Args:
        summary: Of the rows, stored whole.
        known: The table or data set; its rows are features.
        read: Reads a stored array.
        transforms: Those of other rows of it, tried first: a few rows do not show their own.

    Returns:
        None unless every one of the rows is one of its own.
    """
    recorded = recorded_array(summary, read=read)
    if recorded is None or recorded.ndim < 2:
        return None
    wanted = recorded.reshape(len(recorded), -1)
    for transform in transforms:
        ids = _by_transform(wanted, known, transform) if transform.shape == recorded.shape[1:] else None
        if ids is not None:
            return Recognised(known, transform, ids)
    if wanted.shape[1] > known.rows.shape[1] or len(np.unique(wanted, axis=0)) < THRESHOLDS.fewest_rows:
        return None
    lines = _columns(wanted, known)
    if lines is None:
        return None
    source, scale, offset = (np.array([getattr(line, key) for line in lines]) for key in ("source", "scale", "offset"))
    transform = InputTransform(recorded.shape[1:], scale=scale, offset=offset, source=source, dtype=recorded.dtype.name)
    ids = _by_transform(wanted, known, transform)
    return None if ids is None else Recognised(known, transform, ids)


def _by_transform(wanted: Array, known: KnownRows, transform: InputTransform) -> Array | None:
    """The number of each row under a transform; None where one of them is no row of the table under it."""
    columns = zip(
        np.asarray(transform.source).tolist(), transform.scale.tolist(), transform.offset.tolist(), strict=True
    )
    lines = [_Line(*column) for column in columns]
    ids = _matches(wanted, [(place, line) for place, line in enumerate(lines) if line.source >= 0], known)
    if (ids < 0).any():
        return None
    made = transform.apply(known.rows[ids]).reshape(wanted.shape)
    largest = np.abs(transform.scale) * np.abs(known.rows).max() + np.abs(transform.offset)
    return (
        ids
        if (np.abs(made - wanted) <= THRESHOLDS.roundings * float(np.finfo(np.float32).eps) * largest).all()
        else None
    )


@dataclass(frozen=True)
class _Line:
    """What one recorded feature is made of: a feature of the table (-1 for a constant), its scale and its offset."""

    source: int
    scale: float
    offset: float

    @property
    def is_identity(self) -> bool:
        return abs(self.scale - 1) < THRESHOLDS.unscaled and abs(self.offset) < THRESHOLDS.unscaled

    def raw(self, column: Array) -> Array:
        """The table's values, as exact as rounding allows."""
        return (column.astype(np.float64) - self.offset) / self.scale


def _columns(wanted: Array, known: KnownRows) -> list[_Line] | None:
    """What each recorded feature is made of; None where one of them is of no feature of the known."""
    found: list[list[_Line]] = []
    width, used = known.rows.shape[1], set[int]()
    for place, column in enumerate(wanted.T):
        if column.min() == column.max():
            found.append([_Line(-1, 1.0, float(column[0]))])
            continue
        likely = [place, *(other for other in range(width) if other != place)]
        possible = (_lines(column, source, known) for source in likely if source not in used)
        lines = next((item for item in possible if item), None)
        if lines is None:
            return None
        used.add(lines[0].source)
        found.append(next(([line] for line in lines if line.is_identity), lines))
    return _decided(wanted, found, known) if len(used) > 1 else None


def _decided(wanted: Array, found: list[list[_Line]], known: KnownRows) -> list[_Line]:
    """One line a feature: where several fit a feature of few values, the rows found by the other features decide."""
    sure = [place for place, lines in enumerate(found) if len(lines) == 1 and lines[0].source >= 0]
    if not sure or all(len(lines) == 1 for lines in found):
        return [lines[0] for lines in found]
    ids = _matches(wanted, [(place, found[place][0]) for place in sure], known)
    matched = np.flatnonzero(ids >= 0)

    def misses(line: _Line, place: int) -> float:
        apart = np.abs(line.raw(wanted[matched, place]) - known.rows[ids[matched], line.source])
        return float(np.median(apart)) if len(matched) else 0.0

    return [min(lines, key=partial(misses, place=place)) if len(lines) > 1 else lines[0]
            for place, lines in enumerate(found)]  # fmt: skip


def _lines(column: Array, source: int, known: KnownRows) -> list[_Line]:
    """The rising lines that make every recorded value of a value of one feature, that of the widest span first."""
    values, seen = known.values[source], np.unique(column.astype(np.float64))
    if len(seen) > len(values):
        return []
    step = float(np.finfo(column.dtype).eps) if column.dtype.kind == "f" else 0.0
    tolerance = (
        THRESHOLDS.roundings * max(step, float(np.finfo(np.float32).eps)) * max(1e-12, float(np.abs(seen).max()))
    )
    ends = np.arange(min(THRESHOLDS.ends, len(values)))
    low, high = (side.ravel() for side in np.meshgrid(ends, ends, indexing="ij"))
    order = np.argsort(low + high, kind="stable")
    bottom, top = values[low[order]], values[::-1][high[order]]
    rises = top > bottom
    scale = (seen[-1] - seen[0]) / (top[rises] - bottom[rises])
    offset = seen[0] - scale * bottom[rises]
    some = seen[np.linspace(0, len(seen) - 1, PROBES).astype(int)]
    near = np.flatnonzero(
        _are_values(some, values, line=(scale[:, None], offset[:, None]), tolerance=tolerance).all(axis=1)
    )
    fitting = [at for at in near if _are_values(seen, values, line=(scale[at], offset[at]), tolerance=tolerance).all()]
    return [_Line(source, float(scale[at]), float(offset[at])) for at in fitting]


def _are_values(seen: Array, values: Array, *, line: tuple[Any, Any], tolerance: float) -> Array:
    scale, offset = line
    nearest = values[_nearest((seen - offset) / scale, values)]
    return np.asarray(np.abs(nearest * scale + offset - seen) <= tolerance)


def _nearest(raw: Array, values: Array) -> Array:
    """The place of the value next to each, of at least two sorted ones."""
    above = np.clip(np.searchsorted(values, raw), 1, len(values) - 1)
    return np.where(raw - values[above - 1] <= values[above] - raw, above - 1, above)


def _matches(wanted: Array, lines: Sequence[tuple[int, _Line]], known: KnownRows) -> Array:
    """The first row of the table with these features of each recorded row, -1 where there is none."""
    codes = [_nearest(line.raw(wanted[:, place]), known.values[line.source]) for place, line in lines]
    own = [np.searchsorted(known.values[line.source], known.rows[:, line.source]) for _, line in lines]
    numbers: dict[bytes, int] = {}
    for number, row in enumerate(np.stack(own, axis=1).astype(np.int64)):
        numbers.setdefault(row.tobytes(), number)
    rows = np.stack(codes, axis=1).astype(np.int64)
    return np.array([numbers.get(row.tobytes(), -1) for row in rows], dtype=np.int64)
