"""Habits of headings: what they say, and in which form."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from random import Random

from habits.page import Block, Cell, Page, Title
from habits.registry import Step, add_habit, habit
from habits.titles import LABELS, LANGUAGES, TITLES

_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
_EMOJI = ("🧱", "🔍", "⏱️", "📈", "✏️", "🚀")


def _retitled(page: Page, _: Random, *, change: Callable[[Title], str | None]) -> bool:
    """Gives headings other words; those for which there are none keep theirs."""
    found = False
    for heading in page.headings():
        words = change(heading.title) if heading.title is not None else None
        if words:
            marks = re.match(r"#+", heading.text)
            heading.text = f"{marks.group() if marks else '##'} {words}"
            found = True
    return found


def _labelled(title: Title, *, word: str, colon: str = ":") -> str | None:
    is_exercise = title.word == "Exercise" and title.number
    return f"{word}{title.number}{colon} {title.title}".strip() if is_exercise else None


def _slip(words: str) -> str:
    middle = len(words) // 2
    return words[:middle] + words[middle + 1 : middle + 2] + words[middle : middle + 1] + words[middle + 2 :]


def _roman(title: Title) -> str | None:
    number = int(title.number or 0)
    return f"{title.word} {_ROMAN[number]}: {title.title}" if title.word and 0 < number < len(_ROMAN) else None


_WORDS: dict[str, tuple[str, Callable[[Title], str | None]]] = {
    "title_only": ("Headings are titles without a number.", lambda title: title.title or None),
    "number_only": (
        "Headings are numbers without a title.",
        lambda title: f"{title.word} {title.number}" if title.word and title.number else None,
    ),
    "without_tag": (
        "Headings leave out whether an exercise is core or extra.",
        lambda title: Title(title.word, title.number, "", title.title).text if title.tag else None,
    ),
    "roman_numbers": ("Headings have Roman numbers.", _roman),
    "abbreviated": ("Headings say Ex.", partial(_labelled, word="Ex. ")),
    "task_for_exercise": ("Headings say Task.", partial(_labelled, word="Task ", colon=" -")),
    "question_for_exercise": ("Headings say Question.", partial(_labelled, word="Question ")),
    "bare_number": ("Headings begin with the number alone.", partial(_labelled, word="", colon=".")),
}
for _name, (_text, _change) in _WORDS.items():
    add_habit(
        f"heading_{_name}",
        partial(_retitled, change=_change),
        family="heading words",
        step=Step.HEADING_WORDS,
        needs_run=False,
        text=_text,
    )


_TOUCHES: dict[str, tuple[str, Callable[[str], str]]] = {
    "upper_case": ("Headings are in capitals.", str.upper),
    "dash_for_colon": ("Headings have a dash for a colon.", lambda words: words.replace(": ", " - ")),
    "colon_at_end": ("Headings end with a colon.", lambda words: f"{words}:"),
    "slip_of_the_pen": ("Two letters of each heading changed places.", _slip),
    "bold_too": ("Headings are in bold as well.", lambda words: f"**{words}**"),
    "html_inside": ("Headings hold HTML.", lambda words: f'<span style="color:darkblue">{words}</span>'),
    "linked": ("Headings are links.", lambda words: f"[{words}](#contents)"),
}


def _touched(page: Page, _: Random, *, change: Callable[[str], str]) -> bool:
    for heading in page.headings():
        marks, words = re.match(r"(#*\s*)(.*)", heading.text, re.DOTALL).groups()  # type: ignore[union-attr]
        heading.text = f"{marks}{change(words)}"
    return bool(page.headings())


for _name, (_text, _touch) in _TOUCHES.items():
    add_habit(
        f"heading_{_name}",
        partial(_touched, change=_touch),
        family="heading touches",
        step=Step.HEADING_TOUCHES,
        needs_run=False,
        text=_text,
    )


def _translated(page: Page, _: Random, *, language: int) -> bool:
    found = False
    for heading in page.headings():
        words = TITLES.get((page.rubric.assignment, heading.section))
        title = heading.title
        if words is None or title is None or not title.number or title.word not in LABELS:
            continue
        heading.text = f"## {LABELS[title.word][language]} {title.number}: {words[language]}"
        found = True
    return found


for _at, _language in enumerate(LANGUAGES):
    add_habit(
        f"heading_{_language}",
        partial(_translated, language=_at),
        family="heading words",
        step=Step.HEADING_WORDS,
        needs_run=False,
        text=f"Headings are {_language.capitalize()}, beside the worksheet's numbers.",
    )


@habit("heading words", Step.HEADING_WORDS)
def heading_renumbered(page: Page, _: Random) -> bool:
    """Headings are numbered anew from 1, with their titles."""
    for number, heading in enumerate(page.headings(), 1):
        assert heading.title is not None  # noqa: S101 - of a section's heading
        heading.text = f"## {number}. {heading.title.title}"
    return bool(page.headings())


@habit("heading touches", Step.HEADING_TOUCHES)
def heading_emoji(page: Page, random: Random) -> bool:
    """Headings begin with a picture."""
    for heading in page.headings():
        heading.text = re.sub(r"^(#+)\s+(?:[^\w\s]+\s+)?", rf"\1 {random.choice(_EMOJI)} ", heading.text)
    return bool(page.headings())


@habit("heading touches", Step.HEADING_TOUCHES)
def heading_with_remark(page: Page, random: Random) -> bool:
    """Headings say more than the worksheet's."""
    for heading in page.headings():
        heading.text += random.choice((" (done)", " - my solution", " [all parts]"))
    return bool(page.headings())


