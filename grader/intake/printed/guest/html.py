"""Reads nbconvert's HTML, of JupyterLab's template and of the classic one, by its classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from markdownify import ATX, markdownify

from .cells import Print, ReadCell

_CELLS = ".jp-Cell, div.cell"
_CODE = ".jp-CodeCell, .code_cell"
_SOURCE = ".jp-InputArea-editor pre, .jp-Editor pre, .input_area pre"
_MARKDOWN = ".jp-MarkdownOutput, .text_cell_render"
_OUTPUT = ".jp-OutputArea-child, .output_area"
_RESULT = ".jp-OutputArea-executeResult, .output_execute_result, .output_pyout"
_PICTURE = "img, svg, canvas"
_ERRORS = '[data-mime-type="application/vnd.jupyter.stderr"], .output_stderr, .output_error'
_TRACEBACK = re.compile(r"-{20,}\s*\n.*Traceback \(most recent call last\)")
_COUNT = re.compile(r"\[\s*(\d{1,6})\s*\]")


def read_html(path: Path) -> Print:
    """Reads a page; one that is no notebook's has no cells."""
    page = BeautifulSoup(path.read_bytes(), "html.parser")
    found: list[ReadCell] = []
    for node in page.select(_CELLS):
        if not node.decomposed:  # what looks like a cell inside of one is what it displays
            found.extend(_cell(node))
            node.decompose()
    return Print(found if any(cell.kind == "code" for cell in found) else [])


def _cell(node: Tag) -> Iterator[ReadCell]:
    if node.css.match(_CODE):
        source = node.select_one(_SOURCE)
        prompt = _COUNT.search(" ".join(one.get_text() for one in node.select(".jp-InputPrompt, .input_prompt")))
        yield ReadCell(
            "code",
            "" if source is None else source.get_text().rstrip("\n"),
            count=None if prompt is None else int(prompt[1]),
            outputs=[output for child in node.select(_OUTPUT) for output in _output(child)],
        )
    elif (text := node.select_one(_MARKDOWN)) is not None:
        yield ReadCell("markdown", _markdown(text))


def _output(node: Tag) -> Iterator[tuple[str, str]]:
    """What an output shows as text; a picture and a table show none."""
    text = "".join(pre.get_text() for pre in node.select("pre"))
    is_error = node.css.match(_ERRORS) or node.select_one(_ERRORS) is not None or _TRACEBACK.match(text)
    if not text or is_error or node.select_one(_PICTURE) is not None:
        return
    is_result = node.css.match(_RESULT) or node.select_one(_RESULT) is not None
    yield "result" if is_result else "stdout", text


def _markdown(text: Tag) -> str:
    for anchor in text.select("a.anchor-link, style, script"):
        anchor.decompose()
    for picture in text.select("img"):
        if str(picture.get("src", "")).startswith("data:"):
            picture["src"] = "attached"
    plain = markdownify(
        str(text), heading_style=ATX, bullets="-", escape_asterisks=False, escape_underscores=False, escape_misc=False
    )
    return re.sub(r"\n{3,}", "\n\n", plain).strip()
