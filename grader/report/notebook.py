"""The notebook as it ran: code with its colours, Markdown as text with its form, and what cells printed and drew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

from grader.errors import BrokenError
from grader.limits import (
    MAX_COLOURED_CHARACTERS,
    MAX_FORMED_CHARACTERS,
    MAX_PAGE_PICTURES_BYTES,
    MAX_SHOWN_CHARACTERS,
)
from grader.records import ArrayRef, CellRun, Evidence, FigureRecord
from grader.report.kept import kept
from grader.report.mathematics import as_mathml
from grader.report.pictures import for_page
from grader.report.templating import data_uri, visible
from grader.store import SubmissionFolder

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_COLOURED = {"Keyword": "k", "Literal.String": "s", "Literal.Number": "n", "Comment": "c", "Name.Builtin": "b"}
"""Kinds of token, as Pygments names them, and the classes that the stylesheet knows."""


@dataclass(frozen=True)
class Picture:
    """A figure of a cell: its address, and in words what it shows."""

    source: str
    alt: str


@dataclass(frozen=True)
class CellBlock:
    """A cell of the notebook as it ran.

    Attributes:
        shown: Its source as the page shows it.
    """

    run: CellRun
    shown: Markup
    pictures: tuple[Picture, ...]

    @property
    def printed(self) -> str:
        return capped(self.run.printed)


def capped(text: str) -> str:
    """A text with its end cut off where it is too long for a page."""
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "\n[...]"


def cell_blocks(evidence: Evidence, *, folder: SubmissionFolder) -> list[CellBlock]:
    """Every cell that holds something.

    Args:
        evidence: Of the run.
        folder: Where the arrays are, and where sources are kept as they are shown.
    """
    cells = [cell for cell in evidence.cells if cell.source.strip()]
    sources = [[cell.kind, cell.source] for cell in cells]
    stored = kept(
        folder.evidence_folder / "plots",
        key=["cells without labels", sources],
        suffix="json",
        make=lambda: _shown_as_json(cells),
    )
    pictures = _pictures(evidence, folder=folder)
    return [
        CellBlock(run=cell, shown=Markup(shown), pictures=tuple(pictures.get(cell.index, ())))  # noqa: S704
        for cell, shown in zip(cells, json.loads(stored), strict=True)
    ]


def markdown(text: str) -> Markup:
    """Markdown as HTML of a few harmless elements: HTML in it is text, and nothing in it loads anything.

    One of more than `MAX_FORMED_CHARACTERS` stays as it was typed.
    """
    if len(text) > MAX_FORMED_CHARACTERS:
        return as_typed(text)
    return Markup(_markdown().render(str(visible(text))))  # noqa: S704


def code(text: str) -> Markup:
    """Python with its keywords, strings, numbers and comments marked by classes, up to `MAX_COLOURED_CHARACTERS`."""
    if len(text) > MAX_COLOURED_CHARACTERS:
        return escape(visible(text))
    return Markup("").join(_tokens(str(visible(text))))


def as_typed(text: str) -> Markup:
    """A text in its own lines."""
    return Markup("<pre>{}</pre>").format(visible(text))


def source_of(cell: CellRun) -> Markup:
    """A cell's source: code with its colours, Markdown with its form, what is neither as it was typed."""
    return {"code": code, "markdown": markdown}.get(cell.kind, as_typed)(cell.source)


def _shown_as_json(cells: Iterable[CellRun]) -> bytes:
    return json.dumps([source_of(cell) for cell in cells]).encode()


def _tokens(text: str) -> Iterator[Markup]:
    from pygments.lexers.python import PythonLexer  # noqa: PLC0415 - kept pages need none of it

    for kind, part in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        name = str(kind).removeprefix("Token.")
        found = next((short for begin, short in _COLOURED.items() if name.startswith(begin)), None)
        yield Markup('<span class="{}">{}</span>').format(found, part) if found and part.strip() else escape(part)


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - as above
    from mdit_py_plugins.amsmath import amsmath_plugin  # noqa: PLC0415
    from mdit_py_plugins.dollarmath import dollarmath_plugin  # noqa: PLC0415

    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.use(
        dollarmath_plugin,
        double_inline=True,
        allow_labels=False,
        renderer=lambda tex, options: str(as_mathml(tex, is_block=options["display_mode"])),
    )
    made.use(amsmath_plugin, renderer=lambda tex: str(as_mathml(tex, is_block=True)))
    rules: dict[str, Callable[..., str]] = {
        "heading_open": lambda _, tokens, at, *__: f'<p class="heading {tokens[at].tag}">',
        "heading_close": lambda *_: "</p>\n",
        "link_open": lambda _, tokens, at, *__: f'<span class="url" title="{escape(tokens[at].attrs["href"])}">',
        "link_close": lambda *_: "</span>",
        "image": lambda _, tokens, at, *__: f"<em>[picture: {escape(tokens[at].content)}]</em>",
        # A column's alignment would be a style, which no page's policy lets in.
        "th_open": lambda *_: "<th>",
        "td_open": lambda *_: "<td>",
    }
    for name, rule in rules.items():
        made.add_render_rule(name, rule)
    return made


def _pictures(evidence: Evidence, *, folder: SubmissionFolder) -> dict[int, list[Picture]]:
    room = MAX_PAGE_PICTURES_BYTES
    found: dict[int, list[Picture]] = {}
    for figure in evidence.figures:
        shown = _shown(figure.png, folder=folder) if figure.png is not None and figure.cell is not None else None
        if shown is None or figure.cell is None:
            continue
        if len(shown) <= room:
            room -= len(shown)
            found.setdefault(figure.cell, []).append(Picture(data_uri(shown, "image/png"), described(figure)))
    return found


def described(figure: FigureRecord) -> str:
    """What a figure shows, in words: its titles, its axes and what is drawn on them."""
    said = [f"Figure of cell {figure.cell + 1}" if figure.cell is not None else "Figure"]
    said += [figure.title] if figure.title else []
    for axes in figure.axes[:4]:
        drawn = {
            "line": len(axes.lines),
            "group of points": len(axes.scatters),
            "image or area": len(axes.grids),
        }
        parts = [f"{number} {name}{'s' if number > 1 else ''}" for name, number in drawn.items() if number]
        labels = [f"{name} {label}" for name, label in (("x:", axes.x_label), ("y:", axes.y_label)) if label]
        named = [f"legend: {', '.join(axes.legend[:6])}"] if axes.legend else []
        said.append(", ".join([*([axes.title] if axes.title else []), *parts, *labels, *named]))
    return "; ".join(part for part in said if part)[:300]


def _shown(ref: ArrayRef, *, folder: SubmissionFolder) -> bytes | None:
    """A figure as a page shows it; None where it is lost, broken or no PNG."""
    with suppress(BrokenError, ValueError):
        return kept(
            folder.evidence_folder / "plots",
            key=["figure", ref],
            suffix="png",
            make=lambda: for_page(_png(folder.arrays.get(ref))),
        )
    return None


def _png(array: npt.NDArray[Any]) -> bytes:
    """The bytes of a PNG.

    Raises:
        ValueError: They are of something else.
    """
    data = array.tobytes() if array.dtype == np.uint8 else b""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("This is no PNG.")
    return data
