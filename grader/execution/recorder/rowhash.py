"""Hashes rows of arrays, so that they are recognised in a split, a copy or another scaling."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

SHORTEST_BLIND_ROW = 16
"""Rows of fewer values are too alike once their scale and offset are taken away."""

_LEVELS = 255
# With whole numbers in a row of range R <= 255, value * 255 is a multiple of 1/R: half of 1/255 above the whole levels
# is as far as can be from every one of them, so that rounding errors of another dtype cannot change a level.
_PHASE = 1 / 510

_CHUNK_BYTES = 2**20
_ODD = 0x9E3779B97F4A7C15

Hashes = npt.NDArray[np.uint64]


def row_hashes(array: npt.NDArray[Any]) -> Hashes:
    """Hashes each row of an array of numbers.

    Rows of at least 16 values have the same hash where they differ by a common scale (above 0) and offset only,
    whatever their dtype and shape: an image of 28x28 bytes, the same flattened and divided by 255, and the same
    scaled to [-1, 1] agree. Shorter rows agree where they are equal as float32.

    Args:
        array: Shape ``(rows, ...)``.

    Returns:
        Shape ``(rows,)``.

    Raises:
        TypeError: The array holds no real numbers.
    """
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise TypeError(f"no rows of real numbers: {array.dtype}")
    rows = array.reshape(array.shape[0], -1) if array.size else np.zeros((*array.shape[:1], 0), np.float32)
    width = rows.shape[1]
    hashes = np.empty(len(rows), np.uint64)
    step = max(1, _CHUNK_BYTES // max(1, 4 * width))
    for start in range(0, len(rows), step):
        chunk = _of_known_dtype(rows[start : start + step])
        hashes[start : start + step] = _blind(chunk) if width >= SHORTEST_BLIND_ROW else _exact(chunk)
    return hashes


def _of_known_dtype(chunk: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if chunk.dtype in (np.uint8, np.float32, np.float64):
        return chunk
    if chunk.dtype == np.bool_:
        return chunk.view(np.uint8)
    return chunk.astype(np.float64 if chunk.dtype.kind in "iu" else np.float32)


def _blind(chunk: npt.NDArray[Any]) -> Hashes:
    with np.errstate(all="ignore"):
        lowest = chunk.min(axis=1, keepdims=True)
        span = (chunk.max(axis=1, keepdims=True) - lowest).astype(np.float64)
        usable = np.isfinite(span[:, 0])
        scale = np.where((span > 0) & usable[:, None], _LEVELS / span, 0).astype(np.float32)
        levels = np.multiply(chunk - lowest, scale, dtype=np.float32, casting="unsafe")
        levels += np.float32(_PHASE)
        hashes = _mix(levels.astype(np.uint8))
    if not usable.all():
        hashes[~usable] = _exact(chunk[~usable])
    return hashes


def _exact(chunk: npt.NDArray[Any]) -> Hashes:
    with np.errstate(all="ignore"):
        # Adding zero makes one zero of the two.
        values = chunk.astype(np.float32) + np.float32(0)
    return _mix(np.ascontiguousarray(values).view(np.uint8).reshape(len(chunk), -1))


def _mix(octets: npt.NDArray[np.uint8]) -> Hashes:
    rows, width = octets.shape
    padded = width + -width % 8
    if padded != width or not octets.flags.c_contiguous:
        filled = np.zeros((rows, padded), np.uint8)
        filled[:, :width] = octets
        octets = filled
    words = octets.view("<u8") if padded else np.zeros((rows, 0), np.uint64)
    # Each word is mixed before it is weighted: multiplying by an odd number leaves a difference in the top byte there.
    words = words * np.uint64(_ODD)
    words ^= words >> np.uint64(32)
    weights = _mix_bits(np.arange(1, words.shape[1] + 1, dtype=np.uint64) * np.uint64(_ODD)) | np.uint64(1)
    return _mix_bits(words @ weights + np.uint64(width * _ODD % 2**64))


def _mix_bits(words: Hashes) -> Hashes:
    words = (words ^ (words >> np.uint64(29))) * np.uint64(_ODD)
    mixed: Hashes = words ^ (words >> np.uint64(32))
    return mixed


if sys.byteorder != "little":  # pragma: no cover - TensorFlow knows no other
    raise ImportError("row hashes are made for little-endian machines")
