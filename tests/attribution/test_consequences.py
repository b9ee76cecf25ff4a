import pytest
from builders import Notebook

from grader.attribution import attribute
from grader.records import CellError, CellRun, Environment, Evidence, Execution

MISSING = CellError(name="ModuleNotFoundError", value="No module named 'fancy'")
OWN = CellError(name="NameError", value="name 'z' is not defined")


def reached(*cells, **fields):
    book = Notebook()
    for source, error in cells:
        book.code(source, error=error)
    return sorted(attribute(book.evidence(**fields)).reached)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([("import fancy as f", MISSING), ("y = f.load()", OWN), ("z = y + 1", OWN), ("a = 1", None)], [0, 1, 2]),
        ([("import fancy\nx = fancy.load()", MISSING), ("model.fit(x)", None), ("model.evaluate(t)", None)], [0, 1, 2]),
        ([("import fancy\nx = fancy.load()", MISSING), ("x = load()", None), ("print(x)", None)], [0]),
        ([("import fancy\nx = fancy.load()", MISSING), ("def use():\n    return x", None), ("use()", None)], [0, 1, 2]),
        ([("import numpy as np", None), ("import fancy\nnp.save(x)", MISSING), ("np.zeros(3)", None)], [1]),
        ([("import fancy\nx[5] = 1", MISSING), ("x = x + 1", None)], [0, 1]),
        ([("z + 1", OWN), ("print(z)", OWN)], []),
        ([("import fancy as x; (", MISSING), ("%matplotlib inline\nprint(x)", None)], [0]),
    ],
)
def test_what_a_failure_of_the_infrastructure_reaches(cells, expected):
    """By the names that a broken cell should have made, until they are made anew."""
    assert reached(*cells) == expected


def cut(**fields):
    book = Notebook()
    book.code("model.fit()", status="timeout")
    model = book.model()
    book.fit(model, **{"status": "interrupted", "epochs": 3, "epochs_requested": 10, **fields})
    book.code("model.evaluate()", status="not_run")
    return book, Execution(reason="notebook_timeout", cell=0)


def test_an_honest_training_that_a_time_limit_cut_off_is_not_the_students():
    """And so is what was not reached for it."""
    book, run = cut()
    assert sorted(attribute(book.evidence(execution=run), longest_training=20).reached) == [0, 1]


@pytest.mark.parametrize("fields", [{"epochs_requested": 1000}, {"status": "completed"}])
def test_an_endless_training_is_the_students(fields):
    """More epochs than any task asks for, or a loop without an open fit."""
    book, run = cut(**fields)
    assert attribute(book.evidence(execution=run), longest_training=20).reached == {}


def test_an_endless_loop_of_short_fits_is_the_students():
    """Many fits of one model in one cell."""
    book, run = cut()
    book.fit("m1", epochs=1, cell=0)
    assert attribute(book.evidence(execution=run), longest_training=20).reached == {}


@pytest.mark.parametrize("reason", ["internal", "protocol"])
def test_a_failure_of_the_grading_system_reaches_what_was_not_run(reason):
    """Cells before it stand."""
    book = Notebook()
    book.code("a = 1")
    book.code("b = 1", status="died")
    book.code("c = 1", status="not_run")
    found = attribute(book.evidence(execution=Execution(reason=reason)))
    assert (sorted(found.reached), found.every_failure) == ([1, 2], True)


@pytest.mark.parametrize("reason", ["memory", "kernel_died", "cell_timeout", "output", None])
def test_other_ends_are_the_students(reason):
    """What it did to the machine is its own doing."""
    book = Notebook()
    book.code("b = 1", status="died")
    assert attribute(book.evidence(execution=Execution(reason=reason)), longest_training=20).reached == {}


def test_one_failure_of_the_students_own_is_not_every_failure():
    """A notebook that breaks by itself does not run."""
    book = Notebook()
    book.code("import fancy", error=MISSING)
    book.code("1 / 0", error=OWN)
    assert not attribute(book.evidence()).every_failure


@pytest.mark.parametrize(
    ("errors", "own"),
    [
        ([OWN, OWN], (0, 1)),
        ([OWN, MISSING, OWN], (0,)),
        ([MISSING, CellError(name="NameError", value="name 'xrange' is not defined")], (1,)),
    ],
)
def test_an_error_before_those_of_the_infrastructure_is_the_students_own(errors, own):
    """What comes later may follow from them, but an old API does not."""
    book = Notebook()
    for error in errors:
        book.code("cell", error=error)
    assert attribute(book.evidence()).own_errors == own


def test_an_error_after_the_cell_that_a_limit_ended_is_not_the_students_own():
    """It may follow from what was cut off."""
    book = Notebook()
    book.code("a", status="timeout")
    book.code("b", error=OWN)
    run = Execution(reason="cell_timeout", cell=0)
    assert attribute(book.evidence(execution=run)).own_errors == ()


def test_what_is_stored_of_a_run_is_all_that_attribution_needs():
    """So that other rules need no other run."""
    book = Notebook()
    book.code("import fancy", error=MISSING)
    book.code("fancy.load()", error=CellError(name="NameError", value="name 'fancy' is not defined"))
    evidence = Evidence.model_validate_json(book.evidence().model_dump_json())
    found = attribute(evidence)
    assert [cause.kind for cause in found.causes.values()] == ["missing_package", "missing_package"]
    assert found == attribute(book.evidence())


def test_what_can_be_imported_is_a_fact_of_the_evidence():
    """A name that the environment has is the student's failure, one that it lacks is not."""
    book = Notebook()
    book.code("import fancy", error=MISSING)
    assert attribute(book.evidence(environment=Environment(importable=("fancy",)))).causes == {}


def test_the_evidence_holds_no_conclusions():
    """Of an error what Python says, of a cell how it ended."""
    assert set(CellError.model_fields) == {"name", "value", "traceback"}
    assert not {"cause", "beyond_sample"} & set(CellRun.model_fields)
