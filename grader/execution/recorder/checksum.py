"""Checksum of a model's weights, by which the harness finds the epoch that a state was left by.

Needs numpy and zlib alone: the recorder takes it of every epoch, the harness of the states that were stored.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def weights_checksum(arrays: Iterable[npt.ArrayLike]) -> str:
    """The CRC-32 over the bytes of all arrays in their order, in hexadecimal (see `FitRecord.epoch_weights`)."""
    crc = 0
    for array in arrays:
        crc = zlib.crc32(np.ascontiguousarray(array).tobytes(), crc)
    return f"{crc:08x}"
