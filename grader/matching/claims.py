"""Which models may answer a section, in which way, and what speaks against each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from grader.limits import MAX_CLAIMS
from grader.matching.candidates import Candidate, Distances, Places
from grader.matching.costs import COSTS
from grader.matching.thresholds import THRESHOLDS

How = Literal["own", "refit", "elsewhere", "untrained"]


@dataclass(frozen=True)
class Claim:
    """A model as a section's answer.

    Attributes:
        how: ``own``: trained first in the section's cells; ``refit``: trained before and again there; ``elsewhere``;
            ``untrained``: built there and never trained.
        cost: In differences of form; see `grader.matching.costs`.
        is_in_order: Whether it holds only where the models from elsewhere are given out in order.
    """

    section: str
    candidate: Candidate
    how: How
    cost: float
    is_in_order: bool = False


def claims_of(models: Sequence[Candidate], section: str, *, places: Places, distances: Distances) -> list[Claim]:
    """The claims of a section, the cheapest first."""
    found = [
        replace(claim, cost=claim.cost + COSTS.later_ones_first * (len(models) - claim.candidate.order))
        for model in models
        for claim in _claims(model, section, places=places, distances=distances)
    ]
    return sorted(found, key=lambda claim: claim.cost)[:MAX_CLAIMS]


def _claims(model: Candidate, section: str, *, places: Places, distances: Distances) -> Iterator[Claim]:
    form = min(float(distances.of(model, section)), COSTS.most_differences)
    if not model.fits:
        if _may_be_untrained(model, section, places, distances=distances):
            yield Claim(section, model, "untrained", form + COSTS.untrained)
        return
    if distances.asks_for_training(section) and not distances.is_trained_as_asked(model, section):
        form += COSTS.not_trained_as_asked
    if model.first_cell in places.core_of(section):
        yield Claim(section, model, "own", form)
    elif model.first_cell in places.cells.get(section, ()):
        if _is_alike(model, section, distances=distances):
            yield Claim(section, model, "own", form + COSTS.below_own_heading)
    else:
        yield from _from_elsewhere(model, section, form, places=places, distances=distances)


def _from_elsewhere(
    model: Candidate, section: str, form: float, *, places: Places, distances: Distances
) -> Iterator[Claim]:
    """Claims on a model that was first trained outside of the section's cells."""
    owner = places.owner_of(model.first_cell, distances.forms)
    if owner is not None:
        if not _is_rather_for(section, model, owner=owner, distances=distances):
            return
        form += COSTS.of_another_section if model.first_cell in places.core_of(owner) else 0.0
    as_asked = distances.is_trained_as_asked(model, section)
    is_again = bool(model.cells & places.cells.get(section, frozenset())) and distances.is_nearest(model, section)
    if is_again and _is_alike(model, section, distances=distances):
        yield Claim(section, model, "refit", form + COSTS.refit)
    if model.first_cell in places.compared and not as_asked:
        return
    is_near = distances.is_within(model, section, share=THRESHOLDS.near_share, least=1)
    is_near = is_near and distances.is_nearest(model, section)
    is_meant = _may_be_meant_for(model, section, places, distances=distances)
    if is_near or (is_meant and _is_alike(model, section, distances=distances)):
        yield Claim(section, model, "elsewhere", form + COSTS.elsewhere, is_in_order=True)
    if is_near:
        yield Claim(section, model, "elsewhere", form + COSTS.elsewhere + COSTS.out_of_order)


def _is_rather_for(section: str, model: Candidate, *, owner: str, distances: Distances) -> bool:
    """Whether a model is nearer to what a section asks for than to what the section that trained it asks for."""
    here, there = distances.of(model, section), distances.of(model, owner)
    if here != there:
        return here < there
    return distances.is_trained_as_asked(model, section) > distances.is_trained_as_asked(model, owner)


def _is_alike(model: Candidate, section: str, *, distances: Distances) -> bool:
    return distances.is_within(model, section, share=THRESHOLDS.far_share, least=THRESHOLDS.far_least)


def _may_be_meant_for(model: Candidate, section: str, places: Places, *, distances: Distances) -> bool:
    """Whether the model's place in the notebook suggests that it was made for this section."""
    owners = [one for one in distances.forms if one in places.cells]
    if not owners or model.id in places.used.get(section, ()):
        return True
    in_owners_cells = any(model.first_cell in places.core_of(one) for one in owners)
    return section not in places.cells and not in_owners_cells and places.is_between(model.first_cell, section)


def _may_be_untrained(model: Candidate, section: str, places: Places, *, distances: Distances) -> bool:
    if not model.plain.layers:
        return False
    if section in places.cells:
        is_there = model.record.cell in places.cells[section]
        return is_there and _is_alike(model, section, distances=distances)
    return distances.of(model, section) == 0
