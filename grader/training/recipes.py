"""The recipe of a training - epochs, batch size, validation - against the one asked for, part by part."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from pydantic import Field

from grader.judging.registry import Params
from grader.judging.results import counted, listed
from grader.judging.views import SectionView
from grader.records import FitRecord
from grader.training.rows_of_fits import hashes, rows_beside, share_within
from grader.training.thresholds import THRESHOLDS

State = Literal["right", "off", "unknown", "stopped early", "cut by us"]


@dataclass(frozen=True)
class Asked:
    """A recipe; None for what may be anything.

    Attributes:
        validation: Share of the rows held out.
        validation_tolerance: For validation sets cut off by hand.
        early_stopping: Whether epochs that early stopping left out count; None where a person decides.
        callback: Class of a callback that each fit is given.
        weighted: Whether rows or classes are given weights.
        own_loop: Whether a loop of gradients and steps takes the place of ``fit``.
    """

    epochs: int | None = None
    batch_size: int | None = None
    validation: float | None = None
    validation_tolerance: float = 0.02
    early_stopping: bool | None = None
    callback: str | None = None
    weighted: bool = False
    own_loop: bool = False


class TrainingRecipe(Params):
    """The training that a check asks for: a base of its parameters.

    Of models that look alike, the one that was trained by it answers the section; and a training of no more epochs than
    a rubric asks for is honest work where a time limit cut it off.
    """

    epochs: int | None = Field(None, ge=1, description="epochs, over all fits of the model; default: any")
    batch_size: int | None = Field(None, ge=1, description="rows a step; default: any")
    validation: float | None = Field(None, gt=0, lt=1, description="share of rows held out, such as 0.1; default: any")
    validation_tolerance: float = Field(
        0.02, ge=0, lt=0.5, description="by how much a validation set cut off by hand may be larger or smaller"
    )
    early_stopping: bool | None = Field(
        None, description="true: epochs that early stopping left out count; false: not; default: a tutor decides"
    )
    callback: str | None = Field(None, description="callback that fit must be given, such as EarlyStopping")
    weighted: bool = Field(False, description="true: with class_weight or sample_weight")
    own_loop: bool = Field(False, description="true: trained by a loop of gradients and steps, not by fit")

    @property
    def asked(self) -> Asked:
        """The recipe alone."""
        given = dict(self)
        return Asked(**{field.name: given[field.name] for field in fields(Asked)})


@dataclass(frozen=True)
class Aspect:
    """One part of a recipe, judged.

    Attributes:
        text: A sentence with both numbers; empty where it is right.
        step: What to do about it.
    """

    verdict: State
    text: str = ""
    step: str = ""

    @property
    def is_right(self) -> bool:
        return self.verdict == "right"


_RIGHT = Aspect("right")


def aspects(section: SectionView, asked: Asked) -> tuple[Aspect, ...]:
    """Each part of the recipe that was asked for, judged over all fits that count."""
    return tuple(_judged(section, asked))


def own_recipe(section: SectionView) -> Asked:
    """What the section's fits were trained with, all together; None for what differs between them or is unknown."""
    fits = section.fits
    sizes = {fit.batch_size for fit in fits}
    shares = {share if share is None else round(share, 4) for share in (held_out(section, fit) for fit in fits)}
    return Asked(
        epochs=sum(fit.epochs_run for fit in fits) or None,
        batch_size=sizes.pop() if len(sizes) == 1 else None,
        validation=shares.pop() if len(shares) == 1 else None,
        weighted=bool(fits) and all(_is_weighted(fit) for fit in fits),
    )


def recipe_words(recipe: Asked) -> str:
    """A recipe in one line: ``10 epochs, batch size 128, 10 % validation``."""
    parts = [counted(recipe.epochs, "epoch")] if recipe.epochs else []
    parts += [f"batch size {recipe.batch_size}"] if recipe.batch_size else []
    parts += [f"{_per_cent(recipe.validation)} validation"] if recipe.validation else []
    parts += [recipe.callback] if recipe.callback else []
    parts += ["classes weighted"] if recipe.weighted else []
    parts += ["in a loop of your own"] if recipe.own_loop else []
    return ", ".join(parts) or "a training"


