"""Answers in words: a person reads them; only where there are none is that said here."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from grader.checks.absence import section_name
from grader.checks.base import Params, Scope, check
from grader.checks.measured import ONSET, section_figures, validation_losses
from grader.checks.prose import Words as Said
from grader.checks.prose import words_of_cell
from grader.checks.results import Words, counted, failed, needs_review, shown
from grader.records import CellRun, CheckResult

LONG_PARAGRAPH = 12
"""A text of so many words behind the section before may be this section's answer, whose heading is gone."""


class DiscussionParams(Params):
    """Parameters of `discussion`."""

    question: str = Field("", description="what the words should explain, a phrase for the page")
    show: tuple[str, ...] = Field(
        (), description="sections whose measured onset of overfitting is shown to the tutor beside the answer"
    )


@check("discussion", params=DiscussionParams)
def discussion(scope: Scope, params: DiscussionParams) -> CheckResult:
    """The section holds an answer in the student's own words, which a person reads."""
    measured = "; ".join(text for name in params.show if (text := _onset(scope, name)))
    words: Words = {
        "required": params.question or "an explanation in words",
        "expected": f"an answer in words ({measured})" if measured else "an answer in words",
        "basis": "manual",
        "cells": scope.section.cells,
    }
    found = list(_words(scope))
    if found:
        cells = tuple(sorted({item.cell for item in found}))
        count = counted(sum(item.count for item in found), "word")
        doubt = "" if any(item.sure for item in found) else " They may be the worksheet's own."
        return needs_review(
            "by_hand", f"A tutor reads this answer ({count}).{doubt}", words, yours=f"{count} of text", cells=cells
        )
    if not scope.section.cells:
        text = "This section was not found in the notebook, and no answer in words that could belong to it."
    else:
        text = "This section holds no words of your own."
    return failed(text, words, yours="no words", next_step="Answer the question in a Markdown cell of this section.")


def _words(scope: Scope) -> Iterator[Said]:
    """The student's words in the section; where its heading is gone, also those that may have belonged under it."""
    template = scope.template_texts
    for cell in scope.cells:
        holds_task = cell.index == scope.section.heading_cell
        yield from words_of_cell(cell, template=template, holds_task=holds_task)
    if scope.section.heading_cell is None:
        for cell in _cells_of_no_heading(scope):
            for item in words_of_cell(cell, template=template, holds_task=_starts_with_heading(cell)):
                if cell.kind != "code" and item.sure and item.count >= LONG_PARAGRAPH:
                    yield Said(item.cell, item.text, sure=False)


def _cells_of_no_heading(scope: Scope) -> list[CellRun]:
    """Cells in which the answer may stand that belonged under a heading which is no longer there.

    Those that no section with a heading claims, and those behind the last code of the section before.
    """
    own = set(scope.section.cells)
    headed = [match for match in scope.matching.values() if match.heading_cell is not None]
    claimed = {index for match in headed for index in match.cells}
    loose = [cell for cell in scope.evidence.cells if cell.index not in claimed | own]
    if not headed:
        return loose
    names = list(scope.matching)
    before = names[: names.index(scope.section.section)] if scope.section.section in names else []
    previous = next((scope.matching[name] for name in reversed(before) if scope.matching[name].cells), None)
    if previous is None:
        return []
    start = max(previous.cells)
    after = [min(match.cells) for match in headed if match.cells and min(match.cells) > start]
    end = min(after, default=len(scope.evidence.cells))
    between = [cell for cell in loose if start < cell.index < end]
    return [*_behind_last_code(scope, previous.cells), *between]


def _behind_last_code(scope: Scope, cells: tuple[int, ...]) -> list[CellRun]:
    wanted = [cell for cell in scope.evidence.cells if cell.index in set(cells)]
    last = max((cell.index for cell in wanted if cell.kind == "code" and cell.source.strip()), default=-1)
    return [cell for cell in wanted if cell.index > last and not _starts_with_heading(cell)]


def _starts_with_heading(cell: CellRun) -> bool:
    return cell.kind == "markdown" and cell.source.lstrip().startswith("#")


def _onset(scope: Scope, name: str) -> str | None:
    """Where a section's validation loss was lowest, in words; None where nothing was measured."""
    if name not in scope.matching:
        return None
    other = scope.of(name)
    figures = section_figures(other)
    losses = validation_losses(other)
    if ONSET not in figures:
        return None
    epoch = int(figures[ONSET])
    title = section_name(name, scope.matching)
    return f"lowest validation loss of {title}: {shown(losses[epoch - 1])} in epoch {epoch} of {len(losses)}"
