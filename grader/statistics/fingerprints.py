"""What a notebook's code comes down to once names, literals, comments and layout are taken away, as a set of numbers.

Source of the selection: Schleimer, Wilkerson, Aiken (2003), "Winnowing: local algorithms for document fingerprinting".
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from grader.cell_code import code_of, parse
from grader.statistics.thresholds import THRESHOLDS

_BUILTINS = frozenset(dir(builtins)) - {"_"}
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
# A text with fields is several tokens from Python 3.12 on.
_TEXT_BEGINS, _TEXT_ENDS = getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "FSTRING_END", -1)

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that a factor of any power tells what it is applied to."""

NAME, NUMBER, TEXT, END = "v", "n", "s", ";"
"""What stands for a name of the student's own, a number, a text and the end of a statement."""


@dataclass(frozen=True)
class _Names:
    """The names of a notebook.

    Attributes:
        imported: What an imported thing is called here, to what it is called where it comes from.
        own: The attributes that are the student's own: methods of their classes, and what they set.
    """

    imported: Mapping[str, str]
    own: frozenset[str]


def fingerprints(sources: Iterable[str]) -> frozenset[int]:
    """Numbers that stand for the code of these cells: the same for a copy with other names, literals and comments."""
    return winnowed(normalised_tokens(sources))


def pieces(sources: Iterable[str]) -> frozenset[int]:
    """Every piece of the code of these cells, of which `fingerprints` keeps some: what is to be left out."""
    return frozenset(_hashes(normalised_tokens(sources)))


def winnowed(tokens: Sequence[str]) -> frozenset[int]:
    """The least of the pieces in each window."""
    hashes = _hashes(tokens)
    window = min(THRESHOLDS.window_pieces, len(hashes))
    if not window:
        return frozenset()
    return frozenset(min(hashes[start : start + window]) for start in range(len(hashes) - window + 1))


def normalised_tokens(sources: Iterable[str]) -> list[str]:
    """The tokens of code cells without what a copyist changes first.

    Names that the student chose are one token, all numbers one and all texts one. Names of Python, of what is imported,
    of attributes and of arguments stay. Imports, comments, docstrings and layout go. A cell that is no Python counts as
    far as it can be read.
    """
    codes = [code_of(source) for source in sources]
    names = _names(codes)
    found: list[str] = []
    for code in codes:
        for statement in _statements(code):
            tokens = list(_normalised(statement, names))
            if tokens and tokens not in ([TEXT], ["pass"]):
                found += [*tokens, END]
    return found


def _hashes(tokens: Sequence[str]) -> list[int]:
    """A number for each piece: a polynomial of its tokens' numbers, modulo 2^64, of which the upper 48 bits stay."""
    size = THRESHOLDS.tokens_of_a_piece
    if len(tokens) < size:
        return []
    numbers = np.array([_number(token) for token in tokens], dtype=np.uint64)
    hashes = np.zeros(len(tokens) - size + 1, dtype=np.uint64)
    for start in range(size):
        hashes = hashes * _FACTOR + numbers[start : start + len(hashes)]
    found: list[int] = (hashes >> np.uint64(16)).tolist()
    return found


@lru_cache(maxsize=4096)
def _number(token: str) -> int:
    return int.from_bytes(hashlib.blake2b(token.encode(), digest_size=8).digest(), "big")


def _names(codes: Iterable[str]) -> _Names:
    imported: dict[str, str] = {}
    own: set[str] = set()
    for code in codes:
        tree = parse(code)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= {alias.asname or alias.name: alias.name.rpartition(".")[2] for alias in node.names}
            elif isinstance(node, ast.ClassDef):
                own |= {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                own.add(node.attr)
    return _Names(imported, frozenset(own))


def _statements(code: str) -> Iterator[list[tokenize.TokenInfo]]:
    """The tokens of each statement; an import is none, and a line with semicolons is several."""
    statement: list[tokenize.TokenInfo] = []
    for token in _tokens(code):
        if token.type == tokenize.NEWLINE or (token.type == tokenize.OP and token.string == ";"):
            if statement and statement[0].string not in {"import", "from"}:
                yield statement
            statement = []
        else:
            statement.append(token)
    if statement and statement[0].string not in {"import", "from"}:
        yield statement


def _tokens(code: str) -> list[tokenize.TokenInfo]:
    """Tokens without layout; of what is no Python those of each line by itself, as far as it can be read."""
    found, is_whole = _readable(code)
    if is_whole:
        return found
    return [token for line in code.split("\n") for token in _readable(line.strip())[0]]


def _readable(code: str) -> tuple[list[tokenize.TokenInfo], bool]:
    """Tokens up to the first that cannot be read, and whether there is none; a text with fields is one token."""
    found: list[tokenize.TokenInfo] = []
    depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == _TEXT_BEGINS:
                depth += 1
            elif token.type == _TEXT_ENDS:
                depth -= 1
                if not depth:
                    # As it was before Python 3.12.
                    found.append(token._replace(type=tokenize.STRING))
            elif not depth and token.type not in _LAYOUT:
                found.append(token)
    except (tokenize.TokenError, SyntaxError):
        return found, False
    return found, True


def _normalised(statement: Sequence[tokenize.TokenInfo], names: _Names) -> Iterator[str]:
    depth = 0
    before = ""
    for number, token in enumerate(statement):
        after = statement[number + 1].string if number + 1 < len(statement) else ""
        text = token.string
        depth += (text in _OPENING) - (text in _CLOSING)
        if token.type == tokenize.NAME:
            yield _name(text, names, is_attribute=before == ".", is_argument=depth > 0 and after == "=")
        elif token.type == tokenize.NUMBER:
            yield NUMBER
        elif token.type == tokenize.STRING:
            if before != TEXT:
                yield TEXT
        elif text != "," or after not in _CLOSING:
            yield text
        before = TEXT if token.type == tokenize.STRING else text


def _name(text: str, names: _Names, *, is_attribute: bool, is_argument: bool) -> str:
    if keyword.iskeyword(text):
        return text
    if is_attribute:
        return NAME if text in names.own else text
    if is_argument:
        return text
    return names.imported.get(text, text if text in _BUILTINS else NAME)
