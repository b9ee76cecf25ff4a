"""Summarises arrays: the record of an `ArraySummary`, computed once for equal arrays."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .channel import Channel
from .rowhash import row_hashes
from .wire import Summary

Array = npt.NDArray[Any]
Source = Literal["array", "dataset", "generator"]

WHOLE_BYTES = 2**20
HEAD_ROWS = 64
HEAD_BYTES = 8 * 2**20
"""Of large rows, such as photographs, fewer than 64 are kept; rows larger than this are neither kept nor hashed."""
MAX_HASHED_ROWS = 2_000_000
MAX_CLASSES = 100

_CHUNK_BYTES = 2**20
_REMEMBERED = 512
_MAX_OBJECTS = 1_000_000

_channel: Channel | None = None
_known: OrderedDict[str, Summary] = OrderedDict()


def install(channel: Channel) -> None:
    """Names the channel that arrays are sent on; without one, summaries name no arrays."""
    global _channel  # noqa: PLW0603 - there is one recorder in a kernel
    _channel = channel
    _known.clear()


def summarise(data: object) -> Summary:
    """Summarises what numpy can hold; of pipelines and generators only the kind is noted, and nothing is read.

    Args:
        data: An array, tensor, data frame, list of numbers, or anything else.
    """
    try:
        array = as_array(data)
        return _unreadable(data) if array is None else _summarise_array(array)
    except Exception:  # noqa: BLE001 - a student's object may raise whatever it likes
        return {"kind": "other"}


class Rows:
    """Rows that come batch by batch: the summary is that of all of them stacked.

    Args:
        kind: What the batches come from.

    Attributes:
        count: Rows so far.
        octets: Bytes so far.
    """

    def __init__(self, *, kind: Source = "dataset") -> None:
        self.kind: Source = kind
        self.count = 0
        self.octets = 0
        self._digest = hashlib.sha256()
        self._statistics: _Statistics | None = None
        self._readable = True

    def add(self, batch: object) -> None:
        """Takes the next batch, shape ``(rows, ...)``; never raises."""
        try:
            array = as_array(batch)
            if array is None or not array.ndim:
                self._readable = False
                return
            if self._statistics is None:
                self._statistics = _Statistics(array)
            self.count += len(array)
            self.octets += array.nbytes
            for chunk in _chunks(array.astype(self._statistics.dtype, copy=False)):
                self._statistics.add(chunk)
                self._digest.update(_octets(chunk))
        except Exception:  # noqa: BLE001 - as above; batches of different shapes are no array
            self._readable = False

    def summary(self) -> Summary:
        """Summarises everything that was added."""
        if self._statistics is None or not self._readable:
            return {"kind": self.kind, "shape": [self.count] if self.count else []}
        shape = (self.count, *self._statistics.tail)
        content = _finished(self._digest, shape=shape, dtype=self._statistics.dtype)
        return self._statistics.summary(shape, kind=self.kind, content=content)


def as_array(data: object) -> Array | None:
    """The data as a numpy array; None for pipelines, generators, dicts, symbolic tensors and the like."""
    if isinstance(data, np.ndarray):
        return _without_objects(np.asarray(data))
    if isinstance(data, bool | int | float | complex | list | tuple | range | np.generic):
        return _without_objects(np.asarray(data))
    for method in ("to_numpy", "numpy"):
        convert = getattr(data, method, None)
        if callable(convert) and hasattr(data, "shape"):
            converted = convert()
            return _without_objects(converted) if isinstance(converted, np.ndarray) else np.asarray(converted)
    return None


def _without_objects(array: Array) -> Array:
    # Digits in texts stay texts.
    if array.dtype.kind == "O" and 0 < array.size <= _MAX_OBJECTS and not isinstance(array.flat[0], str | bytes):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            return array
    return array


def _unreadable(data: object) -> Summary:
    ancestors = {ancestor.__name__ for ancestor in type(data).__mro__}
    if "DatasetV2" in ancestors:
        return {"kind": "dataset"}
    if hasattr(data, "__next__") or ancestors & {"PyDataset", "Sequence", "Iterator"}:
        return {"kind": "generator"}
    shape = getattr(data, "shape", ())
    sizes = list(shape) if isinstance(shape, tuple) and all(isinstance(size, int) for size in shape) else []
    return {"kind": "other", "shape": sizes}


def _summarise_array(array: Array) -> Summary:
    if not _is_numeric(array.dtype):
        return {"kind": "array", "shape": list(array.shape), "dtype": array.dtype.name}
    rows = array if array.ndim else array.reshape(1)
    digest = hashlib.sha256()
    for chunk in _chunks(rows):
        digest.update(_octets(chunk))
    content = _finished(digest, shape=array.shape, dtype=array.dtype)
    if content not in _known:
        statistics = _Statistics(rows)
        for chunk in _chunks(rows):
            statistics.add(chunk)
        _known[content] = statistics.summary(array.shape, kind="array", content=content)
        if len(_known) > _REMEMBERED:
            _known.popitem(last=False)
    _known.move_to_end(content)
    return _known[content].copy()


class _Statistics:
    """The parts of a summary that are computed chunk by chunk."""

    def __init__(self, first: Array) -> None:
        self.dtype = first.dtype
        self.tail = first.shape[1:]
        self._rows = 0
        self._minimum, self._maximum = math.inf, -math.inf
        self._integral = True
        self._one_hot = len(self.tail) == 1 and self.tail[0] > 1
        self._classes: Counter[int] | None = Counter()
        self._kept: list[Array] = []
        self._kept_rows = 0
        self._hashes: list[Array] = []

    def add(self, chunk: Array) -> None:
        """Takes the next rows.

        Raises:
            ValueError: They have another shape than those before.
        """
        if chunk.shape[1:] != self.tail:
            raise ValueError(f"rows of {self.tail} and of {chunk.shape[1:]}")
        self._rows += len(chunk)
        if self._kept_rows < self._head_rows or self._rows * self._row_bytes <= WHOLE_BYTES:
            self._kept.append(chunk.copy())
            self._kept_rows += len(chunk)
        if not chunk.size or chunk.dtype.kind == "c":
            self._one_hot, self._classes = False, None
            return
        with np.errstate(all="ignore"):
            self._add_range(chunk)
            self._add_classes(chunk)
            if self._rows <= MAX_HASHED_ROWS and self._head_rows:
                self._hashes.append(row_hashes(chunk))

    def summary(self, shape: tuple[int, ...], *, kind: Source, content: str) -> Summary:
        whole = self._rows * self._row_bytes <= WHOLE_BYTES
        kept = np.concatenate(self._kept) if self._kept else np.zeros((0, *self.tail), self.dtype)
        seen = self._minimum <= self._maximum
        counts = self._classes if self._integral and shape else None
        return {
            "kind": kind,
            "shape": list(shape),
            "dtype": self.dtype.name,
            "minimum": self._minimum if seen else None,
            "maximum": self._maximum if seen else None,
            "integral": self._integral and seen,
            "one_hot": self._one_hot and self._integral and seen,
            "class_counts": {str(key): counts[key] for key in sorted(counts)} if counts else None,
            "content": content,
            "whole": _send(kept.reshape(shape)) if whole else None,
            "head": None if whole or not self._head_rows else _send(kept[: self._head_rows]),
            "row_hashes": _send(np.concatenate(self._hashes))
            if self._hashes and shape and self._rows <= MAX_HASHED_ROWS
            else None,
        }

    @property
    def _head_rows(self) -> int:
        return min(HEAD_ROWS, HEAD_BYTES // max(1, self._row_bytes))

    @property
    def _row_bytes(self) -> int:
        return self.dtype.itemsize * math.prod(self.tail)

    def _add_range(self, chunk: Array) -> None:
        # bfloat16 has no sums of its own.
        values = chunk if chunk.dtype.kind in "biuf" else chunk.astype(np.float32)
        if not np.isfinite(values.min()) or not np.isfinite(values.max()):
            self._integral = False
            values = values[np.isfinite(values)]
            if not values.size:
                return
        self._minimum = min(self._minimum, float(values.min()))
        self._maximum = max(self._maximum, float(values.max()))
        if self._integral and values.dtype.kind == "f":
            self._integral = bool((np.rint(values) == values).all())

    def _add_classes(self, chunk: Array) -> None:
        if self._one_hot and self._integral:
            hot = chunk.astype(bool)
            self._one_hot = bool(((chunk == hot).all()) and (hot.sum(axis=1) == 1).all())
        if self._classes is None or not self._integral:
            return
        if self._one_hot:
            self._classes.update(chunk.argmax(axis=1).tolist())
        elif self.tail in {(), (1,)}:
            values, counts = np.unique(chunk, return_counts=True)
            self._classes.update(dict(zip(map(int, values), counts.tolist(), strict=True)))
        else:
            self._classes = None
        if self._classes is not None and len(self._classes) > MAX_CLASSES:
            self._classes = None


def _send(array: Array) -> str | None:
    return None if _channel is None else _channel.array(array)


def _is_numeric(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biufc" or dtype.name == "bfloat16"


def _chunks(rows: Array) -> Iterator[Array]:
    row_bytes = max(1, rows.dtype.itemsize * math.prod(rows.shape[1:]))
    step = max(1, _CHUNK_BYTES // row_bytes)
    for start in range(0, max(1, len(rows)), step):
        yield rows[start : start + step]


def _octets(chunk: Array) -> memoryview:
    return np.ascontiguousarray(chunk).reshape(-1).view(np.uint8).data


def _finished(digest: Any, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str:
    digest.update(f"{dtype.name}{list(shape)}".encode())
    return str(digest.hexdigest())
