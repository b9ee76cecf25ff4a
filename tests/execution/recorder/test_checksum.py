"""One checksum for the weights of an epoch, in the kernel and outside."""

from __future__ import annotations

import zlib

import numpy as np

from grader.execution.recorder.checksum import weights_checksum

KERNEL, BIAS = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(3, np.float32)


def test_the_checksum_is_over_the_bytes_of_all_arrays() -> None:
    """In their order, as eight hexadecimal digits."""
    assert weights_checksum([KERNEL, BIAS]) == f"{zlib.crc32(KERNEL.tobytes() + BIAS.tobytes()):08x}"
    assert weights_checksum([BIAS, KERNEL]) != weights_checksum([KERNEL, BIAS])


def test_the_layout_in_memory_does_not_matter() -> None:
    """A stored array and a view of the same values agree."""
    assert weights_checksum([np.asfortranarray(KERNEL)]) == weights_checksum([KERNEL])


def test_no_weights_have_a_checksum_too() -> None:
    """A model without weights leaves the same one every epoch."""
    assert weights_checksum([]) == "00000000"
