"""Slows a cell that prints faster than the kernel sends its output, so that unsent text does not fill the memory."""

from __future__ import annotations

import functools
import os
from typing import Any

WAITING_CHARACTERS = 4 * 2**20
"""After so many characters a write waits until they are sent: endless output then meets the limit of output."""


def install() -> None:
    """Wraps the write of the kernel's streams, once."""
    from ipykernel.iostream import OutStream  # noqa: PLC0415 - only a kernel has it

    original = OutStream.write
    waiting: dict[int, int] = {}
    kernel = os.getpid()

    @functools.wraps(original)
    def write(self: Any, string: str) -> int | None:
        written: int | None = original(self, string)
        if os.getpid() == kernel:
            waiting[id(self)] = waiting.get(id(self), 0) + len(string)
            if waiting[id(self)] > WAITING_CHARACTERS:
                waiting[id(self)] = 0
                self.flush()
        return written

    OutStream.write = write