def held_out(section: SectionView, fit: FitRecord) -> float | None:
    """The share of rows that a fit held out, in [0, 1]; None where that is unknown.

    A loop of the student's own names no validation set. What it was asked about while it was trained is one, and so is
    an array that its cell uses and that completes its rows to the data set's training part. Rows that are merely not
    trained on are none.
    """
    if fit.validation is not None:
        if fit.validation.fraction is not None:
            return fit.validation.fraction
        rows = fit.validation.x.rows + fit.x.rows
        return fit.validation.x.rows / rows if rows and fit.validation.x.rows else None
    if fit.kind == "fit":
        return 0.0
    train, held = section.measurement("train"), section.measurement("validation")
    if train is not None and train.of_rows:
        return held.rows / (held.rows + train.rows) if held is not None else None
    beside = rows_beside(section.submission, fit)
    if beside is None and section.data_set is not None and fit.x.rows == section.data_set.train_rows:
        return 0.0
    return beside / (beside + fit.x.rows) if beside else None


def _judged(section: SectionView, asked: Asked) -> Iterator[Aspect]:
    if asked.epochs is not None:
        yield _broken_epochs(section.fits) or _epochs(section.fits, asked.epochs, early_stopping=asked.early_stopping)
    if asked.batch_size is not None:
        yield _batches(section.fits, asked.batch_size)
    if asked.validation is not None:
        yield _validation(section, asked)
    if asked.callback is not None:
        yield _callback(section.fits, asked.callback)
    if asked.weighted:
        yield _weighted(section.fits)
    if asked.own_loop:
        yield _own_loop(section.fits)


def _epochs(fits: tuple[FitRecord, ...], asked: int, *, early_stopping: bool | None) -> Aspect:
    run = sum(fit.epochs_run for fit in fits)
    if run == asked:
        return _RIGHT
    text = f"The model was trained for {counted(run, 'epoch')}; {asked} {'was' if asked == 1 else 'were'} asked for."
    off = Aspect("off", text, f"Train for {counted(asked, 'epoch')}.")
    if any(not fit.epochs_run and fit.kind != "fit" for fit in fits):
        return Aspect("unknown", "How many epochs your own training loop ran could not be seen.")
    if run > asked or _requested(fits) != asked or any(fit.status == "raised" for fit in fits):
        return off
    if any(fit.status == "interrupted" for fit in fits):
        text = (
            f"Your training asked for {counted(asked, 'epoch')}, and our time limit interrupted it in epoch {run + 1}."
        )
        return Aspect("cut by us", text)
    text = f"Your training asked for {counted(asked, 'epoch')}, and a callback ended it after {run}."
    return {True: _RIGHT, False: off, None: Aspect("stopped early", text)}[early_stopping]


def _broken_epochs(fits: tuple[FitRecord, ...]) -> Aspect | None:
    """What is wrong where ``steps_per_epoch`` ends each epoch long before all rows were seen."""
    for fit in fits:
        rows, steps = fit.x.rows, fit.steps_per_epoch
        if fit.x.kind != "array" or not rows or steps is None or fit.batch_size is None:
            continue
        share = steps * fit.batch_size / rows
        if share < THRESHOLDS.whole_epoch:
            text = f"Each epoch took {counted(steps, 'step')} of {fit.batch_size} rows, {_per_cent(share)} of the data."
            return Aspect("off", text, "Leave steps_per_epoch out, so that an epoch takes every row once.")
    return None


def _callback(fits: tuple[FitRecord, ...], asked: str) -> Aspect:
    if all(asked in fit.callback_names for fit in fits):
        return _RIGHT
    if any(fit.own_callbacks or fit.kind != "fit" for fit in fits) or len(fits) > 1:
        return Aspect("unknown", f"Whether your own code does what {asked} does could not be seen.")
    named = fits[0].callback_names
    text = f"The training was given {f'the callbacks {listed(named)}' if named else 'no callback'}; {asked}"
    return Aspect("off", f"{text} was asked for.", f"Give fit a list of callbacks with {asked}.")


def _weighted(fits: tuple[FitRecord, ...]) -> Aspect:
    if all(_is_weighted(fit) for fit in fits):
        return _RIGHT
    if any(not _is_weighted(fit) and _may_be_weighted(fit) for fit in fits):
        return Aspect("unknown", "Whether this training gave the classes weights could not be seen.")
    text = "All rows had the same weight in this training; weights for the classes were asked for."
    return Aspect("off", text, "Give fit a class_weight, with a larger weight for the rarer class.")


