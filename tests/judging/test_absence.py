"""Why a section lacks a model: the reason that is there is named, and none that is not."""

from __future__ import annotations

import pytest
from builders import Notebook, dense, images, labels, with_submission
from worksheet import Worksheet, printed

from grader.checks.confusion import ConfusionMatrixParams, confusion_matrix
from grader.judging.absence import fix_for, own_failure, why_no_model
from grader.judging.subject import fit_cells
from grader.judging.views import SectionView
from grader.records import CellError, Execution

MERGE = "<<<<<<< HEAD\nplot(1)\n=======\nplot(2)\n>>>>>>> feature"
TORCH = CellError(name="ModuleNotFoundError", value="No module named 'torch'")
SYNTAX = CellError(name="SyntaxError", value="invalid syntax (260902143.py, line 1)")


def lacking(*, text: str = "", code: str = "pass", error: CellError | None = None) -> SectionView:
    """Exercise 4 with a text cell and a code cell below its heading."""
    book = Worksheet()
    book.markdown(printed("ex4"))
    if text:
        book.markdown(text)
    book.code(code, error=error)
    return book.view("ex4", matching=book.matched())


def test_a_text_cell_that_holds_code_is_the_reason() -> None:
    """Its kind was changed by accident."""
    section = lacking(text="model = Sequential([Dense(10)])\nmodel.fit(x, y)")
    assert why_no_model(section).endswith("because cell 2 is a text cell that holds code.")
    assert fix_for(section).startswith("Make cell 2 a code cell")


@pytest.mark.parametrize("text", ["We train a model with fit (10 epochs).", "plt.plot(x, y)", ""])
def test_other_text_cells_are_none(text: str) -> None:
    """Words about a model, or code that makes none."""
    assert "text cell" not in why_no_model(lacking(text=text))


@pytest.mark.parametrize(("code", "is_named"), [(MERGE, True), ("plot(", False)])
def test_marks_of_a_merge_are_named_where_they_are_the_reason(*, code: str, is_named: bool) -> None:
    """Instead of the name of a file that nobody knows."""
    assert ("marks of an unfinished merge" in why_no_model(lacking(code=code, error=SYNTAX))) is is_named


@pytest.mark.parametrize("fails", [True, False])
def test_what_is_absent_names_the_sections_failed_cell(*, fails: bool) -> None:
    """Only where one failed."""
    book = Notebook()
    book.code("fit")
    model = book.model(dense(10, "softmax"))
    book.fit(model)
    book.code(MERGE if fails else "pass", error=SYNTAX if fails else None)
    book.markdown("## Next")
    section = book.view("ex5", model=model, cells=(0, 1), measured=())
    result = confusion_matrix(section, ConfusionMatrixParams())
    assert ("marks of an unfinished merge" in result.feedback) is fails


def test_cells_of_fits_that_did_nothing_are_not_named() -> None:
    """One that was cut before its first step trained nothing."""
    book = Notebook()
    model = book.model(dense(10, "softmax"))
    book.code("fit")
    book.fit(model, epochs=0, history={}, steps=0, x=images(3600), y=labels(3600))
    book.code("fit")
    book.fit(model)
    assert fit_cells(book.view("ex4", model=model)) == (2,)


def test_the_marks_of_a_merge_are_named():
    """Where they keep a cell from running, and with what to do about them."""
    book = Notebook()
    book.code(MERGE, error=SYNTAX)
    view = book.view()
    assert "the marks of an unfinished merge stand in it" in why_no_model(view)
    assert fix_for(view) == "Keep one of the two versions in cell 1, and delete the marks of the merge."


def test_a_failure_of_the_infrastructure_explains_no_failed_criterion():
    """The student's own failure does, wherever it stands."""
    book = Notebook()
    book.code("import torch", error=TORCH)
    assert own_failure(book.view()) is None
    book.code("x = (", error=SYNTAX)
    assert "cell 2 raised SyntaxError" in why_no_model(book.view())


def test_what_ended_the_run_is_named_where_a_cell_was_not_reached():
    """It is that cell that is to be fixed."""
    book = Notebook()
    book.code("exit()", status="died")
    book.markdown("## Exercise 4")
    book.code("model.fit()", status="not_run")
    evidence = book.evidence(execution=Execution(reason="kernel_died", cell=0))
    view = with_submission(book.view(cells=(1, 2)), evidence=evidence)
    assert why_no_model(view).endswith("because cell 1 ends the kernel, and nothing after it ran.")
    assert fix_for(view) == "Fix cell 1, so that the cells after it run."
