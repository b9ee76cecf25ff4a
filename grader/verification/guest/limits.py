"""Caps of what runs in the verification's sandbox, which imports nothing of the grader."""

from __future__ import annotations

# One batch of rows.

MAX_BATCH_ROWS = 8192
"""Of one batch: larger ones are not faster."""

MAX_BATCH_VALUES = 2**23
"""Of a batch, and of what its largest layer makes of it: 32 MiB of float32. Each layer's call costs some 100 us of
Python."""


# What is sent back.

MAX_OUTPUTS = 4096
"""Of a model, for one row: four times the classes of ImageNet."""

MAX_REASON_CHARACTERS = 300
"""Of why a model failed: an error's first lines."""


# Time.

GRACE_SECONDS = 2.0
"""After the limit of a model, for its last batch to end by itself."""
