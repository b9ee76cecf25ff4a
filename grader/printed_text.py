"""Printed text as a reader of the notebook sees it: no escape codes, no progress bar drawn over itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from grader.limits import MAX_PRINTED_CHARACTERS, MAX_REDRAWN_CHARACTERS

_CUT = "\n[...]\n"
_DRAWING = re.compile(
    r"(?P<text>[^\x08\r\x1b]+)"
    r"|(?P<back>\x08+)"
    r"|(?P<start>\r+)"
    r"|(?P<erase>\x1b\[[0-2]?K)"
    r"|(?P<escape>\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -~])?)"
)
_OBJECT = re.compile(r"<[\w.]+(?: object)?(?: at 0x[0-9a-f]+)?>")
_UNSEEN = frozenset({"style", "script", "head", "template"})
_LINES = frozenset({"br", "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "tr", "table", "caption"})
_TAG = re.compile(r"/?[A-Za-z][A-Za-z0-9]*")
_WIDEST_COLUMN = 40
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def shown(text: str) -> str:
    """Text as a terminal would leave it on the screen.

    A carriage return goes back to the start of the line and a backspace one character, and what is written then
    replaces what stood there; colours and other escape sequences are gone. Lone surrogates are replaced, so that the
    result can be written as UTF-8. Of more than `MAX_PRINTED_CHARACTERS` the beginning and the end are kept.
    """
    lines = capped(text, most=MAX_REDRAWN_CHARACTERS).replace("\r\n", "\n").split("\n")
    drawn = "\n".join(_drawn(line) if _CONTROL.search(line) else line for line in lines)
    return capped(well_formed(drawn), most=MAX_PRINTED_CHARACTERS)


def capped(text: str, *, most: int) -> str:
    """Text of at most ``most`` characters and a mark where the middle was cut out."""
    if len(text) <= most:
        return text
    head = most // 10
    return text[:head] + _CUT + text[head - most :]


def result_text(plain: str, html: str) -> str:
    """What a reader sees of a result: its text, or its HTML where the text only names the object that was shown.

    A styled table of pandas and ``display(HTML(...))`` leave ``<IPython.core.display.HTML object>`` as text.
    """
    return html_text(html) if html and _OBJECT.fullmatch(plain.strip()) else plain


def html_text(html: str) -> str:
    """The text of HTML without its marks; tables have their columns below each other.

    Read tag by tag in one pass: Python's own parser takes the square of the length for some hostile texts.
    """
    lines: list[list[str]] = [[""]]
    unseen = ""
    for piece in f">{capped(html, most=MAX_PRINTED_CHARACTERS)}".split("<"):
        tag, _, text = piece.partition(">")
        name = (_TAG.match(tag) or [""])[0].lower()
        if unseen or name in _UNSEEN:
            unseen = "" if name == f"/{unseen}" else unseen or name
        elif name.removeprefix("/") in _LINES:
            lines.append([""])
        elif name in {"td", "th"}:
            lines[-1].append("")
        if not unseen:
            lines[-1][-1] += unescape(text)
    read = ([" ".join(cell.split()) for cell in line] for line in lines)
    return "\n".join(_aligned([line for line in read if any(line)]))


def _aligned(lines: list[list[str]]) -> Iterator[str]:
    """Each column as wide as its widest cell, within reason; what stands before a line's first cell is left out."""
    widths: list[int] = []
    for line in lines:
        widths += [0] * (len(line) - len(widths))
        widths[: len(line)] = [max(pair) for pair in zip(widths, map(len, line), strict=False)]
    for line in lines:
        cells = [cell.rjust(min(width, _WIDEST_COLUMN)) for cell, width in zip(line, widths, strict=False)]
        yield "  ".join(cells[1:]) if len(line) > 1 else line[0]


def well_formed(text: str) -> str:
    """Text that can be written as UTF-8: each lone surrogate becomes a question mark."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _drawn(line: str) -> str:
    row: list[str] = []
    at = 0
    for token in _DRAWING.finditer(line):
        length = len(token.group())
        match token.lastgroup:
            case "text":
                row[at : at + length] = token.group()
                at += length
            case "back":
                at = max(0, at - length)
            case "start":
                at = 0
            case "erase":
                del row[at:]
    return _CONTROL.sub("", "".join(row))
