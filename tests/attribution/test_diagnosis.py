from __future__ import annotations

import pytest
from builders import make_evidence

from grader.attribution import Attribution, attribute
from grader.records import CellError, CellRun, Environment

IMPORTABLE = ("numpy", "keras", "tensorflow", "matplotlib", "sklearn", "google", "pandas")
LOAD = "from keras.datasets import mnist\nimport numpy as np\n(x_train, y_train), (x_test, y_test) = mnist.load_data()"


def ran(index: int, source: str) -> CellRun:
    return CellRun(index=index, kind="code", source=source, status="ok")


def failed(index: int, source: str, *, name: str = "ValueError", value: str = "", line: int | None = None) -> CellRun:
    traceback = "" if line is None else f"{name}   Traceback\nCell In[7], line {line}\n      1 x\n"
    error = CellError(name=name, value=value, traceback=traceback)
    return CellRun(index=index, kind="code", source=source, status="error", error=error)


def found(*cells: CellRun) -> Attribution:
    environment = Environment(importable=IMPORTABLE)
    return attribute(make_evidence(cells=cells, environment=environment))


def errors(*cells: CellRun) -> dict[int, tuple[str, str]]:
    """Of each cell that raised for another reason than a mistake of its own, the kind and the detail."""
    causes = found(*cells).causes
    return {index: (cause.kind, cause.detail) for index, cause in causes.items() if cause.kind != "mistake"}


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
        (
            "TBNotInstalledError",
            "TensorBoard is not installed, missing implementation for tf.summary.scalar",
            "TensorBoard",
        ),
        ("ImportError", "h5py must be installed in order to save a model.", "h5py"),
        ("ImportError", "Could not import PIL.Image. The use of `load_img` requires PIL.", "PIL"),
        ("ImportError", "Interactive palettes require `ipywidgets`, which is not installed.", "ipywidgets"),
        ("ImportError", "Loading HDF5 files requires the h5py package. You can install it.", "h5py"),
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


def test_cells_that_are_no_code_or_did_not_run_have_no_cause():
    """Nor have cells that are no Python."""
    cells = (
        CellRun(index=0, kind="markdown", source="x_train[50000]"),
        CellRun(index=1, kind="code", source="x_train[50000]", status="not_run"),
        failed(2, "x = (", name="SyntaxError", value="'(' was never closed"),
    )
    assert (errors(*cells[::2]), found(*cells).touched) == ({}, {})


@pytest.mark.parametrize("source", ["-" * 900 + "1", "+".join(["x_train"] * 900), "+1" * 9000])
def test_endless_expressions_are_survived(source):
    """Code that nests deeper than Python recurses is given up without an error."""
    assert errors(ran(0, LOAD), ran(1, source)) == {}


def test_a_command_line_is_the_students() -> None:
    """argparse finds the kernel's own arguments; any other end of the kernel keeps its name."""
    parsed = failed(2, "args = parser.parse_args()", name="SystemExit", value="2", line=1)
    ended = failed(3, "raise SystemExit", name="SystemExit", line=1)
    assert errors(parsed, ended) == {2: ("command_line", ""), 3: ("ends_kernel", "")}
    assert "parse_args([])" in found(parsed).causes[2].note
