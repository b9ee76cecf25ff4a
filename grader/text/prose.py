"""The student's own words: what stands in cells and is neither code, nor a label, nor the handed-out template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.cell_code import parse
from grader.records import CellRun
from grader.text.in_code import is_old_code, texts_in_code
from grader.text.plain import is_label, plain
from grader.text.requests import asks, behind_request, is_request
from grader.text.template import Template
from grader.text.thresholds import THRESHOLDS
from grader.text.words import WORD, count_words

NO_LEVEL = 7
"""A line in bold is a heading of the lowest level."""

_HEADING = re.compile(r"^\s{0,3}(?:>\s?)*(?:#{1,6}(?:\s|$)|<h[1-6]\b)", re.IGNORECASE)
_UNDERLINE = re.compile(r"^\s{0,3}(?:=+|-{2,})\s*$")
_RULE = re.compile(r"^\s{0,3}(?:[-*_]\s*){3,}$")
_ITEM = re.compile(r"^\s{0,8}(?:[-*+]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])\s+")
_ANSWERING = re.compile(
    r"discuss(?:ion)?|answers?|explanations?|comments?|commentary|conclusions?|responses?|solutions?|observations?"
    r"|interpretation|reflections?|questions?|diskussion|besprechung|antwort(?:en)?|erklärung(?:en)?|kommentare?"
    r"|fazit|lösung(?:en)?|beobachtung(?:en)?|discusi[oó]n|respuestas?|conclusi[oó]n(?:es)?|discussione|risposte?"
    r"|r[eé]ponses?|commentaires?|讨论|討論|回答|答案|结论|結論|考察|обсуждение|ответы?|выводы?",
    re.IGNORECASE,
)
_MARKED = re.compile(
    r"^\W*(?:answers?|ans|antwort|response|solution|lösung|réponse|respuesta|答|ответ)\s*[:\uff1a.)-]\s*(?=\S)",
    re.IGNORECASE,
)
_ENDS = (".", "!", "\u2026", "\u3002", "?", "\uff1f")
_NUMBERED = re.compile(r"\W*[^\W\d_]{0,20}[\s._:#-]{0,3}\d{1,3}\b")
_PICTURE = re.compile(
    r"!\[[^\]]*\]\(\s*<?(?:attachment|data):|<img\b[^>]{0,200}?src\s*=\s*[\"']?(?:attachment|data):", re.IGNORECASE
)


Place = Literal["answer", "task", "unknown task"]
"""What a cell holds beside the student's words: nothing; a task that the template knows; one that nobody knows."""

NO_TEMPLATE = Template()


@dataclass(frozen=True)
class Words:
    """What a student wrote in one place.

    Attributes:
        cell: Index of the cell.
        text: As plain text.
        sure: False where it may be the worksheet's own text, or no answer.
        own: How many of the words are the student's; None for all.
        is_picture: Whether it is a picture, which a person must look at.
    """

    cell: int
    text: str
    sure: bool = True
    own: int | None = None
    is_picture: bool = False

    @property
    def count(self) -> int:
        """How many words."""
        return count_words(self.text)

    @property
    def own_count(self) -> int:
        """How many of them are the student's."""
        return self.count if self.own is None else min(self.own, self.count)


def normalised(text: str) -> str:
    """A paragraph without markup, case and spacing, so that it is recognised in a template.

    The template's paragraphs in `SectionView.template_texts` are in this form.
    """
    return " ".join(re.findall(r"\w+", plain(text).casefold()))


def paragraphs(source: str) -> tuple[str, ...]:
    """The paragraphs of a Markdown text: what blank lines part; headings, list items and quotations by themselves."""
    found: list[list[str]] = [[]]
    for line in source.splitlines():
        if not line.strip() or _RULE.match(line):
            found.append([])
        elif _UNDERLINE.match(line) and found[-1]:
            found[-1] = [f"# {' '.join(found[-1])}"]
            found.append([])
        elif _HEADING.match(line):
            found += [[line], []]
        elif _ITEM.match(line) or (_is_quotation(line) and not (found[-1] and _is_quotation(found[-1][-1]))):
            found.append([line])
        else:
            found[-1].append(line)
    return tuple("\n".join(block) for block in found if block)


