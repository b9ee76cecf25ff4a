"""A dry run on the submissions that differ most."""

from __future__ import annotations

from pathlib import Path

from notebook_code import COMPILE, FIT, IMPORTS, MODEL, write_notebook

from grader.batch.sample import varied
from grader.execution.sandbox import SandboxChoice
from grader.intake import collect_submissions

COPY = ("# Exercise 1", IMPORTS, MODEL, COMPILE, FIT)
OTHER = ("# Something else", "total = 0\nfor number in range(100):\n    total += number ** 2\nprint(total)\n" * 3)
THIRD = ("# A third", "def f(a, b):\n    while a:\n        a, b = b % a, a\n    return b\nprint(f(8, 12))\n" * 3)


def chosen(folder: Path, count: int, **notebooks: tuple[str, ...]) -> list[str]:
    """The names of those that are chosen."""
    for name, cells in notebooks.items():
        write_notebook(folder / f"{name}.ipynb", *cells)
    found = collect_submissions([folder], unpack_to=folder / "unpacked")
    return [one.path.stem for one in varied(found, count, sandbox=SandboxChoice())]


def test_of_copies_one_is_chosen(tmp_path: Path):
    """The others tell nothing new."""
    names = chosen(tmp_path, 3, a=COPY, b=COPY, c=COPY, d=OTHER, e=THIRD)
    assert names == ["a", "d", "e"]


def test_what_cannot_be_read_comes_last(tmp_path: Path):
    """It has neither code nor headings."""
    (tmp_path / "0.ipynb").write_text("no notebook")
    assert chosen(tmp_path, 2, a=COPY, b=COPY) == ["a", "b"]


def test_a_sample_of_more_than_there_are_is_all_of_them(tmp_path: Path):
    """In the order in which they were given."""
    assert chosen(tmp_path, 9, a=COPY, b=OTHER) == ["a", "b"]
