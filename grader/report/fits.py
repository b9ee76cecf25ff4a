"""A training as the student's page shows it: curves, numbers by epoch, figures measured and claimed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Literal

from markupsafe import Markup

from grader.advice.history import rises
from grader.advice.thresholds import THRESHOLDS
from grader.metrics import accuracy_name, is_accuracy
from grader.records import Evidence, FitRecord, Measurement, Measurements
from grader.report import plots
from grader.report.behind import Band, bands_in_words
from grader.report.kept import kept
from grader.report.notebook import Picture
from grader.report.templating import data_uri, figure
from grader.report.verified import matrix_rows, most_confused
from grader.store import SubmissionFolder

_PARTS = {"train": "training", "validation": "validation", "test": "test"}
"""The parts of the data that every model is measured on, and what they are called."""

NOTHING: Mapping[str, Band] = MappingProxyType({})

_NOISE = "; what it rose since is within its noise."


@dataclass(frozen=True)
class Score:
    """One part of the data: the figures recomputed from the trained model, and those that the notebook reported.

    Attributes:
        value: The accuracy, or of quantities the mean absolute error; ``claimed`` likewise.
    """

    part: str
    loss: float | None
    value: float | None
    claimed_loss: float | None = None
    claimed: float | None = None


@dataclass(frozen=True)
class FitBlock:
    """A fit as the page shows it.

    Attributes:
        said: What the curves show, in this training's own numbers.
        measure: What ``scores`` hold besides the loss.
        rows: Rows of a table: an epoch, and its value of each name.
        classes: Of the confusion matrix.
        confusion: Rows of a table: a true class, and how many rows of the test part were taken for each class; empty
            where that is unknown.
        confused: The pair of classes that is confused most, in words.
    """

    title: str
    cell: int | None
    pictures: tuple[Picture, ...]
    said: str
    names: tuple[str, ...]
    rows: Markup
    scores: tuple[Score, ...]
    measure: Literal["accuracy", "mean absolute error"]
    replay: str
    classes: int
    confusion: Markup
    confused: str


def fit_block(
    fit: FitRecord,
    *,
    evidence: Evidence,
    measurements: Measurements | None,
    folder: SubmissionFolder,
    behind: Mapping[str, Band] = NOTHING,
    has_matrix: bool = True,
) -> FitBlock:
    """Everything that is shown of one training.

    Args:
        fit: Of the evidence.
        evidence: Of the run.
        measurements: What was verified.
        folder: Where pictures are kept.
        behind: Of the reference, by the name of a curve.
        has_matrix: Whether its confusion matrix is shown here, and not elsewhere.
    """
    history = {name: values for name, values in fit.history.items() if values}
    names = tuple(history)
    epochs = max((len(values) for values in history.values()), default=0)
    rows = (
        [figure(history[name][epoch] if epoch < len(history[name]) else math.nan) for name in names]
        for epoch in range(epochs)
    )
    found = _measured(fit, measurements=measurements)
    of_quantities = any(one.mae is not None for one in found) and all(one.accuracy is None for one in found)
    confusion = (
        next((one.confusion for one in found if one.probe == "test" and one.confusion), ()) if has_matrix else ()
    )
    batch = f", batch size {fit.batch_size}" if fit.batch_size else ""
    return FitBlock(
        title=f"{fit.epochs_run} epoch{'s' if fit.epochs_run != 1 else ''}{batch}",
        cell=fit.cell,
        pictures=_pictures(history, mark=marked_epoch(fit), behind=behind, folder=folder),
        said=_said(fit, history, behind=behind, measured=found),
        names=names,
        rows=_table_rows(rows),
        scores=tuple(_score(one, fit, evidence=evidence, of_quantities=of_quantities) for one in found),
        measure="mean absolute error" if of_quantities else "accuracy",
        replay=_replay(fit, measurements=measurements),
        classes=len(confusion),
        confusion=matrix_rows(confusion),
        confused=most_confused(confusion),
    )


def _table_rows(rows: Iterable[Sequence[str]]) -> Markup:
    """Rows of figures, numbered from 1: made here, for there are hundreds of cells and nothing to escape."""
    made = (
        f'<tr><th scope="row">{number}</th>{"".join(f"<td>{cell}</td>" for cell in row)}</tr>'
        for number, row in enumerate(rows, start=1)
    )
    return Markup("\n".join(made))  # noqa: S704


def marked_epoch(fit: FitRecord) -> tuple[int, bool] | None:
    """The epoch (from 1) of the lowest validation loss, and whether the loss rises from there beyond noise.

    None where the lowest one is the last.
    """
    losses = [math.inf if math.isnan(one) else one for one in fit.history.get("val_loss", ())]
    if len(losses) < 2 or not any(map(math.isfinite, losses)):
        return None
    lowest = losses.index(min(losses))
    if lowest == len(losses) - 1:
        return None
    after = losses[lowest:]
    return lowest + 1, all(map(math.isfinite, after)) and after[0] > 0 and rises(after)


def gap_in_words(fit: FitRecord, *, measured: Sequence[Measurement] = ()) -> str:
    """The gap between validation and training loss, with its numbers, and where it comes from.

    Empty without validation.

    Args:
        fit: With its history.
        measured: What was recomputed from the trained model.
    """
    loss, held = fit.history.get("loss", ()), fit.history.get("val_loss", ())
    if not loss or not held or not math.isfinite(loss[-1]) or not math.isfinite(held[-1]):
        return ""
    gap = held[-1] - loss[-1]
    said = (
        f"At the end the training loss is {figure(loss[-1])} and the validation loss {figure(held[-1])},"
        f" {figure(abs(gap))} {'more' if gap >= 0 else 'less'}."
    )
    mark = marked_epoch(fit)
    said += _since(mark, loss, held) if mark is not None and len(loss) == len(held) else ""
    return said if gap >= 0 else f"{said}{_after_training(measured)}"


def _since(mark: tuple[int, bool], loss: Sequence[float], held: Sequence[float]) -> str:
    """What happened since the epoch of the lowest validation loss."""
    epoch, is_trend = mark
    then, lowest = loss[epoch - 1], held[epoch - 1]
    if not is_trend:
        is_noise = len(held) - epoch >= THRESHOLDS.fewest_risen
        return f" The latter was lowest in epoch {epoch} ({figure(lowest)}){_NOISE if is_noise else '.'}"
    return (
        f" In epoch {epoch} it was {figure(abs(lowest - then))} {'more' if lowest >= then else 'less'}: since then the"
        f" training loss went from {figure(then)} to {figure(loss[-1])}, and the validation loss from {figure(lowest)}"
        f" up to {figure(held[-1])}."
    )


def _after_training(measured: Sequence[Measurement]) -> str:
    """Why a training loss may be the larger one: it is no figure of the trained model."""
    losses = {one.probe: one.loss for one in measured}
    train, held = losses.get("train"), losses.get("validation")
    if train is None or held is None:
        return ""
    return (
        " That of training is a mean over each epoch, with Dropout at work where there is any;"
        f" of the trained model they are {figure(train)} and {figure(held)}."
    )


def _said(
    fit: FitRecord,
    history: Mapping[str, Sequence[float]],
    *,
    behind: Mapping[str, Band],
    measured: Sequence[Measurement],
) -> str:
    """What the curves show: the gap, and where the reference's runs lie."""
    parts = [gap_in_words(fit, measured=measured), bands_in_words(_drawn(history), behind, history=history)]
    return " ".join(part for part in parts if part)


