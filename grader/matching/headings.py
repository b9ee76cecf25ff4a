"""Finds the headings of a notebook, in whatever form, and compares their titles."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, Protocol

from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.limits import MAX_HEADING_CELL_CHARACTERS, MAX_HEADING_CHARACTERS, MAX_HEADINGS
from grader.matching.thresholds import THRESHOLDS

Kind = Literal["heading", "bold", "plain", "comment"]
"""``heading``: one of Markdown's or HTML's; ``bold``: a paragraph in bold alone; ``plain``: a line that begins like an
exercise (``Exercise 4: ...``); ``comment``: a comment in code. Only a real heading can end a section."""

_HTML = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_NO_SPACE = re.compile(r"^\s{0,3}(#{1,6})((?:[^\s\w#!]{1,4}\s?)?(?:\d{1,3}[.)]\s*)?[^\W\d_].*)$")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_NUMBERED_AND_UNDERLINED = re.compile(r"^(\d{1,3}[.)][ \t]+\S.*)\n[-=]{3,}[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"^#+[\s#=*\-_%]*(.*?)[\s#=*\-_]*$")
_LABEL = re.compile(r"^(?P<word>[^\W\d_]{1,20})[\s._:#-]{0,3}(?P<number>\d{1,3}|[ivx]{1,4}(?!\w))", re.IGNORECASE)
_SET_OFF = re.compile(r"\s*(?:[^\w\s]|$)")
_NUMBER_FIRST = re.compile(r"^(?P<number>\d{1,3})\s*(?:[.):-]|$)")
_BRACKETS = re.compile(r"[(\[{]\s*([^\s)\]}]{1,20})\s*[)\]}]")
_REMARK = re.compile(r"(?<=\w)\s*(?:[(\[{][^)\]}]{0,80}[)\]}]|\s[-\u2013\u2014]\s[^:]{1,40}$)")
_LEADING_TAG = re.compile(r"^\W*[(\[{]\s*(?!\d+\s*[)\]}])[^\s)\]}]{1,20}\s*[)\]}](?=\s*\w)")
_ROMAN = {name: number for number, name in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"), 1)}
_SPELT = {
    name: number for number, name in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight"), 1)
}
_SPELT_LABEL = re.compile(rf"(?P<word>[^\W\d_]+)\s+(?P<number>{'|'.join(_SPELT)})(?={_SET_OFF.pattern})")


_COMMON_WORDS = frozenset(
    {"a", "an", "the", "and", "or", "of", "to", "in", "on", "for", "with", "my", "your", "our", "its", "is", "we"}
    | {"der", "die", "das", "und", "ein", "eine", "el", "la", "le", "les", "de", "du", "des", "un", "une", "una", "y"}
)


class HasSource(Protocol):
    """A cell, as handed in or as run."""

    @property
    def index(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def source(self) -> str: ...


@dataclass(frozen=True)
class Heading:
    """One heading.

    Attributes:
        level: 1 to 6; 0 for the other forms.
        opens_cell: False where something else is above it in its cell.
    """

    cell: int
    text: str
    kind: Kind
    level: int = 0
    opens_cell: bool = True

    @property
    def is_real(self) -> bool:
        """Whether it can end a section that it does not belong to."""
        return self.kind == "heading"


@dataclass(frozen=True)
class Label:
    """A heading taken apart.

    Attributes:
        word: ``exercise`` of ``Exercise 4 (CORE): Going Deep``; empty for none.
        number: 4 there; None for none.
        tags: What is in brackets, ``{core}``.
        title: The words of the rest.
        short: The title without what stands in brackets or behind a dash: ``(10 layers deep)``, ``- my solution``.
        has_remark_alone: Whether nothing but that stands behind the number: ``Exercise 4 (all parts)``.
        is_set_off: Whether punctuation or nothing follows the number: ``Put 2 neurons`` is a sentence.
    """

    word: str
    number: int | None
    tags: frozenset[str]
    title: tuple[str, ...]
    short: tuple[str, ...] = ()
    is_set_off: bool = True
    has_remark_alone: bool = False


def headings_of(cells: Iterable[HasSource]) -> list[Heading]:
    """Every heading of a notebook, in order."""
    found: list[Heading] = []
    for cell in cells:
        source = cell.source[:MAX_HEADING_CELL_CHARACTERS]
        if cell.kind == "markdown":
            found += _of_markdown(source, cell=cell.index)
        elif cell.kind == "code":
            found += _of_code(source, cell=cell.index)
        if len(found) >= MAX_HEADINGS:
            break
    return found[:MAX_HEADINGS]


@lru_cache(maxsize=2048)
def label_of(text: str) -> Label:
    """The parts of a heading's text; case, the encoding of accents, emoji and punctuation do not matter."""
    own = _label_of(text)
    short = _label_of(_REMARK.sub(" ", text)).title
    return replace(own, short=short if short != own.title else (), has_remark_alone=bool(own.title) and not short)


