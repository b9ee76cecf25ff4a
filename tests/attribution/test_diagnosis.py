from __future__ import annotations

import pytest
from builders import make_evidence

from grader.attribution import Attribution, attribute
from grader.records import CellError, CellRun, DataSetUse, Environment

IMPORTABLE = ("numpy", "keras", "tensorflow", "matplotlib", "sklearn", "google", "pandas")
LOAD = "from keras.datasets import mnist\nimport numpy as np\n(x_train, y_train), (x_test, y_test) = mnist.load_data()"


def use(*, sample: bool = True, train: int = 4000, test: int = 1000, loaded: bool = True) -> DataSetUse:
    return DataSetUse(
        name="mnist", sample=sample, train_rows=train, test_rows=test, fingerprint="0" * 64, loaded=loaded
    )


def ran(index: int, source: str) -> CellRun:
    return CellRun(index=index, kind="code", source=source, status="ok")


def failed(index: int, source: str, *, name: str = "ValueError", value: str = "", line: int | None = None) -> CellRun:
    traceback = "" if line is None else f"{name}   Traceback\nCell In[7], line {line}\n      1 x\n"
    error = CellError(name=name, value=value, traceback=traceback)
    return CellRun(index=index, kind="code", source=source, status="error", error=error)


def found(*cells: CellRun, data_sets: tuple[DataSetUse, ...] = (use(),)) -> Attribution:
    environment = Environment(importable=IMPORTABLE)
    return attribute(make_evidence(cells=cells, data_sets=data_sets, environment=environment))


def errors(*cells: CellRun, **fields: tuple[DataSetUse, ...]) -> dict[int, tuple[str, str]]:
    """Of each cell that raised for another reason than a mistake of its own, the kind and the detail."""
    causes = found(*cells, **fields).causes
    return {index: (cause.kind, cause.detail) for index, cause in causes.items() if cause.kind != "mistake"}


def without_rows(*cells: CellRun) -> dict[int, str]:
    """Of each cell that lacked rows of the sample, the number behind which it found none."""
    attribution = found(*cells)
    every = {**attribution.touched, **attribution.causes}
    return {index: every[index].detail for index in sorted(every) if every[index].kind == "sample_rows"}


def details(kind: str, *cells: CellRun) -> list[str | None]:
    """Of each cell that error cause's detail; None where it has another cause or none."""
    causes = [found(*cells).causes.get(cell.index) for cell in cells]
    return [cause.detail if cause is not None and cause.kind == kind else None for cause in causes]


def missing(module: str, *, before: tuple[CellRun, ...] = ()) -> str | None:
    cell = failed(9, f"import {module}", name="ModuleNotFoundError", value=f"No module named '{module}'")
    return details("missing_package", *before, cell)[-1]


@pytest.mark.parametrize("module", ["torch", "cv2", "plotly", "keras_tuner", "google.colab", "tkinter", "course_tools"])
def test_a_package_that_the_environment_lacks_is_named(module):
    """One that students use, and also a name that nobody knows."""
    assert missing(module) == module


@pytest.mark.parametrize(
    "module", ["nump", "Numpy", "kears", "tensorlow", "matplotlb", "urllib2", "keras.wrapers", "panda"]
)
def test_a_misspelt_package_is_the_students(module):
    """A slip of the pen, a module of Python 2, and a part that a package never had are the student's."""
    assert missing(module) is None


@pytest.mark.parametrize("source", ["%%writefile lab.py\nx = 1", "with open('lab.py', 'w') as f:\n    f.write('x')"])
def test_a_file_of_the_notebook_is_no_package(source):
    """A module that the notebook writes itself is the student's to have."""
    assert missing("lab", before=(ran(0, source),)) is None
    assert missing("lab") == "lab"


@pytest.mark.parametrize(
    ("name", "value", "package"),
    [
        ("ImportError", "You must install pydot (`pip install pydot`) for `plot_model` to work.", "pydot"),
        ("ImportError", "Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.", "openpyxl"),
        ("ImportError", "`Import lxml` failed.  Use pip, conda, or your package manager", "lxml"),
        ("ImportError", "libGL.so.1: cannot open shared object file: No such file or directory", "libGL.so.1"),
        ("FileNotFoundError", '[Errno 2] "dot" not found in path.', "graphviz"),
        ("ImportError", "cannot import name 'Desne' from 'keras.layers' (/x)", None),
    ],
)
def test_what_a_library_asks_for_is_a_missing_package(name, value, package):
    """A library that asks for another one names what we lack."""
    assert details("missing_package", failed(0, "f()", name=name, value=value)) == [package]


