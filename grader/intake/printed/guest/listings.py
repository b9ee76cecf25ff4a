"""Monospaced lines of a page as text: code with its indentation from the places of its glyphs, and what was printed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .cells import Doubt
from .pages import Box, Line

CONTINUES = "\u21aa"
"""The hooked arrow with which nbconvert's LaTeX begins the rest of a line that it broke."""

BROKEN_AT_SPACE = "\u2423"
"""The open box that it ends a line with where it broke it at a space."""

WRAPPED_AT = 80
"""Characters after which nbconvert's LaTeX wraps what was printed (``charlim`` of its template)."""

UNREADABLE = re.compile(r"\(cid:\d+\)|[\x00-\x08\x0e-\x1f\ufffd\uffff\ue000-\uf8ff]")
"""Characters that a print shows, and does not name: its font has none for them, or no table of its glyphs."""

_ALIKE = str.maketrans({"\u00a0": " ", "\u00ad": "-"})
"""Characters that share a glyph with a plain one, and that no code holds."""

_RULE = re.compile(r"-{20,}\s*")


@dataclass(frozen=True)
class Grid:
    """How monospaced text is set in a document, in points.

    Attributes:
        width: Of one character.
        leading: From one line's baseline to the next.
        left: From a box's left edge to where its lines begin.
        hang: From there to where the rest of a broken line begins.
        cuts: Whether what does not fit into a box's width is cut off.
    """

    width: float
    leading: float
    left: float
    hang: float
    cuts: bool


@dataclass
class Listing:
    """The lines of one code cell, with the box that each stands in."""

    rows: list[tuple[Line, Box]] = field(default_factory=list)


def grid_of(listings: Iterable[Listing], *, cuts: bool) -> Grid:
    """How code is set, by what is most frequent."""
    widths: Counter[float] = Counter()
    gaps: Counter[float] = Counter()
    lefts, hangs = [1e9], [1e9]
    for listing in listings:
        for line, box in listing.rows:
            plain = [glyph for glyph in line.glyphs if glyph.is_monospaced]
            widths.update(round(glyph.x1 - glyph.x0, 2) for glyph in plain)
            (hangs if _is_rest(line) else lefts).append((plain or line.glyphs)[0].x0 - box.x0)
        for (one, box), (other, same) in pairwise(listing.rows):
            if box is same:
                gaps[round(one.y - other.y, 1)] += 1
    width = widths.most_common(1)[0][0] if widths else 6.0
    leading = gaps.most_common(1)[0][0] if gaps else 2.2 * width
    left = min(lefts)
    return Grid(max(width, 1.0), max(leading, 1.0), left, min(hangs) - left, cuts)


def source_of(listing: Listing, grid: Grid) -> tuple[str, list[Doubt]]:
    """The code of a cell, wrapped lines joined, and where it is not sure."""
    lines: list[str] = []
    doubts: list[Doubt] = []
    before: tuple[Line, Box] | None = None
    for line, box in listing.rows:
        start = box.x0 + grid.left
        if _is_rest(line) and lines:
            text = _text(line, start + grid.hang, width=grid.width).removeprefix(CONTINUES)
            lines[-1] = _joined(lines[-1], text)
        else:
            lines += [""] * _blank_between(before, (line, box), grid=grid)
            lines.append(_text(line, start, width=grid.width))
        before = (line, box)
        number, bad = len(lines) - 1, UNREADABLE.search(lines[-1])
        if doubts and doubts[-1].line == number:
            continue
        if bad is not None:
            doubts.append(Doubt(number, bad.start(), "holds characters that the print does not name", line.page))
        elif grid.cuts and line.x1 + grid.width > box.x1:
            doubts.append(Doubt(number, len(lines[-1]), "is cut off at the edge of the print", line.page))
    return "\n".join(UNREADABLE.sub("\ufffd", line).rstrip() for line in lines), doubts


def printed_of(lines: Sequence[Line], grid: Grid, *, right: float) -> str:
    """What a cell printed, wrapped lines joined as far as their widths tell, without the text of an error.

    Args:
        lines: In order.
        grid: Of the document.
        right: Where a browser wraps lines.
    """
    rows: list[str] = []
    joins = False
    start = min((line.x0 for line in lines), default=0.0)
    for line in lines:
        text = _text(line, start, width=_width(line, grid)).rstrip()
        if joins:
            rows[-1] += text
        elif rows and not grid.cuts and _was_wrapped(rows[-1], text):
            rows[-1] += f" {text}"
        else:
            rows.append(text)
        joins = grid.cuts and line.x1 + _width(line, grid) > right
    said = UNREADABLE.sub("\ufffd", "\n".join(_before_error(rows)))
    return said if grid.cuts else said.replace("\u2026", "...")


def plain_of(line: Line, start: float, grid: Grid) -> str:
    """A monospaced line, indented from where its block begins."""
    return _text(line, start, width=_width(line, grid)).rstrip()


def _is_rest(line: Line) -> bool:
    return line.glyphs[0].text == CONTINUES


def _joined(line: str, rest: str) -> str:
    line = line.rstrip()
    return f"{line.removesuffix(BROKEN_AT_SPACE)} {rest}" if line.endswith(BROKEN_AT_SPACE) else line + rest


def _width(line: Line, grid: Grid) -> float:
    widths = Counter(round(glyph.x1 - glyph.x0, 2) for glyph in line.glyphs if glyph.is_monospaced)
    return max(1.0, widths.most_common(1)[0][0]) if widths else grid.width


def _text(line: Line, start: float, *, width: float) -> str:
    """A line's characters, with a space for each width of one that is left free."""
    text, at = "", start
    for glyph in line.glyphs:
        if glyph.text == CONTINUES:
            text, at = glyph.text, max(start, glyph.x1)
            continue
        text += " " * min(500, max(0, round((glyph.x0 - at) / width))) + glyph.text.translate(_ALIKE)
        at = glyph.x1
    return text


def _blank_between(before: tuple[Line, Box] | None, after: tuple[Line, Box], *, grid: Grid) -> int:
    if before is None:
        return 0
    (one, box), (other, next_box) = before, after
    if box is next_box:
        return max(0, round((one.y - other.y) / grid.leading) - 1)
    # A page ends in between: what is free below the one and above the other line.
    below = (one.y - box.y0) / grid.leading - 0.5
    return max(0, min(3, round(below)))


def _was_wrapped(row: str, text: str) -> bool:
    first = text.split(" ", 1)[0]
    return bool(first) and not _RULE.fullmatch(row) and len(row) <= WRAPPED_AT < len(row) + 1 + len(first)


def _before_error(rows: list[str]) -> list[str]:
    """The rows up to a traceback, which is no stdout and no result."""
    for number, (row, after) in enumerate(pairwise(rows)):
        if _RULE.fullmatch(row.strip()) and "Traceback (most recent call last)" in after:
            return rows[:number]
    return rows
