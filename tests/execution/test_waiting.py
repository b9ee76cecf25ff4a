"""What is told of a cell that waits."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from grader.cli.options import run_limits
from grader.datasets import resolve
from grader.execution.execute import ExecutionSettings, execute
from grader.execution.sandbox import Sandbox
from grader.intake import read_submission
from grader.rubric import Rubric
from grader.store import SubmissionFolder

WAITS = "import time\ntime.sleep(5)"
WORKS = "import time\nend = time.monotonic() + 5\nwhile time.monotonic() < end:\n    pass"


@pytest.mark.slow
def test_a_cell_that_uses_no_processor_waits(tmp_path: Path, sandbox: Sandbox) -> None:
    """It is told that it waits; one that computes is not, and neither is any when it begins."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (WORKS, WAITS, WORKS)])
    nbformat.write(notebook, tmp_path / "some.ipynb")
    submission, document = read_submission(tmp_path / "some.ipynb")
    rubric = Rubric.model_validate({"assignment": "some", "title": "Some", "points": {"core": 0}})
    limits = run_limits(rubric, data="sample", cell_timeout=None, notebook_timeout=None, memory=None)
    settings = ExecutionSettings(sandbox=sandbox, data_sets=resolve("sample"), limits=limits)
    told: list[tuple[int, int, bool]] = []
    execute(
        submission,
        document,
        folder=SubmissionFolder(tmp_path),
        settings=settings,
        on_cell=lambda *one: told.append(one),
    )
    # Where it goes on may be told as well, if what follows in the cell takes long enough.
    assert [cell for cell, _, waits in told if waits] == [1]
    assert {cell: waits for cell, _, waits in reversed(told)} == dict.fromkeys(range(3), False)
