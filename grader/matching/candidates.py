"""Models that may answer sections: how each was trained, how far it is from what is asked, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from grader.architecture.comparison import distance, has_other_input
from grader.architecture.forms import ModelForm
from grader.architecture.layers import PlainModel, last_compile, plain_model
from grader.checks.training import CompiledParams, is_as_asked
from grader.judging.absence import is_training
from grader.matching.thresholds import THRESHOLDS
from grader.records import CompileRecord, Evidence, FitRecord, ModelRecord
from grader.training.recipes import TrainingRecipe


@dataclass(frozen=True)
class Candidate:
    """A model of the notebook.

    Attributes:
        fits: Those that trained it, in order; empty for one that was only built.
        compiled: How it was compiled when it was last trained.
        is_used: Whether it was evaluated or predicted with.
    """

    record: ModelRecord
    fits: tuple[FitRecord, ...]
    plain: PlainModel
    order: int
    compiled: CompileRecord | None = None
    is_used: bool = True

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

    @property
    def rows_seen(self) -> int | None:
        """How many rows its trainings saw, over all epochs; None where that is unknown."""
        seen = [_rows_seen(fit) for fit in self.fits]
        return None if None in seen else sum(rows or 0 for rows in seen)


def _rows_seen(fit: FitRecord) -> int | None:
    if fit.steps and fit.batch_size:
        return fit.steps * fit.batch_size
    return fit.epochs_run * fit.x.rows if fit.epochs_run and fit.x.rows else None


def candidates(evidence: Evidence) -> list[Candidate]:
    """Every model of the notebook, in the order in which they were first trained; those never trained at the end."""
    fits_of: dict[str, list[FitRecord]] = {}
    for fit in sorted(evidence.fits, key=lambda fit: fit.seq):
        if is_training(fit):
            fits_of.setdefault(fit.model, []).append(fit)
    trained = [name for name in fits_of if any(model.id == name for model in evidence.models)]
    used = {item.model for item in evidence.evaluations} | {item.model for item in evidence.predictions}
    only_built = [model.id for model in evidence.models if model.id not in fits_of]
    return [
        Candidate(
            record=evidence.model(name),
            fits=tuple(fits_of.get(name, ())),
            plain=plain_model(evidence.model(name), compiled=last_compile(evidence, name)),
            order=order,
            compiled=last_compile(evidence, name),
            is_used=name in used,
        )
        for order, name in enumerate((*trained, *only_built))
    ]


class Distances:
    """How far each model is from what each section asks for, computed once a pair.

    Args:
        forms: Section to the form of its model.
        trainings: Section to what is asked of its training, where that is asked.
        compiles: Section to how its model must be compiled, where that is asked.
    """

    def __init__(
        self,
        forms: Mapping[str, ModelForm],
        trainings: Mapping[str, TrainingRecipe] | None = None,
        compiles: Mapping[str, CompiledParams] | None = None,
    ) -> None:
        self.forms = forms
        self._trainings = trainings or {}
        self._compiles = compiles or {}
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

    def asks_for_training(self, section: str) -> bool:
        """Whether a section says for how many epochs, or in which way, its model is trained."""
        asked = self._trainings.get(section)
        return asked is not None and (asked.epochs is not None or asked.own_loop)

    def is_trained_as_asked(self, candidate: Candidate, section: str) -> bool:
        """Whether a model was trained for the epochs, and in the way, that the section asks for."""
        asked = self._trainings.get(section)
        if asked is None or not self.asks_for_training(section):
            return False
        return asked.epochs in {None, *_epochs(candidate.fits, asked)} and self._is_by_loop_where_asked(
            candidate, section
        )

    def is_compiled_as_asked(self, candidate: Candidate, section: str) -> bool:
        """Whether a model has the loss, optimizer and metrics that the section asks for; also where that is unknown."""
        asked = self._compiles.get(section)
        return asked is None or candidate.compiled is None or is_as_asked(candidate.compiled, asked)

    def is_nearest(self, candidate: Candidate, section: str) -> bool:
        """Whether no other section asks for a model that is more like it, trained in the way that it was."""
        own = self._rank(candidate, section)
        return all(own <= self._rank(candidate, other) for other in self.forms)

    def is_rather_for(self, section: str, candidate: Candidate, *, than: str) -> bool:
        """Whether a model is nearer to what a section asks for than to what another one does, form before training."""
        own, other = (
            (*self._rank(candidate, name), not self.is_trained_as_asked(candidate, name)) for name in (section, than)
        )
        return own < other

    def _rank(self, candidate: Candidate, section: str) -> tuple[int, bool]:
        return self.of(candidate, section), not self._is_by_loop_where_asked(candidate, section)

    def _is_by_loop_where_asked(self, candidate: Candidate, section: str) -> bool:
        asked = self._trainings.get(section)
        return asked is None or not asked.own_loop or all(fit.kind != "fit" for fit in candidate.fits)

    def is_within(self, candidate: Candidate, section: str, *, share: float, least: int) -> bool:
        """Whether at most that share of the section's layers, or ``least`` of them, differ; never another input."""
        form = self.forms[section]
        most = max(least, share * len(form.expected))
        return not has_other_input(candidate.plain, form) and self.of(candidate, section) <= most


def _epochs(fits: Sequence[FitRecord], asked: TrainingRecipe) -> set[int]:
    """How many epochs count as run: with those that a callback left out, unless the rubric says that these do not."""
    run = sum(fit.epochs_run for fit in fits)
    if asked.early_stopping is False or any(fit.status != "completed" for fit in fits):
        return {run}
    return {run, sum((fit.epochs_requested or fit.epochs_run) - fit.initial_epoch for fit in fits)}


@dataclass(frozen=True)
class Places:
    """Where the sections with a heading are.

    Attributes:
        order: Every section of the rubric.
        cells: Section to its cells, for sections with a heading.
        core: Section to those of its cells that stand above any heading of the student's own.
        used: Section to the models that were evaluated or predicted with in its cells.
        compared: Cells of the sections that compare trainings of their own.
        borrowed: Section that owns no model to the one whose model it speaks of.
    """

    order: Sequence[str]
    cells: Mapping[str, frozenset[int]]
    used: Mapping[str, frozenset[str]]
    compared: frozenset[int] = frozenset()
    core: Mapping[str, frozenset[int]] = field(default_factory=dict)
    borrowed: Mapping[str, str] = field(default_factory=dict)

    def core_of(self, section: str) -> frozenset[int]:
        """The section's cells above any heading of the student's own."""
        return self.core.get(section, self.cells.get(section, frozenset()))

    def owner_of(self, cell: int | None, among: Iterable[str]) -> str | None:
        """Which of the sections has a cell."""
        return next((name for name in among if cell in self.cells.get(name, ())), None)

    def spoken_of_in(self, cell: int | None) -> str | None:
        """The section that owns the model which a cell's section speaks of."""
        borrower = self.owner_of(cell, self.borrowed)
        return None if borrower is None else self.borrowed[borrower]

    def is_between(self, cell: int | None, section: str) -> bool:
        """Whether a cell lies after the heading of the previous section and before that of the next one."""
        at = self.order.index(section)
        before = next((name for name in reversed(self.order[:at]) if name in self.cells), None)
        after = next((name for name in self.order[at + 1 :] if name in self.cells), None)
        if cell is None or (before is not None and cell < min(self.cells[before])):
            return False
        return after is None or cell < min(self.cells[after])
