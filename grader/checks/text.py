"""Answers in words: a person reads them; only where there are none is that said here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.judging.absence import section_name
from grader.judging.measured import ONSET, section_figures, validation_losses
from grader.judging.parameters import SectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, counted, failed, needs_review, shown
from grader.judging.views import SectionView
from grader.records import CheckResult
from grader.text.prose import Words as Said
from grader.text.prose import first_heading, names_answers, words_of_cell


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


@check("discussion", params=DiscussionParams, by_hand=True)
def discussion(section: SectionView, params: DiscussionParams) -> CheckResult:
    """The section holds an answer in the student's own words, which a person reads."""
    measured = "; ".join(text for name in params.show if (text := _onset(section, name)))
    words: Words = {
        "required": params.question or "an explanation in words",
        "expected": f"an answer in words ({measured})" if measured else "an answer in words",
        "basis": "manual",
        "cells": section.match.cells,
    }
    found = list(_words(section)) or list(_joint_answer(section, params))
    if found:
        cells = tuple(sorted({item.cell for item in found}))
        count = counted(sum(item.count for item in found), "word")
        doubt = "" if any(item.sure for item in found) else " It may not be the answer to this question."
        return needs_review(
            "by_hand", f"A tutor reads this answer ({count}).{doubt}", words, yours=f"{count} of text", cells=cells
        )
    if not section.match.cells:
        text = "This section was not found in the notebook, and no answer in words that could belong to it."
    elif section.match.heading_cell is None and _holds_remarks(section):
        text = "The heading of this section was not found, nor an answer of some length where it should stand."
    else:
        text = "This section holds no words of your own."
    return failed(text, words, yours="no words", next_step="Answer the question in a Markdown cell of this section.")


def _words(section: SectionView) -> Iterator[Said]:
    """The student's words in the section; without a heading of its own nobody knows whose they are.

    Where no section has one, every text of the notebook may answer every question.
    """
    heading = section.match.heading_cell
    headings = {match.heading_cell for match in section.matching.values()}
    cells = section.cells
    if headings == {None} and cells:
        cells = (*cells, *(cell for cell in section.evidence.cells if cell.kind != "code" and cell not in cells))
    has_tasks = _keeps_tasks(section)
    fewest = THRESHOLDS.fewest_doubtful_words
    for cell in cells:
        if cell.index in headings - {heading}:
            continue
        if cell.kind == "markdown" and first_heading(cell.source) is not None:
            fewest = THRESHOLDS.fewest_words_below_heading
        holds_task = has_tasks and cell.index == heading
        for item in words_of_cell(cell, template=section.submission.template_texts, holds_task=holds_task):
            if heading is not None or headings == {None}:
                yield item
            elif item.count >= fewest:
                yield replace(item, sure=False)


def _holds_remarks(section: SectionView) -> bool:
    """Whether the section's cells hold any words at all, those below another section's heading left out."""
    headings = {match.heading_cell for match in section.matching.values()}
    cells = (cell for cell in section.cells if cell.index not in headings)
    return any(any(words_of_cell(cell, template=section.submission.template_texts, holds_task=False)) for cell in cells)


def _joint_answer(section: SectionView, params: DiscussionParams) -> Iterator[Said]:
    """The text below a heading such as ``Discussion`` that answers for more than one section.

    That is the only one of its kind in the notebook, or one outside of every section. What was not even tried is not
    discussed in it.
    """
    shown = [section.matching[name] for name in params.show if name in section.matching]
    if any(match.model is None for match in shown):
        return
    headings = {match.heading_cell for match in section.matching.values()}
    claimed = {cell for match in section.matching.values() if match.heading_cell is not None for cell in match.cells}
    texts = [cell for cell in section.evidence.cells if cell.kind == "markdown"]
    opened = {cell.index: first for cell in texts if (first := first_heading(cell.source)) is not None}
    starts = [at for at, (_, title) in opened.items() if at not in headings and names_answers(title)]
    for start in starts:
        if len(starts) > 1 and start in claimed:
            continue
        ends = (at for at, (level, _) in opened.items() if at > start and level <= opened[start][0])
        end = min(ends, default=len(section.evidence.cells))
        for cell in texts:
            if start <= cell.index < end:
                found = words_of_cell(cell, template=section.submission.template_texts, holds_task=False)
                yield from (replace(item, sure=False) for item in found)


def _keeps_tasks(section: SectionView) -> bool:
    """Whether the worksheet's tasks still stand below its headings: below those of the other sections, most do.

    Who writes headings of one's own, or deletes the tasks, writes the answer right below the heading.
    """
    others = {match.heading_cell for match in section.matching.values()} - {section.match.heading_cell, None}
    cells = [cell for cell in section.evidence.cells if cell.index in others and cell.kind == "markdown"]
    tasks = sum(any(words_of_cell(cell, template=frozenset(), holds_task=False)) for cell in cells)
    return len(cells) < THRESHOLDS.fewest_headings or tasks > len(cells) / 2


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
