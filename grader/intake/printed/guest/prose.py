"""Lines of text on a page as Markdown: headings by their sizes, paragraphs by their distances."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from .listings import UNREADABLE, Grid, plain_of
from .pages import Glyph, Line

SPACE = 0.18
"""Of the size of a font: a wider gap is a space between words; kerning stays below 0.1."""

QUAD = 0.8
"""Of the size: LaTeX puts one quad behind the number of a heading, and behind a heading that runs into its text."""

LARGER = 1.04
"""Times the size of the text: a heading's."""

PARAGRAPH = 1.3
"""Times the usual distance of two lines: a new paragraph begins."""

LATEX_LEADING, WEB_LEADING = 1.25, 1.65
"""Times the size of the text, from one line to the next: 13.55 of 10.91 in LaTeX, 17.25 of 10.5 in JupyterLab."""

_WEB_LEVELS = (1.9, 1.55, 1.3, LARGER)
"""Least size of a heading of each level over that of the text: JupyterLab's are 2.07, 1.73, 1.44 and 1.2."""

_LATEX_LEVELS = (1.2, LARGER)
"""The same of LaTeX's sections (1.31) and subsections (1.10); below them the depth of their numbers tells."""

_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"})
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}")
_ITEM = re.compile(r"^(?:[\u2022\u25e6\u25aa]\s*|[\u2013*-]\s+|(\d{1,3}[.)])\s+)(?=\S)")


def body_size(lines: Iterable[Line]) -> float:
    """The most frequent size of what is set in a proportional font."""
    sizes = Counter(round(glyph.size, 1) for line in lines for glyph in line.glyphs if not glyph.is_monospaced)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def markdown_of(lines: Sequence[Line], *, body: float, grid: Grid, is_latex: bool) -> list[str]:
    """Markdown cells: a new one begins at each heading.

    Args:
        lines: Between two code cells, in order.
        body: Size of the text.
        grid: How monospaced text is set.
        is_latex: Whether LaTeX or a browser has set it.
    """
    cells: list[str] = []
    for block in _blocks(lines, body=body, leading=(LATEX_LEADING if is_latex else WEB_LEADING) * body):
        text, is_heading = _block(block, body=body, grid=grid, is_latex=is_latex)
        if not text:
            continue
        if is_heading or not cells:
            cells.append(text)
        else:
            cells[-1] += f"\n\n{text}"
    return cells


def words_of(glyphs: Sequence[Glyph]) -> str:
    """Glyphs as text, with spaces where they stand apart."""
    text = ""
    for before, glyph in zip([None, *glyphs], glyphs, strict=False):
        apart = before is not None and glyph.x0 - before.x1 > SPACE * max(glyph.size, before.size)
        text += (" " if apart and not text.endswith(" ") else "") + glyph.text
    return unicodedata.normalize("NFKC", UNREADABLE.sub("\ufffd", text))


def _blocks(lines: Sequence[Line], *, body: float, leading: float) -> Iterator[list[Line]]:
    """Paragraphs, headings and listings."""
    gaps = [one.y - other.y for one, other in pairwise(lines) if one.page == other.page]
    usual = min([leading, *(gap for gap in gaps if gap > 0.9 * body)])
    block: list[Line] = []
    for line in lines:
        if block and not _continues(block[-1], line, usual=usual, body=body):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _continues(one: Line, other: Line, *, usual: float, body: float) -> bool:
    if one.is_monospaced or other.is_monospaced:
        return one.is_monospaced and other.is_monospaced
    if one.is_bold and not other.glyphs[0].is_bold:
        return False
    if abs(one.size - other.size) > 0.05 * body and max(one.size, other.size) > LARGER * body:
        return False
    if one.page != other.page:
        return not words_of(one.glyphs).rstrip().endswith((".", "!", "?", ":"))
    scale = max(1.0, min(one.size, other.size) / body)
    return one.y - other.y < PARAGRAPH * usual * scale


