"""Caps of what reads prints in a sandbox, which imports nothing of the grader."""

from __future__ import annotations

MAX_PAGES = 500
"""Of one PDF: a long notebook has 60."""

MAX_GLYPHS = 2_000_000
"""Of one PDF: 500 full pages."""

MAX_CELLS = 5_000
"""Of one print, as of a notebook."""
