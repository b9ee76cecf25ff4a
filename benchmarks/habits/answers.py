"""Habits of answers in words: their language, form, label and place, and what became of the questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from habits.page import Block, Cell, Page
from habits.registry import Step, add_habit, habit
from habits.titles import ANSWER_WORDS, ANSWERS

_LEAD = re.compile(r"^(?:>\s*|\*\*Answer\.\*\*\s*|[a-z]\.\s+)", re.MULTILINE)


def _rewritten(page: Page, _: Random, *, form: Callable[[str], str]) -> bool:
    found = False
    for _cell, block in page.answers():
        block.text, found = form(_words(block.text)), True
    return found


def _translated(page: Page, random: Random, *, language: str) -> bool:
    return _rewritten(page, random, form=lambda _: ANSWERS[language])


def _words(text: str) -> str:
    """An answer on one line, without marks of its own."""
    return " ".join(_LEAD.sub("", text).split())


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?。])\s+", text) if part.strip()]


def _listed(text: str, *, marks: tuple[str, ...]) -> str:
    parts = _sentences(text)
    given = [marks[min(number, len(marks) - 1)] for number in range(len(parts))]
    return "\n\n".join(f"{mark} {part}" for mark, part in zip(given, parts, strict=True))


_LANGUAGES = {name: f"Answers are {name.capitalize()}." for name in ANSWERS}
for _name, _text in _LANGUAGES.items():
    add_habit(
        f"answer_{_name}",
        partial(_translated, language=_name),
        family="answer language",
        step=Step.LANGUAGE,
        needs_run=False,
        text=_text,
    )
add_habit(
    "answer_short",
    partial(_rewritten, form=lambda _: "Yes, we expected it, since the model is linear."),
    family="answer language",
    step=Step.LANGUAGE,
    needs_run=False,
    text="Answers are one short sentence.",
)
add_habit(
    "answer_with_formula",
    partial(
        _rewritten, form=lambda text: f"{text} Here $\\hat{{y}} = \\sigma(w^T x + b)$ with $b \\in \\mathbb{{R}}$."
    ),
    family="answer language",
    step=Step.LANGUAGE,
    needs_run=False,
    text="Answers hold a formula.",
)

_LISTS: dict[str, tuple[str, Callable[[str], str]]] = {
    "html_list": (
        "Answers are a list in HTML.",
        lambda text: "<ul>\n" + "\n".join(f"<li>{s}</li>" for s in _sentences(text)) + "\n</ul>",
    ),
    "bullets": ("Answers are a list.", partial(_listed, marks=("*",))),
    "dashes": ("Answers are a list of dashes.", partial(_listed, marks=("-",))),
    "lettered": ("Answers are lettered a).", partial(_listed, marks=("a)", "b)", "c)", "d)", "e)"))),
    "in_brackets": ("Answers are lettered (i).", partial(_listed, marks=("(i)", "(ii)", "(iii)", "(iv)", "(v)"))),
    "capitals": ("Answers are lettered A.", partial(_listed, marks=("A.", "B.", "C.", "D.", "E."))),
    "numbered": ("Answers are numbered.", partial(_listed, marks=("1.", "2.", "3.", "4.", "5."))),
    "paragraphs": ("Each sentence is a paragraph.", lambda text: "\n\n".join(_sentences(text))),
    "broken_lines": ("Sentences end with line breaks.", lambda text: "<br>\n".join(_sentences(text))),
}
for _name, (_text, _form) in _LISTS.items():
    add_habit(
        f"answer_{_name}",
        partial(_rewritten, form=_form),
        family="answer lists",
        step=Step.LIST,
        needs_run=False,
        text=_text,
    )

_MARK = re.compile(r"^(?P<mark>(?:[*-]|\(?\w{1,3}[.)])\s+)?(?P<rest>.*)$", re.DOTALL)


def _styled(page: Page, _: Random, *, style: Callable[[str], str], whole: bool) -> bool:
    """Wraps answers, as a whole or paragraph by paragraph behind the marks of a list."""
    found = False
    for _cell, block in page.answers():
        if whole:
            block.text = style(block.text)
        else:
            parts = [_MARK.match(part) for part in block.text.split("\n\n")]
            joined = [
                (part["mark"] or "") + style(part["rest"].replace("\n", " ")) for part in parts if part is not None
            ]
            block.text = "\n\n".join(joined)
        found = True
    return found


_STYLES: dict[str, tuple[str, bool, Callable[[str], str]]] = {
    "bold": ("Answers are in bold.", False, lambda text: f"**{text}**"),
    "italic": ("Answers are in italics.", False, lambda text: f"*{text}*"),
    "coloured": ("Answers are in another colour.", False, lambda text: f'<font color="blue">{text}</font>'),
    "html_paragraph": ("Answers are paragraphs in HTML.", False, lambda text: f"<p><i>{text}</i></p>"),
    "as_heading": ("Answers are typed as headings.", False, lambda text: f"### {text}"),
    "as_heading_higher": ("Answers are typed as headings of level 1.", False, lambda text: f"# {text}"),
    "quoted": ("Answers are quotations.", False, lambda text: f"> {text}"),
    "html_box": ("Answers are in a box.", True, lambda text: f'<div class="alert alert-info">\n{text}\n</div>'),
    "folded": ("Answers are folded in.", True, lambda text: f"<details><summary>Answer</summary>\n{text}\n</details>"),
    "fenced": ("Answers are in a fence.", True, lambda text: f"```\n{text}\n```"),
    "indented": ("Answers are indented like code.", False, lambda text: f"    {text}"),
    "table": ("Answers are in a table.", False, lambda text: f"| question | answer |\n|---|---|\n| 1 | {text} |"),
}
for _name, (_text, _whole, _style) in _STYLES.items():
    add_habit(
        f"answer_{_name}",
        partial(_styled, style=_style, whole=_whole),
        family="answer styles",
        step=Step.ANSWER_FORM,
        needs_run=False,
        text=_text,
    )


def _labelled(page: Page, random: Random, *, labels: tuple[str, ...], same_line: bool) -> bool:
    found = False
    for cell, block in list(page.answers()):
        if cell.blocks[0] is block or cell.blocks[cell.blocks.index(block) - 1].role != "answer":
            label = random.choice(labels)
            if same_line and not re.match(r"[\s<#|>`]", block.text):
                block.text = f"{label} {block.text}"
            else:
                cell.blocks.insert(cell.blocks.index(block), Block("own heading", label, block.section))
            found = True
    return found


for _name, _labels, _same, _text in (
    ("answer", ("Answer:", "**Answer:**", "A:"), True, "Answers begin with Answer."),
    (
        "other_language",
        ANSWER_WORDS,
        True,
        "Answers begin with that word in another language.",
    ),
    (
        "line",
        ("**Discussion:**", "**Discussion**", "Your answer here:", "*Explanation*"),
        False,
        "A line names the answer.",
    ),
    ("arrow", ("→", "=>", "--"), True, "Answers begin with an arrow."),
):
    add_habit(
        f"label_{_name}",
        partial(_labelled, labels=_labels, same_line=_same),
        family="answer label",
        step=Step.LABEL,
        needs_run=False,
        text=_text,
    )


def _taken(page: Page) -> Iterator[tuple[str, list[Block]]]:
    """Each section's answers, with the labels and own headings in front of them, taken out of the page."""
    found: dict[str, list[Block]] = {}
    for cell in page.cells:
        kept = list[Block]()
        for number, block in enumerate(cell.blocks):
            rest = [other.role for other in cell.blocks[number + 1 :]]
            leads = block.role == "own heading" and "answer" in rest and "heading" not in rest
            if block.role == "answer" or leads:
                found.setdefault(block.section, []).append(block)
            else:
                kept.append(block)
        cell.blocks = kept
    yield from found.items()


