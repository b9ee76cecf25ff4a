"""Rules that compare recorded cells, histories, layers and evaluations with what was verified."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.architecture.layers import WIDTHS
from grader.execution.recorder.checksum import weights_checksum
from grader.integrity.findings import Finding, finding_of, is_mislabelled, place_of
from grader.integrity.thresholds import THRESHOLDS
from grader.judging.views import SubmissionView
from grader.metrics import counts_right_answers
from grader.records import FitRecord, Measurement
from grader.training.rows_of_fits import test_rows_in

_LAYERS_OF_VECTORS = frozenset({"BatchNormalization", "LayerNormalization"})

_RESTORING = frozenset({"EarlyStopping", "BackupAndRestore", "SwapEMAWeights", "LambdaCallback"})
"""Callbacks after which the weights need not be those of the last epoch."""


def unrecorded_cells(submission: SubmissionView) -> Iterator[Finding]:
    """A cell ran, and the recorder in the kernel did not see it: its hooks were removed."""
    blind = [cell.index for cell in submission.evidence.cells if cell.status in {"ok", "error"} and not cell.recorded]
    if blind:
        names = ", ".join(str(index + 1) for index in blind[:5])
        yield Finding(
            rule="unrecorded_cells",
            text=f"{len(blind)} cells ran without being recorded (first: cell {names}).",
            cells=tuple(blind),
        )


def replay_differs(submission: SubmissionView) -> Iterator[Finding]:
    """A replay of a fit gave another history or other weights."""
    fits = {fit.id: fit for fit in submission.evidence.fits}
    for replay in submission.measurements.replays:
        fit = fits.get(replay.fit)
        if replay.outcome == "differs" and fit is not None:
            yield finding_of(
                fit,
                rule="replay_differs",
                text=f"The training in {place_of(fit)}, repeated outside, came out otherwise. {replay.why}".strip(),
            )


def history_contradicts_model(submission: SubmissionView) -> Iterator[Finding]:
    """The weights that a fit left do not have the validation loss that the history gives for their epoch.

    Keras evaluates the weights of each epoch on these rows. The epoch is the last one, unless a callback restored the
    weights of another.
    """
    for fit in submission.evidence.fits:
        measured = submission.measurements.find(fit.model, weights=fit.weights_after, probe="validation")
        if measured is None or measured.loss is None or not _is_measured_alike(fit, measured):
            continue
        claimed = _claimed_loss(fit, submission=submission)
        if claimed is None:
            continue
        if abs(claimed - measured.loss) > THRESHOLDS.loss_tolerance * max(abs(measured.loss), abs(claimed), 0.1):
            yield finding_of(
                fit,
                rule="history_contradicts_model",
                text=(
                    f"The history of the training in {place_of(fit)} says that the weights that it left have a"
                    f" validation loss of {claimed:.4g}; they have {measured.loss:.4g} on the same rows."
                ),
                clearable=True,
            )


def learned_less_than_claimed(submission: SubmissionView) -> Iterator[Finding]:
    """The weights that a fit left are far worse on the training rows than the epoch that made them claims.

    The running loss of an epoch is mostly above that of its last weights: these are better, and no unit is dropped.
    """
    for fit in submission.evidence.fits:
        claimed = _claimed_training_loss(fit, submission=submission)
        measured = submission.measurements.find(fit.model, weights=fit.weights_after, probe="train")
        if claimed is None or measured is None or measured.loss is None or measured.rows != fit.x.rows:
            continue
        losses = fit.history.get("loss", ())
        if len(losses) > 1 and claimed >= losses[0]:
            # A training whose loss rose claims nothing that earns points.
            continue
        if (
            is_mislabelled(measured)
            or measured.loss - claimed < THRESHOLDS.far_worse
            or claimed * THRESHOLDS.times_worse > measured.loss
        ):
            continue
        yield finding_of(
            fit,
            rule="learned_less_than_claimed",
            text=(
                f"The history of the training in {place_of(fit)} says that the epoch that made its weights had a"
                f" training loss of {claimed:.4g}; they have {measured.loss:.4g} on the same rows."
            ),
            clearable=True,
        )


def accuracy_contradicts_model(submission: SubmissionView) -> Iterator[Finding]:
    """The history claims a validation accuracy, on rows of no known data set, far above the test accuracy."""
    for fit in submission.evidence.fits:
        claimed = fit.history.get("val_accuracy", ())
        epoch = _epoch_left(fit, len(claimed), submission=submission)
        test = submission.measurements.find(fit.model, weights=fit.weights_after, probe="test")
        known = any(
            submission.measurements.find(fit.model, weights=fit.weights_after, probe=part)
            for part in ("validation", "train")
        )
        if not counts_right_answers(fit.compiled):
            continue
        if epoch is None or known or test is None or test.accuracy is None or is_mislabelled(test):
            continue
        if claimed[epoch] - test.accuracy > THRESHOLDS.far_better:
            yield finding_of(
                fit,
                rule="accuracy_contradicts_model",
                text=(
                    f"The history of the training in {place_of(fit)} says that the weights that it left have a"
                    f" validation accuracy of {claimed[epoch]:.4f}, on rows that are of no known data set; they have"
                    f" {test.accuracy:.4f} on the test set."
                ),
                clearable=True,
            )


def layers_contradict_weights(submission: SubmissionView) -> Iterator[Finding]:
    """The units or filters in the layers' configuration are not those of their weights."""
    for fit in submission.evidence.fits:
        layers = [layer for layer in submission.evidence.model(fit.model).layers if layer.parameters]
        refs = submission.evidence.weights.get(fit.weights_after or "", ())
        if not all(layer.class_name in {*WIDTHS, *_LAYERS_OF_VECTORS} for layer in layers):
            continue
        said = [layer.config.get(WIDTHS.get(layer.class_name, "")) for layer in layers]
        units = sorted(value for value in said if isinstance(value, int))
        kernels = sorted(shape[-1] for shape in (submission.read(ref).shape for ref in refs) if len(shape) > 1)
        if len(units) == len(kernels) and units != kernels:
            yield finding_of(
                fit,
                rule="layers_contradict_weights",
                text=(
                    f"The layers of the model of {place_of(fit)} say that they have {_listed(units)} units; their"
                    f" weights are of {_listed(kernels)}."
                ),
                of_layers=True,
            )


