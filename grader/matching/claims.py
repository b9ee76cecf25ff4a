"""Which models may answer a section, in which way, and what speaks against each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from grader.limits import MAX_CLAIMS
from grader.matching.candidates import Candidate, Distances, Places
from grader.matching.costs import COSTS, Terms
from grader.matching.thresholds import THRESHOLDS

How = Literal["own", "refit", "elsewhere", "untrained"]


@dataclass(frozen=True)
class Claim:
    """A model as a section's answer.

    Attributes:
        how: ``own``: trained first in the section's cells; ``refit``: trained before and again there; ``elsewhere``;
            ``untrained``: built there and never trained.
        terms: What speaks against it, in differences of form; see `grader.matching.costs`.
        is_in_order: Whether it holds only where the models from elsewhere are given out in order.
    """

    section: str
    candidate: Candidate
    how: How
    terms: Terms
    is_in_order: bool = False

    @property
    def cost(self) -> float:
        """The sum of its terms."""
        return sum(self.terms.values())

    @property
    def form(self) -> float:
        """In how many points the model differs from what the section asks for."""
        return self.terms["form"]

    def but_for(self, *names: str) -> Claim:
        """The claim with more terms against it."""
        return replace(self, terms={**self.terms, **{name: getattr(COSTS, name) for name in names}})


def claims_of(models: Sequence[Candidate], section: str, *, places: Places, distances: Distances) -> list[Claim]:
    """The claims of a section, the cheapest first."""
    claims = [claim for model in models for claim in _claims(model, section, places=places, distances=distances)]
    found = []
    for claim in claims:
        judged = claim.but_for("short_trial") if _is_short(claim, claims) else claim
        later = COSTS.later_ones_first * (len(models) - claim.candidate.order)
        found.append(replace(judged, terms={**judged.terms, "later_ones_first": later}))
    return sorted(found, key=lambda claim: claim.cost)[:MAX_CLAIMS]


def _is_short(claim: Claim, claims: Sequence[Claim]) -> bool:
    """Whether a model saw far fewer rows in its training than another that is at least as near to what is asked."""
    seen = claim.candidate.rows_seen
    most = max((other.candidate.rows_seen or 0 for other in claims if other.form <= claim.form), default=0)
    return bool(claim.candidate.fits) and seen is not None and seen < THRESHOLDS.short_share * most


def _claims(model: Candidate, section: str, *, places: Places, distances: Distances) -> Iterator[Claim]:
    form = min(float(distances.of(model, section)), COSTS.most_differences)
    claim = Claim(section, model, "own", {"form": form})
    if not model.fits:
        if _may_be_untrained(model, section, places, distances=distances):
            yield replace(claim.but_for("untrained"), how="untrained")
        return
    if distances.asks_for_training(section) and not distances.is_trained_as_asked(model, section):
        claim = claim.but_for("not_trained_as_asked")
    if not distances.is_compiled_as_asked(model, section):
        claim = claim.but_for("not_compiled_as_asked")
    if not model.is_used:
        claim = claim.but_for("unused")
    if model.first_cell in places.core_of(section):
        yield claim
    elif model.first_cell in places.cells.get(section, ()):
        if _is_alike(model, section, distances=distances):
            yield claim.but_for("below_own_heading")
    else:
        yield from _from_elsewhere(claim, places=places, distances=distances)


def _from_elsewhere(claim: Claim, *, places: Places, distances: Distances) -> Iterator[Claim]:
    """Claims on a model that was first trained outside of the section's cells."""
    section, model = claim.section, claim.candidate
    owner = _owner(model, places, distances=distances)
    if owner is not None and owner != section:
        if not distances.is_rather_for(section, model, than=owner):
            return
        claim = claim.but_for("of_another_section") if model.first_cell in places.core_of(owner) else claim
    as_asked = distances.is_trained_as_asked(model, section)
    is_again = bool(model.cells & places.cells.get(section, frozenset())) and distances.is_nearest(model, section)
    if is_again and _is_alike(model, section, distances=distances):
        yield replace(claim.but_for("refit"), how="refit")
    if model.first_cell in places.compared and not as_asked:
        return
    is_near = distances.is_within(model, section, share=THRESHOLDS.near_share, least=1)
    is_near = is_near and distances.is_nearest(model, section)
    is_meant = _may_be_meant_for(model, section, places, distances=distances)
    elsewhere = replace(claim.but_for("elsewhere"), how="elsewhere")
    if is_near or (is_meant and _is_alike(model, section, distances=distances)):
        yield replace(elsewhere, is_in_order=True)
    if is_near:
        yield elsewhere.but_for("out_of_order")


def _owner(model: Candidate, places: Places, *, distances: Distances) -> str | None:
    """The section that a model is of by its place: that of its cells, or the one spoken of there, if it fits that."""
    own = places.owner_of(model.first_cell, distances.forms)
    spoken_of = places.spoken_of_in(model.first_cell)
    return spoken_of if own is None and spoken_of is not None and not distances.of(model, spoken_of) else own


def _is_alike(model: Candidate, section: str, *, distances: Distances) -> bool:
    return distances.is_within(model, section, share=THRESHOLDS.far_share, least=THRESHOLDS.far_least)


def _may_be_meant_for(model: Candidate, section: str, places: Places, *, distances: Distances) -> bool:
    """Whether the model's place in the notebook suggests that it was made for this section."""
    owners = [one for one in distances.forms if one in places.cells]
    if model.id in places.used.get(section, ()):
        return True
    if not owners:
        # A second try at one exercise is no answer to another that was never tried.
        return distances.is_nearest(model, section)
    in_owners_cells = any(model.first_cell in places.core_of(one) for one in owners)
    return section not in places.cells and not in_owners_cells and places.is_between(model.first_cell, section)


def _may_be_untrained(model: Candidate, section: str, places: Places, *, distances: Distances) -> bool:
    if not model.plain.layers:
        return False
    if section in places.cells:
        is_there = model.record.cell in places.cells[section]
        return is_there and _is_alike(model, section, distances=distances)
    return distances.of(model, section) == 0
