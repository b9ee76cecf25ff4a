import pytest
from builders import Notebook

from grader.attribution import attribute
from grader.records import CellError, CellRun, Environment, Evidence, Execution

MISSING = CellError(name="ModuleNotFoundError", value="No module named 'fancy'")
OFFLINE = CellError(name="URLError", value="<urlopen error [Errno 101] Network is unreachable>")
OWN = CellError(name="NameError", value="name 'z' is not defined")


def undefined(name):
    return CellError(name="NameError", value=f"name '{name}' is not defined")


def reached(*cells, **fields):
    book = Notebook()
    for source, error in cells:
        book.code(source, error=error)
    return sorted(attribute(book.evidence(**fields)).reached)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([("import fancy as f", MISSING), ("y = f.load()", undefined("f")), ("z = y + 1", undefined("y"))], [0, 1, 2]),
        ([("import fancy\nx = fancy.load()", MISSING), ("model.fit(x)", None), ("model.evaluate(t)", None)], [0, 1, 2]),
        ([("import fancy\nx = fancy.load()", MISSING), ("x = load()", None), ("print(x)", None)], [0]),
        ([("import fancy\nx = fancy.load()", MISSING), ("def use():\n    return x", None), ("use()", None)], [0, 2]),
        ([("import fancy", MISSING), ("fancy.a", OWN)], [0]),
        ([("import fancy as x", MISSING), ("def f(x):\n    return x", None), ("f(1)", None)], [0]),
        ([("import fancy\nx = fancy.load()", MISSING), ("y = [x for x in range(3)]", None), ("print(y)", None)], [0]),
        ([("import fancy", MISSING), ("fancy.m.layers[0].rate = 1", undefined("fancy"))], [0, 1]),
        ([("import numpy as np", None), ("import fancy\nnp.save(x)", MISSING), ("np.zeros(3)", None)], [1]),
        ([("import fancy\nx[5] = 1", MISSING), ("x = x + 1", None)], [0, 1]),
        ([("z + 1", OWN), ("print(z)", OWN)], []),
        ([("import fancy as x; (", MISSING), ("%matplotlib inline\nprint(x)", None)], [0]),
    ],
)
def test_what_a_failure_of_the_infrastructure_reaches(cells, expected):
    """By the names that a broken cell should have made, until they are made anew."""
    assert reached(*cells) == expected


@pytest.mark.parametrize("reason", ["internal", "protocol"])
def test_a_failure_of_the_grading_system_reaches_what_was_not_run(reason):
    """Cells before it stand."""
    book = Notebook()
    book.code("a = 1")
    book.code("b = 1", status="died")
    book.code("c = 1", status="not_run")
    found = attribute(book.evidence(execution=Execution(reason=reason)))
    assert (sorted(found.reached), found.every_failure) == ([1, 2], True)


@pytest.mark.parametrize(("error", "expected"), [(MISSING, [0, 1]), (OWN, []), (None, [])])
def test_a_cell_that_may_raise_may_lack_what_is_not_here(error, expected):
    """Its own error is meant; a package that is missing takes what it should have made."""
    book = Notebook()
    book.code("import fancy\nx = fancy.load()", status="ok", error=error)
    book.code("model.fit(x)", error=undefined("x"))
    assert sorted(attribute(book.evidence()).reached) == expected


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
        ([OWN, MISSING, OWN], (0, 2)),
        ([MISSING, CellError(name="NameError", value="name 'xrange' is not defined")], (1,)),
    ],
)
def test_an_error_that_takes_nothing_from_what_the_infrastructure_lacks_is_the_students_own(errors, own):
    """Whether it comes before or after."""
    book = Notebook()
    for error in errors:
        book.code("cell", error=error)
    assert attribute(book.evidence()).own_errors == own


def test_an_error_after_the_cell_that_a_limit_ended_is_the_limits_where_it_takes_what_that_should_have_made():
    """Another one is the student's."""
    book = Notebook()
    book.code("z = work()", status="timeout")
    book.code("z + 1", error=OWN)
    book.code("1 / 0", error=CellError(name="ZeroDivisionError", value="division by zero"))
    run = Execution(reason="cell_timeout", cell=0)
    assert attribute(book.evidence(execution=run)).own_errors == (2,)