def _is_weighted(fit: FitRecord) -> bool:
    return fit.class_weight or fit.sample_weight


def _may_be_weighted(fit: FitRecord) -> bool:
    """Whether weights may have come by other ways than the arguments of ``fit``: with the rows, or in the loss."""
    own_loss = fit.compiled is not None and fit.compiled.own_loss
    return fit.kind != "fit" or fit.x.kind != "array" or own_loss


def _own_loop(fits: tuple[FitRecord, ...]) -> Aspect:
    if all(fit.kind == "loop" for fit in fits):
        return _RIGHT
    kinds = listed(sorted({fit.kind for fit in fits} - {"loop"}))
    text = f"The model was trained with {kinds}; a loop of your own was asked for."
    return Aspect("off", text, "Take the gradients with tf.GradientTape and apply them with the optimizer.")


def _requested(fits: tuple[FitRecord, ...]) -> int:
    return sum(
        fit.epochs_run if fit.epochs_requested is None else max(fit.epochs_requested - fit.initial_epoch, 0)
        for fit in fits
    )


def _batches(fits: tuple[FitRecord, ...], asked: int) -> Aspect:
    """Keras refuses ``batch_size`` with a generator or a pipeline, which make their batches themselves."""
    sizes = {fit.batch_size for fit in fits}
    if sizes == {asked}:
        return _RIGHT
    known = sorted(size for size in sizes if size is not None and size != asked)
    if known:
        text = f"The batch size is {' and '.join(map(str, known))}; {asked} was asked for."
        kinds = {"loop" if fit.kind != "fit" else fit.x.kind for fit in fits if fit.batch_size != asked}
        steps = {
            "loop": f"Take {asked} rows in each step of your loop.",
            "generator": f"Make batches of {asked} rows in your generator.",
            "dataset": f"Make batches of {asked} rows, as with .batch({asked}).",
        }
        step = steps.get(kinds.pop(), "") if len(kinds) == 1 else ""
        return Aspect("off", text, step or f"Set batch_size={asked} in fit.")
    return Aspect("unknown", "The batch size of this training could not be seen.")


def _validation(section: SectionView, asked: Asked) -> Aspect:
    wanted = asked.validation or 0.0
    step = f"Hold out {_per_cent(wanted)} of the training rows, as with validation_split={wanted:g}."
    for fit in section.fits:
        share = held_out(section, fit)
        if share is None:
            return Aspect("unknown", "Which rows this training held out for validation could not be seen.")
        if not share and wanted:
            return Aspect("off", f"No validation set was held out; {_per_cent(wanted)} was asked for.", step)
        by_split = fit.validation is not None and fit.validation.source == "split"
        tolerance = max(THRESHOLDS.rounded_row, _one_row(fit)) if by_split else asked.validation_tolerance
        if abs(share - wanted) > tolerance + 1e-9:
            text = f"{_per_cent(share)} of the rows were held out for validation; {_per_cent(wanted)} was asked for."
            return Aspect("off", text, step)
        if fit.validation is not None and not by_split and _is_trained_on(section, fit):
            return Aspect(
                "off", "The rows of the validation set were trained on as well, so nothing was held out.", step
            )
        if fit.validation is not None and not by_split and _is_all_that_was_left(section):
            return Aspect(
                "off", "The model was validated on the very rows that are left of the table to test it.", step
            )
    return _RIGHT


def _one_row(fit: FitRecord) -> float:
    return 1 / fit.rows_given if fit.rows_given else 0.0


def _is_trained_on(section: SectionView, fit: FitRecord) -> bool:
    held = fit.validation.x if fit.validation is not None else None
    shared = share_within(hashes(section.submission, held), hashes(section.submission, fit.x))
    return shared is not None and shared > THRESHOLDS.trained_on_too


def _is_all_that_was_left(section: SectionView) -> bool:
    """Whether training and test rows are a whole table, so that the validation rows are test rows."""
    train, test = section.measurement("train"), section.measurement("test")
    known = train is not None and test is not None and test.of_rows is not None
    return known and train.rows + test.rows >= test.of_rows  # type: ignore[union-attr, operator]


def _per_cent(share: float) -> str:
    value = 100 * share
    return f"{value:.0f} %" if math.isclose(value, round(value), abs_tol=0.05) else f"{value:.1f} %"
