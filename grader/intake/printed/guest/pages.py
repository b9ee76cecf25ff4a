"""What stands on a PDF's pages: lines of glyphs, and the grey boxes of code, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LTChar, LTCurve, LTFigure, LTItem, LTPage
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage

from .limits import MAX_GLYPHS, MAX_PAGES

MARGIN = 30.0
"""Points at the top and bottom of a page: what stands there a browser has put on every page."""

GREYS = (0.9686, 0.9608)
"""Of a code cell's box: ``cellbackground`` of nbconvert's LaTeX and the classic style (``#F7F7F7``), and
``--jp-cell-editor-background`` of JupyterLab's (``#F5F5F5``)."""

SAME_GREY = 0.003
"""Half a step of 256, and LaTeX's rounding."""

LEAST_WIDTH = 0.4
"""Of a box, as a share of its page's: narrower ones are cells of a table."""


@dataclass(frozen=True)
class Glyph:
    """One character, in points from the page's lower left corner; ``y`` is that of the baseline."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    font: str

    @property
    def is_monospaced(self) -> bool:
        """Whether its font is one for code."""
        return any(name in self.font for name in ("Mono", "Courier", "Consolas", "Menlo", "monospace"))

    @property
    def is_bold(self) -> bool:
        """Whether its font is a bold one."""
        return "Bold" in self.font


@dataclass(frozen=True)
class Line:
    """Glyphs on one baseline, from left to right; at least one."""

    page: int
    y: float
    glyphs: tuple[Glyph, ...]

    @property
    def x0(self) -> float:
        """Where it begins."""
        return self.glyphs[0].x0

    @property
    def x1(self) -> float:
        """Where it ends."""
        return self.glyphs[-1].x1

    @property
    def size(self) -> float:
        """Of its largest glyph."""
        return max(glyph.size for glyph in self.glyphs)

    @property
    def is_monospaced(self) -> bool:
        """Whether most of it is in a font for code."""
        return 2 * sum(glyph.is_monospaced for glyph in self.glyphs) > len(self.glyphs)

    @property
    def is_bold(self) -> bool:
        """Whether all of it is bold."""
        return all(glyph.is_bold for glyph in self.glyphs if glyph.text.strip())

    def between(self, left: float, right: float) -> Line | None:
        """The part of it that begins between two places; None for none."""
        kept = tuple(glyph for glyph in self.glyphs if left <= glyph.x0 < right)
        return Line(self.page, self.y, kept) if kept else None


@dataclass(frozen=True)
class Box:
    """A code cell's background on one page."""

    x0: float
    y0: float
    x1: float
    y1: float

    def holds(self, line: Line) -> bool:
        """Whether a line stands in it, whatever of it stands to its left."""
        return self.y0 - 1 <= line.y <= self.y1 + 1


@dataclass(frozen=True)
class Page:
    """One page: its lines and boxes from top to bottom."""

    number: int
    width: float
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]


def pages_of(path: Path) -> Iterator[Page]:
    """The pages of a PDF, from the first.

    Raises:
        ValueError: It has more on it than any notebook.
    """
    manager = PDFResourceManager()
    device = PDFPageAggregator(manager, laparams=None)
    interpreter = PDFPageInterpreter(manager, device)
    left = MAX_GLYPHS
    with path.open("rb") as file:
        for number, plain in enumerate(PDFPage.get_pages(file), 1):
            if number > MAX_PAGES:
                raise ValueError(f"it has more than {MAX_PAGES} pages")
            interpreter.process_page(plain)
            page = _page(device.get_result(), number=number)
            left -= sum(len(line.glyphs) for line in page.lines)
            if left < 0:
                raise ValueError(f"it has more than {MAX_GLYPHS} characters")
            yield page


def _page(layout: LTPage, *, number: int) -> Page:
    boxes = _boxes(layout)
    left = min((box.x0 for box in boxes), default=0.0)
    glyphs = list(_glyphs(layout, left_of=None))
    for figure in layout:
        if isinstance(figure, LTFigure):
            # A browser draws a faded prompt as a figure of its own; what is in a plot is no text of the notebook.
            glyphs += _glyphs(figure, left_of=left)
    kept = [glyph for glyph in glyphs if MARGIN < glyph.y < layout.height - MARGIN]
    return Page(number, layout.width, tuple(_lines(kept, page=number)), tuple(boxes))


def _glyphs(items: LTPage | LTFigure, *, left_of: float | None) -> Iterator[Glyph]:
    for item in items:
        if isinstance(item, LTFigure) and left_of is not None:
            yield from _glyphs(item, left_of=left_of)
        if not isinstance(item, LTChar) or not item.upright or (left_of is not None and item.x1 > left_of):
            continue
        yield Glyph(item.get_text(), item.x0, item.x1, item.matrix[5], item.size, item.fontname)


def _lines(glyphs: list[Glyph], *, page: int) -> Iterator[Line]:
    """Lines from top to bottom; what is raised or lowered in a line belongs to it."""
    line: list[Glyph] = []
    for glyph in sorted(glyphs, key=lambda one: -one.y):
        if line and line[0].y - glyph.y > 0.4 * max(glyph.size, line[0].size):
            yield _line(line, page)
            line = []
        line.append(glyph)
    if line:
        yield _line(line, page)


def _line(glyphs: list[Glyph], page: int) -> Line:
    ordered = tuple(sorted(glyphs, key=lambda one: one.x0))
    base = max(ordered, key=lambda one: one.size)
    return Line(page, base.y, ordered)


def _boxes(layout: LTPage) -> list[Box]:
    """Grey boxes from top to bottom; of one in another the inner one."""
    found = [
        Box(*item.bbox)
        for item in layout
        if isinstance(item, LTCurve) and item.fill and _is_grey(item) and item.width > LEAST_WIDTH * layout.width
    ]
    return sorted(dict.fromkeys(box for box in found if box.y1 - box.y0 > 4), key=lambda box: -box.y1)


def _is_grey(item: LTItem) -> bool:
    colour = getattr(item, "non_stroking_color", None)
    parts = tuple(colour) if isinstance(colour, tuple | list) else (colour,)
    if len(parts) not in {1, 3} or not all(isinstance(part, int | float) for part in parts):
        return False
    return any(all(abs(part - grey) < SAME_GREY for part in parts) for grey in GREYS)
