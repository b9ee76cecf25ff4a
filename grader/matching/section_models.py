"""Decides which model answers which section: by its cells first, then by its architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from grader.architecture.comparison import distance, has_other_input
from grader.architecture.forms import ModelForm
from grader.architecture.layers import PlainModel, last_compile, plain_model
from grader.judging.absence import is_training
from grader.matching.likeness import heaviest_in_order
from grader.matching.thresholds import THRESHOLDS
from grader.records import Evidence, FitRecord, ModelRecord
from grader.training.recipes import TrainingRecipe

How = Literal["own", "refit", "elsewhere", "untrained"]


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
class SectionModel:
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
    """How far each model is from what each section asks for, computed once a pair.

    Args:
        forms: Section to the form of its model.
        trainings: Section to what is asked of its training, where that is asked.
    """

    def __init__(self, forms: Mapping[str, ModelForm], trainings: Mapping[str, TrainingRecipe] | None = None) -> None:
        self.forms = forms
        self._trainings = trainings or {}
        self._known: dict[tuple[str, str], int] = {}

    def of(self, candidate: Candidate, section: str) -> int:
        """The number of differences; see `grader.architecture.comparison.distance`."""
        key = (candidate.id, section)
        if key not in self._known:
            form = self.forms[section]
            counted = sum(layer.kind not in form.allow for layer in candidate.plain.layers)
            longer = counted - len(form.expected)
            # For a model of many times the layers, the number of extra layers is close enough.
            is_far = bool(form.expected) and longer > THRESHOLDS.far_least + 2 * len(form.expected)
            self._known[key] = longer if is_far else distance(candidate.plain, form)
        return self._known[key]

    def is_trained_as_asked(self, candidate: Candidate, section: str) -> bool:
        """Whether a model was trained for the epochs, and in the way, that the section asks for."""
        asked = self._trainings.get(section)
        if asked is None or (asked.epochs is None and not asked.own_loop):
            return False
        epochs = sum(fit.epochs_run for fit in candidate.fits)
        by_loop = all(fit.kind != "fit" for fit in candidate.fits)
        return asked.epochs in {None, epochs} and by_loop >= asked.own_loop

    def is_within(self, candidate: Candidate, section: str, *, share: float, least: int) -> bool:
        """Whether at most that share of the section's layers, or ``least`` of them, differ; never another input."""
        form = self.forms[section]
        most = max(least, share * len(form.expected))
        return not has_other_input(candidate.plain, form) and self.of(candidate, section) <= most


@dataclass(frozen=True)
class Places:
    """Where the sections with a heading are.

    Attributes:
        order: Every section of the rubric.
        cells: Section to its cells, for sections with a heading.
        used: Section to the models that were evaluated or predicted with in its cells.
        compared: Cells of the sections that compare trainings of their own.
    """

    order: Sequence[str]
    cells: Mapping[str, frozenset[int]]
    used: Mapping[str, frozenset[str]]
    compared: frozenset[int] = frozenset()

    def is_between(self, cell: int | None, section: str) -> bool:
        """Whether a cell lies after the heading of the previous section and before that of the next one."""
        at = self.order.index(section)
        before = next((name for name in reversed(self.order[:at]) if name in self.cells), None)
        after = next((name for name in self.order[at + 1 :] if name in self.cells), None)
        if cell is None or (before is not None and cell < min(self.cells[before])):
            return False
        return after is None or cell < min(self.cells[after])


def assign_models(models: Sequence[Candidate], places: Places, *, distances: Distances) -> dict[str, SectionModel]:
    """Gives each section that owns a model its model; a model is given once.

    Args:
        models: Of the notebook.
        places: Of the sections with a heading.
        distances: To the sections that own a model, in the order of the rubric.
    """
    section_models: dict[str, SectionModel] = {}
    cells = places.cells
    trained = [model for model in models if model.fits]
    headed = [name for name in distances.forms if name in cells]
    own = [(name, model) for name in headed for model in trained if model.first_cell in cells[name]]
    _nearest_first(own, section_models, how="own", distances=distances)
    again = [(name, model) for name in headed for model in trained if model.cells & cells[name]]
    _nearest_first(again, section_models, how="refit", distances=distances)
    _from_elsewhere(trained, section_models, places, distances=distances)
    built = [
        (name, model)
        for name in distances.forms
        for model in models
        if not model.fits and _may_be_untrained(model, name, places, distances=distances)
    ]
    _nearest_first(built, section_models, how="untrained", distances=distances)
    return section_models


def _nearest_first(
    pairs: Sequence[tuple[str, Candidate]], section_models: dict[str, SectionModel], *, how: How, distances: Distances
) -> None:
    """Gives each section without a model the closest of its candidates; of equal ones the last trained."""
    taken = {given.candidate.id for given in section_models.values()}
    for name, model in sorted(pairs, key=lambda pair: (distances.of(pair[1], pair[0]), -pair[1].order)):
        if name not in section_models and model.id not in taken:
            rivals = sum(other == name for other, _ in pairs) - 1
            section_models[name] = SectionModel(model, how, rivals=rivals)
            taken.add(model.id)


def _from_elsewhere(
    trained: Sequence[Candidate], section_models: dict[str, SectionModel], places: Places, *, distances: Distances
) -> None:
    """Gives models that are still free to sections that trained none: in order, then the closest."""
    taken = {given.candidate.id for given in section_models.values()}
    free = [model for model in trained if model.id not in taken]
    waiting = [name for name in distances.forms if name not in section_models]
    weights = [[_weight(model, name, places, distances=distances) for name in waiting] for model in free]
    for row, column in heaviest_in_order(weights, rows=len(free), columns=len(waiting)):
        section_models[waiting[column]] = SectionModel(free[row], "elsewhere")
    left = [
        (name, model)
        for row, model in enumerate(free)
        for column, name in enumerate(waiting)
        if weights[row][column] and distances.is_within(model, name, share=THRESHOLDS.near_share, least=1)
    ]
    _nearest_first(left, section_models, how="elsewhere", distances=distances)


def _weight(model: Candidate, name: str, places: Places, *, distances: Distances) -> float:
    """How well a model trained elsewhere fits a section, about 1 at most; 0 where it must not answer it."""
    as_asked = distances.is_trained_as_asked(model, name)
    if model.first_cell in places.compared and not as_asked:
        return 0.0
    if _may_be_meant_for(model, name, places, distances=distances):
        share, least = THRESHOLDS.far_share, THRESHOLDS.far_least
    else:
        share, least = THRESHOLDS.near_share, 1
    if not distances.is_within(model, name, share=share, least=least):
        return 0.0
    likeness = 1 - distances.of(model, name) / (len(distances.forms[name].expected) + len(model.plain.layers) + 1)
    return likeness + (THRESHOLDS.trained_as_asked if as_asked else 0.0)


def _may_be_meant_for(model: Candidate, name: str, places: Places, *, distances: Distances) -> bool:
    """Whether the model's place in the notebook suggests that it was made for this section."""
    owners = [one for one in distances.forms if one in places.cells]
    if not owners or model.id in places.used.get(name, ()):
        return True
    in_owners_cells = any(model.first_cell in places.cells[one] for one in owners)
    return name not in places.cells and not in_owners_cells and places.is_between(model.first_cell, name)


def _may_be_untrained(model: Candidate, name: str, places: Places, *, distances: Distances) -> bool:
    if not model.plain.layers:
        return False
    if name in places.cells:
        return model.record.cell in places.cells[name] and distances.is_within(
            model, name, share=THRESHOLDS.far_share, least=THRESHOLDS.far_least
        )
    return distances.of(model, name) == 0
