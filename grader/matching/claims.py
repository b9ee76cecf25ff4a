"""Which model answers which section: by section first, then by how near its architecture is to what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from grader.checks.absence import is_training
from grader.checks.comparison import distance, has_other_input
from grader.checks.forms import ModelForm
from grader.checks.layers import PlainModel, last_compile, plain_model
from grader.matching.likeness import heaviest_in_order
from grader.records import Evidence, FitRecord, ModelRecord

How = Literal["own", "refit", "elsewhere", "untrained"]

NEAR_SHARE = 0.25
"""A model trained in another section's cells is lent only where at most this share of the layers differs."""

FAR_SHARE = 0.6
"""A model trained in no section's cells may differ in this share of the layers: a wrong answer is an answer too."""


@dataclass(frozen=True)
class Candidate:
    """A model of the notebook.

    Attributes:
        fits: Those that trained it, in order; empty for one that was only built.
    """

    record: ModelRecord
    fits: tuple[FitRecord, ...]
    plain: PlainModel
    order: int

    @property
    def id(self) -> str:
        return self.record.id

    @cached_property
    def cells(self) -> frozenset[int]:
        """Where it was trained."""
        return frozenset(fit.cell for fit in self.fits if fit.cell is not None)

    @property
    def first_cell(self) -> int | None:
        """Where it was first trained, or made where it never was."""
        return self.fits[0].cell if self.fits else self.record.cell


@dataclass(frozen=True)
class Claim:
    """A section's model.

    Attributes:
        how: ``own``: trained first in the section's cells; ``refit``: trained before and again there; ``elsewhere``;
            ``untrained``: built there and never trained.
        rivals: How many other models were trained in the section's cells.
    """

    candidate: Candidate
    how: How
    rivals: int = 0


def candidates(evidence: Evidence) -> list[Candidate]:
    """Every model of the notebook, in the order in which they were first trained; those never trained at the end."""
    fits_of: dict[str, list[FitRecord]] = {}
    for fit in sorted(evidence.fits, key=lambda fit: fit.seq):
        if is_training(fit):
            fits_of.setdefault(fit.model, []).append(fit)
    trained = [name for name in fits_of if any(model.id == name for model in evidence.models)]
    only_built = [model.id for model in evidence.models if model.id not in fits_of]
    return [
        Candidate(
            record=evidence.model(name),
            fits=tuple(fits_of.get(name, ())),
            plain=plain_model(evidence.model(name), compiled=last_compile(evidence, name)),
            order=order,
        )
        for order, name in enumerate((*trained, *only_built))
    ]


class Distances:
    """How far each model is from what each section asks for, computed once a pair."""

    def __init__(self, forms: Mapping[str, ModelForm]) -> None:
        self.forms = forms
        self._known: dict[tuple[str, str], int] = {}

    def of(self, candidate: Candidate, section: str) -> int:
        """The number of differences; see `grader.checks.comparison.distance`."""
        key = (candidate.id, section)
        if key not in self._known:
            self._known[key] = distance(candidate.plain, self.forms[section])
        return self._known[key]

    def is_within(self, candidate: Candidate, section: str, *, share: float, least: int) -> bool:
        """Whether at most that share of the section's layers, or ``least`` of them, differ; never another input."""
        form = self.forms[section]
        most = max(least, share * len(form.expected))
        return not has_other_input(candidate.plain, form) and self.of(candidate, section) <= most


def claim(
    models: Sequence[Candidate], cells: Mapping[str, frozenset[int]], *, distances: Distances
) -> dict[str, Claim]:
    """Gives each section that owns a model its model; a model is given once.

    Args:
        models: Of the notebook.
        cells: Section to its cells, for sections that were found by a heading.
        distances: To the sections that own a model, in the order of the rubric.
    """
    trained = [model for model in models if model.fits]
    claims: dict[str, Claim] = {}
    own = [
        (name, model)
        for name in distances.forms
        if name in cells
        for model in trained
        if model.first_cell in cells[name]
    ]
    _nearest_first(own, claims, how="own", distances=distances)
    again = [
        (name, model)
        for name in distances.forms
        if name in cells and name not in claims
        for model in trained
        if model.cells & cells[name]
    ]
    _nearest_first(again, claims, how="refit", distances=distances)
    _from_elsewhere(trained, claims, cells, distances=distances)
    built = [
        (name, model)
        for name in distances.forms
        if name not in claims
        for model in models
        if not model.fits and _may_be_untrained(model, name, cells, distances=distances)
    ]
    _nearest_first(built, claims, how="untrained", distances=distances)
    return claims


def _nearest_first(
    pairs: Sequence[tuple[str, Candidate]], claims: dict[str, Claim], *, how: How, distances: Distances
) -> None:
    """Gives each section the nearest of its candidates; of equals the last one trained."""
    taken = {given.candidate.id for given in claims.values()}
    for name, model in sorted(pairs, key=lambda pair: (distances.of(pair[1], pair[0]), -pair[1].order)):
        if name not in claims and model.id not in taken:
            rivals = sum(other == name for other, _ in pairs) - 1
            claims[name] = Claim(model, how, rivals=rivals)
            taken.add(model.id)


def _from_elsewhere(
    trained: Sequence[Candidate],
    claims: dict[str, Claim],
    cells: Mapping[str, frozenset[int]],
    *,
    distances: Distances,
) -> None:
    """Models that no section claims, for sections that trained none: in their order, then the nearest."""
    owned = frozenset().union(*(cells[name] for name in distances.forms if name in cells))
    free = _unclaimed(trained, claims)
    loose = [model for model in free if model.first_cell not in owned]
    waiting = [name for name in distances.forms if name not in claims]
    weights = [[_weight(model, name, distances) for name in waiting] for model in loose]
    for row, column in heaviest_in_order(weights, rows=len(loose), columns=len(waiting)):
        claims[waiting[column]] = Claim(loose[row], "elsewhere")
    near = [
        (name, model)
        for name in distances.forms
        if name not in claims
        for model in _unclaimed(free, claims)
        if distances.is_within(model, name, share=NEAR_SHARE, least=1)
    ]
    _nearest_first(near, claims, how="elsewhere", distances=distances)


def _weight(model: Candidate, name: str, distances: Distances) -> float:
    if not distances.is_within(model, name, share=FAR_SHARE, least=2):
        return 0.0
    return 1 - distances.of(model, name) / (len(distances.forms[name].expected) + len(model.plain.layers) + 1)


def _unclaimed(models: Iterable[Candidate], claims: Mapping[str, Claim]) -> list[Candidate]:
    taken = {given.candidate.id for given in claims.values()}
    return [model for model in models if model.id not in taken]


def _may_be_untrained(
    model: Candidate, name: str, cells: Mapping[str, frozenset[int]], *, distances: Distances
) -> bool:
    if not model.plain.layers:
        return False
    if name in cells:
        return model.record.cell in cells[name] and distances.is_within(model, name, share=FAR_SHARE, least=2)
    return distances.of(model, name) == 0
