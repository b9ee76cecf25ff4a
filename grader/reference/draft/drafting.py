"""From a reference's runs to a draft that the reference itself passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.evaluate import evaluate
from grader.judging.parameters import ComparedSectionId, SectionId, fields_of
from grader.judging.registry import find_check
from grader.judging.views import Array, SubmissionView
from grader.matching import match
from grader.records import ArrayRef, Evidence, Measurements
from grader.reference.draft.outline import outline
from grader.reference.draft.proposals import Planned, Proposal, View
from grader.reference.draft.rules import RULES
from grader.reference.draft.text import Draft, Drafted
from grader.reference.negative_controls import criteria_that_cannot_fail
from grader.rubric import Rubric
from grader.rubric.models import DeclaredPoints

WHOLE_NOTEBOOK = Planned(id="notebook", title="The notebook as a whole", whole_notebook=True)


@dataclass(frozen=True)
class Run:
    """One run of the reference, as its folder holds it."""

    evidence: Evidence
    measurements: Measurements
    read: Callable[[ArrayRef], Array]


def draft_sections(run: Run) -> tuple[Drafted, ...]:
    """The sections of a draft with every criterion that the run suggests; sections without any are left out."""
    planned = [WHOLE_NOTEBOOK, *(one for one in outline(run.evidence) if one.id != WHOLE_NOTEBOOK.id)]
    view = _view(run, planned)
    planned = [_with_owner(view.of(one)) for one in planned]
    view = _view(run, planned)
    return without_empty(Drafted(one, tuple(_proposals(view.of(one), _checks_for(one)))) for one in planned)


def _checks_for(one: Planned) -> list[str]:
    """The checks with a rule that are about such a section: the whole notebook, or a part of it."""
    return [name for name in RULES if find_check(name).whole_notebook is one.whole_notebook]


def settle(draft: Draft, *, runs: Sequence[Run], load: Callable[[Draft], Rubric]) -> Draft:
    """Leaves out of a draft what the reference does not pass under every seed, with a comment each.

    Args:
        draft: With every criterion that was proposed.
        runs: Of the reference, one a seed.
        load: Makes a rubric of a draft, with the reference's spread.
    """
    while True:
        missed = _missed(load(draft), runs)
        if not missed:
            return draft
        judged = tuple(_without(one, missed) for one in draft.sections)
        sections = without_empty(judged)
        kept = {one.planned.id for one in sections}
        dropped = tuple(text for one in judged if one.planned.id not in kept for text in one.left_out)
        draft = replace(draft, sections=sections, dropped=(*draft.dropped, *dropped))


def _missed(rubric: Rubric, runs: Sequence[Run]) -> dict[str, str]:
    """The criteria that the reference does not pass under every seed, or that nothing can fail, and why."""
    missed: dict[str, str] = {}
    for run in runs:
        graded = evaluate(rubric, evidence=run.evidence, measurements=run.measurements, read=run.read)
        for verdict in graded.verdicts:
            if verdict.outcome != "passed" and verdict.cause != "by_hand":
                missed.setdefault(verdict.criterion, f"the reference itself does not pass it. {verdict.feedback}")
        if not missed and run is runs[-1]:
            missed = criteria_that_cannot_fail(
                rubric, graded=graded, evidence=run.evidence, measurements=run.measurements, read=run.read
            )
    return missed


def without_empty(drafted: Iterable[Drafted]) -> tuple[Drafted, ...]:
    """The sections that ask for something; what spoke of the others no longer does."""
    sections = tuple(drafted)
    while True:
        kept = {one.planned.id for one in sections if one.criteria}
        if len(kept) == len(sections):
            return sections
        sections = tuple(_pruned(one, kept) for one in sections if one.planned.id in kept)


def _view(run: Run, planned: Sequence[Planned]) -> View:
    rubric = Rubric(
        assignment="draft",
        title="",
        points=DeclaredPoints(core=0),
        sections=tuple(one.section for one in planned),
    )
    matching = match(rubric, run.evidence)
    submission = SubmissionView(evidence=run.evidence, measurements=run.measurements, matching=matching, read=run.read)
    return View(section=submission.section(planned[0].id), planned=planned[0], sections=planned)


def _with_owner(view: View) -> Planned:
    """A section with the section of whose model it speaks: the one that most of what happens in it belongs to."""
    one = view.planned
    section = view.section
    run = section.evidence
    happened = any((section.here(run.evaluations), section.here(run.predictions), section.here(run.figures)))
    if one.model is not None or one.whole_notebook or not happened:
        return one
    showing = [name for name in RULES if find_check(name).shows_model]
    at = view.sections.index(one)
    best, most = None, 0
    # Of equals the last one before this section is meant.
    for owner in sorted(view.owners, key=lambda owner: view.sections.index(owner) < at):
        own = view.section.matching[owner.id]
        borrowed = section.match.model_copy(update={"model": own.model, "fits": own.fits, "borrowed_from": owner.id})
        seen = replace(view, section=replace(section, match=borrowed))
        count = sum(seen.shows(proposal) for proposal in _proposals(seen, showing))
        if count >= max(most, 1):
            best, most = owner.id, count
    return replace(one, model_of=best)


def _proposals(view: View, checks: Iterable[str]) -> list[Proposal]:
    """What the rules suggest for a section; of several of one name the first that holds."""
    found: dict[str, Proposal] = {}
    for name in checks:
        for proposal in RULES[name](view):
            if proposal.key not in found and (not proposal.is_guess or view.shows(proposal)):
                found[proposal.key] = proposal
    return list(found.values())


def _without(one: Drafted, missed: Mapping[str, str]) -> Drafted:
    gone = [proposal for proposal in one.criteria if one.id_of(proposal) in missed]
    told = tuple(
        f"Left out: {name} ({proposal.check}: {proposal.title}), because {missed[name][:1].lower()}{missed[name][1:]}"
        for proposal in gone
        if (name := one.id_of(proposal))
    )
    kept = tuple(proposal for proposal in one.criteria if proposal not in gone)
    return replace(one, criteria=kept, left_out=(*one.left_out, *told))


def _pruned(one: Drafted, kept: set[str]) -> Drafted:
    """A section without what names a section that is gone."""
    planned = one.planned
    if planned.model_of is not None and planned.model_of not in kept:
        return replace(one, planned=replace(planned, model_of=None), criteria=())
    criteria: list[Proposal] = []
    for proposal in one.criteria:
        naming = fields_of(find_check(proposal.check).params, SectionId)
        params = {key: _left(value, kept) if key in naming else value for key, value in proposal.params.items()}
        if all(value or not _is_needed(proposal.check, key) for key, value in params.items()):
            left = {key: value for key, value in params.items() if value or key not in naming}
            criteria.append(replace(proposal, params=left))
    return replace(one, criteria=tuple(criteria))


def _is_needed(check: str, key: str) -> bool:
    """Whether a parameter names sections without which its criterion asks for nothing."""
    params = find_check(check).params
    is_required = key in fields_of(params, SectionId) and params.model_fields[key].is_required()
    return is_required or key in fields_of(params, ComparedSectionId)


def _left(value: object, kept: set[str]) -> object:
    """The names of sections, or the one, that are left."""
    if isinstance(value, list):
        return [name for name in value if name in kept]
    return value if value in kept else None
