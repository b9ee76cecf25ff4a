"""Habits of the file: which cells there are beside the answers, comments, stored outputs and metadata."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

from habits.page import Block, Cell, Page
from habits.registry import Step, add_habit, habit


def _text(*paragraphs: str) -> Cell:
    return Cell("markdown", blocks=[Block("text", paragraph) for paragraph in paragraphs])


@habit("front", Step.LAYOUT)
def title_page(page: Page, _: Random) -> bool:
    """The notebook opens with a page of names, a date and an image."""
    names = _text("<center><h1>Report</h1></center>", "Names: A. Student, B. Student", "![logo](logo.png)", "May 12")
    page.add(names, before=page.cells[0])
    return True


@habit("front", Step.LAYOUT)
def table_of_contents(page: Page, _: Random) -> bool:
    """A list of links to all headings opens the notebook."""
    titles = [heading.title.text for heading in page.headings() if heading.title is not None]
    lines = [f"{number}. [{title}](#{number})" for number, title in enumerate(titles, 1)]
    page.add(_text("# Contents", "\n".join(lines)), before=page.cells[0])
    return bool(titles)


@habit("front", Step.LAYOUT)
def instructions_kept(page: Page, _: Random) -> bool:
    """The worksheet's instructions stand at the top, with the exercises' names in a sentence."""
    text = "Complete every exercise. Exercise 1 and Exercise 2 need the data of Part 1; hand in before Monday."
    page.add(
        _text("# Instructions", text, "- Restart and run all cells\n- Do not rename the file"), before=page.cells[0]
    )
    return True


@habit("back", Step.LAYOUT)
def conclusion_at_end(page: Page, _: Random) -> bool:
    """A conclusion of the whole closes the notebook."""
    page.add(_text("# Conclusion", "All in all the results are plausible, and we learnt how such models are trained."))
    return True


@habit("back", Step.LAYOUT)
def sources_at_end(page: Page, _: Random) -> bool:
    """A list of sources closes the notebook."""
    page.add(_text("## References\n\n1. Keras documentation\n2. The lecture's slides"))
    return True


@habit("cells of words", Step.LAYOUT)
def rules_between_sections(page: Page, _: Random) -> bool:
    """A rule stands in front of each section, in its heading's cell."""
    headings = [cell for cell in page.cells if cell.blocks and cell.blocks[0].role == "heading"]
    for cell in headings:
        cell.blocks.insert(0, Block("text", "---"))
    return bool(headings)


@habit("cells of words", Step.LAYOUT)
def anchors_before_headings(page: Page, _: Random) -> bool:
    """An anchor stands in front of each heading, in a cell of its own."""
    headings = [cell for cell in page.cells if cell.blocks and cell.blocks[0].role == "heading"]
    for number, cell in enumerate(headings):
        page.add(_text(f'<a id="section{number}"></a>\n[Back to top](#top)'), before=cell)
    return bool(headings)


@habit("cells of words", Step.LAYOUT)
def words_merged(page: Page, _: Random) -> bool:
    """Cells of words that stand one behind the other are one."""
    kept, found = list[Cell](), False
    for cell in page.cells:
        if kept and kept[-1].kind == cell.kind == "markdown" and kept[-1].blocks:
            kept[-1].blocks += cell.blocks
            found = True
        else:
            kept.append(cell)
    page.cells = kept
    return found


@habit("cells of words", Step.LAYOUT)
def words_split(page: Page, _: Random) -> bool:
    """Each paragraph has a cell of its own."""
    kept = list[Cell]()
    for cell in page.cells:
        if cell.kind == "markdown":
            kept += [Cell("markdown", blocks=[block], section=cell.section) for block in cell.blocks]
        else:
            kept.append(cell)
    found, page.cells = len(kept) > len(page.cells), kept
    return found


@habit("empty cells", Step.LAYOUT)
def empty_code_cells(page: Page, random: Random) -> bool:
    """Empty code cells stand here and there, one at the end."""
    for cell in random.sample(page.cells, min(5, len(page.cells))):
        page.add(Cell("code", section=cell.section), behind=cell)
    page.add(Cell("code"))
    return True


@habit("empty cells", Step.LAYOUT)
def empty_words(page: Page, random: Random) -> bool:
    """Cells of words without words stand here and there."""
    for cell in random.sample(page.cells, min(5, len(page.cells))):
        page.add(Cell("markdown", blocks=[Block("text", random.choice(("", "&nbsp;", "<br>", "---")))]), behind=cell)
    return True


