"""Runs in the student's kernel and notes what happens there: an IPython extension that imports nothing of `grader`.

The folder is bound into the sandbox and loaded by its own name, so its modules name each other relatively.
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Starts the recording; IPython calls it before the first cell."""
    # The harness reads frames and row hashes with modules of this folder, and has no kernel.
    from .session import start  # noqa: PLC0415

    start(shell)
