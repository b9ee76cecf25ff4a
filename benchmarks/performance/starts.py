"""What every start costs before it does anything, and a trivial notebook, with a cold kernel and a warm one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from performance.classes import edited_rubric
from performance.measured import GRADER, ROOT, measure

IMPORTS = {
    "`grader --help`": "grader.cli",
    "evaluation": "grader.evaluate",
    "a worker": "grader.batch.worker",
    "pages": "grader.report.pages",
}
HEAVY = ("tensorflow", "keras", "matplotlib", "scipy", "pydantic", "jinja2", "jupyter_client", "nbclient", "pandas")
"""Modules whose import is worth a column."""

_TRIVIAL = "import tensorflow as tf\nprint(tf.constant(1.0))"


def import_costs() -> dict[str, Any]:
    """For each start the CPU seconds of its imports, least of three, and the heavy modules that it loads."""
    return {name: _import_cost(module) for name, module in IMPORTS.items()}


def _import_cost(module: str) -> dict[str, Any]:
    program = (
        f"import sys, time; sys.path.insert(0, {str(ROOT)!r}); began = time.process_time(); import {module};"
        f" print(time.process_time() - began, *[one for one in {HEAVY!r} if one in sys.modules])"
    )
    runs = [subprocess.check_output([sys.executable, "-P", "-c", program], text=True).split() for _ in range(3)]
    return {"cpu_seconds": min(float(run[0]) for run in runs), "heavy": runs[0][1:]}


def help_cost() -> dict[str, float]:
    """``grader --help``, the quickest of five."""
    return min((measure([*GRADER, "--help"]).plain() for _ in range(5)), key=lambda cost: cost["wall_seconds"])


def notebook_costs(work: Path, *, count: int) -> dict[str, Any]:
    """So many trivial notebooks, one kernel at a time: each in a cold kernel, and where grader has them in warm ones.

    Args:
        work: Where the notebooks and what comes of them are kept.
        count: How many. What is measured is what one more costs: so many less one, by so many less one.
    """
    help_text = subprocess.check_output([*GRADER, "grade", "--help"], text=True)
    starts = {"cold": ["--cold"], "warm": []} if "--cold" in help_text else {"cold": []}
    return {name: _notebooks(work / name, count=count, options=options) for name, options in starts.items()}


def _notebooks(folder: Path, *, count: int, options: list[str]) -> dict[str, float]:
    costs = []
    for number in (1, count):
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "in").mkdir(parents=True)
        for one in range(number):
            cell = new_code_cell(f"{_TRIVIAL}\n# {one}", id="cell")
            nbformat.write(new_notebook(cells=[cell]), folder / "in" / f"trivial-{one:02}.ipynb")
        command = [*GRADER, "grade", str(edited_rubric(folder)), str(folder / "in"), "-o", str(folder / "out")]
        command += ["--data", "sample", "-q", "-j", "1", *options]
        costs.append(measure(command, log=folder / "log", allowed=frozenset({0, 3})))
    first, all_of_them = costs
    return {
        "wall_seconds": (all_of_them.wall_seconds - first.wall_seconds) / (count - 1),
        "cpu_seconds": (all_of_them.cpu_seconds - first.cpu_seconds) / (count - 1),
        "first_wall_seconds": first.wall_seconds,
        "first_cpu_seconds": first.cpu_seconds,
        "memory_bytes": all_of_them.memory_bytes,
    }
