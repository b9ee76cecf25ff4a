"""What the terminal shows while a batch runs."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from grader.batch import Plan
from grader.cli.display import BatchDisplay
from grader.store import SubmissionFolder
from grader.task import Progress, Task


def tasks_of(folder: Path, *names: str) -> list[Task]:
    return [Task(id=name, path=folder, folder=SubmissionFolder(folder / name)) for name in names]


def test_each_batch_of_a_command_is_counted_for_itself(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A reference is run before its mutants, and is none of them."""
    tasks = tasks_of(tmp_path, "one", "two", "three")
    with BatchDisplay(quiet=False) as display:
        for due in (tasks[:1], tasks[1:]):
            display.on_start(Plan(executed=tuple(due)))
            display.on_progress(Progress(due[0].id, "done"))
    told = capsys.readouterr().err
    assert "one: done (1 of 1)" in told
    assert "two: done (1 of 2" in told


def test_the_live_display_shows_every_running_submission(tmp_path: Path) -> None:
    """With its step and its time, and how far the batch is."""
    one, two, three, four = tasks_of(tmp_path, "one", "two", "three", "four")
    display = BatchDisplay(quiet=True)
    display.on_start(Plan(executed=(one, two), evaluated=(three,), taking_over=(four,), jobs=2))
    display.on_progress(Progress("one", "run", 3, 20))
    display.on_progress(Progress("three", "evaluate"))
    display.on_progress(Progress("two", "done"))
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(display._table())
    told = re.sub(r"\d+:\d\d", "0:00", console.export_text()).splitlines()
    assert told[0].split() == ["one", "cell", "4", "of", "20", "0:00"]
    assert told[1].split() == ["three", "evaluating", "0:00"]
    assert "1 of 2 executed, 0:00" in told[2]
    assert "0 of 2 evaluated" in told[3]
