"""What the student's process says of cells, histories, evaluations and rows, held against what was verified."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.checks.base import Scope
from grader.checks.rows import test_rows_in
from grader.records import Evidence, FitRecord, Measurement, Measurements
from grader.suspicion.signs import Suspicion, cells_of, place_of

LOSS_TOLERANCE = 0.01
"""Relative. The same weights on the same rows agree to float32's rounding, some 1e-6; the rest is room for doubt."""

ACCURACY_TOLERANCE = 0.005
"""Half a point: more than the rows that rounding could turn."""

MEMORISED_MARGIN = 0.05
"""By how much the test accuracy may exceed the validation accuracy beside the spread of both."""

TEST_ROWS_SHARE = 0.01
"""Of the test rows, found in a training: more than chance doubles in a data set."""

BELOW_EVERY_EPOCH = 0.5
"""Restored weights have the loss of some epoch, averaged ones somewhat less: half of the least is neither."""

_RESTORING = frozenset({"EarlyStopping", "BackupAndRestore", "SwapEMAWeights", "LambdaCallback"})
"""Callbacks after which the weights need not be those of the last epoch."""


def unrecorded_cells(scope: Scope) -> Iterator[Suspicion]:
    """A cell ran, and the recorder in the kernel did not see it: somebody took the hooks out."""
    blind = [cell.index for cell in scope.evidence.cells if cell.status in {"ok", "error"} and not cell.recorded]
    if blind:
        names = ", ".join(str(index + 1) for index in blind[:5])
        yield Suspicion(
            rule="unrecorded_cells",
            text=f"{len(blind)} cells ran without being recorded (first: cell {names}).",
            cells=tuple(blind),
        )


def replay_differs(scope: Scope) -> Iterator[Suspicion]:
    """The same fit, repeated outside, came out otherwise."""
    fits = {fit.id: fit for fit in scope.evidence.fits}
    for replay in scope.measurements.replays:
        fit = fits.get(replay.fit)
        if replay.outcome == "differs" and fit is not None:
            yield Suspicion(
                rule="replay_differs",
                text=f"The training in {place_of(fit)}, repeated outside, came out otherwise. {replay.why}".strip(),
                cells=cells_of(fit),
                model=fit.model,
            )


def history_not_of_model(evidence: Evidence, measurements: Measurements) -> Iterator[Suspicion]:
    """The last epoch's validation loss is that of the final weights: Keras evaluates them on the same rows."""
    for fit in evidence.fits:
        claimed = _last(fit, "val_loss")
        measured = measurements.find(fit.model, weights=fit.weights_after, probe="validation")
        if claimed is None or measured is None or measured.loss is None or not _ends_as_measured(fit):
            continue
        if not _is_measured_alike(fit, measured):
            continue
        if abs(claimed - measured.loss) > LOSS_TOLERANCE * max(abs(measured.loss), abs(claimed), 0.1):
            yield Suspicion(
                rule="history_not_of_model",
                text=(
                    f"The history of the training in {place_of(fit)} ends with a validation loss of {claimed:.4g}; the"
                    f" model that it left has {measured.loss:.4g} on the same rows."
                ),
                cells=cells_of(fit),
                model=fit.model,
                fit=fit.id,
            )


def better_than_its_history(scope: Scope) -> Iterator[Suspicion]:
    """Callbacks may restore or average weights, which leaves no model that is far better than every epoch's."""
    for fit in scope.evidence.fits:
        epochs = [loss for loss in fit.history.get("val_loss", ()) if math.isfinite(loss)]
        measured = scope.measurements.find(fit.model, weights=fit.weights_after, probe="validation")
        if not epochs or measured is None or measured.loss is None or not _is_measured_alike(fit, measured):
            continue
        ended = fit.kind == "fit" and fit.status == "completed" and not _ends_as_measured(fit)
        if ended and 0 <= measured.loss < BELOW_EVERY_EPOCH * min(epochs):
            yield Suspicion(
                rule="better_than_its_history",
                text=(
                    f"No epoch of the training in {place_of(fit)} had a validation loss below {min(epochs):.4g}; the"
                    f" model that it left has {measured.loss:.4g} on the same rows: its callbacks may have set weights."
                ),
                cells=cells_of(fit),
                model=fit.model,
            )


def weights_unmoved(evidence: Evidence) -> Iterator[Suspicion]:
    """Epochs are claimed, and no weight has moved."""
    for fit in evidence.fits:
        unmoved = fit.weights_before is not None and fit.weights_before == fit.weights_after
        if not unmoved or fit.status != "completed" or fit.epochs_run < 1 or not _can_learn(fit, evidence=evidence):
            continue
        yield Suspicion(
            rule="weights_unmoved",
            text=f"The training in {place_of(fit)} claims {fit.epochs_run} epochs, and no weight of the model moved.",
            cells=cells_of(fit),
            model=fit.model,
        )