def _head(page: Page, section: str) -> tuple[Cell, int] | None:
    """The cell of a section's heading, and where in it the heading's own text ends."""
    for cell in page.cells:
        for number, block in enumerate(cell.blocks):
            if block.role == "heading" and block.section == section:
                return cell, number + 1
    return None


def _placed(page: Page, *, place: Callable[[Cell, int, list[Block]], None]) -> bool:
    found = False
    for section, blocks in _taken(page):
        head = _head(page, section)
        if head is None:
            # Without a heading there is no other place that is the section's.
            page.add(Cell("markdown", blocks=blocks, section=section))
        else:
            place(*head, blocks)
            found = True
    page.tidy()
    return found


def _questions_end(cell: Cell, start: int) -> int:
    end = start
    while end < len(cell.blocks) and cell.blocks[end].role == "question":
        end += 1
    return end


@habit("answer place", Step.PLACE)
def answer_behind_question(page: Page, _: Random) -> bool:
    """Answers are typed into the question's cell, behind it."""

    def place(cell: Cell, start: int, blocks: list[Block]) -> None:
        end = _questions_end(cell, start)
        cell.blocks[end:end] = blocks

    return _placed(page, place=place)


@habit("answer place", Step.PLACE)
def answer_before_question(page: Page, _: Random) -> bool:
    """Answers are typed into the question's cell, in front of it."""

    def place(cell: Cell, start: int, blocks: list[Block]) -> None:
        cell.blocks[start:start] = blocks

    return any(block.role == "question" for cell in page.cells for block in cell.blocks) and _placed(page, place=place)


def _in_paragraph(page: Page, *, joint: str) -> bool:
    def place(cell: Cell, start: int, blocks: list[Block]) -> None:
        end = _questions_end(cell, start)
        if end > start:
            first, *rest = blocks
            cell.blocks[end - 1].text += joint + first.text
            cell.blocks[end:end] = rest
        else:
            cell.blocks[end:end] = blocks

    return any(block.role == "question" for cell in page.cells for block in cell.blocks) and _placed(page, place=place)


