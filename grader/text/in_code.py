"""What stands in code as text: comments, and strings that are printed, kept or stand alone."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from grader.cell_code import code_of, parse
from grader.text.plain import is_label
from grader.text.requests import is_request
from grader.text.thresholds import THRESHOLDS
from grader.text.words import count_words

_REASONS = re.compile(
    r"\b(?:because|since|therefore|hence|thus|due to|as expected|weil|denn|deshalb|daher|car|parce|donc|porque"
    r"|\w*overfit\w*|vanish\w*|generali[sz]\w*)\b",
    re.IGNORECASE,
)
_BANNER = re.compile(r"^[-=*_~]{3,}|[-=*_~#]{3,}$|^%%|^@(?:title|param)\b")
"""A comment that only parts or names the code: ``------ Plot ------``, ``%% Plot``, Colab's ``@title Plot``."""
_FORM_TEXT = re.compile(r"^@markdown\s*", re.MULTILINE)
"""Before what a form of Colab's shows as text."""

_DOES = (ast.Call, ast.Assign, ast.AugAssign, ast.Attribute, ast.Subscript)
_PRINTERS = frozenset({"print", "display", "Markdown", "HTML", "Latex", "printmd"})


def texts_in_code(source: str) -> Iterator[tuple[str, bool]]:
    """Texts in code, and whether each is certainly an answer."""
    yield from _comments(code_of(source))
    tree = parse(source)
    if tree is not None:
        yield from ((text, True) for text in _strings(tree))


def _comments(source: str) -> Iterator[tuple[str, bool]]:
    """Blocks of comments that say more than what the code below them does."""
    blocks, last_code = _comment_blocks(source)
    for line, text in blocks:
        is_remark = line > last_code
        lines = _FORM_TEXT.sub("", text).splitlines()
        kept = "\n".join(part for part in lines if not (is_old_code(part) or _BANNER.search(part)))
        fewest = THRESHOLDS.fewest_words_of_remark if is_remark else THRESHOLDS.fewest_words_of_comment
        if is_label(kept):
            continue
        if count_words(kept) >= fewest:
            yield kept, True
        elif count_words(kept) >= THRESHOLDS.fewest_words_of_reason and _REASONS.search(kept) and not is_request(kept):
            yield kept, False


def _comment_blocks(source: str) -> tuple[list[tuple[int, str]], int]:
    """Blocks of comment lines with the line where each begins, and the last line of code."""
    blocks: list[tuple[int, str]] = []
    last_code = 0
    last_comment = -1
    try:
        for token in tokenize.generate_tokens(io.StringIO(source + "\n").readline):
            line = token.start[0]
            if token.type == tokenize.COMMENT:
                text = token.string.lstrip("# ")
                if blocks and line == last_comment + 1:
                    blocks[-1] = (blocks[-1][0], f"{blocks[-1][1]}\n{text}")
                else:
                    blocks.append((line, text))
                last_comment = line
            elif token.type in {tokenize.NAME, tokenize.NUMBER, tokenize.OP, tokenize.STRING}:
                last_code = max(last_code, token.end[0])
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    return blocks, last_code


def is_old_code(line: str) -> bool:
    """Whether a line of text is code that was taken out: it calls, assigns or looks something up."""
    tree = parse(line.strip()) if re.search(r"[=(\[.]", line) is not None else None
    if tree is None:
        return False
    # ``Answer: (a) # the text`` reads as the type of a variable that is given none.
    return any(isinstance(node, _DOES) or (isinstance(node, ast.AnnAssign) and node.value) for node in ast.walk(tree))


def _strings(tree: ast.Module) -> Iterator[str]:
    """Texts that are printed, stand alone, or are kept in a variable, and are long enough to be an answer."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield from _long_enough(node.value, fewest=THRESHOLDS.fewest_words_of_remark)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            yield from _long_enough(node.value, fewest=THRESHOLDS.fewest_words_of_string)
        elif isinstance(node, ast.Call) and _called(node.func) in _PRINTERS:
            plain = all(isinstance(item, ast.Constant) for item in node.args)
            for item in node.args:
                yield from _long_enough(
                    item, fewest=THRESHOLDS.fewest_words_of_print if plain else THRESHOLDS.fewest_words_of_string
                )


def _long_enough(node: ast.expr, *, fewest: int) -> Iterator[str]:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    text = " ".join(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    if isinstance(node, ast.JoinedStr):
        fewest = THRESHOLDS.fewest_words_of_string
    if count_words(text) >= fewest and not is_label(text):
        yield text


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""
