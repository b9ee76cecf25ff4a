"""Printed text as a reader of the notebook sees it: no escape codes, no progress bar drawn over itself."""

from __future__ import annotations

import re

from grader.limits import MAX_PRINTED_CHARACTERS, MAX_REDRAWN_CHARACTERS

_CUT = "\n[...]\n"
_DRAWING = re.compile(
    r"(?P<text>[^\x08\r\x1b]+)"
    r"|(?P<back>\x08+)"
    r"|(?P<start>\r+)"
    r"|(?P<erase>\x1b\[[0-2]?K)"
    r"|(?P<escape>\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -~])?)"
)
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