def test_what_follows_from_a_missing_package_has_the_same_cause():
    """Names that a cell could not bind for want of a package are missed for that reason, until they are bound."""
    cells = (
        failed(
            0, "import torch\nimport numpy as np", name="ModuleNotFoundError", value="No module named 'torch'", line=1
        ),
        failed(1, "np.zeros(3)", name="NameError", value="name 'np' is not defined"),
        failed(2, "nq.zeros(3)", name="NameError", value="name 'nq' is not defined"),
        ran(3, "np = 1"),
        failed(4, "np.zeros(3)", name="NameError", value="name 'np' is not defined"),
    )
    assert details("missing_package", *cells) == ["torch", "torch", None, None, None]
    assert [cause.follows for cause in found(*cells).causes.values()] == [False, True, False, False]


def test_names_bound_before_the_failure_are_there():
    """What a cell bound before it failed is not lost."""
    source = "import numpy as np\nimport torch\nx = 1"
    cells = (
        failed(0, source, name="ModuleNotFoundError", value="No module named 'torch'", line=2),
        failed(1, "np", name="NameError", value="name 'np' is not defined"),
        failed(2, "x", name="NameError", value="name 'x' is not defined"),
    )
    assert details("missing_package", *cells) == ["torch", None, "torch"]


@pytest.mark.parametrize(
    "value",
    [
        "<urlopen error [Errno -3] Temporary failure in name resolution>",
        "URL fetch failure on https://x.org/y.zip: None -- [Errno -3] Temporary failure in name resolution",
        "HTTPSConnectionPool(host='x.org', port=443): Max retries exceeded with url: /",
        "[Errno 101] Network is unreachable",
    ],
)
def test_a_cell_that_tried_the_network_is_known(value):
    """Every library's words for a missing network are understood."""
    assert errors(failed(0, "f()", name="Exception", value=value)) == {0: ("network", "")}


def test_a_file_that_was_to_be_fetched_is_the_networks():
    """A file is missing because the command that fetches it could not; another file is missing for itself."""
    cells = (
        ran(0, "!wget http://x.org/data.csv"),
        failed(
            1, "open('data.csv')", name="FileNotFoundError", value="[Errno 2] No such file or directory: 'data.csv'"
        ),
        failed(2, "open('my.csv')", name="FileNotFoundError", value="[Errno 2] No such file or directory: 'my.csv'"),
    )
    assert errors(*cells) == {1: ("network", ""), 2: ("missing_file", "my.csv")}


def test_a_removed_api_is_told_and_what_follows_from_it_is_the_students_too():
    """Both cells fail by the student's doing."""
    source = "from keras.utils import np_utils\nn = 3"
    value = "cannot import name 'np_utils' from 'keras.utils' (/x)"
    cells = (
        failed(0, source, name="ImportError", value=value, line=1),
        failed(1, "n", name="NameError", value="name 'n' is not defined"),
    )
    assert "to_categorical" in details("removed_api", *cells)[0]
    assert found(*cells).own_errors == (0, 1)


@pytest.mark.parametrize(
    ("source", "literal"),
    [
        ("x = x_train.reshape(60000, 784)", "60000"),
        ("x = x_test.reshape((10000, 28 * 28))", "10000"),
        ("x = np.reshape(x_train, (60000, -1))", "60000"),
        ("n = 60000\nx = x_train.reshape(n, 784)", "60000"),
        ("x = x_train.reshape(6 * 10**4, 784)", "60000"),
        ("plt.imshow(x_train[12345])", "12345"),
        ("i = 9999\nx_test[i]", "9999"),
        ("for i in range(60000):\n    x_train[i]", "60000"),
        ("i = 0\nwhile i < 60000:\n    x_train[i]\n    i += 1", "60000"),
        ("x_train[np.random.permutation(60000)]", "60000"),
        ("x = [x_train[i] for i in range(60000)]", "60000"),
        ("z = np.zeros((60000, 10)); z[np.arange(60000), y_train] = 1", "60000"),
        ("np.random.choice(y_train[:, None], 5)\nx_train[[1, 59999]]", "59999"),
        ("assert x_train.shape == (60000, 28, 28)", "60000"),
        ("def f(x):\n    return x.reshape(60000, 784)\nf(x_train)", "60000"),
        ("f = lambda x: x.reshape(60000, 784)\nf(x_train)", "60000"),
        ("a, b = train_test_split(x_train, test_size=10000)", "10000"),
        ("data = mnist.load_data()\ndata[0][0][5000]", "5000"),
        ("y = model.predict(x_test)\ny[5000]", "5000"),
        ("x_train[-5000]", "5000"),
        ("m.fit(x_train[50000:], y_train[50000:])", "50000"),
        ("%%time\nx = x_train.reshape(60000, 784)", "60000"),
    ],
)
def test_a_failure_for_want_of_rows_names_the_number(source, literal):
    """A failing cell that applies a number beyond the sample's rows to the data fails for the sample."""
    cells = (ran(0, LOAD), failed(1, source))
    assert details("sample_rows", *cells) == [None, literal]
    assert without_rows(*cells) == {1: literal}


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
def test_a_failure_for_another_reason_is_the_students(source):
    """Numbers below the sample's rows, above the original's, of other things, or of other arrays excuse nothing."""
    assert errors(ran(0, LOAD), failed(1, source)) == {}


