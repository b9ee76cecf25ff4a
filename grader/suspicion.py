"""Signs that figures were not come by honestly: what a student's process claims, held against what was verified.

Each rule is a pure function of the evidence and the measurements. A flag decides nothing; it says what a person should
look at, with the numbers, and keeps the points that hang on it pending. A fit that was repeated outside, bit for bit,
clears the doubts about its history.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from grader.checks.base import Scope
from grader.checks.rows import test_rows_in
from grader.records import Evidence, FitRecord, Measurement, Measurements, ModelRecord

LOSS_TOLERANCE = 0.01
"""Relative. The same weights on the same rows agree to float32's rounding, some 1e-6; the rest is room for doubt."""

ACCURACY_TOLERANCE = 0.005
"""Half a point: more than the rows that rounding could turn."""

MEMORISED_MARGIN = 0.05
"""By how much the test accuracy may exceed the validation accuracy beside the spread of both."""

TEST_ROWS_SHARE = 0.01
"""Of the test rows, found in a training: more than chance doubles in a data set."""

_RESTORING = frozenset({"EarlyStopping", "BackupAndRestore", "SwapEMAWeights", "LambdaCallback"})
"""Callbacks after which the weights need not be those of the last epoch."""


@dataclass(frozen=True)
class Suspicion:
    """A sign, and what hangs on it.

    Attributes:
        rule: Its name.
        text: What was seen, with the numbers, for the tutor.
        cells: Where.
        model: The model whose figures are doubted; None for everything that the notebook claims.
        fit: The fit whose repetition outside would clear it; None where that would not.
    """

    rule: str
    text: str
    cells: tuple[int, ...] = ()
    model: str | None = None
    fit: str | None = None


class Rule(Protocol):
    """A function of this module."""

    __name__: str

    def __call__(self, scope: Scope) -> Iterable[Suspicion]: ...


def suspicions(scope: Scope) -> tuple[Suspicion, ...]:
    """Every sign in a submission, those that a repetition cleared left out.

    Args:
        scope: The submission, seen from any section.
    """
    replays = {replay.fit: replay for replay in scope.measurements.replays}
    found = [sign for rule in _RULES for sign in _held(rule, scope)]
    cleared = {name for name, replay in replays.items() if replay.outcome == "same"}
    return tuple(sign for sign in found if sign.fit is None or sign.fit not in cleared)


def fits_to_replay(evidence: Evidence, measurements: Measurements) -> tuple[str, ...]:
    """The fits whose repetition outside would settle a doubt."""
    signs = [*_history_not_of_model(evidence, measurements), *_not_trained(evidence)]
    return tuple(dict.fromkeys(sign.fit for sign in signs if sign.fit is not None))


def _held(rule: Rule, scope: Scope) -> list[Suspicion]:
    """A rule's signs; one that fails on a record is itself a sign, for records can be forged to that end."""
    try:
        return list(rule(scope))
    except Exception as error:  # noqa: BLE001
        text = f"Our rule {rule.__name__.strip('_')} failed on this submission ({type(error).__name__}: {error})."
        return [Suspicion(rule="rule_failed", text=text)]


def _unrecorded_cells(scope: Scope) -> Iterator[Suspicion]:
    """A cell ran, and the recorder in the kernel did not see it: somebody took the hooks out."""
    blind = [cell.index for cell in scope.evidence.cells if cell.status in {"ok", "error"} and not cell.recorded]
    if blind:
        names = ", ".join(str(index + 1) for index in blind[:5])
        yield Suspicion(
            rule="unrecorded_cells",
            text=f"{len(blind)} cells ran without being recorded (first: cell {names}).",
            cells=tuple(blind),
        )


def _replay_differs(scope: Scope) -> Iterator[Suspicion]:
    """The same fit, repeated outside, came out otherwise."""
    fits = {fit.id: fit for fit in scope.evidence.fits}
    for replay in scope.measurements.replays:
        fit = fits.get(replay.fit)
        if replay.outcome == "differs" and fit is not None:
            yield Suspicion(
                rule="replay_differs",
                text=f"The training in {_cell(fit)}, repeated outside, came out otherwise. {replay.why}".strip(),
                cells=_cells(fit),
                model=fit.model,
            )


def _history(scope: Scope) -> Iterator[Suspicion]:
    return _history_not_of_model(scope.evidence, scope.measurements)


def _history_not_of_model(evidence: Evidence, measurements: Measurements) -> Iterator[Suspicion]:
    """The last epoch's validation loss is that of the final weights: Keras evaluates them on the same rows."""
    for fit in evidence.fits:
        claimed = _last(fit, "val_loss")
        measured = measurements.find(fit.model, weights=fit.weights_after, probe="validation")
        if claimed is None or measured is None or measured.loss is None or not _ends_as_measured(fit):
            continue
        if fit.validation is None or measured.rows != fit.validation.x.rows or _mislabelled(measured):
            continue
        if abs(claimed - measured.loss) > LOSS_TOLERANCE * max(abs(measured.loss), abs(claimed), 0.1):
            yield Suspicion(
                rule="history_not_of_model",
                text=(
                    f"The history of the training in {_cell(fit)} ends with a validation loss of {claimed:.4g}; the"
                    f" model that it left has {measured.loss:.4g} on the same rows."
                ),
                cells=_cells(fit),
                model=fit.model,
                fit=fit.id,
            )


