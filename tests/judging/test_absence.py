from builders import Notebook, with_submission

from grader.judging.absence import fix_for, own_failure, why_no_model
from grader.records import CellError, Execution

SYNTAX = CellError(name="SyntaxError", value="invalid syntax")
TORCH = CellError(name="ModuleNotFoundError", value="No module named 'torch'")
MERGE = "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other"


def test_a_text_cell_that_holds_code_is_named():
    """With what to do about it; words alone are none."""
    book = Notebook()
    book.markdown("model = Sequential([Dense(1)])\nmodel.fit(x, y)")
    view = book.view()
    assert "cell 1 is a text cell that holds code" in why_no_model(view)
    assert fix_for(view).startswith("Make cell 1 a code cell")
    words = Notebook()
    words.markdown("We call model.fit(x, y)")
    assert "text cell" not in why_no_model(words.view())


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
