"""What prose suggests: an answer in words at the end of a section."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.judging.measured import ONSET, section_figures
from grader.records import CellRun
from grader.reference.draft.proposals import Proposal, View
from grader.text.words import count_words

FEWEST_WORDS = 20
"""Shorter remarks lead over to the next step; they are no answer."""

MOST_CHARACTERS = 240

_ASKS = re.compile(
    r"\?|\b(?:explain|discuss|describe|compare|comment|interpret|justify|reflect|why|say|write down|what do you"
    r"|erklär\w*|diskutier\w*|beschreib\w*|vergleich\w*|begründ\w*|warum)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[*`#>]|(?<!\w)_|_(?!\w)")
_SENTENCE = re.compile(r"[^.?!]+[.?!]?")


def discussion(view: View) -> Iterator[Proposal]:
    """Prose behind the last code of a section, or in a section without code."""
    answer = _answer(view)
    if answer is None:
        return
    question = _question(view.planned.task)
    notes = ["A person reads the answer. Take this out if the task asks for none."]
    if not question:
        notes.append("The task's own words did not tell the question: write it here.")
    params: dict[str, object] = {"question": question or "what the results show, and why"}
    shown = _shown(view)
    if shown:
        params["show"] = shown
    yield Proposal("discussion", "Explanation in words", 2, params, notes=tuple(notes), is_guess=True)


def _answer(view: View) -> CellRun | None:
    cells = view.section.cells
    heading = view.section.match.heading_cell
    ran = [cell.index for cell in cells if cell.kind == "code" and cell.status != "no_code"]
    last = max(ran, default=-1)
    behind = [cell for cell in cells if cell.kind == "markdown" and cell.index > last and cell.index != heading]
    return next((cell for cell in behind if count_words(cell.source) >= FEWEST_WORDS), None)


def _question(task: str) -> str:
    """What of a task asks for words, as one line: its questions, and its sentences from the verb that asks on."""
    plain = " ".join(_MARKUP.sub("", task).split())
    text = ""
    for sentence in _SENTENCE.findall(plain):
        asks = _ASKS.search(sentence)
        if asks is not None:
            asked = sentence.strip() if sentence.endswith("?") else sentence[asks.start() :].strip()
            if text and len(text) + len(asked) >= MOST_CHARACTERS:
                break
            text = f"{text} {asked}".strip()
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS].rsplit(' ', 1)[0]} ..."


def _shown(view: View) -> list[str]:
    """The sections whose onset of overfitting helps to read this answer.

    That of the section's own model; else those of every model before it that takes the same input as the last one.
    """
    of = view.planned.model_of or (view.planned.id if view.planned.model is not None else None)
    ids = [one.id for one in view.sections]
    earlier = [one for one in view.owners if ids.index(one.id) < ids.index(view.planned.id) and one.model is not None]
    inputs = [one.model.plain.inputs for one in earlier if one.model is not None]
    alike = [one.id for one, size in zip(earlier, inputs, strict=True) if size == inputs[-1]]
    return [name for name in ([of] if of else alike) if ONSET in section_figures(view.section.of(name))]