def _untrained(scope: Scope) -> Iterator[Suspicion]:
    return _not_trained(scope.evidence)


def _not_trained(evidence: Evidence) -> Iterator[Suspicion]:
    """Epochs are claimed, and no weight has moved."""
    for fit in evidence.fits:
        unmoved = fit.weights_before is not None and fit.weights_before == fit.weights_after
        if not unmoved or fit.status != "completed" or fit.epochs_run < 1 or not _can_learn(fit, evidence=evidence):
            continue
        yield Suspicion(
            rule="weights_unmoved",
            text=f"The training in {_cell(fit)} claims {fit.epochs_run} epochs, and no weight of the model moved.",
            cells=_cells(fit),
            model=fit.model,
        )


def _evaluation_not_of_model(scope: Scope) -> Iterator[Suspicion]:
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


def _ready_made_weights(scope: Scope) -> Iterator[Suspicion]:
    """A first training begins with fresh weights, or with those that a recorded training left."""
    seen_models: set[str] = set()
    known = {fit.weights_after for fit in scope.evidence.fits}
    for fit in scope.evidence.fits:
        model = scope.evidence.model(fit.model)
        first = model.object_id not in seen_models
        seen_models.add(model.object_id)
        if not first or fit.weights_before is None or fit.weights_before in known:
            continue
        if _biases_are_set(model, scope=scope, weights=fit.weights_before):
            yield Suspicion(
                rule="ready_made_weights",
                text=f"The training in {_cell(fit)} began with weights that no recorded training made.",
                cells=_cells(fit),
                model=fit.model,
            )


def _memorised_test_set(scope: Scope) -> Iterator[Suspicion]:
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
                    f"The model of {_cell(fit)} scores {test.accuracy:.4f} on the test set and"
                    f" {validation.accuracy:.4f} on its validation set: it may have seen the test set."
                ),
                cells=_cells(fit),
                model=fit.model,
            )


def _test_rows_in_training(scope: Scope) -> Iterator[Suspicion]:
    """A test accuracy says nothing where the test set was trained on."""
    for fit in scope.evidence.fits:
        share = test_rows_in(scope, fit.x)
        if share is not None and share > TEST_ROWS_SHARE:
            yield Suspicion(
                rule="test_rows_in_training",
                text=f"{100 * share:.0f} % of the test rows are among those that {_cell(fit)} trained on.",
                cells=_cells(fit),
                model=fit.model,
            )


_RULES = (
    _unrecorded_cells,
    _replay_differs,
    _history,
    _untrained,
    _evaluation_not_of_model,
    _ready_made_weights,
    _memorised_test_set,
    _test_rows_in_training,
)


def _ends_as_measured(fit: FitRecord) -> bool:
    plain = fit.kind == "fit" and fit.status == "completed" and not fit.own_callbacks and not fit.sample_weight
    arrays = fit.validation is not None and fit.validation.x.kind == "array"
    return plain and arrays and not _RESTORING & set(fit.callbacks) and not (fit.compiled and fit.compiled.own_loss)


def _can_learn(fit: FitRecord, *, evidence: Evidence) -> bool:
    rate = fit.compiled.learning_rate if fit.compiled is not None else None
    trainable = any(layer.trainable and layer.parameters for layer in evidence.model(fit.model).layers)
    losses = fit.history.get("loss", ())
    return rate != 0.0 and trainable and bool(fit.weights_after) and all(map(math.isfinite, losses))


def _biases_are_set(model: ModelRecord, *, scope: Scope, weights: str) -> bool:
    """Whether a bias is not 0, where Keras begins with 0 and nothing says otherwise.

    Only for plain chains of Dense and Conv layers: other layers begin with ones, states and counts.
    """
    learned = [layer for layer in model.layers if layer.parameters]
    plain = all(layer.class_name in {"Dense", "Conv1D", "Conv2D"} and layer.own_class is None for layer in learned)
    if not plain or model.config is None or _own_initializers(model.config):
        return False
    biases = [scope.read(ref) for ref in scope.evidence.weights.get(weights, ())]
    return any(array.ndim == 1 and bool(np.any(array != 0)) for array in biases)


def _own_initializers(config: object) -> bool:
    if isinstance(config, dict):
        initializer = config.get("bias_initializer")
        name = initializer.get("class_name") if isinstance(initializer, dict) else initializer
        return name not in {None, "Zeros", "zeros"} or any(_own_initializers(value) for value in config.values())
    return isinstance(config, list) and any(_own_initializers(value) for value in config)


def _mislabelled(measured: Measurement) -> bool:
    return measured.label_agreement is not None and measured.label_agreement < 1.0


def _is_one_sided(fit: FitRecord) -> bool:
    trained = set((fit.y.class_counts if fit.y is not None else None) or ())
    held = fit.validation.y if fit.validation is not None else None
    return bool(trained - set((held.class_counts if held is not None else None) or ()))


def _last(fit: FitRecord, name: str) -> float | None:
    values = fit.history.get(name, ())
    return values[-1] if values and math.isfinite(values[-1]) else None


def _cell(fit: FitRecord) -> str:
    return "an unknown cell" if fit.cell is None else f"cell {fit.cell + 1}"


def _cells(fit: FitRecord) -> tuple[int, ...]:
    return () if fit.cell is None else (fit.cell,)
