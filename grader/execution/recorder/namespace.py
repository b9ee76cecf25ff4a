"""Records arrays that a cell assigned or changed at the top level of the namespace."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from .channel import Channel
from .summary import summarise
from .wire import ARRAY_NAMED, NamedArray

MAX_ARRAYS_PER_CELL = 200
MAX_ARRAYS = 4000
MAX_LIST_LENGTH = 10_000
MAX_ROW_LENGTH = 1000
SAMPLED_VALUES = 2048
SAMPLED_ROWS = 256

_NEVER = (str, bytes, int, float, complex, dict, set, FunctionType, ModuleType, type)


class Namespace:
    """The arrays of a namespace as they were at the end of the last cell.

    Args:
        hidden: Names that were there before the student's first cell.
    """

    def __init__(self, channel: Channel, *, hidden: Collection[str] = ()) -> None:
        self.channel = channel
        self.hidden = frozenset(hidden)
        self._seen: dict[str, object] = {}
        self._count = 0

    def pass_over(self, names: Mapping[str, object]) -> None:
        """Takes arrays that are there already as seen: they are recorded once a cell assigns or changes them."""
        self._seen = {name: _sample(value) for name, value in list(names.items()) if _is_candidate(value)}

    def begin_cell(self) -> None:
        """Nothing is recorded before a cell has run."""

    def end_of_cell(self, names: Mapping[str, object]) -> None:
        """Sends the arrays that are new or have changed."""
        sent = 0
        for name, value in list(names.items()):
            if name.startswith("_") or name in self.hidden or not _is_candidate(value):
                self._seen.pop(name, None)
                continue
            # A sample of the values is quick enough for every cell; the data of a fit are read as a whole.
            sample = _sample(value)
            if sample is not None and self._seen.get(name) != sample:
                if sent >= MAX_ARRAYS_PER_CELL or self._count >= MAX_ARRAYS:
                    self.channel.lost("more arrays in the namespace than are recorded")
                    return
                sent += self._send(name, value)
                self._seen[name] = sample

    def _send(self, name: str, value: object) -> int:
        summary = summarise(value)
        if summary.get("kind") != "array" or not summary.get("content"):
            return 0
        self._count += 1
        seq, cell = self.channel.next_seq(), self.channel.cell
        self.channel.emit(ARRAY_NAMED, NamedArray(seq=seq, cell=cell, name=name[:200], array=summary))
        return 1


def _is_candidate(value: object) -> bool:
    if isinstance(value, _NEVER) or value is None:
        return False
    if isinstance(value, list | tuple):
        return 0 < len(value) <= MAX_LIST_LENGTH and _is_number_or_row(value[0])
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return hasattr(value, "shape") and (hasattr(value, "numpy") or hasattr(value, "to_numpy"))


def _is_number_or_row(first: object) -> bool:
    if isinstance(first, list | tuple):
        return 0 < len(first) <= MAX_ROW_LENGTH and isinstance(first[0], int | float | np.number)
    return isinstance(first, int | float | np.number)


def _sample(value: Any) -> object:
    """Identity, shape and some values, which nearly always differ where two values do; None where it cannot be read."""
    try:
        if isinstance(value, list | tuple):
            return id(value), len(value), hash(repr(value[:: max(1, len(value) // SAMPLED_ROWS)]))
        if hasattr(value, "iloc"):
            rows = value.iloc[:: max(1, len(value) // SAMPLED_ROWS)]
            return id(value), value.shape, hash(repr(rows.to_numpy().tolist()))
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        flat = array.reshape(-1) if array.flags.c_contiguous else array.ravel(order="K")
        sample = flat[:: max(1, flat.size // SAMPLED_VALUES)]
        return id(value), array.shape, array.dtype.str, hash(np.ascontiguousarray(sample).tobytes())
    except Exception:  # noqa: BLE001 - a student's object may raise whatever it likes
        return None
