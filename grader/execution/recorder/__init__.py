"""Records what happens in the student's kernel: an IPython extension that imports nothing of `grader`.

The sandbox binds this folder alone, under its own name, so its modules import each other relatively.
"""

from __future__ import annotations

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Starts the recording; IPython calls it before the first cell."""
    # The harness imports modules of this folder as well, and has no kernel.
    from .session import start  # noqa: PLC0415

    start(shell)
