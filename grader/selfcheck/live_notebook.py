"""Finds the notebook that a live kernel belongs to: Jupyter, VS Code and Colab each say it in their own way."""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.errors import UsageError
from grader.intake import read_submission
from grader.records import Submission
from grader.selfcheck.live_cells import SavedCells

_COLAB_SECONDS = 10
_HOW = "Name it: %grade --notebook FILE, the saved notebook in which this cell stands."


def live_notebook(given: Path | None, names: Mapping[str, object]) -> tuple[Submission, SavedCells]:
    """The notebook as it was saved; in Colab as it stands.

    Args:
        given: The file that the student named.
        names: What the kernel holds.

    Raises:
        UsageError: There is none, or it cannot be read.
    """
    if given is None and "google.colab" in sys.modules:
        return _in_colab()
    path = given or _file(names)
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file.", expected="The saved notebook.", fix=_HOW)
    submission, node = read_submission(path)
    if submission.problem is not None or node is None:
        raise UsageError(
            f"{path}: {submission.problem}", expected="A notebook, the file that ends in .ipynb.", fix=_HOW
        )
    return submission, SavedCells(submission.cells, _ids(path), saved=path.stat().st_mtime)


def _file(names: Mapping[str, object]) -> Path:
    """VS Code names the file in the kernel, Jupyter's server in the environment; else the only one of the folder."""
    named = names.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    if isinstance(named, str):
        for path in (Path(named), Path(Path(named).name)):
            if path.is_file() and path.suffix == ".ipynb":
                return path
    here = sorted(Path().glob("*.ipynb"))
    if len(here) != 1:
        raise UsageError("It is not known which notebook this is.", fix=_HOW)
    return here[0]


def _in_colab() -> tuple[Submission, SavedCells]:
    message: Any = importlib.import_module("google.colab._message")
    answer = message.blocking_request("get_ipynb", timeout_sec=_COLAB_SECONDS)
    if not isinstance(answer, dict) or "ipynb" not in answer:
        raise UsageError(
            "Colab did not hand over the notebook.", fix="Run the cell again, or save it and name the file."
        )
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "notebook.ipynb"
        path.write_text(json.dumps(answer["ipynb"]), encoding="utf-8")
        submission, _ = read_submission(path)
        if submission.problem is not None:
            raise UsageError(f"The notebook: {submission.problem}")
        # It is the newest text there is.
        return submission, SavedCells(submission.cells, _ids(path), saved=path.stat().st_mtime)


def _ids(path: Path) -> tuple[str | None, ...]:
    try:
        cells = json.loads(path.read_bytes())["cells"]
        return tuple(_id(cell) for cell in cells)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _id(cell: Any) -> str | None:
    found = cell.get("id") if isinstance(cell, dict) else None
    return found if isinstance(found, str) else None
