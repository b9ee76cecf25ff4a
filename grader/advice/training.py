"""Trainings, which advice looks at: one model with the fits that trained it in one section."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from grader.architecture.layers import PlainModel, last_compile, plain_model
from grader.judging.absence import is_training, section_name
from grader.judging.results import listed
from grader.judging.views import SubmissionView
from grader.metrics import accuracy_name
from grader.records import CompileRecord, FitRecord
from grader.rubric import Rubric


@dataclass(frozen=True)
class Remark:
    """What one rule found.

    Attributes:
        text: One to three neutral sentences, the first with the numbers.
    """

    rule: str
    text: str


@dataclass(frozen=True)
class Training:
    """One model of the notebook with the fits that trained it in one section.

    Attributes:
        section: None where it belongs to none.
        name: Of the model, as a sentence names it: ``the model of exercise 1``.
        tries_rates: Whether the section asks for several learning rates, of which some are meant to be off.
    """

    submission: SubmissionView
    section: str | None
    model: PlainModel
    model_id: str
    fits: tuple[FitRecord, ...]
    name: str
    tries_rates: bool = False

    @property
    def cells(self) -> tuple[int, ...]:
        """Where it was trained."""
        return tuple(sorted({fit.cell for fit in self.fits if fit.cell is not None}))

    @property
    def where(self) -> str:
        """``cell 16``, for a sentence."""
        cells = [str(cell + 1) for cell in self.cells]
        return f"cell{'s' if len(cells) > 1 else ''} {listed(cells)}" if cells else "the notebook"

    @property
    def compiled(self) -> CompileRecord | None:
        """How it was compiled last."""
        return next((fit.compiled for fit in reversed(self.fits) if fit.compiled is not None), None)

    @property
    def loss_name(self) -> str:
        """Of the loss; empty where it is unknown."""
        return (self.compiled.loss or "") if self.compiled is not None else ""

    @property
    def continues(self) -> bool:
        """Whether the model was trained or had weights set before the first of the fits."""
        first, evidence = self.fits[0], self.submission.evidence
        earlier = [fit for fit in evidence.fits if fit.seq < first.seq and is_training(fit)]
        known = {fit.weights_after for fit in earlier} | {item.weights for item in evidence.weights_set}
        trained = any(fit.model == first.model for fit in earlier)
        return trained or (first.weights_before is not None and first.weights_before in known)

    @property
    def guessing(self) -> float:
        """The accuracy of always naming the most frequent class, in [0, 1]; 1 where the classes are not known."""
        counts = [fit.y.class_counts for fit in self.fits if fit.y is not None and fit.y.class_counts]
        return max(max(one.values()) / sum(one.values()) for one in counts) if counts else 1.0

    def history(self, key: str) -> tuple[float, ...]:
        """One value an epoch over all fits, shape ``(epochs,)``."""
        return tuple(value for fit in self.fits for value in fit.history.get(key, ()))

    @property
    def accuracy(self) -> tuple[float, ...]:
        """The training accuracy of each epoch, shape ``(epochs,)``; empty where it was not measured."""
        named = accuracy_name(key for fit in self.fits for key in fit.history)
        return self.history(named) if named is not None else ()


def trainings(submission: SubmissionView, rubric: Rubric) -> Iterator[Training]:
    """Every training of the notebook: those of the sections in their order, then what belongs to none."""
    yielded: set[str] = set()
    for section in rubric.sections:
        match = submission.matching[section.id]
        if match.model is None or match.borrowed_from is not None:
            continue
        fits = tuple(fit for fit in submission.evidence.fits if fit.id in match.fits and is_training(fit))
        yielded.update(fit.id for fit in fits)
        if fits:
            yield _training(submission, fits, section=section.id)
    comparing = {one.id for one in rubric.sections if one.compares_trainings}
    for fit in submission.evidence.fits:
        if fit.id not in yielded and is_training(fit):
            section_of_cell = _section_of_cell(submission, fit.cell)
            training = _training(submission, (fit,), section=section_of_cell)
            yield replace(training, tries_rates=section_of_cell in comparing)


def _training(submission: SubmissionView, fits: tuple[FitRecord, ...], *, section: str | None) -> Training:
    model = fits[0].model
    plain = plain_model(submission.evidence.model(model), compiled=last_compile(submission.evidence, model))
    owns = section is not None and submission.matching[section].model == model
    name = f"the model of {section_name(section or '', submission.matching)}" if owns else "this model"
    return Training(submission=submission, section=section, model=plain, model_id=model, fits=fits, name=name)


def _section_of_cell(submission: SubmissionView, cell: int | None) -> str | None:
    headed = [
        name for name, match in submission.matching.items() if match.heading_cell is not None and cell in match.cells
    ]
    return headed[0] if headed else None
