"""``%load_ext grader`` and ``%grade`` in a real kernel, and what they are made of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from notebook_code import COMPILE, FIT, IMPORTS, MODEL, rubric, submission, write_notebook

from grader.datasets import SAMPLE
from grader.errors import UsageError
from grader.rubric import Rubric
from grader.selfcheck.live import _arguments
from grader.selfcheck.live_cells import LiveRun, SavedCells, only_live, place
from grader.selfcheck.live_notebook import live_notebook
from grader.selfcheck.live_page import message_html, report_html
from grader.selfcheck.release import release
from grader.selfcheck.verdicts import Report, StepVerdict

DATA = """with np.load("mnist.npz") as file:
    x, y, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
x, x_test = x.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255"""
EVALUATE = "print('test accuracy:', m.evaluate(x_test, y_test)[1] * factor)"
CELLS = ("# Exercise 1: A network", IMPORTS, DATA, MODEL, COMPILE, FIT, EVALUATE)
SECONDS = 240


def saved(*cells: str, at: float = 0.0) -> SavedCells:
    """A notebook whose cells have the ids c0, c1, ..."""
    return SavedCells(submission(*cells).cells, tuple(f"c{index}" for index in range(len(cells))), saved=at)


def test_the_last_run_of_a_cell_counts():
    """Runs are placed by text where the front end names no cell."""
    placed = place([LiveRun("a = 1"), LiveRun("b = 2"), LiveRun("a = 1")], saved("a = 1", "b = 2"))
    assert placed.indices == [None, 1, 0]
    assert not placed.nowhere


def test_a_text_that_ran_after_the_last_save_is_the_newer_one():
    """The cell is known by its id."""
    placed = place([LiveRun("a = 2", "c0", ended=20.0)], saved("a = 1", at=10.0))
    assert (placed.indices, placed.cells[0].source, placed.changed) == ([0], "a = 2", set())


def test_a_cell_that_was_changed_after_it_ran_has_to_run_again():
    """What it left belongs to another text."""
    placed = place([LiveRun("a = 1", "c0", ended=10.0)], saved("a = 2", at=20.0))
    assert (placed.indices, placed.changed) == ([None], {0})


def test_a_cell_that_is_nowhere_counts_for_nothing():
    """But for the one that calls the check."""
    placed = place([LiveRun("gone = 1"), LiveRun("%grade ex1")], saved("a = 1"))
    assert (placed.indices, placed.nowhere) == ([None, None], 1)


def live_only(*cells: str, **names: object) -> list[str]:
    """What is said of these cells in a kernel that holds these names."""
    return list(only_live(submission(*cells).cells, names))


def test_a_name_of_a_deleted_cell_is_named():
    """With the cell that uses it."""
    (said,) = live_only("a = 1", "print(a + b)", a=1, b=2)
    assert "`b`" in said
    assert "cell 2" in said


def test_a_name_that_a_cell_below_makes_is_named():
    """Unless only a function's inside uses it."""
    (said,) = live_only("print(a)", "a = 1", a=1)
    assert "cell 2 below makes" in said
    assert live_only("def f():\n    return a", "a = 1", a=1, f=None) == []


@pytest.mark.parametrize("cells", [("from numpy import *", "print(b)"), ("%run other.py", "print(b)")])
def test_nothing_is_said_where_names_come_unseen(cells: tuple[str, ...]):
    """They may well be there on a fresh run."""
    assert live_only(*cells, b=1) == []


def test_nothing_is_said_of_what_a_fresh_run_has():
    """Loops, comprehensions, functions' arguments, imports, what other libraries call `display`."""
    cells = (
        "import numpy as np\nfor i in range(3):\n    print(i)",
        "f = lambda q: [q * k for k in range(2)]\nprint(f)",
    )
    assert live_only(*cells, np=1, i=2, q=3, k=4, f=5) == []


def test_the_notebook_is_the_only_one_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Else the student names it; VS Code names it itself."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    write_notebook(tmp_path / "a.ipynb", "a = 1")
    assert live_notebook(None, {})[0].file_name == "a.ipynb"
    write_notebook(tmp_path / "b.ipynb", "b = 1")
    with pytest.raises(UsageError, match="--notebook FILE"):
        live_notebook(None, {})
    assert live_notebook(None, {"__vsc_ipynb_file__": str(tmp_path / "b.ipynb")})[0].file_name == "b.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", "elsewhere/a.ipynb")
    assert live_notebook(None, {})[0].file_name == "a.ipynb"


