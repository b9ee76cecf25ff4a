"""Caps on what a kernel sends."""

from __future__ import annotations

FLOOD_BYTES = 256 * 2**20
"""What a whole notebook may send; more is a flood, which ends it."""

FLOOD_MESSAGES = 200_000
"""The same in messages: a progress bar that prints each of 100,000 steps stays below."""

MAX_CONTENT_BYTES = 64 * 2**20
"""Of one message: content beyond this is not parsed; a note stands for it."""

MAX_OUTPUT_CHARACTERS = 8 * 2**20
"""Of one output, a picture's base64 included; of a longer text the beginning and the end are kept."""

MAX_TRACEBACK_CHARACTERS = 20_000
"""Of one traceback: the beginning and the end are kept, where the error is named."""

MAX_TAIL_BYTES = 2000
"""Of what the kernel's process itself writes, its end: it says why it died."""
