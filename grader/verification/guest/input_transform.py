"""Infers how a model's input is made of a data set's rows, and makes it from them outside the kernel.

The host infers it; the verifier's process, which imports nothing of the grader, applies it. So this module needs numpy
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ROUNDINGS = 8
"""By how many roundings of its type a recorded value may differ from the mapped one: a scaling takes at most four steps
(divide, subtract, divide, cast), each off by half a rounding, in the kernel and here."""

FEWEST_ROWS = 8
"""Below so many recorded rows no scale of each feature's own is inferred."""

STATISTICS_TOLERANCE = 0.03
"""How far the middle feature's scale may lie from what the population's statistics give where the student's scaler saw
a part of the rows only."""

SAME_STATISTICS = 1e-4
"""Likewise where it saw the same rows."""


@dataclass(frozen=True)
class RowMap:
    """``unit(u)[source] * scale + offset`` in the model's shape, for rows ``u`` of a data set.

    Attributes:
        shape: Of one row as the model takes it.
        scale: One number, or one a feature, shape ``(features,)``.
        offset: Likewise.
        source: Which value of the flattened row each feature is made of, -1 for a padded zero, shape ``(features,)``;
            None for the row's own order.
        unit_axes: Axes of the row along which it was first divided by its Euclidean norm.
        dtype: numpy's name of the type in which the student held the result.
        exact: True where every recorded row agreed to within rounding, and no feature's scale had to be guessed.
    """

    shape: tuple[int, ...]
    scale: Array
    offset: Array
    source: Array | None = None
    unit_axes: tuple[int, ...] = ()
    dtype: str = "float32"
    exact: bool = True

    def apply(self, rows: Array) -> Array:
        """What the model is fed for raw rows ``(rows, ...)``: float32, shape ``(rows, *shape)``."""
        flat = _gathered(_unit(rows, self.unit_axes), self.source)
        mapped = flat.astype(np.float32, copy=False)
        # Two passes over every pixel of a data set, which a plain reshape does not need.
        if (self.scale != 1).any() or self.offset.any():
            mapped = mapped * self.scale.astype(np.float32)
            mapped += self.offset.astype(np.float32)
        kept = np.dtype(self.dtype)
        if kept.kind in "biu":
            mapped = np.round(mapped)
        elif kept.itemsize < 4:
            mapped = mapped.astype(kept)
        return mapped.astype(np.float32, copy=False).reshape(len(rows), *self.shape)

    def plain(self) -> dict[str, Any]:
        """The same in JSON's types."""
        return {
            "shape": list(self.shape),
            "scale": self.scale.tolist(),
            "offset": self.offset.tolist(),
            "source": None if self.source is None else self.source.tolist(),
            "unit_axes": list(self.unit_axes),
            "dtype": self.dtype,
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> RowMap:
        """The map that `plain` gave."""
        return cls(
            shape=tuple(plain["shape"]),
            scale=np.asarray(plain["scale"], dtype=np.float64),
            offset=np.asarray(plain["offset"], dtype=np.float64),
            source=None if plain["source"] is None else np.asarray(plain["source"], dtype=np.int64),
            unit_axes=tuple(plain["unit_axes"]),
            dtype=plain["dtype"],
        )


def shifted(images: Array) -> Array:
    """Images ``(rows, height, width, ...)`` moved right by one pixel, zeros shifted in."""
    moved = np.zeros_like(images)
    moved[:, :, 1:] = images[:, :, :-1]
    return moved


def is_possible(raw: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether rows of one shape can be made of a data set's rows of another in a form that is known here."""
    return any(True for _ in _layouts(raw, shape))


def infer(raw: Array, recorded: Array, *, population: Array | None = None) -> RowMap | None:
    """The map that makes recorded rows of raw ones, or None where none of the known forms does.

    Tried in order: a common scale and offset; one a feature; each after a transposition, padding, cropping or repeated
    channels where the shapes ask for it, and after division by a norm.

    Args:
        raw: Rows of the data set, shape ``(rows, ...)``.
        recorded: The same rows as the model got them, in the same order, shape ``(rows, ...)``.
        population: Raw rows whose statistics a per-feature scaler may have used; needed for features that do not vary
            in the recorded rows.
    """
    if len(raw) == 0 or len(raw) != len(recorded) or recorded.dtype.kind not in "biuf":
        return None
    # A single value would fit any row.
    if not np.isfinite(recorded).all() or recorded.min() == recorded.max():
        return None
    wanted = recorded.reshape(len(recorded), -1)
    for axes in _norms(raw):
        values = _unit(raw.astype(np.float64), axes)
        for source in _layouts(raw.shape[1:], recorded.shape[1:]):
            features = _gathered(values, source)
            form = _Form(recorded.shape[1:], source, axes, wanted.dtype.name)
            found = form.common(features, wanted) or form.by_feature(features, wanted, population)
            if found is not None:
                return found
    return None


@dataclass(frozen=True)
class _Form:
    """One way to lay a row out, and what follows from it for the numbers."""

    shape: tuple[int, ...]
    source: Array | None
    axes: tuple[int, ...]
    dtype: str

    def common(self, features: Array, wanted: Array) -> RowMap | None:
        """One scale and offset for all features, where they explain every recorded value."""
        real = slice(None) if self.source is None else self.source >= 0
        seen, target = features[:, real], wanted[:, real].astype(np.float64)
        spread = seen.std()
        if spread == 0:
            return None
        slope = float(((seen - seen.mean()) * (target - target.mean())).mean() / spread**2)
        for scale in (_rounded(slope), slope):
            exact = float(target.mean() - scale * seen.mean())
            for offset in (round(exact * 2) / 2, exact):
                numbers = (np.float64(scale), self._padded(np.float64(offset), wanted))
                if _agrees(features, wanted, scale=numbers[0], offset=numbers[1]):
                    return self._map(*numbers)
        return None

    def by_feature(self, features: Array, wanted: Array, population: Array | None) -> RowMap | None:
        """A scale and an offset for each feature, where they explain every recorded value."""
        low, high = features.argmin(axis=0), features.argmax(axis=0)
        columns = np.arange(features.shape[1])
        span = features[high, columns] - features[low, columns]
        varies = span > 0
        # Two points make a line through anything: with few rows hardly anything would be checked.
        if len(features) < FEWEST_ROWS or not varies.any():
            return None
        rise = wanted[high, columns].astype(np.float64) - wanted[low, columns]
        scale = np.where(varies, rise / np.where(varies, span, 1), 0)
        offset = wanted.mean(axis=0, dtype=np.float64) - scale * features.mean(axis=0)
        if not _agrees(features, wanted, scale=scale, offset=offset):
            return None
        if varies.all():
            return self._map(scale, offset)
        scale, exact = self._scale_of_constant(scale, varies, population)
        return self._map(scale, wanted.mean(axis=0, dtype=np.float64) - scale * features.mean(axis=0), exact=exact)

    def _scale_of_constant(self, scale: Array, varies: Array, population: Array | None) -> tuple[Array, bool]:
        """Scales for features that do not vary in the recorded rows: a scaler's statistics, where they fit the rest."""
        if population is not None and len(population):
            everything = _gathered(_unit(population, self.axes), self.source).astype(np.float32)
            for spread in (everything.std(axis=0, dtype=np.float64), np.ptp(everything, axis=0)):
                known = varies & (spread > 0)
                ratio = scale[known] * spread[known]
                middle = float(np.median(ratio)) if known.any() else 0.0
                apart = np.abs(ratio / middle - 1) if middle else np.ones(1)
                if np.median(apart) < STATISTICS_TOLERANCE:
                    # Scalers divide by 1 where a feature never varies.
                    filled = middle / np.where(spread > 0, spread, 1)
                    return np.where(varies, scale, filled), bool(np.median(apart) < SAME_STATISTICS)
        return np.where(varies, scale, np.median(scale[varies])), False

    def _padded(self, offset: Any, wanted: Array) -> Any:
        """The offset, and for padded features the value that they were padded with."""
        if self.source is None or (self.source >= 0).all():
            return offset
        values = np.where(self.source >= 0, offset, wanted[0].astype(np.float64))
        return offset if (values == offset).all() else values

    def _map(self, scale: Any, offset: Any, *, exact: bool = True) -> RowMap:
        return RowMap(
            self.shape,
            scale=np.asarray(scale, dtype=np.float64),
            offset=np.asarray(offset, dtype=np.float64),
            source=self.source,
            unit_axes=self.axes,
            dtype=self.dtype,
            exact=exact,
        )


def _rounded(slope: float) -> float:
    """The slope as a student writes it: one over a whole or half number (255, 127.5), else unchanged."""
    if not np.isfinite(slope) or slope == 0:
        return slope
    halves = np.round(2 / slope)
    return float(2 / halves) if halves and abs(2 / slope - halves) < 0.05 else slope


def _agrees(features: Array, wanted: Array, *, scale: Any, offset: Any) -> bool:
    mapped = features * scale + offset
    if wanted.dtype.kind in "biu":
        return bool((np.round(mapped) == wanted).all())
    rounding = max(float(np.finfo(wanted.dtype).eps), float(np.finfo(np.float32).eps))
    largest = np.abs(features).max(axis=0 if np.ndim(scale) else None)
    tolerance = ROUNDINGS * rounding * (np.abs(scale) * largest + np.abs(offset))
    return bool((np.abs(mapped - wanted) <= tolerance + 1e-12).all())


def _norms(raw: Array) -> Iterator[tuple[int, ...]]:
    yield ()
    axes = tuple(range(1, min(raw.ndim, 3)))
    for axis in axes:
        yield (axis,)
    if len(axes) > 1:
        yield axes


def _unit(rows: Array, axes: tuple[int, ...]) -> Array:
    if not axes:
        return rows
    wide = rows.astype(np.float64)
    norm = np.sqrt(np.square(wide).sum(axis=axes, keepdims=True))
    return np.asarray(wide / np.where(norm == 0, 1, norm))


def _gathered(rows: Array, source: Array | None) -> Array:
    flat = rows.reshape(len(rows), -1)
    if source is None:
        return flat
    return np.where(source >= 0, flat[:, np.maximum(source, 0)], 0)


def _layouts(raw: tuple[int, ...], shape: tuple[int, ...]) -> Iterator[Array | None]:
    """Ways to make a row of one shape of a row of another, as indices; None for the plain reshape."""
    size = int(np.prod(raw, dtype=np.int64))
    if size == int(np.prod(shape, dtype=np.int64)):
        yield None
        if len(raw) >= 2:
            index = np.arange(size).reshape(raw)
            yield index.swapaxes(0, 1).ravel()
            yield index[::-1].ravel()
            yield index[:, ::-1].ravel()
        return
    if len(raw) < 2 or len(shape) < 2:
        return
    index = np.arange(size).reshape(raw)
    tall, wide = shape[:2]
    resized = _centred(_centred(index, tall, axis=0), wide, axis=1)
    channels = int(np.prod(shape[2:], dtype=np.int64))
    own = int(np.prod(raw[2:], dtype=np.int64))
    if channels == own:
        yield resized.ravel()
    elif own == 1:
        yield np.repeat(resized.reshape(tall, wide, 1), channels, axis=2).ravel()


def _centred(index: Array, length: int, *, axis: int) -> Array:
    """Padded with -1 or cropped to a length, the same on both sides (one more at the end where it is odd)."""
    surplus = length - index.shape[axis]
    if surplus >= 0:
        widths = [(0, 0)] * index.ndim
        widths[axis] = (surplus // 2, surplus - surplus // 2)
        return np.pad(index, widths, constant_values=-1)
    start = -surplus // 2
    return np.take(index, np.arange(start, start + length), axis=axis)
