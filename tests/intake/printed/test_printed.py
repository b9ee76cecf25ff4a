"""Prints as submissions, read in the sandbox."""

import json

import pytest

from grader.execution.sandbox import SandboxChoice
from grader.intake import read_submission
from grader.intake.printed import form_of
from grader.intake.printed.doubts import unsure_lines
from grader.intake.printed.job import PrintedDoubt

PERCENT = "# %% [markdown]\n# # Title\n# %%\n# %matplotlib inline\nx = 1\n"


@pytest.fixture
def read(sandbox):
    """Reads a file as a submission."""
    return lambda path: read_submission(path, sandbox=SandboxChoice(known=sandbox))


def test_a_pdf_is_a_submission(read, prints):
    """With the authors on its title, the headings with their levels, and what its cells printed as stored text."""
    submission, notebook = read(prints / "week09" / "full-marks-sequential.latex.pdf")
    assert submission.problem is None
    assert [author.name for author in submission.authors] == ["Student 01", "Student 02"]
    texts = [cell.source.splitlines()[0] for cell in submission.cells if cell.kind == "markdown"]
    assert "## Part 1: Sythetic Data" in texts
    assert "#### Exercise 1 (CORE): Building a Baseline Model" in texts
    assert any("Test accuracy: 0.9764000177383423" in cell.stored_text for cell in submission.cells)
    assert submission.notes == ("The notebook was read from a PDF.",)
    assert notebook is not None


def test_a_page_has_the_cells_of_the_notebook(read, prints):
    """The same kinds, in the same order, with what was printed, without errors and warnings."""
    submission, _ = read(prints / "odd" / "odd.lab.html")
    original, _ = read(prints / "odd" / "odd.ipynb")
    assert [cell.kind for cell in submission.cells] == [cell.kind for cell in original.cells]
    assert [cell.stored_text for cell in submission.cells] == [cell.stored_text for cell in original.cells]


def test_a_line_that_is_cut_off_is_named_with_its_page(read, prints):
    """So is a character that the print does not name; a comment that is cut off is none of the code."""
    submission, notebook = read(prints / "odd" / "odd.web.pdf")
    unsure = {cell.index: cell.unsure for cell in submission.cells if cell.unsure}
    assert unsure == {
        1: "line 4 is cut off at the edge of the print on page 1",
        3: "line 1 holds characters that the print does not name on page 1",
        5: "line 1 is cut off at the edge of the print on page 1"
        " and line 2 is cut off at the edge of the print on page 1",
    }
    assert all("grader" not in cell.metadata for cell in notebook.cells)


def test_a_script_is_a_submission(read, tmp_path):
    """Its cells are those that ``# %%`` begins."""
    path = tmp_path / "week.py"
    path.write_text(PERCENT)
    submission, _ = read(path)
    assert [(cell.kind, cell.source) for cell in submission.cells] == [
        ("markdown", "# Title"),
        ("code", "%matplotlib inline\nx = 1"),
    ]


def test_a_notebook_cannot_call_itself_unsure(read, tmp_path):
    """What would keep its points pending is read from prints alone."""
    cell = {"cell_type": "code", "source": "x = (", "outputs": [], "metadata": {"grader": {"unsure": "all of it"}}}
    path = tmp_path / "sly.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}))
    submission, _ = read(path)
    assert submission.cells[0].unsure == ""


def test_a_cell_that_an_output_displays_is_none(read, tmp_path):
    """What looks like a cell inside of another is part of what that one shows."""
    code = "<div class='cell code_cell'><div class='input_area'><pre>{}</pre></div>{}</div>"
    shown = f"<div class='output_area'>{code.format('y = 2', '')}</div>"
    path = tmp_path / "sly.html"
    path.write_text(f"<html><body>{code.format('x = 1', shown)}{code.format('z = 3', '')}</body></html>")
    submission, _ = read(path)
    assert [cell.source for cell in submission.cells] == ["x = 1", "z = 3"]


HOSTILE = {
    "pages that hold themselves": b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 1 0 R /Kids [1 0 R] >>\nendobj\n"
    b"trailer << /Root 1 0 R >>",
    "a page of nothing but openings": b"<html>" + b"<div class='cell code_cell'>" * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_print_costs_itself_alone(name, read, tmp_path):
    """It is no submission, or an empty one; the grader goes on."""
    path = tmp_path / "print"
    path.write_bytes(HOSTILE[name])
    submission, notebook = read(path)
    assert submission.problem
    assert notebook is None


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (b"%PDF-1.5 ...", "pdf"),
        (b"\xef\xbb\xbf<!DOCTYPE html>\n<html>", "html"),
        (PERCENT.encode(), "percent"),
        (b'{"cells": [{"source": "# %% no cell"}]}', None),
        (b"import numpy\nx = 5 %2\n", None),
    ],
)
def test_a_print_is_known_by_its_content(raw, form):
    """Whatever its name says."""
    assert form_of(raw) == form


@pytest.mark.parametrize(
    ("source", "column", "matters"),
    [
        ("x = 1  # a long com", 19, False),
        ("x = '# no com", 13, True),
        ('"""text\n# in a te', 9, True),
        ("%matplotlib inline\nx = 1  # com", 12, False),
        ("x = '\ufffd'  # com", 5, True),
        ("x = 1  # \ufffd com", 9, False),
    ],
)
def test_only_a_comment_may_be_cut_off(source, column, matters):
    """The sign of a comment in a text begins none."""
    line = source.count("\n")
    doubt = PrintedDoubt(line=line, column=column, why="is cut off", page=2)
    assert unsure_lines(source, [doubt]) == ([f"line {line + 1} is cut off on page 2"] if matters else [])
