"""Decides which model answers which section: all at once, at the least total cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.matching.assignment import Choice, least_cost
from grader.matching.candidates import Candidate, Distances, Places
from grader.matching.claims import Claim, How, claims_of
from grader.matching.costs import COSTS, Terms


@dataclass(frozen=True)
class SectionModel:
    """A section's model.

    Attributes:
        how: ``own``: trained first in the section's cells; ``refit``: trained before and again there; ``elsewhere``;
            ``untrained``: built there and never trained.
        terms: What speaks against it; see `grader.matching.costs`.
        rivals: How many other models were trained in the section's cells.
        next_terms: What speaks against the best of those.
    """

    candidate: Candidate
    how: How
    terms: Terms
    rivals: int = 0
    next_terms: Terms | None = None


def assign_models(models: Sequence[Candidate], places: Places, *, distances: Distances) -> dict[str, SectionModel]:
    """Gives each section that owns a model its model, all at once and at the least total cost; none is given twice.

    The terms of the cost are those of `grader.matching.costs`.

    Args:
        models: Of the notebook.
        places: Of the sections with a heading.
        distances: To the sections that own a model, in the order of the rubric.
    """
    names = list(distances.forms)
    claims = [claim for name in names for claim in claims_of(models, name, places=places, distances=distances)]
    by_choice = {
        Choice(
            row=names.index(claim.section),
            column=claim.candidate.order,
            cost=claim.cost - COSTS.no_model,
            order="ordered" if claim.is_in_order else "free",
        ): claim
        for claim in claims
    }
    chosen = [by_choice[choice] for choice in least_cost(list(by_choice))]
    return {
        claim.section: _given(claim, [one for one in claims if one.section == claim.section])
        for claim in sorted(chosen, key=lambda claim: names.index(claim.section))
    }


def _given(claim: Claim, claims: Sequence[Claim]) -> SectionModel:
    others = [one for one in claims if one.how == claim.how and one.candidate.id != claim.candidate.id]
    return SectionModel(
        claim.candidate,
        claim.how,
        claim.terms,
        rivals=len({one.candidate.id for one in others}),
        next_terms=min(others, key=lambda one: one.cost).terms if others else None,
    )
