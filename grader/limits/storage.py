"""Caps on what is read from the disk and the network."""

from __future__ import annotations

MAX_STORED_ARRAY_BYTES = 512 * 2**20
"""An array file above this is refused; the recorder's own cap is far below."""

DOWNLOAD_TIMEOUT_SECONDS = 60
"""Without an answer of the server of data sets: a slow connection still gives one."""

DEAD_HOLDER_SECONDS = 15.0
"""How long to wait for an output folder whose holder has ended: its workers take so long to end their sandboxes."""