@pytest.mark.parametrize("line", ["ex1 ex2", "--what", "--release a.zip --rubric b.yaml", "'"])
def test_a_line_that_cannot_be_read_says_so(line: str):
    """It never ends the kernel."""
    with pytest.raises(UsageError):
        _arguments(line)


def test_the_page_escapes_what_students_wrote():
    """And shows names as code."""
    verdict = StepVerdict(
        criterion="a.b", section="a", title="<b>", points=1, status="failed", at_most=0, text="`x` is <i>"
    )
    page = report_html(Report(step="live", assignment="w", verdicts=(verdict,)), titles={"a": "<u>"})
    assert "<code>x</code> is &lt;i&gt;" in page
    assert not any(tag in page + message_html("<s>") for tag in ("<b><", "<i>", "<u>", "<s>"))


def with_a_low_bar() -> Rubric:
    """A live kernel is not seeded: what it reaches must not be near the line."""
    made = rubric()
    whole, section = made.sections
    criteria = tuple(
        one.model_copy(update={"params": one.params.model_copy(update={"min": 0.7})})
        if one.check == "accuracy"
        else one
        for one in section.criteria
    )
    return made.model_copy(update={"sections": (whole, section.model_copy(update={"criteria": criteria}))})


class Kernel:
    """A kernel of this Python in a folder, driven through its protocol."""

    def __init__(self, folder: Path) -> None:
        self.manager = KernelManager()
        path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")]))
        self.manager.start_kernel(cwd=str(folder), env={**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def run(self, source: str) -> dict[str, str]:
        """What a cell displayed, by media type; a cell that raises fails the test."""
        shown: dict[str, str] = {}

        def hear(message: dict[str, Any]) -> None:
            shown.update(message["content"].get("data", {}))

        reply = self.client.execute_interactive(source, output_hook=hear, timeout=SECONDS, allow_stdin=False)
        assert reply["content"]["status"] == "ok", reply["content"]
        return shown

    def end(self) -> None:
        """Ends it at once."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """In a folder with the notebook, the release and the data."""
    write_notebook(tmp_path / "mine.ipynb", *CELLS)
    release(with_a_low_bar(), tmp_path / "some.zip")
    shutil.copy(SAMPLE, tmp_path / "mnist.npz")
    made = Kernel(tmp_path)
    yield made
    made.end()


@pytest.mark.slow
def test_a_live_kernel_is_graded_by_what_it_did_since(kernel: Kernel):
    """A model from before has to be trained again; a deleted cell's name is named; then all of it passes."""
    for source in (*CELLS[1:4], "factor = 1"):
        kernel.run(source)
    kernel.run("%load_ext grader")
    before = kernel.run("%grade ex1 --release some.zip --data sample")
    assert "Run cells 2, 3, 4, 5, 6, 7 again: not run since grader was loaded." in before["text/plain"]
    assert "passed" not in before["text/plain"]
    for source in CELLS[1:]:
        kernel.run(source)
    after = kernel.run("%grade ex1")
    said = dict(line.split()[1::-1] for line in after["text/plain"].splitlines() if line.split()[1:2])
    assert [said[f"ex1.{name}"] for name in ("architecture", "compiled", "trained", "accuracy")] == ["passed"] * 4, (
        after["text/plain"]
    )
    assert "<code>factor</code> is in this kernel only because of a cell that is gone" in after["text/html"]
    whole = kernel.run("%grade")["text/plain"]
    assert "passed  notebook.runs" in whole.replace("passed   ", "passed  ")
    heard = "[one.printed for one in live._loaded[0]._kernel.runs if one.source.startswith('print')][-1]"
    assert "test accuracy: 0." in kernel.run(f"from grader.selfcheck import live\n{heard}")["text/plain"]
    kernel.run(FIT)
    again = kernel.run("%grade ex1")["text/plain"]
    assert "the model was trained before, which a fresh run does not do" in again
