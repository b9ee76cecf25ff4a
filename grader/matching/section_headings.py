"""Decides which heading starts which section: all at once, at the least total cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from grader.limits import MAX_CLAIMS
from grader.matching.assignment import Choice, Order, least_cost
from grader.matching.candidates import Candidate, Distances
from grader.matching.costs import COSTS, Terms
from grader.matching.headings import Heading, Kind
from grader.matching.likeness import (
    Titles,
    Translated,
    doubts_of,
    has_its_number,
    label_in,
    likeness_of,
    translated_words,
    without_remarks,
)
from grader.matching.thresholds import THRESHOLDS
from grader.text.prose import NO_LEVEL, is_sentence

Nearness = Callable[[Heading, str], float | None]
"""How close the models trained below a heading are to what a section asks for, in [0, 1]; None without any."""

_FORMS: Mapping[Kind, Terms] = {
    "heading": {},
    "bold": {"in_bold": COSTS.in_bold},
    "plain": {"in_a_line": COSTS.in_a_line},
    "comment": {"in_a_comment": COSTS.in_a_comment},
}


@dataclass(frozen=True)
class SectionHeading:
    """A heading as a section's.

    Attributes:
        at: Its place among the headings.
        terms: What speaks against it and for it; see `grader.matching.costs`.
        order: What it may cross in the order of the rubric: only what is plainly a section's breaks it.
    """

    section: str
    heading: Heading
    at: int
    terms: Terms
    order: Order = "ordered"

    @property
    def cost(self) -> float:
        """The sum of its terms."""
        return sum(self.terms.values())


def assign_headings(
    headings: Sequence[Heading], titles: Mapping[str, Titles], *, nearness: Nearness
) -> dict[str, SectionHeading]:
    """Gives each section its heading, all at once and at the least total cost; none is given twice.

    Students renumber their headings: ``Q6`` may hold the network of exercise 4, ``Q8`` that of exercise 6. So the
    numbers are passed over where the models contradict them and fit so much better without.

    Args:
        headings: Of the notebook, in order.
        titles: Of the sections, in the order of the rubric.
        nearness: Of the models below a heading to what a section asks for.
    """
    by_number, without = (_assigned(headings, titles, nearness=nearness, by_number=counts) for counts in (True, False))
    near, instead = (
        [value for name, given in found.items() if (value := nearness(given.heading, name)) is not None]
        for found in (by_number, without)
    )
    is_contradicted = any(value < 1 for value in near)
    gained = instead.count(1.0) - near.count(1.0)
    return without if is_contradicted and gained > COSTS.numbers_are_not_the_worksheets else by_number


def nearness_of(headings: Sequence[Heading], models: Sequence[Candidate], *, distances: Distances) -> Nearness:
    """How close the models first trained below a heading are to what a section asks for.

    Below it is up to the next real heading that is of no deeper level.
    """
    real = [(heading.cell, heading.level) for heading in headings if heading.is_real]

    def nearness(heading: Heading, section: str) -> float | None:
        if section not in distances.forms:
            return None
        level = heading.level or NO_LEVEL
        end = next((cell for cell, other in real if cell > heading.cell and other <= level), 10**9)
        below = [
            model
            for model in models
            if model.fits and model.first_cell is not None and heading.cell <= model.first_cell < end
        ]
        return max((1 / (1 + distances.of(model, section)) for model in below), default=None)

    return nearness


def _assigned(
    headings: Sequence[Heading], titles: Mapping[str, Titles], *, nearness: Nearness, by_number: bool
) -> dict[str, SectionHeading]:
    names = list(titles)
    read = partial(_read, titles=titles, by_number=by_number, translated=translated_words(headings, titles))
    claims: dict[str, list[SectionHeading]] = {name: [] for name in names}
    for at, heading in enumerate(without_remarks(headings, titles)):
        near = {name: nearness(heading, name) for name in names}
        for claim in read(heading, at, near=near):
            claims[claim.section].append(claim)
    nearest = {name: sorted(own, key=lambda claim: claim.cost)[:MAX_CLAIMS] for name, own in claims.items()}
    by_choice = {
        Choice(names.index(name), claim.at, claim.cost - COSTS.no_heading, order=claim.order): claim
        for name, own in nearest.items()
        for claim in own
    }
    chosen = {by_choice[choice].section: by_choice[choice] for choice in least_cost(list(by_choice))}
    return {name: chosen[name] for name in names if name in chosen}


def _read(
    heading: Heading,
    at: int,
    *,
    near: Mapping[str, float | None],
    titles: Mapping[str, Titles],
    by_number: bool,
    translated: Translated,
) -> Iterator[SectionHeading]:
    """A heading as that of each section that it may be."""
    doubts = {
        name: doubts_of(heading, known, by_number=by_number, translated=translated) for name, known in titles.items()
    }
    alike = {name: 0.0 if found is None else likeness_of(found) for name, found in doubts.items()}
    place = {"earlier_headings_first": COSTS.earlier_headings_first * at}
    is_ones_own = any(found == {} and near[name] in {None, 1.0} for name, found in doubts.items())
    for name, found in doubts.items():
        own = near[name]
        below = {} if own is None else {"model_below": COSTS.model_below * own}
        if found is None:
            number = label_in(heading, titles[name], by_number=by_number, translated=translated).number
            is_title = number is None and heading.is_real and not is_sentence(heading.text)
            if is_title and _is_above_its_model(name, near):
                yield SectionHeading(name, heading, at, {"own_words": COSTS.own_words, **below, **place})
            continue
        if is_ones_own and "other_number" in found:  # all of it is another section's, and its model stands below
            continue
        terms = {**found, **_FORMS[heading.kind], **below, **place}
        has_number = not {"no_number", "other_number"} & set(found)
        is_its_own = has_number or all(alike[name] > value for other, value in alike.items() if other != name)
        yield SectionHeading(name, heading, at, terms, order="ordered" if is_its_own else "strict")
        is_numbered = by_number and has_its_number(heading, name, titles=titles, translated=translated)
        if heading.is_real and (is_numbered or alike[name] >= THRESHOLDS.out_of_order):
            terms = {**terms, "heading_out_of_order": COSTS.heading_out_of_order}
            yield SectionHeading(name, heading, at, terms, order="free")


def _is_above_its_model(section: str, near: Mapping[str, float | None]) -> bool:
    """Whether exactly the model that a section asks for, and that of no other, stands below a heading."""
    return near[section] == 1.0 and [value for value in near.values() if value == 1.0] == [1.0]
