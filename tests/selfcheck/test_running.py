"""The steps that run the notebook."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import Notebook, dense
from notebook_code import COMPILE, DATA, FIT, IMPORTS, MODEL, rubric, write_notebook

from grader.records import CellError, CellRun
from grader.selfcheck.partial import noting
from grader.selfcheck.plain_kernel import require_keras
from grader.selfcheck.running import missing_packages, of_short_trainings
from grader.selfcheck.steps import check_here
from grader.selfcheck.verdicts import Report

EVALUATE = "print('test accuracy:', m.evaluate(x_test.reshape(-1, 784) / 255, y_test)[1])"


def evidence_of(epochs: int, *, fails: bool = False):
    """Of a notebook with one training, as a run leaves it."""
    book = Notebook()
    book.code("m.fit(x, y)")
    book.fit(book.model(dense(10, "softmax"), names=("m",)), epochs=epochs)
    book.code("plot()")
    found = book.evidence()
    last: CellRun = found.cells[-1].model_copy(update={"status": "error"} if fails else {})
    return found.model_copy(update={"cells": (*found.cells[:-1], last)})


def test_a_short_training_leaves_its_figures_open():
    """Its epochs are those that were asked for."""
    (fit,) = of_short_trainings(evidence_of(10)).fits
    with noting() as heard:
        assert (fit.epochs_run, bool(heard)) == (10, False)
        assert fit.history is not None
    assert heard


def test_a_training_of_two_epochs_is_whole():
    """Nothing of it was cut."""
    whole = evidence_of(2)
    assert of_short_trainings(whole) is whole


def test_an_error_behind_a_short_training_leaves_everything_open():
    """What raised may need the whole training."""
    with noting() as heard:
        assert of_short_trainings(evidence_of(10, fails=True)).fits
    assert heard


def test_a_package_that_this_python_lacks_is_named_and_why_all_is_open():
    """Once, with the cell where it began; whatever follows from it."""
    evidence = evidence_of(10, fails=True)
    lacks = CellError(name="TBNotInstalledError", value="TensorBoard is not installed, missing implementation for x")
    cells = (*evidence.cells[:-1], evidence.cells[-1].model_copy(update={"error": lacks}))
    evidence = evidence.model_copy(update={"cells": cells})
    clause = "cell 2 needs the package TensorBoard, which is not installed where the notebook ran"
    assert missing_packages(evidence) == {"TensorBoard": clause}
    with noting() as heard:
        assert of_short_trainings(evidence).fits
    assert list(heard) == [clause]


def test_keras_is_found_without_loading_it():
    """By what is installed."""
    require_keras()


def status(report: Report) -> dict[str, str]:
    return {one.criterion: one.status for one in report.verdicts}


@pytest.mark.slow
def test_a_quick_run_and_a_whole_one_agree(tmp_path: Path):
    """In a plain kernel; what the quick one decides, the whole one decides alike."""
    notebook = write_notebook(
        tmp_path / "a.ipynb", "# Exercise 1: A network", IMPORTS, DATA, MODEL, COMPILE, FIT, EVALUATE
    )
    quick, whole = (status(check_here(notebook, rubric(), step=step, data="sample")) for step in ("quick", "full"))
    assert (quick["notebook.runs"], quick["ex1.architecture"], quick["ex1.accuracy"]) == ("passed", "passed", "unknown")
    assert (whole["ex1.trained"], whole["ex1.accuracy"]) == ("passed", "passed")
    assert all(whole[name] == said for name, said in quick.items() if said != "unknown")
