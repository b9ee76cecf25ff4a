"""The student's own words: what stands in cells and is neither code, nor a label, nor the handed-out template."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.cell_code import code_of, parse
from grader.records import CellRun
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
_TAG = re.compile(r"<[^<>]{0,300}>")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")

_LABEL_WORD = re.compile(
    r"discuss(?:ion)?|answers?|ans|explanation|explain|comments?|conclusion|response|reply|solution|observations?"
    r"|analysis|results?|question|text|here|your|write|type|this|cell|edit|enter|double|click|to|below|markdown|and|or|the"
    r"|in|a|todo|tbd|diskussion|besprechung|antwort(?:en)?|erklärung|kommentar|fazit|lösung|beobachtung|ergebnis(?:se)?"
    r"|hier|ihre|deine|discusi[oó]n|respuesta|discussione|risposta|r[eé]ponse|commentaires?|讨论|討論|答案?|结论|結論|分析|解答"
    r"|考察|обсуждение|ответ|вывод",
    re.IGNORECASE,
)
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
_LABELLED = re.compile(
    r"(?:<(summary|b|strong|em|i|u|p|div)\b[^<>]{0,300}>|(\*\*|__|[*_]))\s*"
    r"(answer|antwort|response|solution|lösung|réponse|respuesta|答|ответ)\s*(?(1)</\1>|\2)(?=\s*(?!(?-i:[a-zß-ÿ]))[^\s:*_])",
    re.IGNORECASE,
)
_ENDS = (".", "!", "\u2026", "\u3002", "?", "\uff1f")
_NUMBERED = re.compile(r"\W*[^\W\d_]{0,20}[\s._:#-]{0,3}\d{1,3}\b")
_PICTURE = re.compile(
    r"!\[[^\]]*\]\(\s*<?(?:attachment|data):|<img\b[^>]{0,200}?src\s*=\s*[\"']?(?:attachment|data):", re.IGNORECASE
)
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
    return " ".join(re.findall(r"\w+", _plain(text).casefold()))


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
    text = _plain(title).strip(" #*_=>\n")
    return text.endswith(_ENDS) and count_words(text) >= THRESHOLDS.fewest_words_of_sentence


def names_answers(title: str) -> bool:
    """Whether a heading says that answers stand below it: ``Discussion``, ``Answers to the questions``."""
    words = WORD.findall(_plain(title))
    return len(words) <= THRESHOLDS.most_words_of_title and any(_ANSWERING.fullmatch(word) for word in words)


def first_heading(source: str) -> tuple[int, str] | None:
    """The level and the text of the heading that a Markdown text begins with; None where it begins with none."""
    first = next(iter(paragraphs(source)), "")
    if not _is_heading(first):
        return None
    marks = re.match(r"[\s>]*(#+)", first)
    html = re.match(r"[\s>]*<h([1-6])", first, re.IGNORECASE)
    level = len(marks.group(1)) if marks else int(html.group(1)) if html else NO_LEVEL
    return level, _plain(first).strip(" #*_:>\n")


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
        for text, sure in _of_code(cell.source):
            yield from _beside_template(cell, text, template=template, place="answer", sure=sure)


def is_known(source: str, *, template: Template) -> bool:
    """Whether any paragraph of a text, its headings left out, is the template's."""
    blocks = (block for block in paragraphs(source) if not _is_heading(block) and not _is_label(block))
    return any(template.own_words(normalised(block)).is_known for block in blocks)


def _of_prose(cell: CellRun, source: str, *, template: Template, place: Place) -> Iterator[Words]:
    blocks = [block for block in paragraphs(source) if not _is_old_block(block)]
    texts = [block for block in blocks if not _is_heading(block)]
    behind = [*_behind_task(texts), *_asking_nothing(texts)]
    for block in blocks:
        if _is_heading(block):
            yield from _of_heading(cell, block, template=template)
        elif _PICTURE.search(block) and (place == "answer" or block in behind):
            yield Words(cell.index, _plain(block).strip(), is_picture=True)
        elif _is_label(block):
            continue
        elif place != "unknown task":
            yield from _beside_template(cell, block, template=template, place=place)
        elif _is_marked(block) or (block in behind and count_words(_plain(block)) > 1):
            yield Words(cell.index, _plain(block).strip(), sure=_is_marked(block))
        elif answer := behind_request(_plain(_ITEM.sub("", block))):
            yield Words(cell.index, answer, sure=False)


def _beside_template(
    cell: CellRun, block: str, *, template: Template, place: Place, sure: bool = True
) -> Iterator[Words]:
    """A paragraph as far as it is the student's."""
    own = template.own_words(normalised(block))
    if not own.is_known:
        yield Words(cell.index, _plain(block).strip(), sure=sure)
    elif place == "answer" and own.count:
        # Not where the worksheet has it, or changed there: a person decides what the words that differ are worth.
        yield Words(cell.index, _plain(block).strip(), sure=bool(own.parts) and sure, own=own.count)
    elif own.parts:
        yield Words(cell.index, " ".join(" ".join(part) for part in own.parts), sure=sure)


def _of_heading(cell: CellRun, block: str, *, template: Template) -> Iterator[Words]:
    """A heading, or a line in bold, that is itself an answer: a sentence, or what stands behind a question."""
    text = _plain(block).strip(" #*_=>\n")
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
    return len(lines) > 1 and all(_is_old_code(line) or parse(line.strip()) is not None for line in lines)


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


def _is_label(block: str) -> bool:
    """Whether a block only says what should stand behind it: ``Discussion:``, ``Your answer here``."""
    found = WORD.findall(_plain(block))
    return all(_LABEL_WORD.fullmatch(word) for word in found) or (len(found) <= 2 and block.rstrip(" *_").endswith(":"))


def _plain(text: str) -> str:
    """Text without markup; a label that markup alone sets off from its answer keeps a colon."""
    text = _LABELLED.sub(r"\3: ", text)
    return _TAG.sub(" ", _LINK.sub(r"\1", _IMAGE.sub(" ", text)))


def _of_code(source: str) -> Iterator[tuple[str, bool]]:
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
        kept = "\n".join(part for part in lines if not (_is_old_code(part) or _BANNER.search(part)))
        fewest = THRESHOLDS.fewest_words_of_remark if is_remark else THRESHOLDS.fewest_words_of_comment
        if _is_label(kept):
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


def _is_old_code(line: str) -> bool:
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
    if count_words(text) >= fewest and not _is_label(text):
        yield text


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""