def _formed(page: Page, random: Random, *, form: Callable[[str, Random], str]) -> bool:
    for heading in page.headings():
        heading.text = form(re.sub(r"^#+\s*", "", heading.text).strip("* "), random)
    return bool(page.headings())


_FORMS: dict[str, tuple[str, Callable[[str, Random], str]]] = {
    "level_1": ("Headings are of level 1.", lambda words, _: f"# {words}"),
    "level_2": ("Headings are of level 2.", lambda words, _: f"## {words}"),
    "level_4": ("Headings are of level 4.", lambda words, _: f"#### {words}"),
    "level_6": ("Headings are of level 6.", lambda words, _: f"###### {words}"),
    "mixed_levels": ("Headings are of one level or another.", lambda words, r: f"{'#' * r.randint(1, 5)} {words}"),
    "bold": ("Headings are lines in bold.", lambda words, _: f"**{words}**"),
    "html": ("Headings are in HTML.", lambda words, _: f"<h2>{words}</h2>"),
    "html_coloured": ("Headings are in coloured HTML.", lambda words, _: f'<h3 style="color: navy">{words}</h3>'),
    "underlined": ("Headings are underlined.", lambda words, _: f"{words}\n{'-' * len(words)}"),
    "no_space": ("Headings lack the space behind their marks.", lambda words, _: f"##{words}"),
    "closed": ("Headings have marks at both ends.", lambda words, _: f"## {words} ##"),
    "quoted": ("Headings are in a quotation.", lambda words, _: f"> ## {words}"),
}
for _name, (_text, _form) in _FORMS.items():
    add_habit(
        f"heading_{_name}",
        partial(_formed, form=_form),
        family="heading form",
        step=Step.HEADING_FORM,
        needs_run=False,
        text=_text,
    )


def _own(words: str, section: str) -> Cell:
    return Cell("markdown", blocks=[Block("own heading", words, section)], section=section)


def _above_answers(page: Page, random: Random, *, marks: str, titles: tuple[str, ...], same_cell: bool) -> bool:
    answers = [(cell, block) for cell, block in page.answers() if cell.blocks[0].role == "answer"]
    for cell, block in answers:
        if cell.blocks[0] is not block:
            continue
        heading = f"{marks} {random.choice(titles)}".strip()
        if same_cell:
            cell.blocks.insert(0, Block("own heading", heading, block.section))
        else:
            page.add(_own(heading, block.section), before=cell)
    return bool(answers)


def _above_code(page: Page, random: Random, *, marks: str, titles: tuple[str, ...]) -> bool:
    cells = [cell for cell in page.code_cells() if cell.section]
    chosen = [cell for cell in cells if random.random() < 0.6]
    for number, cell in enumerate(chosen, 1):
        page.add(_own(f"{marks} {random.choice(titles).format(number=number)}", cell.section), before=cell)
    return bool(chosen)


_FINDINGS = ("Overfitting", "What we see", "Discussion", "Interpretation", "Observations", "Comparison")
for _name, _marks, _same, _text in (
    ("deeper", "#####", True, "Answers stand below an own heading of a deeper level."),
    ("same_level", "##", False, "Answers stand below an own heading of level 2."),
    ("higher", "#", False, "Answers stand below an own heading of level 1."),
    ("at_random", "###", True, "Answers stand below an own heading of level 3."),
):
    add_habit(
        f"own_heading_{_name}",
        partial(_above_answers, marks=_marks, titles=_FINDINGS, same_cell=_same),
        family="own headings",
        step=Step.OWN_HEADINGS,
        needs_run=False,
        text=_text,
    )
for _name, _marks, _titles, _text in (
    ("code_higher", "#", ("Code", "Solution", "Implementation"), "Code stands below own headings of level 1."),
    ("code_same_level", "##", ("Training", "Evaluation", "Plots", "Results"), "Code stands below own headings."),
    (
        "parts_numbered",
        "####",
        ("Part {number}: Build the model", "Step {number}: Training", "Part {number}: Results"),
        "Own headings number the parts of an answer.",
    ),
    ("lettered", "###", ("a) Model", "b) Training", "c) Evaluation"), "Own headings letter the parts of an answer."),
    ("deep_code", "######", ("Model", "Fit", "Test", "Figure"), "Code stands below own headings of level 6."),
):
    add_habit(
        f"own_heading_{_name}",
        partial(_above_code, marks=_marks, titles=_titles),
        family="own headings",
        step=Step.OWN_HEADINGS,
        needs_run=False,
        text=_text,
    )
