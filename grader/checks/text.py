"""Answers in words: a person reads them; only where there are none is that said here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.judging.absence import section_name
from grader.judging.measured import ONSET, section_figures, validation_losses
from grader.judging.parameters import SectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, counted, failed, needs_review, shown
from grader.judging.views import SectionView
from grader.records import CellRun, CheckResult
from grader.text.prose import Place, first_heading, is_known, names_answers, parts_below, words_of_cell
from grader.text.prose import Words as Said
from grader.text.requests import tells_to_hand_in
from grader.text.template import Template, template_of


class DiscussionParams(Params):
    """Parameters of `discussion`."""

    question: str = Field("", description="what the words should explain, a phrase for the page")
    show: tuple[SectionId, ...] = Field(
        (), description="sections whose measured onset of overfitting is shown to the tutor beside the answer"
    )
    or_behind: tuple[SectionId, ...] = Field(
        (),
        description="sections with no question of their own: where this one's heading is gone, its answer stands there",
    )


@check("discussion", params=DiscussionParams, by_hand=True, settled_by_code=True)
def discussion(section: SectionView, params: DiscussionParams) -> CheckResult:
    """The section holds an answer in the student's own words, which a person reads."""
    measured = "; ".join(text for name in params.show if (text := _onset(section, name)))
    words: Words = {
        "required": params.question or "an explanation in words",
        "expected": f"an answer in words ({measured})" if measured else "an answer in words",
        "basis": "manual",
        "cells": section.match.cells,
    }
    found = answer_in(section, params)
    if found:
        cells = tuple(sorted({item.cell for item in found}))
        count = counted(sum(item.count for item in found), "word")
        yours = "a picture" if all(item.is_picture for item in found) else f"{count} of text"
        return needs_review(
            "by_hand", f"A tutor reads this answer ({_kind(found)}).{_remark(found)}", words, yours=yours, cells=cells
        )
    if not section.match.cells:
        text = "This section was not found in the notebook, and no answer in words that could belong to it."
    elif section.match.heading_cell is None and _holds_remarks(section):
        text = "The heading of this section was not found, nor an answer of some length where it should stand."
    else:
        text = "This section holds no words of your own."
    return failed(text, words, yours="no words", next_step="Answer the question in a Markdown cell below its heading.")


def answer_in(section: SectionView, params: DiscussionParams) -> tuple[Said, ...]:
    """The student's own words that answer a section's question; empty where there are none."""
    return tuple(_words(section)) or tuple(_joint_answer(section, params))


def _kind(found: Sequence[Said]) -> str:
    if all(item.is_picture for item in found):
        return "a picture"
    return counted(sum(item.count for item in found), "word")


def _remark(found: Sequence[Said]) -> str:
    """What the tutor should know of the answer; empty where nothing is odd about it."""
    total, own = sum(item.count for item in found), sum(item.own_count for item in found)
    if own < total / 2:
        return f" All but {counted(own, 'word')} are the worksheet's own."
    return "" if any(item.sure for item in found) else " It may not be the answer to this question."


def _words(section: SectionView) -> Iterator[Said]:
    """The student's words in the section; without a heading of its own nobody knows whose they are.

    Where no section has one, every text of the notebook may answer every question.
    """
    heading = section.match.heading_cell
    headings = {match.heading_cell for match in section.matching.values()}
    cells = section.cells
    if headings == {None} and cells:
        cells = (*cells, *(cell for cell in section.evidence.cells if cell.kind != "code" and cell not in cells))
    fewest = THRESHOLDS.fewest_doubtful_words
    for cell in cells:
        part = _own_part(cell, section)
        if cell.index not in headings and part.kind == "markdown" and first_heading(part.source) is not None:
            if tells_to_hand_in(part.source):
                continue
            fewest = THRESHOLDS.fewest_words_below_heading
        place = _place(section) if cell.index == heading else "answer"
        for item in words_of_cell(part, template=_template(section), place=place):
            if heading is not None or headings == {None}:
                yield item
            elif item.count >= fewest:
                yield replace(item, sure=False)


def _template(section: SectionView) -> Template:
    return template_of(section.submission.template_texts)


def _own_part(cell: CellRun, section: SectionView) -> CellRun:
    """A cell as far as it belongs to the section: up to the next one's heading, and from its own on."""
    owners = {match.heading: name for name, match in section.matching.items() if match.heading_cell == cell.index}
    if not owners:
        return cell
    parts = parts_below(cell.source, list(owners))
    own = section.match.heading if section.match.heading_cell == cell.index else ""
    source = parts.get(own, "") if own in parts or not own else cell.source
    return cell.model_copy(update={"source": source})


def _place(section: SectionView) -> Place:
    """What stands in the section's own cell beside the student's words.

    Who writes headings of one's own, or deletes the worksheet's tasks, writes the answer right below the heading: then
    below most of the other headings no task stands.
    """
    cells = section.evidence.cells
    below = {
        name: _own_part(cells[match.heading_cell], section.of(name))
        for name, match in section.matching.items()
        if match.heading_cell is not None
    }
    told = {name: cell for name, cell in below.items() if any(words_of_cell(cell))}
    known = sum(is_known(cell.source, template=_template(section)) for cell in told.values())
    if known and known >= len(told) / 2:
        return "task"
    others = set(below) - {section.match.section}
    keeps = len(others) < THRESHOLDS.fewest_headings or len(others.intersection(told)) > len(others) / 2
    return "unknown task" if keeps else "answer"


def _holds_remarks(section: SectionView) -> bool:
    """Whether the section's cells hold any words at all, those below another section's heading left out."""
    headings = {match.heading_cell for match in section.matching.values()}
    cells = (cell for cell in section.cells if cell.index not in headings)
    return any(any(words_of_cell(cell, template=_template(section))) for cell in cells)


def _joint_answer(section: SectionView, params: DiscussionParams) -> Iterator[Said]:
    """The text below a heading such as ``Discussion`` that answers for more than one section.

    That is the only one of its kind in the notebook, behind the last section's heading, or one outside of every
    section. What was not even tried is not discussed in it.
    """
    shown = [section.matching[name] for name in params.show if name in section.matching]
    is_untried = section.match.about_model and section.match.model is None
    if is_untried or any(match.model is None for match in shown):
        return
    headings = {match.heading_cell for match in section.matching.values()}
    claimed = {cell for match in section.matching.values() if match.heading_cell is not None for cell in match.cells}
    texts = [cell for cell in section.evidence.cells if cell.kind == "markdown"]
    opened = {cell.index: first for cell in texts if (first := first_heading(cell.source)) is not None}
    starts = [at for at, (_, title) in opened.items() if at not in headings and names_answers(title)]
    last = max((heading for heading in headings if heading is not None), default=-1)
    for start in starts:
        if start in claimed and (len(starts) > 1 or start < last):
            continue
        ends = (at for at, (level, _) in opened.items() if at > start and level <= opened[start][0])
        end = min(ends, default=len(section.evidence.cells))
        for cell in texts:
            if start <= cell.index < end:
                found = words_of_cell(cell, template=_template(section))
                yield from (replace(item, sure=False) for item in found)


def _onset(section: SectionView, name: str) -> str | None:
    """Where a section's validation loss was lowest, in words; None where nothing was measured."""
    if name not in section.matching:
        return None
    other = section.of(name)
    figures = section_figures(other)
    losses = validation_losses(other)
    if ONSET not in figures or other.on_stand_in:
        return None
    epoch = int(figures[ONSET])
    title = section_name(name, section.matching)
    return f"lowest validation loss of {title}: {shown(losses[epoch - 1])} in epoch {epoch} of {len(losses)}"
