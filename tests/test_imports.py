"""What a start loads: nothing that it may not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"keras", "matplotlib", "nbclient", "nbformat", "pandas", "scipy", "sklearn", "tensorflow"}
NOT_FOR_HELP = HEAVY | {"jinja2", "jupyter_client", "numpy", "pydantic", "rich", "starlette", "uvicorn", "yaml"}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("grader.cli", NOT_FOR_HELP),
        ("grader.evaluate", HEAVY | {"jinja2", "jupyter_client"}),
        ("grader.report.pages", HEAVY | {"jupyter_client"}),
        ("grader.batch.worker", HEAVY),
    ],
)
def test_a_start_loads_nothing_heavy(module: str, unwanted: set[str]) -> None:
    """What runs and draws is imported when something is run or drawn."""
    program = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert unwanted.isdisjoint(loaded)
