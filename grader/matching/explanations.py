"""Explains how a section was matched, in one or two sentences for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.judging.absence import is_training, section_name
from grader.matching.costs import COSTS, Terms
from grader.matching.extents import Extent
from grader.matching.section_headings import SectionHeading
from grader.matching.section_models import SectionModel
from grader.records import Evidence, SectionMatch
from grader.rubric import Section

_AGAINST_HEADINGS = {
    "other_number": "its number is another",
    "other_tag": "its remark in brackets is another's",
    "heading_out_of_order": "it stands out of order",
}
_AGAINST_MODELS = {
    "form": "the next one differs from it in more points",
    "not_trained_as_asked": "the next one was not trained in the way that is asked for",
    "not_compiled_as_asked": "the next one was not compiled as is asked for",
    "unused": "the next one was neither evaluated nor predicted with",
    "short_trial": "the next one was trained on far fewer rows or epochs",
    "below_own_heading": "the next one stands below a heading of your own",
    "later_ones_first": "it was trained last",
}
"""Terms to what they say of the models that do not answer the section."""


def explain(
    section: Section,
    match: SectionMatch,
    *,
    extent: Extent | None,
    heading: SectionHeading | None,
    section_models: Mapping[str, SectionModel],
    matching: Mapping[str, SectionMatch],
    evidence: Evidence,
) -> str:
    """Why these cells and this model are the section's."""
    if section.whole_notebook:
        return "Applies to the whole notebook."
    parts = [_place(match, extent, heading)]
    if section.model_of is not None:
        name = section_name(section.model_of, matching)
        parts.append(f"It is about the model of {name}." if match.model else f"No model was found for {name}.")
    elif section.model is not None:
        again = _fitted_again(section, match, section_models=section_models, matching=matching, evidence=evidence)
        parts += [_model(section_models.get(section.id), match), again]
    return " ".join(part for part in parts if part)


def _place(match: SectionMatch, extent: Extent | None, heading: SectionHeading | None) -> str:
    if extent is not None and heading is not None:
        kind = {"comment": "a comment", "bold": "a line in bold", "plain": "a line"}.get(
            extent.heading.kind, "its heading"
        )
        return f'Found by {kind}, "{extent.heading.text}" in cell {extent.heading.cell + 1}: {_heading(heading.terms)}.'
    if not match.cells:
        return "No heading of this section was found."
    how = "its model" if match.model is not None else "its place in the order"
    return f"No heading of this section was found; it was found by {how}."


def _heading(terms: Terms) -> str:
    """What decided for a heading, and what speaks against it, a phrase."""
    is_above = terms.get("model_below") == COSTS.model_below
    if "own_words" in terms:
        return "the model asked for is first trained below it, though its title is another"
    if "number_alone" in terms:
        parts = ["its number agrees, and it has no title"]
    else:
        alike = 1 - terms.get("other_title", 0.0) / COSTS.other_title
        has_number = not {"no_number", "other_number"} & set(terms)
        said = f"its title is {100 * alike:.0f} % alike" if alike else "its title is another"
        parts = ["its title and its number agree" if alike == 1 else f"its number agrees, and {said}"]
        parts = parts if has_number else ["its title agrees" if alike == 1 else said]
    parts += [words for name, words in _AGAINST_HEADINGS.items() if name in terms]
    return "; ".join([*parts, *(["the model asked for is first trained below it"] if is_above else [])])


def _decided(given: SectionModel) -> str:
    """By what the best of the other models is worse; empty where it is not."""
    if given.next_terms is None:
        return ""
    worse = {name: given.next_terms.get(name, 0.0) - given.terms.get(name, 0.0) for name in _AGAINST_MODELS}
    name = max(worse, key=lambda one: worse[one])
    return f": {_AGAINST_MODELS[name]}" if worse[name] > 0 else ""


def _model(given: SectionModel | None, match: SectionMatch) -> str:
    if given is None:
        return "" if match.model else "No model was trained in it."
    where = _cells(sorted({fit.cell for fit in given.candidate.fits if fit.cell is not None and fit.id in match.fits}))
    built = given.candidate.record.cell
    if given.how == "untrained":
        return f"Its model was built in cell {built + 1} and never trained." if built is not None else ""
    if given.how == "own":
        rivals = f", of {given.rivals + 1} the nearest to what is asked for{_decided(given)}" if given.rivals else ""
        return f"Its model was trained in {where}{rivals}."
    if given.how == "refit":
        return f"Its model was first trained before it, and no other section has it; it was trained again in {where}."
    nearest = "the nearest to what is asked for that no other section has"
    if match.heading_cell is None:
        return f"Its model, trained in {where}, is {nearest}."
    return f"None was trained in its cells; the model trained in {where} is {nearest}."


def _fitted_again(
    section: Section,
    match: SectionMatch,
    *,
    section_models: Mapping[str, SectionModel],
    matching: Mapping[str, SectionMatch],
    evidence: Evidence,
) -> str:
    """A sentence where another section's model was fitted here instead of a new one; empty else."""
    if section.id in section_models and section_models[section.id].how != "untrained":
        return ""
    owners = {given.candidate.id: name for name, given in section_models.items() if name != section.id}
    cells = set(match.cells)
    again = [
        owners[fit.model] for fit in evidence.fits if fit.cell in cells and fit.model in owners and is_training(fit)
    ]
    if not again:
        return ""
    return f"No new model was trained; the model of {section_name(again[-1], matching)} was fitted again."


def _cells(cells: Sequence[int]) -> str:
    if len(cells) == 1:
        return f"cell {cells[0] + 1}"
    return f"cells {', '.join(str(cell + 1) for cell in cells)}" if cells else "no cell of the notebook"
