"""Reads scripts in percent format, in which ``# %%`` begins a cell."""

from __future__ import annotations

from pathlib import Path

import jupytext

from .cells import Print, ReadCell


def read_percent(path: Path) -> Print:
    """Reads a script; what Jupyter's commands stand in it as comments become commands again."""
    notebook = jupytext.reads(path.read_text(encoding="utf-8", errors="replace"), fmt="py:percent")
    return Print([ReadCell(cell.cell_type, cell.source) for cell in notebook.cells])