def _label_of(text: str) -> Label:
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = re.sub(r"[*_`~]", " ", plain)
    tags = frozenset(tag for tag in _BRACKETS.findall(plain) if not tag.isdigit())
    plain = re.sub(r"^\W+", "", _LEADING_TAG.sub("", plain))
    bare = re.sub(r"^\W+", "", _BRACKETS.sub(" ", plain))
    words = _words(bare)
    match = _LABEL.match(bare)
    first = _NUMBER_FIRST.match(bare)
    if match is not None:
        digits = match.group("number")
        number = int(digits) if digits.isdigit() else _ROMAN.get(digits)
        if number is not None:
            set_off = _SET_OFF.match(plain.removeprefix(match.group())) is not None
            return Label(match.group("word"), number, tags, _words(bare[match.end() :]), is_set_off=set_off)
    spelt = _SPELT_LABEL.match(plain)
    if spelt is not None:
        return Label(spelt.group("word"), _SPELT[spelt.group("number")], tags, words[2:])
    if first is not None:
        return Label("", int(first.group("number")), tags, _words(bare[first.end() :]))
    before, colon, after = bare.partition(":")
    if tags and (len(words) == 1 or (colon and len(before.split()) == 1)):
        return Label(words[0], None, tags, _words(after))
    return Label("", None, tags, words)


def title_likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """How similar two titles are, in [0, 1]: by words, or letter by letter where they were retyped or translated."""
    if not one or not other:
        return 0.0
    shared = sum(any(_alike(word, there) for there in other) for word in one)
    back = sum(any(_alike(word, here) for here in one) for word in other)
    by_words = (shared + back) / (len(one) + len(other))
    # Any two titles share a third of their letters: only what is nearly the same counts.
    return max(by_words, _letters(" ".join(one), " ".join(other), least=THRESHOLDS.same_letters))


def shared_words(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many words of one title the other has, however spelt; those that any title may have are not counted."""
    return sum(word not in _COMMON_WORDS and any(_alike(word, there) for there in other) for word in one)


def is_same_word(one: str, other: str) -> bool:
    """Whether two label words mean the same: ``ex`` and ``exercise``, ``exercice`` and ``exercise``."""
    if not one or not other:
        return False
    if len(min(one, other, key=len)) >= 2 and (one.startswith(other) or other.startswith(one)):
        return True
    return _letters(one, other, least=THRESHOLDS.same_word) > 0


def _of_markdown(source: str, *, cell: int) -> Iterator[Heading]:
    tokens = MarkdownIt("commonmark").parse(_NUMBERED_AND_UNDERLINED.sub(r"## \1\n", source))
    quoted = 0
    for number, token in enumerate(tokens):
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        # Headings in a quotation are headings; what stands in a list is none.
        if token.map is None or token.level > (quoted if token.type == "heading_open" else 0):
            continue
        opens = not any(line.strip() for line in source.splitlines()[: token.map[0]])
        if token.type == "heading_open":
            text = _inline_text(tokens[number + 1])
            yield Heading(cell, _short(text), "heading", level=int(token.tag[1]), opens_cell=opens)
        elif token.type == "html_block":
            for level, inner in _HTML.findall(token.content):
                yield Heading(cell, _short(_TAG.sub(" ", inner)), "heading", level=int(level), opens_cell=opens)
        elif token.type == "paragraph_open":
            yield from _of_paragraph(tokens[number + 1], cell=cell, opens_cell=opens)


def _of_paragraph(inline: Token, *, cell: int, opens_cell: bool) -> Iterator[Heading]:
    lines = inline.content.splitlines()
    for number, line in enumerate(lines):
        missing_space = _NO_SPACE.match(line)
        if missing_space is not None:
            level = len(missing_space.group(1))
            opens = opens_cell and number == 0
            text = _short(_LINK.sub(r"\1", missing_space.group(2)))
            yield Heading(cell, text, "heading", level=level, opens_cell=opens)
    parts = [child for child in inline.children or [] if child.type != "text" or child.content.strip()]
    if len(parts) > 2 and parts[0].type == "strong_open" and parts[-1].type == "strong_close":
        yield Heading(cell, _short(_inline_text(inline)), "bold", opens_cell=opens_cell)
    elif lines and not _NO_SPACE.match(lines[0]) and label_of(lines[0]).number is not None and label_of(lines[0]).word:
        yield Heading(cell, _short(lines[0]), "plain", opens_cell=opens_cell)


def _of_code(source: str, *, cell: int) -> Iterator[Heading]:
    code_above = False
    for line in source.splitlines():
        match = _COMMENT.match(line)
        if match is not None and match.group(1):
            yield Heading(cell, _short(match.group(1)), "comment", opens_cell=not code_above)
        elif line.strip() and match is None:
            code_above = True


def _inline_text(token: Token) -> str:
    kept = {"text", "code_inline", "softbreak", "image"}
    return " ".join(child.content for child in token.children or [] if child.type in kept)


def _short(text: str) -> str:
    return " ".join(text.split())[:MAX_HEADING_CHARACTERS]


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", text))


@lru_cache(maxsize=65536)
def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < 4:
        return False
    return _letters(one, other, least=THRESHOLDS.same_letters) > 0


def _letters(one: str, other: str, *, least: float) -> float:
    """How similar two texts are letter by letter, in [0, 1]; 0 where it is less than ``least``."""
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0