def better_than_its_history(submission: SubmissionView) -> Iterator[Finding]:
    """The model that a fit with callbacks left is far better than every epoch.

    Callbacks may restore or average weights, which leaves no such model.
    """
    for fit in submission.evidence.fits:
        epochs = [loss for loss in fit.history.get("val_loss", ()) if math.isfinite(loss)]
        measured = submission.measurements.find(fit.model, weights=fit.weights_after, probe="validation")
        if not epochs or measured is None or measured.loss is None or not _is_measured_alike(fit, measured):
            continue
        ended = fit.kind == "fit" and fit.status == "completed" and not _ends_as_measured(fit)
        if ended and 0 <= measured.loss < THRESHOLDS.below_every_epoch * min(epochs):
            yield finding_of(
                fit,
                rule="better_than_its_history",
                text=(
                    f"No epoch of the training in {place_of(fit)} had a validation loss below {min(epochs):.4g}; the"
                    f" model that it left has {measured.loss:.4g} on the same rows: its callbacks may have set weights."
                ),
            )


def weights_unchanged(submission: SubmissionView) -> Iterator[Finding]:
    """Epochs are claimed, and no weight changed."""
    for fit in submission.evidence.fits:
        unmoved = fit.weights_before is not None and fit.weights_before == fit.weights_after
        if not unmoved or fit.status != "completed" or fit.epochs_run < 1 or not _can_learn(fit, submission=submission):
            continue
        yield finding_of(
            fit,
            rule="weights_unchanged",
            text=f"The training in {place_of(fit)} claims {fit.epochs_run} epochs, and no weight of the model moved.",
        )