def evaluation_not_of_model(scope: Scope) -> Iterator[Suspicion]:
    """What ``evaluate`` returned is what the same weights score on the test set outside."""
    for item in scope.evidence.evaluations:
        measured = scope.measurements.find(item.model, weights=item.weights, probe="test")
        claimed = item.results.get("accuracy")
        if measured is None or measured.accuracy is None or claimed is None or measured.rows != item.x.rows:
            continue
        test_rows = test_rows_in(scope, item.x)
        # Below: other rows, or labels that the student mixed up, which the criterion itself judges.
        if test_rows is None or test_rows < 1.0 or claimed <= measured.accuracy + ACCURACY_TOLERANCE:
            continue
        where = "" if item.cell is None else f" in cell {item.cell + 1}"
        yield Suspicion(
            rule="evaluation_not_of_model",
            text=(
                f"evaluate{where} returned an accuracy of {claimed:.4f} on the test set; the same weights score"
                f" {measured.accuracy:.4f} outside."
            ),
            cells=() if item.cell is None else (item.cell,),
            model=item.model,
        )


def memorised_test_set(scope: Scope) -> Iterator[Suspicion]:
    """A model does not know test rows better than the validation rows that it has not seen either."""
    for fit in scope.evidence.fits:
        test = scope.measurements.find(fit.model, weights=fit.weights_after, probe="test")
        validation = scope.measurements.find(fit.model, weights=fit.weights_after, probe="validation")
        if test is None or validation is None or test.accuracy is None or validation.accuracy is None:
            continue
        if validation.data_set is None or _mislabelled(validation) or _is_one_sided(fit):
            continue
        spread = math.sqrt(validation.accuracy * (1 - validation.accuracy) / max(validation.rows, 1))
        if test.accuracy - validation.accuracy > MEMORISED_MARGIN + 4 * spread:
            yield Suspicion(
                rule="memorised_test_set",
                text=(
                    f"The model of {place_of(fit)} scores {test.accuracy:.4f} on the test set and"
                    f" {validation.accuracy:.4f} on its validation set: it may have seen the test set."
                ),
                cells=cells_of(fit),
                model=fit.model,
            )


def test_rows_in_training(scope: Scope) -> Iterator[Suspicion]:
    """A test accuracy says nothing where the test set was trained on."""
    for fit in scope.evidence.fits:
        share = test_rows_in(scope, fit.x)
        if share is not None and share > TEST_ROWS_SHARE:
            yield Suspicion(
                rule="test_rows_in_training",
                text=f"{100 * share:.0f} % of the test rows are among those that {place_of(fit)} trained on.",
                cells=cells_of(fit),
                model=fit.model,
            )


def _ends_as_measured(fit: FitRecord) -> bool:
    """Whether the weights that it left are those of its last epoch."""
    plain = fit.kind == "fit" and fit.status == "completed" and not fit.own_callbacks
    return plain and not _RESTORING & set(fit.callbacks)


def _is_measured_alike(fit: FitRecord, measured: Measurement) -> bool:
    """Whether the history's validation loss and ours are the same figure of the same rows."""
    held = fit.validation
    if held is None or held.x.kind != "array" or held.sample_weight or measured.rows != held.x.rows:
        return False
    every_epoch = len(fit.history.get("val_loss", ())) == len(fit.history.get("loss", ()))
    own_loss = fit.compiled is not None and fit.compiled.own_loss
    return every_epoch and not _mislabelled(measured) and not fit.sample_weight and not own_loss


def _can_learn(fit: FitRecord, *, evidence: Evidence) -> bool:
    rate = fit.compiled.learning_rate if fit.compiled is not None else None
    trainable = any(layer.trainable and layer.parameters for layer in evidence.model(fit.model).layers)
    losses = fit.history.get("loss", ())
    return rate != 0.0 and trainable and bool(fit.weights_after) and all(map(math.isfinite, losses))


def _mislabelled(measured: Measurement) -> bool:
    return measured.label_agreement is not None and measured.label_agreement < 1.0


def _is_one_sided(fit: FitRecord) -> bool:
    trained = set((fit.y.class_counts if fit.y is not None else None) or ())
    held = fit.validation.y if fit.validation is not None else None
    return bool(trained - set((held.class_counts if held is not None else None) or ()))


def _last(fit: FitRecord, name: str) -> float | None:
    values = fit.history.get(name, ())
    return values[-1] if values and math.isfinite(values[-1]) else None
