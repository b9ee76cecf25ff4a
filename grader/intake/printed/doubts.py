"""Which doubts about a print's lines matter: what follows the sign of a comment changes nothing."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grader.cell_code import code_of

if TYPE_CHECKING:
    from grader.intake.printed.job import PrintedDoubt


def unsure_lines(source: str, doubts: Sequence[PrintedDoubt]) -> list[str]:
    """What the print does not show of the code, a part of a sentence for each line."""
    if not doubts:
        return []
    comments = _comments(source)
    return [
        f"line {doubt.line + 1} {doubt.why}{'' if doubt.page is None else f' on page {doubt.page}'}"
        for doubt in doubts
        if doubt.line not in comments or comments[doubt.line] >= doubt.column
    ]


def _comments(source: str) -> dict[int, int]:
    """The lines that end in a comment, from 0, to the column where it begins; as far as the source is Python."""
    found: dict[int, int] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(code_of(source)).readline):
            if token.type == tokenize.ERRORTOKEN:
                # Python 3.11 goes on behind the quote of a text that does not end, as if it were none.
                break
            if token.type == tokenize.COMMENT:
                found[token.start[0] - 1] = token.start[1]
    except (tokenize.TokenError, SyntaxError):
        pass
    return found
