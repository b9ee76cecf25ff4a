"""What the terminal shows while a batch runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch import Plan
from grader.cli.display import BatchDisplay
from grader.store import SubmissionFolder
from grader.task import Progress, Task


def test_each_batch_of_a_command_is_counted_for_itself(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A reference is run before its mutants, and is none of them."""
    tasks = [Task(id=name, path=tmp_path, folder=SubmissionFolder(tmp_path / name)) for name in ("one", "two", "three")]
    with BatchDisplay(quiet=False) as display:
        for due in (tasks[:1], tasks[1:]):
            display.on_start(Plan(executed=tuple(due)))
            display.on_progress(Progress(due[0].id, "done"))
    told = capsys.readouterr().err
    assert "one: done (1 of 1)" in told
    assert "two: done (1 of 2" in told
