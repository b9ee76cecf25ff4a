"""Which mutants a reference gives under a rubric: of each kind the best place, and more where a criterion needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.records import Evidence, SectionMatch
from grader.reference.mutation import (
    equivalents_of_models,
    equivalents_of_notebooks,
    faults_of_models,
    faults_of_notebooks,
    faults_of_pictures,
    faults_of_rates,
    faults_of_results,
    faults_of_tables,
    faults_of_training,
)
from grader.reference.mutation.changes import Change, Equivalent, Fault, Mutant, notebook_diff
from grader.reference.mutation.original import Original
from grader.rubric import Rubric

if TYPE_CHECKING:
    from nbformat import NotebookNode

FAULTS: tuple[Fault, ...] = (
    *faults_of_models.FAULTS,
    *faults_of_training.FAULTS,
    *faults_of_results.FAULTS,
    *faults_of_pictures.FAULTS,
    *faults_of_tables.FAULTS,
    *faults_of_rates.FAULTS,
    *faults_of_notebooks.FAULTS,
)
EQUIVALENTS: tuple[Equivalent, ...] = (*equivalents_of_models.EQUIVALENTS, *equivalents_of_notebooks.EQUIVALENTS)


@dataclass(frozen=True)
class Derived:
    """What came of a reference.

    Attributes:
        not_applicable: Kinds that this reference or this rubric has no place for.
        untargeted: Criteria that no fault can be aimed at.
    """

    mutants: tuple[Mutant, ...]
    not_applicable: tuple[str, ...] = ()
    untargeted: tuple[str, ...] = ()


def derive(
    notebook: NotebookNode,
    *,
    rubric: Rubric,
    evidence: Evidence,
    matching: Mapping[str, SectionMatch],
    only: Iterable[str] = (),
) -> Derived:
    """Rewrites the reference into faults and equivalents.

    Args:
        notebook: The reference, with no outputs.
        rubric: Whose criteria the faults are aimed at.
        evidence: Of the reference's run.
        matching: Of that run with the rubric.
        only: Kinds to derive; default: all.
    """
    original = Original(notebook, evidence=evidence)
    wanted = set(only)
    changes = {
        kind.__name__: _aimed(kind(original), rubric=rubric, matching=matching)
        for kind in FAULTS
        if not wanted or kind.__name__ in wanted
    }
    chosen = _chosen(changes)
    faults = [_fault(name, change, original=original, rubric=rubric, matching=matching) for name, change in chosen]
    absent = [name for name, found in changes.items() if not found]
    forms = {kind.__name__: list(kind(original)) for kind in EQUIVALENTS if not wanted or kind.__name__ in wanted}
    absent += [name for name, found in forms.items() if not found]
    equivalents = [
        Mutant(
            kind=name,
            group="equivalent",
            place=change.place,
            draft=change.draft,
            diff=notebook_diff(notebook, change.draft.finish()),
        )
        for name, change in _spread(forms)
    ]
    hit = {name for mutant in faults for name in mutant.targets}
    return Derived(
        mutants=(*faults, *equivalents),
        not_applicable=tuple(absent),
        untargeted=tuple(one.id for one in rubric.criteria if one.id not in hit),
    )


def _aimed(
    changes: Iterable[Change], *, rubric: Rubric, matching: Mapping[str, SectionMatch]
) -> list[tuple[Change, frozenset[str]]]:
    """The places of a kind at which it breaks something that the rubric asks for."""
    found = [(change, frozenset(change.aim.targets(rubric, matching))) for change in changes]
    return [(change, targets) for change, targets in found if targets]


def _chosen(changes: Mapping[str, list[tuple[Change, frozenset[str]]]]) -> list[tuple[str, Change]]:
    """One place a kind, where the criteria are hit least so far; then more places for criteria that none hits."""
    times: dict[str, int] = {}
    chosen: list[tuple[str, Change]] = []

    def choose(name: str, change: Change, targets: frozenset[str]) -> None:
        chosen.append((name, change))
        for target in targets:
            times[target] = times.get(target, 0) + 1

    # Kinds of few places first, so that those of many fill the gaps.
    for name in sorted(changes, key=lambda name: len(changes[name])):
        if changes[name]:
            change, targets = min(changes[name], key=lambda item: min(times.get(one, 0) for one in item[1]))
            choose(name, change, targets)
    for name, places in changes.items():
        for change, targets in places:
            if any(one not in times for one in targets):
                choose(name, change, targets)
    order = list(changes)
    return sorted(chosen, key=lambda item: order.index(item[0]))


def _spread(forms: Mapping[str, list[Change]]) -> Iterator[tuple[str, Change]]:
    """One place a kind, in cells that were rewritten least so far."""
    times: dict[int, int] = {}
    for name in sorted(forms, key=lambda name: len(forms[name])):
        if forms[name]:
            change = min(
                forms[name], key=lambda change: max(times.get(cell, 0) for cell in (*change.draft.touched, -1))
            )
            for cell in change.draft.touched:
                times[cell] = times.get(cell, 0) + 1
            yield name, change


def _fault(
    name: str, change: Change, *, original: Original, rubric: Rubric, matching: Mapping[str, SectionMatch]
) -> Mutant:
    return Mutant(
        kind=name,
        group="fault",
        place=change.place,
        draft=change.draft,
        aim=change.aim,
        targets=change.aim.targets(rubric, matching),
        related=change.aim.related(rubric, matching),
        diff=notebook_diff(original.notebook, change.draft.finish()),
    )