def curve_in_words(name: str, history: Mapping[str, Sequence[float]], *, mark: tuple[int, bool] | None) -> str:
    """What a picture of curves shows, for those who do not see it.

    Args:
        name: ``loss``, or the accuracy's name.
        history: Metric name to values, shape ``(epochs,)``.
        mark: The marked epoch of the loss, see `marked_epoch`.
    """
    label = "loss" if name == "loss" else "accuracy"
    said = []
    for key, word in ((name, "Training"), (f"val_{name}", "Validation")):
        values = history.get(key)
        if values:
            ends = f"from {figure(values[0])} to {figure(values[-1])}"
            said.append(f"{word} {label} goes {ends} in {len(values)} epochs.")
    if mark is not None and name == "loss":
        epoch, is_trend = mark
        said.append(f"Validation loss {'rises after' if is_trend else 'is lowest in'} epoch {epoch}.")
    return " ".join(said)


def _pictures(
    history: Mapping[str, tuple[float, ...]],
    *,
    mark: tuple[int, bool] | None,
    behind: Mapping[str, Band],
    folder: SubmissionFolder,
) -> tuple[Picture, ...]:
    if len(history.get("loss", ())) < 2:
        return ()
    made = []
    for name in _drawn(history):
        curves = {key: list(history[key]) for key in (name, f"val_{name}") if key in history}
        areas = {key: behind[key] for key in curves if key in behind}
        at = mark if name == "loss" else None
        svg = kept(
            folder.evidence_folder / "plots",
            key=[curves, at, areas],
            suffix="svg",
            make=partial(plots.curves, name, curves, mark=at, behind=areas),
        )
        alt = f"{curve_in_words(name, history, mark=mark)} {bands_in_words([name], behind, history=history)}".rstrip()
        made.append(Picture(data_uri(svg, "image/svg+xml"), alt))
    return tuple(made)


def _drawn(history: Mapping[str, Sequence[float]]) -> list[str]:
    """The figures that are drawn: the loss, and an accuracy where there is one."""
    accuracy = accuracy_name(history)
    return ["loss"] if accuracy is None else ["loss", accuracy]


def _measured(fit: FitRecord, *, measurements: Measurements | None) -> tuple[Measurement, ...]:
    if measurements is None:
        return ()
    found = (measurements.find(fit.model, weights=fit.weights_after, probe=probe) for probe in _PARTS)
    return tuple(one for one in found if one is not None)


def _score(one: Measurement, fit: FitRecord, *, evidence: Evidence, of_quantities: bool) -> Score:
    claimed: Mapping[str, float] = {}
    if one.probe == "validation":
        claimed = {name.removeprefix("val_"): v[-1] for name, v in fit.history.items() if name.startswith("val_") and v}
    elif one.probe == "test":
        claimed = next(
            (
                found.results
                for found in reversed(evidence.evaluations)
                if found.model == fit.model and found.weights == fit.weights_after and found.x.rows == one.rows
            ),
            {},
        )
    value = next((v for name, v in claimed.items() if (name == "mae" if of_quantities else is_accuracy(name))), None)
    return Score(
        part=_PARTS[one.probe],
        loss=one.loss,
        value=one.mae if of_quantities else one.accuracy,
        claimed_loss=claimed.get("loss"),
        claimed=value,
    )


def _replay(fit: FitRecord, *, measurements: Measurements | None) -> str:
    found = next((one for one in measurements.replays if one.fit == fit.id), None) if measurements else None
    if found is None:
        return ""
    return {
        "same": "Repeated outside your notebook, this training gave the same losses in every epoch.",
        "differs": "Repeated outside your notebook, this training gave other losses.",
        "impossible": f"This training could not be repeated outside your notebook: {found.why}",
    }[found.outcome]
