"""Reads the PDF that nbconvert makes of a notebook, through LaTeX or a browser, by the places of what is on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .cells import Print, ReadCell
from .listings import Grid, Listing, grid_of, printed_of, source_of
from .pages import Box, Line, Page, pages_of
from .prose import body_size, markdown_of, words_of

TITLE = 1.05
"""Times the size of the text: the authors and the date on a title, whose own name is larger still."""

NO_NUMBER = -1
"""In place of the number in the prompt of a cell that was not run."""

_PROMPT = re.compile(r"(?P<kind>In|Out)?\[(?P<count>[\d*]{0,6})\]:?")


@dataclass
class _Part:
    """One code cell with what is printed below it, or what stands above the first."""

    page: int
    count: int | None = None
    listing: Listing = field(default_factory=Listing)
    printed: list[Line] = field(default_factory=list)
    text: list[Line] = field(default_factory=list)


def read_pdf(path: Path) -> Print:
    """Reads a PDF; one without a code cell of a notebook has no cells.

    Raises:
        ValueError: It has more on it than any notebook.
    """
    pages = list(pages_of(path))
    left = min((box.x0 for page in pages for box in page.boxes), default=None)
    if left is None:
        return Print()
    head, *parts = _parts(pages, left=left)
    if not parts:
        return Print()
    lines = [line for page in pages for line in page.lines]
    is_latex = any("LMMono" in glyph.font for line in lines for glyph in line.glyphs[:1])
    body, grid = body_size(lines), grid_of([part.listing for part in parts], cuts=not is_latex)
    authors = _take_title(head, body=body) if is_latex else []
    right = max(box.x1 for page in pages for box in page.boxes)

    def prose(part: _Part) -> Iterator[ReadCell]:
        for text in markdown_of(part.text, body=body, grid=grid, is_latex=is_latex):
            yield ReadCell("markdown", text, page=part.text[0].page)

    cells = list(prose(head))
    for part in parts:
        cells.append(_code_cell(part, grid=grid, right=right))
        cells += prose(part)
    return Print(cells, authors)


def _code_cell(part: _Part, *, grid: Grid, right: float) -> ReadCell:
    source, doubts = source_of(part.listing, grid)
    said = printed_of(part.printed, grid, right=right)
    outputs = [("stdout", said + "\n")] if said.strip() else []
    return ReadCell("code", source, count=part.count, page=part.page, outputs=outputs, doubts=doubts)


def _parts(pages: list[Page], *, left: float) -> list[_Part]:
    """The document cut at its code cells."""
    parts = [_Part(page=1)]
    last: Box | None = None
    for page in pages:
        is_top, boxes = True, _merged(page.boxes)
        for line in _without_footer(page):
            box = next((box for box in boxes if box.holds(line)), None)
            prompt, rest = _split(line, left=left)
            if box is None:
                _note_below(parts[-1], rest, is_result=prompt is not None)
                last = None
            elif prompt is not None or not (box is last or (is_top and last is not None)):
                parts.append(_Part(line.page, count=None if prompt == NO_NUMBER else prompt))
                last = box
            if box is not None:
                last = box
                if rest is not None:
                    parts[-1].listing.rows.append((rest, box))
            is_top = False
    return parts


def _note_below(part: _Part, line: Line | None, *, is_result: bool) -> None:
    """What stands below a cell's code: printed as long as it is monospaced, then text."""
    if line is None:
        return
    is_printed = bool(part.listing.rows) and (is_result or (line.is_monospaced and not part.text))
    (part.printed if is_printed else part.text).append(line)


def _split(line: Line, *, left: float) -> tuple[int | None, Line | None]:
    """The number in the prompt to the left of a line, None where there is no prompt, and the rest of the line."""
    front = [glyph for glyph in line.glyphs if glyph.x0 < left - 2]
    match = _PROMPT.fullmatch("".join(glyph.text.strip() for glyph in front))
    if match is None:
        return None, line
    count = match["count"]
    return int(count) if count.isdecimal() else NO_NUMBER, line.between(front[-1].x1 - 0.1, 1e9)


def _merged(boxes: tuple[Box, ...]) -> list[Box]:
    """Boxes that overlap as one: a browser draws one that a page cuts in pieces."""
    found: list[Box] = []
    for box in boxes:
        if found and box.y1 > found[-1].y0:
            one = found.pop()
            box = Box(max(one.x0, box.x0), min(one.y0, box.y0), min(one.x1, box.x1), max(one.y1, box.y1))  # noqa: PLW2901
        found.append(box)
    return found


def _without_footer(page: Page) -> tuple[Line, ...]:
    """The lines without the number of the page below them."""
    if not page.lines:
        return ()
    *others, last = page.lines
    is_centred = abs(last.x0 + last.x1 - page.width) < page.width / 25
    is_number = words_of(last.glyphs).strip() == str(page.number)
    return tuple(others) if is_centred and is_number and not any(box.holds(last) for box in page.boxes) else page.lines


def _take_title(head: _Part, *, body: float) -> list[str]:
    """Takes LaTeX's title off the first page: the notebook's name, its authors, a date. Returns the authors."""
    count = 0
    for line in head.text:
        if line.page > 1 or line.is_bold or line.size < TITLE * body:
            break
        count += 1
    title, head.text = head.text[:count], head.text[count:]
    smaller = [line for line in title if line.size < title[0].size - 1]
    names = [words_of(line.glyphs) for line in smaller[:-1]]
    return [name.strip() for line in names for name in line.split(",") if name.strip()]
