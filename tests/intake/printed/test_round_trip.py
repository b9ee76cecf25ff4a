"""What nbconvert printed is read back: the code of every cell has the syntax tree of the notebook's."""

import ast
import json
import re

import jupytext
import nbformat
import pytest
from case_files import ROOT

from grader.cell_code import parse
from grader.intake.printed.guest.read import read
from grader.matching.headings import headings_of
from grader.records import Cell

SAMPLES = sorted(
    str(path.relative_to(ROOT / "submissions").with_suffix(""))
    for path in (ROOT / "submissions").glob("*/*.ipynb")
    if path.stem != "not-a-notebook"
)
FORMS = {"lab.html": "html", "classic.html": "html", "latex.pdf": "pdf"}


def code_of(cells, *, kind="cell_type"):
    return [cell["source"] for cell in cells if cell[kind] == "code"]


def tree(source):
    found = parse(source)
    return None if found is None else ast.dump(found)


def headings(cells):
    found = headings_of(Cell(index=number, kind=kind, source=source) for number, (kind, source) in enumerate(cells))
    return [(one.level, re.sub(r"\W+", " ", one.text).strip()) for one in found if one.is_real]


def notebook_of(sample, prints):
    path = prints / "odd" / "odd.ipynb" if sample == "odd/odd" else ROOT / "submissions" / f"{sample}.ipynb"
    return nbformat.read(path, as_version=4)


def read_back(sample, prints, form):
    found = read(FORMS.get(form, "pdf"), prints / f"{sample}.{form}")
    return [cell for cell in found.cells if cell.kind == "code"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_read_back(sample, form, prints):
    """Every code cell is there, equal and without a doubt, and so is every heading, but for characters of no font."""
    cells = read(FORMS[form], prints / f"{sample}.{form}").cells
    wanted = notebook_of(sample, prints).cells
    code = [cell.source for cell in cells if cell.kind == "code"]
    assert [tree(source) for source in code] == [tree(source) for source in code_of(wanted)]
    assert not [cell.doubts for cell in cells if cell.doubts]
    given = headings((cell.cell_type, cell.source) for cell in wanted)
    # LaTeX sets a line in bold as it sets a low heading: that one is more.
    assert [one for one in headings((cell.kind, cell.source) for cell in cells) if one in given] == given


@pytest.mark.parametrize(
    ("sample", "form"),
    [
        ("odd/odd", "lab.html"),
        ("odd/odd", "classic.html"),
        ("odd/odd", "latex.pdf"),
        ("odd/odd", "web.pdf"),
        ("week09/full-marks-sequential", "web.pdf"),
        ("week10/full-marks-generator", "web.pdf"),
        ("week11/much-is-wrong", "web.pdf"),
    ],
)
def test_what_differs_is_doubted(sample, form, prints):
    """A browser cuts lines off, and a font lacks characters: the cell is equal, or says that it may not be."""
    cells = read_back(sample, prints, form)
    wanted = code_of(notebook_of(sample, prints).cells)
    assert len(cells) == len(wanted)
    differ = [cell for cell, source in zip(cells, wanted, strict=True) if tree(cell.source) != tree(source)]
    assert all(cell.doubts for cell in differ)
    assert len(differ) < len(cells)


@pytest.mark.parametrize("sample", ["odd/odd", "week09/error-in-the-middle"])
def test_a_script_in_percent_format_is_read_back(sample, prints, tmp_path):
    """Commands of Jupyter's, which are comments there, are commands again."""
    notebook = notebook_of(sample, prints)
    script = tmp_path / "script.py"
    script.write_text(jupytext.writes(notebook, fmt="py:percent"))
    found = json.loads(json.dumps([vars(cell) for cell in read("percent", script).cells], default=vars))
    assert [tree(one) for one in code_of(found, kind="kind")] == [tree(one) for one in code_of(notebook.cells)]
