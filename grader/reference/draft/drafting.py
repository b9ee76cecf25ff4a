"""From a reference's runs to a draft that the reference itself passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.checks.base import Array, Scope
from grader.evaluate import evaluate
from grader.matching import match
from grader.records import ArrayRef, Evidence, Measurements, SectionMatch
from grader.reference.draft.outline import outline
from grader.reference.draft.proposals import Planned, Proposal, View, is_earned
from grader.reference.draft.rules import RULES, SPEAKING_OF_A_MODEL
from grader.reference.draft.text import Draft, Drafted
from grader.rubric import Rubric
from grader.rubric.models import DeclaredPoints
from grader.rubric.relations import NAMES_SECTIONS

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
    drafted = [Drafted(one, tuple(_proposals(view.of(one), RULES))) for one in planned]
    return without_empty(drafted)


def settle(draft: Draft, *, runs: Sequence[Run], load: Callable[[Draft], Rubric]) -> Draft:
    """Leaves out of a draft what the reference does not pass under every seed, with a comment each.

    Args:
        draft: With every criterion that was proposed.
        runs: Of the reference, one a seed.
        load: Makes a rubric of a draft, with the reference's spread.
    """
    while True:
        rubric = load(draft)
        missed: dict[str, str] = {}
        for run in runs:
            graded = evaluate(rubric, evidence=run.evidence, measurements=run.measurements, read=run.read)
            for verdict in graded.verdicts:
                if not _is_earned(verdict.outcome, verdict.cause):
                    missed.setdefault(verdict.criterion, verdict.feedback)
        if not missed:
            return draft
        draft = replace(draft, sections=without_empty(_without(one, missed) for one in draft.sections))


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
    scope = Scope(
        evidence=run.evidence,
        measurements=run.measurements,
        matching=matching,
        section=matching[planned[0].id],
        read=run.read,
    )
    return View(scope=scope, planned=planned[0], sections=planned)


def _with_owner(view: View) -> Planned:
    """A section with the section of whose model it speaks: the one that most of what happens in it belongs to."""
    one = view.planned
    scope = view.scope
    events = (*scope.evidence.evaluations, *scope.evidence.predictions, *scope.evidence.figures)
    if one.model is not None or one.whole_notebook or not scope.here(events):
        return one
    rules = {name: RULES[name] for name in SPEAKING_OF_A_MODEL}
    best, most = None, 0
    for owner in view.owners:
        own = view.scope.matching[owner.id]
        borrowed = scope.section.model_copy(update={"model": own.model, "fits": own.fits, "borrowed_from": owner.id})
        seen = replace(view, scope=replace(scope, section=borrowed))
        count = sum(seen.shows(proposal) for proposal in _proposals(seen, rules))
        if count >= max(most, 1):
            best, most = owner.id, count
    return replace(one, model_of=best)


def _proposals(view: View, rules: Mapping[str, object]) -> list[Proposal]:
    """What the rules suggest for a section; of several of one name the first that holds."""
    found: dict[str, Proposal] = {}
    for name in rules:
        for proposal in RULES[name](view):
            if proposal.key not in found and (not proposal.is_guess or view.shows(proposal)):
                found[proposal.key] = proposal
    return list(found.values())


def _is_earned(outcome: str, cause: str | None) -> bool:
    return outcome == "passed" or (outcome == "needs_review" and cause == "by_hand")


def _without(one: Drafted, missed: Mapping[str, str]) -> Drafted:
    gone = [proposal for proposal in one.criteria if one.id_of(proposal) in missed]
    told = tuple(
        f"Left out: {proposal.check} ({proposal.title}), which the reference itself does not pass:"
        f" {missed[one.id_of(proposal)]}"
        for proposal in gone
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
        params = dict(proposal.params)
        for key in NAMES_SECTIONS & params.keys():
            value = params[key]
            left = value if value in kept else None if isinstance(value, str) else [name for name in value if name in kept]
            params[key] = left
        emptied = [key for key, value in params.items() if key in NAMES_SECTIONS and not value]
        if "compared_to" in emptied or "sections" in emptied:
            continue
        criteria.append(replace(proposal, params={key: value for key, value in params.items() if key not in emptied}))
    return replace(one, criteria=tuple(criteria))