def evaluation_contradicts_model(submission: SubmissionView) -> Iterator[Finding]:
    """``evaluate`` returned a higher test accuracy than the same weights have outside the kernel."""
    for item in submission.evidence.evaluations:
        measured = submission.measurements.find(item.model, weights=item.weights, probe="test")
        claimed = item.results.get("accuracy")
        if measured is None or measured.accuracy is None or claimed is None or measured.rows != item.x.rows:
            continue
        compiled = [one for one in submission.evidence.compiles if one.model == item.model and one.seq < item.seq]
        if compiled and not counts_right_answers(compiled[-1]):
            # An honest figure under another meaning; what is printed of it is judged by the criterion.
            continue
        test_rows = test_rows_in(submission, item.x)
        # Below: other rows, or labels that the student mixed up, which the criterion itself judges.
        if test_rows is None or test_rows < 1.0 or claimed <= measured.accuracy + THRESHOLDS.accuracy_tolerance:
            continue
        where = "" if item.cell is None else f" in cell {item.cell + 1}"
        yield Finding(
            rule="evaluation_contradicts_model",
            text=(
                f"evaluate{where} returned an accuracy of {claimed:.4f} on the test set; the same weights score"
                f" {measured.accuracy:.4f} outside."
            ),
            cells=() if item.cell is None else (item.cell,),
            model=item.model,
        )


def _listed(numbers: list[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _ends_as_measured(fit: FitRecord) -> bool:
    """Whether the weights that a fit left are those of its last epoch."""
    plain = fit.kind == "fit" and fit.status == "completed" and not fit.own_callbacks
    return plain and not _RESTORING & set(fit.callback_names)


def _is_measured_alike(fit: FitRecord, measured: Measurement) -> bool:
    """Whether the history's validation loss and the measured one are the same figure on the same rows."""
    held = fit.validation
    if held is None or held.x.kind != "array" or held.sample_weight or measured.rows != held.x.rows:
        return False
    every_epoch = len(fit.history.get("val_loss", ())) == len(fit.history.get("loss", ()))
    own_loss = fit.compiled is not None and fit.compiled.own_loss
    return every_epoch and not is_mislabelled(measured) and not fit.sample_weight and not own_loss


def _can_learn(fit: FitRecord, *, submission: SubmissionView) -> bool:
    rate = fit.compiled.learning_rate if fit.compiled is not None else None
    trainable = any(layer.trainable and layer.parameters for layer in submission.evidence.model(fit.model).layers)
    losses = fit.history.get("loss", ())
    return rate != 0.0 and trainable and bool(fit.weights_after) and all(map(math.isfinite, losses))


def _claimed_loss(fit: FitRecord, *, submission: SubmissionView) -> float | None:
    """The validation loss that the history gives for the weights that a fit left; None where they are of no epoch."""
    losses = fit.history.get("val_loss", ())
    epoch = _epoch_left(fit, len(losses), submission=submission)
    return losses[epoch] if epoch is not None and math.isfinite(losses[epoch]) else None


def _claimed_training_loss(fit: FitRecord, *, submission: SubmissionView) -> float | None:
    """The training loss of the epoch that made the weights; None where it is not the plain mean over the rows."""
    losses = fit.history.get("loss", ())
    weighted = fit.sample_weight or fit.class_weight or fit.steps_per_epoch is not None or fit.x.kind != "array"
    own_loss = fit.compiled is None or fit.compiled.own_loss
    # After few steps, its moving averages are far from the batch statistics that it was trained with.
    normalised = any(layer.class_name == "BatchNormalization" for layer in submission.evidence.model(fit.model).layers)
    if weighted or own_loss or normalised:
        return None
    epoch = _epoch_left(fit, len(losses), submission=submission)
    return losses[epoch] if epoch is not None and math.isfinite(losses[epoch]) else None


def _epoch_left(fit: FitRecord, epochs: int, *, submission: SubmissionView) -> int | None:
    """The epoch whose weights a fit left, from 0; None where they are of no epoch, or where that is unknown.

    Args:
        fit: However it ended.
        epochs: For how many epochs a figure was recorded.
        submission: With the weights.
    """
    # Averages are swapped in for the validation alone.
    if not epochs or fit.kind != "fit" or "SwapEMAWeights" in fit.callback_names:
        return None
    if _ends_as_measured(fit):
        return epochs - 1
    refs, sums = submission.evidence.weights.get(fit.weights_after or ""), fit.epoch_weights[:epochs]
    left = None if refs is None or len(sums) < epochs else weights_checksum(map(submission.read, refs))
    return len(sums) - 1 - sums[::-1].index(left) if left is not None and left in sums else None