def _commented(page: Page, random: Random, *, comments: tuple[str, ...], share: float = 0.6) -> bool:
    found = False
    for cell in page.code_cells():
        if cell.is_plain and cell.code and cell.origin is not None and random.random() < share:
            cell.code = f"{random.choice(comments)}\n{cell.code}"
            found = True
    return found


for _name, _comments, _words in (
    (
        "parts",
        ("# Part 1: Build", "# Part 2: Train the model", "# Part 3: Results"),
        "Comments number parts of the code.",
    ),
    ("exercises", ("# Exercise 1", "# Task 2", "# Q3: solution", "# 4."), "Comments number the code's cells anew."),
    ("banners", ("##########\n# TRAINING #\n##########", "# ------ Plot ------"), "Comments are banners."),
    ("colab_forms", ("#@title Run this cell", "# @param {type: 'number'}"), "Comments are titles of forms."),
    ("cell_marks", ("# %%", "# In[12]:", "#%% Training"), "Comments are cell marks of an editor."),
    (
        "todo",
        ("# TODO: your code here", "# YOUR CODE HERE", "# === end of your code ==="),
        "Marks of the template stay.",
    ),
    ("old_code", ("# model.add(Dense(64))\n# model.fit(x, y, epochs=3)",), "Code that was tried is commented out."),
):
    add_habit(
        f"comment_{_name}",
        partial(_commented, comments=_comments),
        family="comments",
        step=Step.LAYOUT,
        needs_run=False,
        text=_words,
    )


@habit("stored outputs", Step.FILE)
def outputs_cleared(page: Page, _: Random) -> bool:
    """No outputs are stored."""
    for cell in page.code_cells():
        cell.outputs = []
    return True


@habit("stored outputs", Step.FILE)
def outputs_stored(page: Page, _: Random) -> bool:
    """What the cells print is stored with them."""
    found = False
    for cell in page.code_cells():
        printed = cell.printed + reprinted(page.printed(cell), cell)
        cell.outputs = [_stream(printed)] if printed else []
        found = found or bool(printed)
    return found


@habit("stored outputs", Step.FILE)
def warnings_stored(page: Page, _: Random) -> bool:
    """Warnings are stored between the outputs."""
    for cell in page.code_cells()[:3]:
        warning = "WARNING:tensorflow:From <ipython-input-3>:1: is deprecated\n"
        cell.outputs = [{"output_type": "stream", "name": "stderr", "text": warning}]
    return True


def reprinted(printed: str, cell: Cell) -> str:
    """What a cell prints, with the lines that its rewritten prints give instead."""
    return "\n".join(cell.reprinted.get(line, line) for line in printed.split("\n"))


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _metadata(page: Page, _: Random, *, notebook: dict[str, Any], cell: dict[str, Any]) -> bool:
    page.metadata.update(notebook)
    for one in page.cells:
        one.metadata.update(cell)
    return True


for _name, _notebook, _cell, _words in (
    (
        "venv",
        {"kernelspec": {"display_name": ".venv (3.12.3)", "language": "python", "name": "ml-env"}},
        {},
        "own kernel",
    ),
    ("conda", {"kernelspec": {"display_name": "Python [conda env:tf]", "name": "conda-env-tf-py"}}, {}, "conda kernel"),
    (
        "colab",
        {
            "colab": {"provenance": [], "gpuType": "T4"},
            "accelerator": "GPU",
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
        },
        {"id": "aB3_x", "colab": {"base_uri": "https://localhost:8080/"}},
        "Colab's metadata",
    ),
    (
        "kaggle",
        {"kaggle": {"accelerator": "none", "dataSources": []}},
        {"trusted": True, "_kg_hide-input": True},
        "Kaggle's metadata",
    ),
    (
        "editor",
        {"vscode": {"interpreter": {"hash": "0" * 64}}},
        {"vscode": {"languageId": "python"}},
        "an editor's metadata",
    ),
    ("collapsed", {"toc": {"nav_menu": {}}}, {"collapsed": True, "jp-MarkdownHeadingCollapsed": True}, "folded cells"),
):
    add_habit(
        f"metadata_{_name}",
        partial(_metadata, notebook=_notebook, cell=_cell),
        family="metadata",
        step=Step.FILE,
        needs_run=False,
        text=f"The file has {_words}.",
    )
