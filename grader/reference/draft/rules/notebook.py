"""What the notebook as a whole suggests."""

from __future__ import annotations

from collections.abc import Iterator

from grader.judging.measured import figure_name, section_figures
from grader.reference.draft.proposals import Proposal, View
from grader.reference.draft.rules.performance import WITHIN


def notebook_runs(_view: View) -> Iterator[Proposal]:
    """It runs from top to bottom."""
    yield Proposal("notebook_runs", "Runs from top to bottom", 2, name="runs")


def reproducible(view: View) -> Iterator[Proposal]:
    """The test accuracies that its stored outputs print come out again."""
    accuracy = figure_name("test", "accuracy")
    sections = [one.id for one in view.owners if accuracy in section_figures(view.section.of(one.id))]
    sections += [one.id for one in view.sections if one.model_of in sections]
    order = [one.id for one in view.sections]
    if sections and any(cell.stored_text for cell in view.section.evidence.cells):
        params = {"sections": sorted(sections, key=order.index), **WITHIN}
        yield Proposal("reproducible", "Stored accuracies come out again", 1, params)
