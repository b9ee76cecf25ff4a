"""The student's own words: what stands in cells and is neither code, nor a label, nor the handed-out template."""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from grader.cell_code import code_of, parse
from grader.records import CellRun
from grader.text.thresholds import THRESHOLDS

NO_LEVEL = 7
"""A line in bold is a heading of the lowest level."""

_HEADING = re.compile(r"^\s{0,3}(?:#{1,6}(?:\s|$)|<h[1-6]\b)", re.IGNORECASE)
_UNDERLINE = re.compile(r"^\s{0,3}(?:=+|-{2,})\s*$")
_RULE = re.compile(r"^\s{0,3}(?:[-*_]\s*){3,}$")
_ITEM = re.compile(r"^\s{0,8}(?:[-*+]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])\s+")
_TAG = re.compile(r"<[^<>]{0,300}>")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['\u2019-](?=\w))*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")

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
_PRINTERS = frozenset({"print", "display", "Markdown", "HTML", "Latex", "printmd"})


@dataclass(frozen=True)
class Words:
    """What a student wrote in one place.

    Attributes:
        cell: Index of the cell.
        text: As plain text.
        sure: False where it may be the worksheet's own text.
    """

    cell: int
    text: str
    sure: bool = True

    @property
    def count(self) -> int:
        """How many words."""
        return count_words(self.text)


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


def count_words(text: str) -> int:
    """How many words a text has, in any script."""
    found = (len(_UNSPACED.findall(word)) for word in _WORD.findall(text))
    return sum(max(1, math.ceil(letters / THRESHOLDS.letters_a_word)) for letters in found)


def names_answers(title: str) -> bool:
    """Whether a heading says that answers stand below it: ``Discussion``, ``Answers to the questions``."""
    words = _WORD.findall(_plain(title))
    return len(words) <= THRESHOLDS.most_words_of_title and any(_ANSWERING.fullmatch(word) for word in words)


def first_heading(source: str) -> tuple[int, str] | None:
    """The level and the text of the heading that a Markdown text begins with; None where it begins with none."""
    first = next(iter(paragraphs(source)), "")
    if not _is_heading(first):
        return None
    marks = re.match(r"\s*(#+)", first)
    html = re.match(r"\s*<h([1-6])", first, re.IGNORECASE)
    level = len(marks.group(1)) if marks else int(html.group(1)) if html else NO_LEVEL
    return level, _plain(first).strip(" #*_:\n")


def words_of_cell(cell: CellRun, *, template: frozenset[str], holds_task: bool) -> Iterator[Words]:
    """What a student wrote in a cell.

    Args:
        cell: Any kind of cell.
        template: Normalised paragraphs of the handed-out template; empty where it is not known.
        holds_task: Whether the cell has the section's heading, and so the worksheet's own text.
    """
    if cell.kind != "code":
        yield from _of_prose(cell, cell.source, template=template, holds_task=holds_task)
    elif re.match(r"\s*%%(?:markdown|html|latex)\b", cell.source):
        yield from _of_prose(cell, cell.source.partition("\n")[2], template=template, holds_task=holds_task)
    else:
        for text in _of_code(cell.source):
            if normalised(text) not in template:
                yield Words(cell.index, text)


def _of_prose(cell: CellRun, source: str, *, template: frozenset[str], holds_task: bool) -> Iterator[Words]:
    blocks = [block for block in paragraphs(source) if not _is_heading(block)]
    own = [block for block in blocks if normalised(block) not in template and not _is_label(block)]
    if holds_task and not template:
        # What the worksheet says is not known here: only what stands behind its task can be the student's.
        behind = _behind_task(blocks)
        own = [block for block in own if block in behind or _is_marked(block)]
        yield from (Words(cell.index, _plain(block).strip(), sure=_is_marked(block)) for block in own)
        return
    yield from (Words(cell.index, _plain(block).strip()) for block in own)


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


def _style(mark: str) -> str:
    """Which kind of list an item belongs to: numbered, lettered, or the bullet itself."""
    plain = mark.strip("().")
    return "1" if plain.isdigit() else "a" if plain.isalpha() else plain


def _is_heading(block: str) -> bool:
    return _HEADING.match(block) is not None or re.fullmatch(r"\s*(\*\*|__)[^*_\n]{1,80}\1:?\s*", block) is not None


def _is_marked(block: str) -> bool:
    """Whether a block says itself that it is an answer: ``Answer: ...``, a quotation, a text in another colour."""
    if _MARKED.match(_ITEM.sub("", block)) or re.search(r"<(?:font|span)\b", block, re.IGNORECASE):
        return True
    return _is_quotation(block) or re.search(r"\n\W*(?:answer|antwort)\W*\s\S", block, re.IGNORECASE) is not None


def _is_label(block: str) -> bool:
    """Whether a block only says what should stand behind it: ``Discussion:``, ``Your answer here``."""
    found = _WORD.findall(_plain(block))
    return all(_LABEL_WORD.fullmatch(word) for word in found) or (len(found) <= 2 and block.rstrip(" *_").endswith(":"))


def _plain(text: str) -> str:
    return _TAG.sub(" ", _LINK.sub(r"\1", _IMAGE.sub(" ", text)))


def _of_code(source: str) -> Iterator[str]:
    yield from _comments(code_of(source))
    tree = parse(source)
    if tree is not None:
        yield from _strings(tree)


def _comments(source: str) -> Iterator[str]:
    """Blocks of comments that say more than what the code below them does."""
    blocks, last_code = _comment_blocks(source)
    for line, text in blocks:
        is_remark = line > last_code
        kept = "\n".join(part for part in text.splitlines() if not _is_old_code(part))
        fewest = THRESHOLDS.fewest_words_of_remark if is_remark else THRESHOLDS.fewest_words_of_comment
        if count_words(kept) >= fewest and not _is_label(kept):
            yield kept


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
    return re.search(r"[=(\[.]", line) is not None and parse(line.strip()) is not None


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
