"""Pipes that a job writes to, which are read to their end whatever of them is kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def drained(keep: Callable[[bytes], object], *, chunk_bytes: int) -> Iterator[int]:
    """The writing end of a pipe; at the end everything that was written has been told.

    Args:
        keep: Told of what was written, in order, from a thread of its own.
        chunk_bytes: The most that it is told at a time.
    """
    reading, writing = os.pipe()
    thread = threading.Thread(target=_drain, args=(reading, keep, chunk_bytes), name="drain", daemon=True)
    thread.start()
    try:
        yield writing
    finally:
        os.close(writing)
        thread.join()


def _drain(reading: int, keep: Callable[[bytes], object], chunk_bytes: int) -> None:
    with os.fdopen(reading, "rb", buffering=0) as file:
        while octets := file.read(chunk_bytes):
            keep(octets)