@habit("answer place", Step.PLACE)
def answer_in_question_line(page: Page, _: Random) -> bool:
    """Answers are typed into the question's line."""
    return _in_paragraph(page, joint=" ")


@habit("answer place", Step.PLACE)
def answer_in_question_paragraph(page: Page, _: Random) -> bool:
    """Answers are typed into the question's paragraph, on a line of their own."""
    return _in_paragraph(page, joint="\n")


@habit("answer place", Step.PLACE)
def answer_at_end_of_section(page: Page, _: Random) -> bool:
    """Answers stand behind all code of their section, each paragraph in a cell of its own."""
    for section, blocks in _taken(page):
        inside = [cell for cell in page.cells if cell.section == section and cell.source]
        cells = [Cell("markdown", blocks=[block], section=section) for block in blocks]
        page.add(*cells, behind=inside[-1] if inside else None)
    page.tidy()
    return True


@habit("answer place", Step.PLACE)
def answer_raw(page: Page, _: Random) -> bool:
    """Answers stand in raw cells."""
    found = False
    for cell in page.cells:
        if cell.blocks and all(block.role == "answer" for block in cell.blocks):
            cell.kind, found = "raw", True
    return found


def _in_code(page: Page, *, written: Callable[[str], str], prints: bool = False) -> bool:
    """Moves answers into the last plain code cell of their section, or into one of their own."""
    for section, blocks in _taken(page):
        text = _words(" ".join(block.text for block in blocks if block.role == "answer"))
        text = text.replace("\\", "").replace('"', "'")
        cells = [cell for cell in page.code_cells(section) if cell.is_plain and cell.origin is not None]
        if cells:
            cells[-1].code = f"{written(text)}\n{cells[-1].code}"
        else:
            behind = [cell for cell in page.cells if cell.section == section and cell.source]
            cells = [Cell("code", code=written(text), section=section)]
            page.add(cells[-1], behind=behind[-1] if behind else None)
        if prints:
            cells[-1].printed += f"{text}\n"
    page.tidy()
    return True


@habit("answer place", Step.PLACE)
def answer_in_comment(page: Page, _: Random) -> bool:
    """Answers are comments in code cells."""
    return _in_code(page, written=lambda text: "\n".join(f"# {part}" for part in _sentences(text)))


@habit("answer place", Step.PLACE)
def answer_in_string(page: Page, _: Random) -> bool:
    """Answers are strings in code cells."""
    return _in_code(page, written=lambda text: f'answer = """{text}"""')


@habit("answer place", Step.PLACE)
def answer_printed(page: Page, _: Random) -> bool:
    """Answers are printed by code cells."""
    return _in_code(page, written=lambda text: f'print("{text}")', prints=True)


def _questions(page: Page) -> list[tuple[Cell, Block]]:
    return [(cell, block) for cell in page.cells for block in cell.blocks if block.role == "question"]


@habit("questions", Step.QUESTION)
def questions_deleted(page: Page, _: Random) -> bool:
    """The worksheet's questions are gone."""
    found = _questions(page)
    for cell, block in found:
        cell.blocks.remove(block)
    page.tidy()
    return bool(found)


@habit("questions", Step.QUESTION)
def questions_corrected(page: Page, random: Random) -> bool:
    """Slips in the worksheet's questions are corrected, or made."""
    found = _questions(page)
    for _cell, block in found:
        words = block.text.split(" ")
        at = random.randrange(len(words))
        words[at] = words[at].replace("ise", "ize").replace("ou", "o") + ("" if random.random() < 0.5 else "e")
        block.text = " ".join(words)
    return bool(found)


@habit("questions", Step.QUESTION)
def questions_apart(page: Page, _: Random) -> bool:
    """The worksheet's questions stand in cells of their own."""
    found = _questions(page)
    for cell, block in found:
        cell.blocks.remove(block)
        page.add(Cell("markdown", blocks=[block], section=block.section), behind=cell)
    page.tidy()
    return bool(found)


@habit("questions", Step.QUESTION)
def questions_in_italics(page: Page, _: Random) -> bool:
    """The worksheet's questions are set in italics."""
    found = _questions(page)
    for _cell, block in found:
        block.text = f"*{' '.join(block.text.split())}*"
    return bool(found)


@habit("questions", Step.QUESTION)
def questions_repeated(page: Page, _: Random) -> bool:
    """The question is quoted again above each answer."""
    asked = {block.section: block.text for _, block in _questions(page)}
    found = False
    for cell, block in list(page.answers()):
        if cell.blocks[0] is block and block.section in asked:
            cell.blocks.insert(0, Block("question", f"> {' '.join(asked[block.section].split())}", block.section))
            found = True
    return found