def is_sentence(title: str) -> bool:
    """Whether a heading says something, and names nothing: an answer that was typed as a heading."""
    text = plain(title).strip(" #*_=>\n")
    return text.endswith(_ENDS) and count_words(text) >= THRESHOLDS.fewest_words_of_sentence


def names_answers(title: str) -> bool:
    """Whether a heading says that answers stand below it: ``Discussion``, ``Answers to the questions``."""
    words = WORD.findall(plain(title))
    return len(words) <= THRESHOLDS.most_words_of_title and any(_ANSWERING.fullmatch(word) for word in words)


def first_heading(source: str) -> tuple[int, str] | None:
    """The level and the text of the heading that a Markdown text begins with; None where it begins with none."""
    first = next(iter(paragraphs(source)), "")
    if not _is_heading(first):
        return None
    marks = re.match(r"[\s>]*(#+)", first)
    html = re.match(r"[\s>]*<h([1-6])", first, re.IGNORECASE)
    level = len(marks.group(1)) if marks else int(html.group(1)) if html else NO_LEVEL
    return level, plain(first).strip(" #*_:>\n")


def parts_below(source: str, headings: Sequence[str]) -> dict[str, str]:
    """A text cut at some of its headings: what stands below each, and under the empty name what stands above all.

    The headings themselves are left out; one that is not found has no part.
    """
    names = {normalised(heading): heading for heading in headings}
    parts: dict[str, list[str]] = {}
    current = ""
    for block in paragraphs(source):
        first, _, rest = block.partition("\n")
        opened = names.get(normalised(block)) or names.get(normalised(first))
        if opened is None:
            parts.setdefault(current, []).append(block)
            continue
        current = opened
        parts.setdefault(current, []).extend([rest] if rest.strip() and normalised(block) not in names else [])
    return {name: "\n\n".join(blocks) for name, blocks in parts.items()}


def words_of_cell(cell: CellRun, *, template: Template = NO_TEMPLATE, place: Place = "answer") -> Iterator[Words]:
    """What a student wrote in a cell.

    Args:
        cell: Any kind of cell.
        template: The handed-out notebook.
        place: What else the cell may hold.
    """
    if cell.kind != "code":
        yield from _of_prose(cell, cell.source, template=template, place=place)
    elif re.match(r"\s*%%(?:markdown|html|latex)\b", cell.source):
        yield from _of_prose(cell, cell.source.partition("\n")[2], template=template, place=place)
    else:
        for text, sure in texts_in_code(cell.source):
            yield from _beside_template(cell, text, template=template, place="answer", sure=sure)


def is_known(source: str, *, template: Template) -> bool:
    """Whether any paragraph of a text, its headings left out, is the template's."""
    blocks = (block for block in paragraphs(source) if not _is_heading(block) and not is_label(block))
    return any(template.own_words(normalised(block)).is_known for block in blocks)


def _of_prose(cell: CellRun, source: str, *, template: Template, place: Place) -> Iterator[Words]:
    blocks = [block for block in paragraphs(source) if not _is_old_block(block)]
    texts = [block for block in blocks if not _is_heading(block)]
    behind = [*_behind_task(texts), *_asking_nothing(texts)]
    for block in blocks:
        if _is_heading(block):
            yield from _of_heading(cell, block, template=template)
        elif _PICTURE.search(block) and (place == "answer" or block in behind):
            yield Words(cell.index, plain(block).strip(), is_picture=True)
        elif is_label(block):
            continue
        elif place != "unknown task":
            yield from _beside_template(cell, block, template=template, place=place)
        elif _is_marked(block) or (block in behind and count_words(plain(block)) > 1):
            yield Words(cell.index, plain(block).strip(), sure=_is_marked(block))
        elif answer := behind_request(plain(_ITEM.sub("", block))):
            yield Words(cell.index, answer, sure=False)


