"""A notebook reads what lies beside it, where it looks for it, and changes no original."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.attribution import attribute
from grader.datasets import resolve
from grader.execution.execute import ExecutionSettings, execute
from grader.execution.sandbox import Limits, Sandbox
from grader.execution.watch import RunLimits
from grader.intake import read_submission
from grader.intake.laying import lay
from grader.records import Evidence
from grader.store import SubmissionFolder

pytestmark = pytest.mark.slow

CELLS = (
    "print(open('points.csv').read())",
    "print(open('/content/drive/MyDrive/course/points.csv').read())",
    "BASE = '/kaggle/input/week/'\nprint(open(BASE + 'points.csv').read())",
    "print(open('../data/points.csv').read())",
    "print(open('points.csv', 'w').write('changed'))",
    "open('/content/gone.csv')",
)


@pytest.fixture(scope="module")
def ran(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, Path]:
    """What these cells left with one file beside them, and that file."""
    folder = tmp_path_factory.mktemp("beside")
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in CELLS]
    (folder / "hw.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (folder / "points.csv").write_text("1,2")
    submission, notebook = read_submission(folder / "hw.ipynb")
    evidence = execute(
        submission,
        notebook,
        folder=SubmissionFolder(folder / "out"),
        settings=ExecutionSettings(
            sandbox=sandbox,
            data_sets=resolve("sample"),
            limits=RunLimits(cell_timeout_seconds=60, notebook_timeout_seconds=240, sandbox=Limits()),
        ),
        on_cell=lambda *_: None,
        work=lay(submission.cells, {"points.csv": folder / "points.csv"}, {}),
    )
    return evidence, folder / "points.csv"


def test_it_is_found_where_the_notebook_looks(ran: tuple[Evidence, Path], sandbox: Sandbox) -> None:
    """Beside it, and where the sandbox has a tree of its own at the paths of other machines."""
    printed = [cell.printed.strip() for cell in ran[0].cells[:4]]
    assert printed[:1] == ["1,2"]
    assert sandbox.bubblewrap is None or printed == ["1,2"] * 4


def test_the_original_stays_as_it_was(ran: tuple[Evidence, Path]) -> None:
    """The notebook has a copy that it may change."""
    assert ran[0].cells[4].status == "ok"
    assert ran[1].read_text() == "1,2"


def test_what_nobody_brought_is_no_failure_of_the_students(ran: tuple[Evidence, Path]) -> None:
    """Its name is said."""
    cause = attribute(ran[0]).causes[5]
    assert (cause.kind, cause.detail) == ("missing_file", "/content/gone.csv")
