"""Proposes, for each model, the smallest edits by which what it lost is passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from grader.hints.call_repairs import OPTIMIZERS, compile_edits, fit_edits, other_rates
from grader.hints.cases import Case, TrainedModel, trained_models
from grader.hints.layer_repairs import form_edits, has_layer, random_edits, rate_edits
from grader.judging.views import SubmissionView
from grader.records import Edit, Verdict
from grader.rubric import Criterion, Rubric
from grader.rubric.constraints import AUGMENTED, COMPILED, DROPOUT_RATE, FORM, GAP, TRAINED, Hits, of_quality

Repair = Callable[[Case], tuple[Edit, ...] | None]
"""The edits that a lost criterion needs beside those that are there; None where no edit fixes it."""


@dataclass(frozen=True)
class Proposal:
    """Edits of one model that should fix what it lost.

    Attributes:
        criteria: Those that must be passed with them.
        needed_by: Those of them that ask for the edits themselves; the others ask how well the model does.
    """

    of: TrainedModel
    edits: tuple[Edit, ...]
    criteria: tuple[Criterion, ...]
    needed_by: tuple[Criterion, ...]


def propose(rubric: Rubric, view: SubmissionView, verdicts: Mapping[str, Verdict]) -> tuple[tuple[Proposal, ...], ...]:
    """The proposals for each model that lost something, each model's in the order in which they should be tried.

    Args:
        rubric: Whose criteria were lost.
        view: The submission.
        verdicts: Its verdicts, by criterion.
    """
    found = (tuple(_proposals(one, view, verdicts)) for one in trained_models(rubric, view))
    return tuple(proposals for proposals in found if proposals)


def is_lost(verdict: Verdict | None) -> bool:
    """Whether a verdict costs points."""
    return verdict is not None and verdict.outcome in {"failed", "partial", "blocked"}


def is_decided_by_training(criterion: Criterion) -> bool:
    """Whether a criterion asks how a model is built, compiled and trained, or how well it does then.

    What a notebook shows of a model, in pictures or in print, only a run of the notebook can tell.
    """
    spec = criterion.spec
    if spec.whole_notebook or spec.by_hand:
        return False
    return spec.settled_by_code or spec.quality != "none" or AUGMENTED(criterion)


def _gap_edits(case: Case) -> tuple[Edit, ...] | None:
    """A gap that shows the effect of a layer has one once that layer is there."""
    layer = getattr(case.criterion.params, "needs_layer", None)
    return () if layer is not None and has_layer(case, layer) and not has_layer(_as_it_was(case), layer) else None


def _as_it_was(case: Case) -> Case:
    return Case(case.view, case.criterion, case.model, case.fit, edits=(), beside=case.beside)


_REPAIRS: tuple[tuple[Hits, Repair], ...] = (
    (FORM, form_edits),
    (DROPOUT_RATE, rate_edits),
    (AUGMENTED, random_edits),
    (COMPILED, compile_edits),
    (TRAINED, fit_edits),
    (GAP, _gap_edits),
)
"""In the order in which one may build on the edits of another."""


def _proposals(one: TrainedModel, view: SubmissionView, verdicts: Mapping[str, Verdict]) -> Iterator[Proposal]:
    lost = [criterion for criterion in one.criteria if is_lost(verdicts.get(criterion.id))]
    edits: tuple[Edit, ...] = ()
    needed: list[Criterion] = []
    for hits, repair in _REPAIRS:
        for criterion in filter(hits, lost):
            made = repair(_case(one, view, criterion, edits=edits))
            if made is not None and (made or edits):
                edits = (*edits, *(edit for edit in made if edit not in edits))
                needed.append(criterion)
    quality = [criterion for criterion in lost if of_quality(criterion)]
    wanted = (*needed, *quality)
    if edits:
        yield Proposal(one, edits, wanted, tuple(needed))
    for edit in edits if quality else ():
        if edit.kind == "optimizer":
            faster = edit.model_copy(update={"value": {"learning_rate": 10 * OPTIMIZERS[edit.name]}})
            yield Proposal(one, tuple(faster if other is edit else other for other in edits), wanted, tuple(needed))
    # Where something else stays wrong, such as the rows, another learning rate is a guess.
    is_all = all(criterion in wanted for criterion in lost if is_decided_by_training(criterion))
    if quality and is_all and not any(edit.kind in {"optimizer", "learning_rate"} for edit in edits):
        for rate in other_rates(_case(one, view, quality[0], edits=edits)):
            yield Proposal(one, (*edits, rate), wanted, tuple(needed))


def _case(one: TrainedModel, view: SubmissionView, criterion: Criterion, *, edits: tuple[Edit, ...]) -> Case:
    section = view.section(one.section_of(criterion).id)
    return Case(section, criterion, one.model, one.fit, edits=edits, beside=one.criteria)