def _block(lines: list[Line], *, body: float, grid: Grid, is_latex: bool) -> tuple[str, bool]:
    """The Markdown of a block, and whether it begins with a heading."""
    first = lines[0]
    if first.is_monospaced:
        start = min(line.x0 for line in lines)
        return "\n".join(["```", *(plain_of(line, start, grid) for line in lines), "```"]), False
    level, first = _heading(first, size=max(line.size for line in lines), body=body, is_latex=is_latex)
    if level:
        title = _joined([words_of(line.glyphs) for line in (first, *lines[1:])])
        return f"{'#' * level} {title}", True
    run_in = _run_in(lines) if is_latex else None
    if run_in is not None:
        heading, rest = run_in
        text = _paragraph(rest, is_latex=is_latex)
        return f"#### {heading}\n\n{text}".rstrip(), True
    return _paragraph([line.glyphs for line in lines], is_latex=is_latex), False


def _heading(line: Line, *, size: float, body: float, is_latex: bool) -> tuple[int, Line]:
    """The level of the heading that a block is, 0 for none, and its first line without the number that LaTeX adds."""
    levels = _LATEX_LEVELS if is_latex else _WEB_LEVELS
    level = next((number for number, least in enumerate(levels, 1) if size > least * body), 0)
    if not is_latex:
        return level, line
    for place, (one, other) in enumerate(pairwise(line.glyphs), 1):
        if other.x0 - one.x1 > QUAD * one.size and one.is_bold:
            number = _NUMBER.fullmatch("".join(glyph.text for glyph in line.glyphs[:place]))
            if number is None:
                break
            return number.group().count(".") + 1, Line(line.page, line.y, line.glyphs[place:])
    return level, line


def _run_in(lines: list[Line]) -> tuple[str, list[tuple[Glyph, ...]]] | None:
    """A bold heading that runs into its text, and the text: between them LaTeX puts a quad."""
    heading: list[str] = []
    for number, line in enumerate(lines):
        bold = next((place for place, glyph in enumerate(line.glyphs) if not glyph.is_bold), len(line.glyphs))
        if bold == 0:
            return None
        heading.append(words_of(line.glyphs[:bold]))
        if bold < len(line.glyphs):
            gap = line.glyphs[bold].x0 - line.glyphs[bold - 1].x1
            rest = [line.glyphs[bold:], *(one.glyphs for one in lines[number + 1 :])]
            return (_joined(heading), rest) if gap > QUAD * line.glyphs[bold].size else None
    # Nothing follows it: LaTeX sets the lower headings as it sets bold text.
    return _joined(heading), []


def _paragraph(lines: Sequence[Sequence[Glyph]], *, is_latex: bool) -> str:
    """Lines joined, one a list item; bold and monospaced runs marked."""
    items: list[list[str]] = []
    for glyphs in lines:
        text = _marked(glyphs)
        item = _ITEM.match(text)
        if item is not None:
            text = f"{item.group(1) or '-'} {text[item.end() :]}"
        if item is not None or not items:
            items.append([text])
        else:
            items[-1].append(text)
    text = "\n".join(_joined(item) for item in items)
    return text.translate(_QUOTES) if is_latex else text


def _marked(glyphs: Sequence[Glyph]) -> str:
    def look(glyph: Glyph) -> str:
        return "`" if glyph.is_monospaced else "**" if glyph.is_bold else ""

    text, last = "", None
    for mark, run in groupby(glyphs, key=look):
        part = list(run)
        apart = last is not None and part[0].x0 - last.x1 > SPACE * part[0].size
        words = words_of(part)
        plain = words.strip()
        lead, tail = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
        text += (" " if apart and not text.endswith(" ") else "") + (
            f"{lead}{mark}{plain}{mark}{tail}" if plain else words
        )
        last = part[-1]
    return text.strip()


def _joined(lines: Sequence[str]) -> str:
    """Lines of one paragraph; a word that was hyphenated at the end of one is put together."""
    text = ""
    for line in lines:
        part = line.strip()
        if text.endswith(("-", "\u2010")) and text[-2:-1].islower() and part[:1].islower():
            text = text[:-1] + part
        else:
            text = f"{text} {part}" if text else part
    return text
