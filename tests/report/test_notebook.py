"""The notebook on the page: its code and its texts keep their form, and nothing in them acts."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from builders import make_axes, make_cell, make_evidence, make_figure
from inert import what_acts
from PIL import Image

from grader.limits import MAX_COLOURED_CHARACTERS, MAX_FORMED_CHARACTERS
from grader.records import LineRecord
from grader.report.notebook import cell_blocks, code, described, markdown
from grader.store import SubmissionFolder

POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'


@pytest.mark.parametrize(
    "text",
    [
        '<script>alert(1)</script><img src="http://example.org/x">',
        "![logo](http://example.org/x.png)",
        "[here](javascript:alert(1)) and [there](http://example.org)",
        "<http://example.org>",
        '| a |\n|---|\n| <iframe src="x"> |',
        "$<b onclick=x>$",
        "$\\text{<img src=x onerror=y>}$ and $$\\text{<script>}$$",
        "$\\href{javascript:alert(1)}{x}$ $\\style{color:red}{x}$ $\\color{red;x:url(y)}{x}$",
        "$\\unicode{x202e}$ $\u202e$ $\\text{\\&#x202e;}$",
        "\u202eevil",
    ],
)
def test_nothing_in_a_text_acts_or_is_fetched(text: str) -> None:
    """HTML is text, pictures and links are words, and what turns text is shown."""
    assert what_acts(f"{POLICY}{markdown(text)}") == []


def test_a_text_keeps_its_form() -> None:
    """Headings, lists, tables and emphasis; an underscore in mathematics is none."""
    shown = markdown("# Title\n\n* **bold**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$x_1$ and `code`")
    for part in (
        'class="heading h1"',
        "<strong>bold</strong>",
        "<td>1</td>",
        "<msub><mi>x</mi><mn>1</mn></msub>",
        "<code>code</code>",
    ):
        assert part in shown


@pytest.mark.parametrize("text", ["| a |\n|:-:|\n| 1 |", "$\\color{red}{x}$", "$$\\begin{matrix}a&b\\end{matrix}$$"])
def test_nothing_in_a_text_has_a_style_of_its_own(text: str) -> None:
    """The pages' policy refuses one, which a browser says on its console."""
    assert "style=" not in markdown(text)


def test_headings_of_a_student_are_none_of_the_page() -> None:
    """The page's own order of headings stays."""
    assert "<h" not in markdown("# One\n\n### Three")


def test_code_is_coloured_and_whole() -> None:
    """Nothing of it is lost, and what is markup in it is escaped."""
    source = 'for i in range(3):  # three\n    print("<b>", i)\n'
    shown = code(source)
    assert '<span class="k">for</span>' in shown
    assert shown.striptags() == 'for i in range(3): # three print("<b>", i)'


@pytest.mark.parametrize("source", ["%matplotlib inline\n!ls", "def (:", "\x00\x1b[31m", "x = '''open"])
def test_code_that_is_no_python_is_shown(source: str) -> None:
    """As text."""
    assert what_acts(f"{POLICY}{code(source)}") == []


def test_cells_are_kept_as_they_are_shown(tmp_path: Path) -> None:
    """A second page of the same evidence colours nothing."""
    folder, evidence = SubmissionFolder(tmp_path), make_evidence(cells=(make_cell("x = 1"), make_cell("", index=1)))
    first = cell_blocks(evidence, folder=folder)
    (stored,) = (folder.evidence_folder / "plots").iterdir()
    stored.write_text('["kept"]')
    assert (len(first), cell_blocks(evidence, folder=folder)[0].shown) == (1, "kept")


def test_a_figure_that_is_kept_is_shown_without_its_array(tmp_path: Path) -> None:
    """Its array is read once, and where it was lost before that, the figure is left out."""
    written = io.BytesIO()
    Image.new("RGB", (4, 3)).save(written, "PNG")
    folder, other = SubmissionFolder(tmp_path / "some"), SubmissionFolder(tmp_path / "other")
    png = folder.arrays.put(np.frombuffer(written.getvalue(), np.uint8))
    evidence = make_evidence(figures=(make_figure(make_axes(), png=png),))
    first = cell_blocks(evidence, folder=folder)
    folder.arrays.keep_only(())
    assert cell_blocks(evidence, folder=folder) == first
    assert [len(one.pictures) for one in (*first, *cell_blocks(evidence, folder=other))] == [1, 0]


def test_a_figure_is_described_by_what_is_on_it() -> None:
    """For who does not see it."""
    axes = make_axes(LineRecord(), LineRecord(), title="Loss", x_label="epoch", legend=("training", "validation"))
    said = described(make_figure(axes, cell=3))
    assert said == "Figure of cell 4; Loss, 2 lines, x: epoch, legend: training, validation"


def test_a_text_that_would_take_minutes_stays_as_it_was_typed() -> None:
    """Formulas that never end take longer than their length grows."""
    text = "\\begin{align}\n" * MAX_FORMED_CHARACTERS
    assert markdown(text) == f"<pre>{text}</pre>"
    assert code("1\n" * MAX_COLOURED_CHARACTERS) == "1\n" * MAX_COLOURED_CHARACTERS


def test_a_formula_s_label_is_no_place_on_the_page() -> None:
    """It could be that of a cell, or of a field of the review."""
    shown = markdown("$$x$$ (cell-5)")
    assert 'id="' not in shown
    assert "href" not in shown
