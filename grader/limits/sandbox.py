"""Caps on what a sandbox holds."""

from __future__ import annotations

SHARED_MEMORY_BYTES = 64 * 2**20
"""Of /dev/shm: what worker processes exchange."""

TEMPORARY_BYTES = 128 * 2**20
"""Of /tmp: an unpacked data set of a course fits."""

HOME_BYTES = 64 * 2**20
"""Of the home folder beside the work folder, whose size is `Limits.disk_bytes`: caches and settings."""

MAX_OPEN_FILES = 1024
"""Of one process: what Linux gives by default."""

SPARE_TASKS = 16
"""Above `Limits.processes`, which each process's own limit meets first, with an error that a program can handle."""