def _beside_template(
    cell: CellRun, block: str, *, template: Template, place: Place, sure: bool = True
) -> Iterator[Words]:
    """A paragraph as far as it is the student's."""
    own = template.own_words(normalised(block))
    if not own.is_known:
        yield Words(cell.index, plain(block).strip(), sure=sure)
    elif place == "answer" and own.count:
        # Not where the worksheet has it, or changed there: a person decides what the words that differ are worth.
        yield Words(cell.index, plain(block).strip(), sure=bool(own.parts) and sure, own=own.count)
    elif own.parts:
        yield Words(cell.index, " ".join(" ".join(part) for part in own.parts), sure=sure)


def _of_heading(cell: CellRun, block: str, *, template: Template) -> Iterator[Words]:
    """A heading, or a line in bold, that is itself an answer: a sentence, or what stands behind a question."""
    text = plain(block).strip(" #*_=>\n")
    marked = _MARKED.match(text)
    if template.own_words(normalised(block)).is_known:
        return
    if marked is not None and count_words(text[marked.end() :]):
        yield Words(cell.index, text)
    elif is_request(text):
        return
    elif answer := behind_request(text):
        yield Words(cell.index, answer)
    elif text.endswith(_ENDS):
        if not text.endswith(("?", "\uff1f")) and is_sentence(text):
            yield Words(cell.index, text)
    elif count_words(text) >= THRESHOLDS.fewest_words_of_statement and not _NUMBERED.match(text):
        yield Words(cell.index, text, sure=False)


def _is_old_block(block: str) -> bool:
    """Whether a paragraph is nothing but code, as in a cell of the wrong kind."""
    lines = [line for line in block.splitlines() if line.strip(" `~")]
    return len(lines) > 1 and all(is_old_code(line) or parse(line.strip()) is not None for line in lines)


def _is_quotation(line: str) -> bool:
    return line.lstrip().startswith(">")


def _behind_task(blocks: list[str]) -> list[str]:
    """What stands behind a task of one paragraph, or behind its first list: paragraphs, and a second list."""
    items = [_ITEM.match(block) for block in blocks]
    if not any(items):
        return blocks[1:]
    first = next(i for i, item in enumerate(items) if item is not None)
    seen: set[str] = set()
    behind: list[str] = []
    for block, item in zip(blocks[first:], items[first:], strict=True):
        mark = "" if item is None else item.group().strip()
        is_new_list = bool(seen) and _style(mark) not in {_style(other) for other in seen}
        is_again = mark in seen and mark.strip("().") not in {"-", "*", "+"}
        if behind or item is None or is_new_list or is_again:
            behind.append(block)
        seen.add(mark)
    return behind


def _asking_nothing(blocks: list[str]) -> list[str]:
    """Paragraphs that ask for nothing; not items of a list in which others do."""
    marks = {block: item.group().strip() for block in blocks if (item := _ITEM.match(block)) is not None}
    asking = {_style(mark) for block, mark in marks.items() if asks(_ITEM.sub("", block))}
    return [
        block
        for block in blocks
        if not asks(_ITEM.sub("", block)) and (block not in marks or _style(marks[block]) not in asking)
    ]


def _style(mark: str) -> str:
    """Which kind of list an item belongs to: ``a.``, ``(a)``, ``A)``, ``1.``, or the bullet itself."""
    plain = mark.strip("().")
    kind = "1" if plain.isdigit() else "A" if plain.isupper() else "a" if plain.isalpha() else plain
    return f"{mark[:1] if mark.startswith('(') else ''}{kind}{mark[-1:] if kind in {'1', 'a', 'A'} else ''}"


def _is_heading(block: str) -> bool:
    return _HEADING.match(block) is not None or re.fullmatch(r"\s*(\*\*|__)[^*_\n]{1,80}\1:?\s*", block) is not None


def _is_marked(block: str) -> bool:
    """Whether a block says itself that it is an answer: ``Answer: ...``, a quotation, a text in another colour."""
    if _MARKED.match(_ITEM.sub("", block)) or re.search(r"<(?:font|span)\b", block, re.IGNORECASE):
        return True
    return _is_quotation(block) or re.search(r"\n\W*(?:answer|antwort)\W*\s\S", block, re.IGNORECASE) is not None