@pytest.mark.parametrize("name", ["NameError", "SyntaxError", "ImportError"])
def test_errors_that_rows_do_not_cause_are_the_students(name):
    """A misspelt name beside a large number is still misspelt."""
    assert errors(ran(0, LOAD), failed(1, "x_train[50000]", name=name)) == {}


def test_only_the_statement_that_failed_counts():
    """A number in another statement of the cell than the one that failed excuses nothing."""
    source = "x = x_train[:50000]\nz = 1 / 0\ny = x_train[50000]"
    assert errors(ran(0, LOAD), failed(1, source, line=2)) == {}
    assert errors(ran(0, LOAD), failed(1, source, line=3)) == {1: ("sample_rows", "50000")}


def test_on_full_data_nothing_is_excused():
    """With the full data set, and with no data set, every failure is the student's."""
    cells = (ran(0, LOAD), failed(1, "x_train[65000]"))
    full = use(sample=False, train=60000, test=10000)
    assert errors(*cells, data_sets=(full,)) == errors(*cells, data_sets=()) == {}


def test_empty_arrays_are_followed():
    """A slice beyond the sample is empty; what works with it is excused until the names are made anew."""
    cells = (
        ran(0, LOAD),
        ran(1, "x = x_train / 255\nx_val, y_val = x[50000:], y_train[50000:]\nx, y = x[:50000], y_train[:50000]"),
        ran(2, "model = Sequential()"),
        ran(3, "h = model.fit(x, y, validation_data=(x_val, y_val))"),
        failed(4, "plt.plot(h.history['val_loss'])", name="KeyError", value="'val_loss'"),
        ran(5, "model = Sequential()"),
        ran(6, "h = model.fit(x, y, epochs=3)"),
        failed(7, "h.history['val_loss']", name="KeyError", value="'val_loss'"),
    )
    assert without_rows(*cells[:7]) == {1: "50000", 3: "50000", 4: "50000"}
    assert errors(*cells[:7]) == {4: ("sample_rows", "50000")}


def test_a_shorter_slice_alone_is_no_harm():
    """Rows that are fewer than asked for, but not none, are used like any."""
    cells = (ran(0, LOAD), ran(1, "x = x_train[:50000]"), ran(2, "model.fit(x, y_train[:50000])"))
    assert without_rows(*cells) == {}


def test_what_a_failure_left_undone_is_followed():
    """Names that such a failure left without a value, or unchanged, are followed; what does not use them is not."""
    source = "x_train = x_train.reshape(60000, 784)\ny_hot = np.eye(10)[y_train]"
    cells = (
        ran(0, LOAD),
        failed(1, source, line=1),
        failed(2, "model.fit(x_train, y_hot)", name="NameError", value="name 'y_hot' is not defined"),
        failed(3, "model.fit(x_train, y_train)", value="expected 784 columns"),
        failed(4, "other.fit(x_test, y_test)", value="expected 784 columns"),
    )
    assert without_rows(*cells) == {1: "60000", 2: "60000", 3: "60000"}


def test_cells_that_are_no_code_or_did_not_run_have_no_cause():
    """Nor have cells that are no Python."""
    cells = (
        CellRun(index=0, kind="markdown", source="x_train[50000]"),
        CellRun(index=1, kind="code", source="x_train[50000]", status="not_run"),
        failed(2, "x = (", name="SyntaxError", value="'(' was never closed"),
    )
    assert (errors(*cells[::2]), without_rows(*cells)) == ({}, {})


@pytest.mark.parametrize("source", ["-" * 900 + "1", "+".join(["x_train"] * 900), "+1" * 9000])
def test_endless_expressions_are_survived(source):
    """Code that nests deeper than Python recurses is given up without an error."""
    assert errors(ran(0, LOAD), ran(1, source)) == {}
