from __future__ import annotations

import ast

import pytest

from grader.cell_code import (
    code_of,
    has_conflict_marks,
    imported_modules,
    is_code_as_text,
    is_python_2,
    libraries,
    parse,
)
from grader.records import Cell


def cells(*sources: str) -> list[Cell]:
    return [Cell(index=index, kind="code", source=source) for index, source in enumerate(sources)]


@pytest.mark.parametrize(
    ("source", "is_code"),
    [
        ("model = Sequential()\nmodel.fit(x, y)", True),
        ("```python\nmodel.fit(x, y)\n```", True),
        ("import numpy as np", True),
        ("The training loss falls.", False),
        ("overfitting", False),
        ("a = b", False),
        ("We call `model.fit(x, y)` here", False),
        ("# Exercise 4", False),
    ],
)
def test_a_text_cell_may_hold_code(*, source: str, is_code: bool) -> None:
    """Something is called, imported or defined in it, and no word stands beside it."""
    assert is_code_as_text(Cell(index=0, kind="markdown", source=source)) is is_code
    assert not is_code_as_text(Cell(index=0, kind="code", source=source))


@pytest.mark.parametrize(
    ("source", "is_marked"),
    [
        ("<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> feature", True),
        ("a <<<<<<< b", False),
        ("print('>>>>>>> x')", False),
        ("# =======\na = 1", False),
    ],
)
def test_marks_of_an_unfinished_merge_are_known(*, source: str, is_marked: bool) -> None:
    """Both of them, each at the start of a line."""
    assert has_conflict_marks(source) is is_marked


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nx = 1",
        "!pip install torch\nx = 1",
        "pip install tensorflow\nx = 1",
        "!pip install \\\n  a \\\n  b\nx = 1",
        "if True:\n    %cd data\nx = 1",
        "files = !ls\nx = 1",
        "model?\nx = 1",
        "?model\nx = 1",
        "%time x = 1",
        "%%time\nx = 1",
        "%%capture out\nx = 1",
        "\n%%time\nx = 1",
        "load_ext tensorboard\ntensorboard --logdir logs\nx = 1",
    ],
)
def test_magics_are_set_aside(source):
    """What IPython alone understands does not hide the Python beside it."""
    tree = parse(source)
    assert tree is not None
    assert "x = 1" in ast.unparse(tree)


@pytest.mark.parametrize("source", ["%%bash\nimport torch", "%%writefile a.py\nimport torch", "%%html\n<b>"])
def test_cells_of_other_languages_hold_no_code(source):
    """A cell for a shell, a file or a browser imports nothing."""
    assert imported_modules(cells(source)) == frozenset()


@pytest.mark.parametrize("source", ["a = (1\n     % 2)", "pip = 1\nls = [pip]\ncd(pip)", "text = '''\n%x\n!y\n'''"])
def test_python_is_left_alone(source):
    """Code that is Python as it stands is not touched, whatever its lines begin with."""
    assert ast.unparse(parse(source)) == ast.unparse(ast.parse(source))


def test_lines_keep_their_numbers():
    """Setting magics aside moves no line."""
    source = "%%time\n!ls \\\n -l\n\nx = 1"
    assert len(code_of(source).split("\n")) == 5
    assert parse(source).body[-1].lineno == 5


def test_imports_are_found_by_their_top_level_names():
    """Every form of import counts, in functions too, relative ones apart."""
    found = imported_modules(
        cells("import a.b as c, d", "from e.f import g\nfrom . import h", "def i():\n    import j")
    )
    assert found == {"a", "d", "e", "j"}


def test_imports_of_broken_cells_are_found():
    """A mistake of syntax hides no import."""
    assert imported_modules(cells("import torch\nfrom keras import layers\nx = (")) == {"torch", "keras"}


def test_libraries_have_the_names_people_know():
    """The libraries of a notebook are named as their users name them; Markdown is not code."""
    prose = Cell(index=0, kind="markdown", source="import jax")
    code = cells("import torch.nn as nn\nimport torchvision, numpy", "from sklearn import svm")
    assert libraries([prose, *code]) == ("PyTorch", "scikit-learn")


@pytest.mark.parametrize("source", ["print x", 'print "a"', "try:\n    x\nexcept ValueError, e:\n    pass"])
def test_python_2_is_known_by_its_syntax(source):
    """Print statements and old handlers are Python 2."""
    assert is_python_2(source)


@pytest.mark.parametrize("source", ["print(x)", "print (x", "x = (", "print = 3", "", "%%bash\nprint x"])
def test_broken_python_3_is_not_python_2(source):
    """A mistake of syntax alone is not Python 2."""
    assert not is_python_2(source)


@pytest.mark.parametrize(
    "source", ["-" * 50_000 + "1", "(" * 5_000, "1+" * 50_000 + "1", "x\x00", "x" * 300_000, "\ud800"]
)
def test_hostile_code_is_parsed_or_given_up(source):
    """Code made to break a parser ends as None or as a tree, never as an error."""
    assert parse(source) is None or isinstance(parse(source), ast.Module)
