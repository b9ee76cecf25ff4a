from __future__ import annotations

import pytest
from builders import Notebook, data_set, make_evidence

from grader.attribution import needs_full_size
from grader.records import CellError, CellRun, DataSetUse

LOAD = "from keras.datasets import mnist\nimport numpy as np\n(x_train, y_train), (x_test, y_test) = mnist.load_data()"


def ran(index: int, source: str) -> CellRun:
    return CellRun(index=index, kind="code", source=source, status="ok")


def failed(index: int, source: str, *, name: str = "ValueError", value: str = "", line: int | None = None) -> CellRun:
    traceback = "" if line is None else f"{name}   Traceback\nCell In[7], line {line}\n      1 x\n"
    error = CellError(name=name, value=value, traceback=traceback)
    return CellRun(index=index, kind="code", source=source, status="error", error=error)


def needs(*cells: CellRun, data_sets: tuple[DataSetUse, ...] = (data_set(),)) -> bool:
    return needs_full_size(make_evidence(cells=cells, data_sets=data_sets))


@pytest.mark.parametrize(
    "source",
    [
        "x = x_train.reshape(60000, 784)",
        "x = x_test.reshape((10000, 28 * 28))",
        "x = np.reshape(x_train, (60000, -1))",
        "n = 60000\nx = x_train.reshape(n, 784)",
        "x = x_train.reshape(6 * 10**4, 784)",
        "plt.imshow(x_train[12345])",
        "i = 9999\nx_test[i]",
        "for i in range(60000):\n    x_train[i]",
        "i = 0\nwhile i < 60000:\n    x_train[i]\n    i += 1",
        "x_train[np.random.permutation(60000)]",
        "x = [x_train[i] for i in range(60000)]",
        "z = np.zeros((60000, 10)); z[np.arange(60000), y_train] = 1",
        "np.random.choice(y_train[:, None], 5)\nx_train[[1, 59999]]",
        "assert x_train.shape == (60000, 28, 28)",
        "def f(x):\n    return x.reshape(60000, 784)\nf(x_train)",
        "f = lambda x: x.reshape(60000, 784)\nf(x_train)",
        "a, b = train_test_split(x_train, test_size=10000)",
        "data = mnist.load_data()\ndata[0][0][5000]",
        "y = model.predict(x_test)\ny[5000]",
        "x_train[-5000]",
        "m.fit(x_train[50000:], y_train[50000:])",
        "%%time\nx = x_train.reshape(60000, 784)",
    ],
)
def test_a_failure_for_want_of_rows_needs_them(source: str) -> None:
    """A failing cell that applies a number beyond the sample's rows to the data fails for the sample."""
    assert needs(ran(0, LOAD), failed(1, source))


@pytest.mark.parametrize(
    "source",
    [
        "x = x_train.reshape(len(x_train), 783)",
        "x = x_train.reshape(-1, 5000)",
        "x_train[3999]",
        "x_test[999]",
        "x_train[70000]",
        "x_test[:500].reshape(500, 28 * 28 * 2)",
        "n = 2000\nX = np.zeros((n, 2))\nX[2000]",
        "model.fit(x_train, y_train, batch_size=5000)",
        "layers.Dense(5000)(x_train)",
        "np.random.seed(60000)\nx_train @ x_train",
        "x_train = np.zeros(3)\nx_train[50000]",
        "raise ValueError(60000)",
    ],
)
def test_a_failure_for_another_reason_is_the_students(source: str) -> None:
    """Numbers below the sample's rows, above the original's, of other things, or of other arrays would fail again."""
    assert not needs(ran(0, LOAD), failed(1, source))


@pytest.mark.parametrize("name", ["NameError", "SyntaxError", "ImportError", "AttributeError", "MemoryError"])
def test_errors_that_rows_do_not_cause_are_the_students(name: str) -> None:
    """A misspelt name beside a large number is still misspelt."""
    assert not needs(ran(0, LOAD), failed(1, "x_train[50000]", name=name))


def test_only_the_statement_that_failed_counts() -> None:
    """A number in another statement of the cell than the one that failed did no harm."""
    source = "x = x_train[:50000]\nz = 1 / 0\ny = x_train[50000]"
    assert not needs(ran(0, LOAD), failed(1, source, line=2))
    assert needs(ran(0, LOAD), failed(1, source, line=3))


def test_on_data_that_is_no_sample_nothing_is_lacking() -> None:
    """The full data set, a stand-in of its size and no data set at all."""
    cells = (ran(0, LOAD), failed(1, "x_train[50000]"))
    full = data_set(sample=False)
    assert needs(*cells)
    assert not any(needs(*cells, data_sets=data_sets) for data_sets in [(full,), ()])


@pytest.mark.parametrize(
    ("value", "needed"),
    [
        ("index 6000 is out of bounds for axis 0 with size 4000", True),
        ("index 5999 is out of bounds for axis 0 with size 3600", True),
        ("index 4000 is out of bounds for axis 0 with size 4000", False),
        ("index 60000 is out of bounds for axis 0 with size 4000", False),
        ("index 784 is out of bounds for axis 0 with size 10", False),
        ("index 6000 is out of bounds for axis 1 with size 4000", False),
    ],
)
def test_a_later_row_is_asked_for_wherever_its_number_came_from(value: str, *, needed: bool) -> None:
    """``x[k]`` with a random ``k``: what is off by one, or beyond the original, would fail there as well."""
    assert needs(ran(0, LOAD), failed(1, "show(k)", name="IndexError", value=value)) is needed


def test_a_slice_that_is_empty_needs_the_rows_though_nothing_failed() -> None:
    """``x[50000:]`` raises nothing, and holds nothing."""
    assert needs(ran(0, LOAD), ran(1, "x = x_train / 255\nx_val, y_val = x[50000:], y_train[50000:]"))


def test_a_training_on_fewer_rows_than_the_notebook_says_needs_them() -> None:
    """Else the validation's share, or that of the rows used, would be another than the student's."""
    assert needs(ran(0, LOAD), ran(1, "x = x_train[:50000]"), ran(2, "model.fit(x, y_train[:50000])"))


def test_a_shorter_slice_alone_is_no_harm() -> None:
    """Rows that are shown, or predicted, are as good as any."""
    assert not needs(ran(0, LOAD), ran(1, "x = x_train[:50000]"), ran(2, "print(x.mean())"))


def test_an_empty_array_behind_a_number_as_large_as_the_sample_needs_the_rows() -> None:
    """Whatever made it."""
    book = Notebook()
    book.code("x_val = part(x, 55000)")
    book.array("x_val", [])
    assert needs_full_size(book.evidence())


def test_an_empty_array_without_such_a_number_is_the_students() -> None:
    """``x[x > 9]`` may be empty on any data."""
    book = Notebook()
    book.code("x = x[x > 9]")
    book.array("x", [])
    assert not needs_full_size(book.evidence())


@pytest.mark.parametrize("source", ["-" * 900 + "1", "+".join(["x_train"] * 900), "+1" * 9000])
def test_endless_expressions_are_survived(source: str) -> None:
    """Code that nests deeper than Python recurses is given up without an error."""
    assert not needs(ran(0, LOAD), ran(1, source))