def test_what_is_stored_of_a_run_is_all_that_attribution_needs():
    """So that other rules need no other run."""
    book = Notebook()
    book.code("import fancy", error=MISSING)
    book.code("urlretrieve(address)", error=OFFLINE)
    evidence = Evidence.model_validate_json(book.evidence().model_dump_json())
    found = attribute(evidence)
    assert [cause.kind for cause in found.causes.values()] == ["missing_package", "network"]
    assert found == attribute(book.evidence())


def test_what_can_be_imported_is_a_fact_of_the_evidence():
    """A name that the environment has is the student's failure, one that it lacks is not."""
    book = Notebook()
    book.code("import fancy", error=MISSING)
    found = attribute(book.evidence(environment=Environment(importable=("fancy",))))
    assert (found.own_errors, found.reached) == ((0,), {})


def test_the_evidence_holds_no_conclusions():
    """Of an error what Python says, of a cell how it ended."""
    assert set(CellError.model_fields) == {"name", "value", "traceback"}
    assert not {"cause", "beyond_sample"} & set(CellRun.model_fields)


def test_a_failure_that_a_later_cell_made_good_explains_nothing():
    """Neither the student's nor the infrastructure's."""
    book = Notebook()
    book.code("m = fancy.model()", error=undefined("fancy"))
    book.code("import fancy\nm = fancy.model()", error=MISSING)
    assert attribute(book.evidence()).reason([0, 1]) is None
    assert attribute(book.evidence()).reason([1]).startswith("Cell 2 needs the package fancy")
    book.code("m = fancy = 1")
    found = attribute(book.evidence())
    assert (found.harmless, found.reason([0, 1]), found.own_errors) == ({0, 1}, None, (0,))


def test_a_look_at_the_machine_takes_nothing_from_a_section():
    """A cell that only asks for a device, and one for another shell."""
    book = Notebook()
    book.code("gpus = tf.config.list_physical_devices('GPU')")
    book.code("use(gpus[0])", error=CellError(name="IndexError", value="list index out of range"))
    book.code("%%shell\nls", error=CellError(name="UsageError", value="Cell magic `%%shell` not found."))
    found = attribute(book.evidence())
    assert (found.harmless, found.reason([0, 1, 2]), found.every_failure) == ({1, 2}, None, True)


@pytest.mark.parametrize("error", [None, OWN, CellError(name="SyntaxError", value="invalid syntax")])
def test_what_hangs_on_an_unsure_cell_waits_for_a_person(error):
    """Whether or not a cell ran that a print does not show wholly: so does what takes its names, and nothing else."""
    book = Notebook()
    book.code("a = 1")
    book.code("b = make(", error=error, unsure="line 1 is cut off")
    book.code("c = a + 1")
    found = attribute(book.evidence())
    assert sorted(found.reached) == [1]
    assert "cell 2 may not be what was written" in found.reason([0, 1]).lower()
    assert 1 in found.builds & found.trains


def test_a_name_of_an_unsure_cell_is_followed():
    """A mistake in a cell that takes it may be the print's."""
    book = Notebook()
    book.code("b = make(1)", unsure="line 1 is cut off")
    book.code("b.fit()", error=CellError(name="AttributeError", value="no fit"))
    assert attribute(book.evidence()).every_failure


def test_an_unsure_cell_that_did_not_run_may_have_held_anything():
    """Other cells' mistakes may be its; one that ran leaves them to the student."""
    book = Notebook()
    book.code("b = make(", error=CellError(name="SyntaxError", value="invalid"), unsure="line 1 is cut off")
    book.code("z", error=OWN)
    assert "line 1 is cut off" in attribute(book.evidence()).unread
    ran = Notebook()
    ran.code("b = make(1)", unsure="line 1 is cut off")
    ran.code("z", error=OWN)
    assert attribute(ran.evidence()).unread is None
