"""Why a section lacks a model: the reason that is there is named, and none that is not."""

from __future__ import annotations

import pytest
from builders import Notebook, dense, images, labels
from worksheet import Worksheet, printed

from grader.checks.confusion import ConfusionMatrixParams, confusion_matrix
from grader.judging.absence import fix_for, why_no_model
from grader.judging.subject import fit_cells
from grader.judging.views import SectionView
from grader.records import CellError

MERGE = "<<<<<<< HEAD\nplot(1)\n=======\nplot(2)\n>>>>>>> feature"
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
    assert ("Cell 2 holds the marks" in result.feedback) is fails


def test_cells_of_fits_that_did_nothing_are_not_named() -> None:
    """One that was cut before its first step trained nothing."""
    book = Notebook()
    model = book.model(dense(10, "softmax"))
    book.code("fit")
    book.fit(model, epochs=0, history={}, steps=0, x=images(3600), y=labels(3600))
    book.code("fit")
    book.fit(model)
    assert fit_cells(book.view("ex4", model=model)) == (2,)
