import pytest
from builders import Notebook

from grader.attribution.consequences import find_fallout
from grader.records import CellError, Execution

MISSING = CellError(name="ModuleNotFoundError", value="No module named 'fancy'", missing_package="fancy")
BEYOND = CellError(name="IndexError", value="out of bounds", beyond_sample="55000")
OWN = CellError(name="NameError", value="name 'z' is not defined")


def reached(*cells, **fields):
    book = Notebook()
    for source, error in cells:
        book.code(source, error=error)
    return sorted(find_fallout(book.evidence(**fields)).why)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([("import fancy as f", MISSING), ("y = f.load()", OWN), ("z = y + 1", OWN), ("a = 1", None)], [0, 1, 2]),
        ([("x = x[55000]", BEYOND), ("model.fit(x)", None), ("model.evaluate(t)", None)], [0, 1, 2]),
        ([("x = x[55000]", BEYOND), ("x = load()", None), ("print(x)", None)], [0]),
        ([("x = x[55000]", BEYOND), ("def use():\n    return x", None), ("use()", None)], [0, 1, 2]),
        ([("import numpy as np", None), ("np.save(x[55000])", BEYOND), ("np.zeros(3)", None)], [1]),
        ([("x[55000] = 1", BEYOND), ("x = x + 1", None)], [0, 1]),
        ([("z + 1", OWN), ("print(z)", OWN)], []),
        ([("x = [55000", BEYOND), ("%matplotlib inline\nprint(x)", None)], [0]),
    ],
)
def test_what_our_doing_reaches(cells, expected):
    """By the names that a broken cell should have made, until they are made anew."""
    assert reached(*cells) == expected


def test_an_empty_array_behind_a_number_as_large_as_the_sample_is_our_doing():
    """``x[55000:]`` raises nothing on 4,000 rows, and holds nothing."""
    book = Notebook()
    book.code("x_val = x[55000:]\nx = x[:55000]")
    book.array("x_val", [])
    book.code("model.fit(x, validation_data=x_val)")
    book.code("other.fit(x)")
    assert sorted(find_fallout(book.evidence()).why) == [0, 1]
    assert find_fallout(Notebook(sample=False).evidence()).why == {}


def test_an_empty_array_without_such_a_number_is_the_students():
    """``x[x > 9]`` may be empty on any data."""
    book = Notebook()
    book.code("x = x[x > 9]")
    book.array("x", [])
    assert find_fallout(book.evidence()).why == {}


def cut(**fields):
    book = Notebook()
    book.code("model.fit()", status="timeout")
    model = book.model()
    book.fit(model, **{"status": "interrupted", "epochs": 3, "epochs_requested": 10, **fields})
    book.code("model.evaluate()", status="not_run")
    return book, Execution(reason="notebook_timeout", cell=0)


def test_an_honest_training_that_our_time_limit_cut_off_is_our_doing():
    """And so is what was not reached for it."""
    book, run = cut()
    assert sorted(find_fallout(book.evidence(execution=run), longest_training=20).why) == [0, 1]


@pytest.mark.parametrize("fields", [{"epochs_requested": 1000}, {"status": "completed"}])
def test_an_endless_training_is_the_students(fields):
    """More epochs than any task asks for, or a loop without an open fit."""
    book, run = cut(**fields)
    assert find_fallout(book.evidence(execution=run), longest_training=20).why == {}


def test_an_endless_loop_of_short_fits_is_the_students():
    """Many fits of one model in one cell."""
    book, run = cut()
    book.fit("m1", epochs=1, cell=0)
    assert find_fallout(book.evidence(execution=run), longest_training=20).why == {}


@pytest.mark.parametrize("reason", ["internal", "protocol"])
def test_a_failure_of_ours_reaches_what_was_not_run(reason):
    """Cells before it stand."""
    book = Notebook()
    book.code("a = 1")
    book.code("b = 1", status="died")
    book.code("c = 1", status="not_run")
    found = find_fallout(book.evidence(execution=Execution(reason=reason)))
    assert (sorted(found.why), found.every_failure) == ([1, 2], True)


@pytest.mark.parametrize("reason", ["memory", "kernel_died", "cell_timeout", "output", None])
def test_other_ends_are_the_students(reason):
    """What it did to the machine is its own doing."""
    book = Notebook()
    book.code("b = 1", status="died")
    assert find_fallout(book.evidence(execution=Execution(reason=reason)), longest_training=20).why == {}


def test_one_failure_of_the_students_own_is_not_every_failure():
    """A notebook that breaks by itself does not run."""
    book = Notebook()
    book.code("import fancy", error=MISSING)
    book.code("1 / 0", error=OWN)
    assert not find_fallout(book.evidence()).every_failure
