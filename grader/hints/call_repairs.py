"""Edits of ``compile`` and ``fit`` that make a training meet what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from grader.architecture.losses import CROSS_ENTROPY, loss_name, misfit
from grader.checks.training import CompiledParams, TrainedParams, is_metric, is_right_loss, is_right_optimizer
from grader.hints.cases import Case, with_edits
from grader.hints.layer_repairs import has_layer, unfreeze_edits
from grader.hints.thresholds import THRESHOLDS
from grader.records import CompileRecord, Edit
from grader.training.data_of_fits import wrong_data
from grader.training.recipes import Asked, aspects, held_out

_CROSS_ENTROPIES = ("categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy")

OPTIMIZERS: Mapping[str, float] = {
    "Adam": 0.001,
    "AdamW": 0.001,
    "Adamax": 0.001,
    "Nadam": 0.001,
    "SGD": 0.01,
    "RMSprop": 0.001,
    "Adagrad": 0.001,
    "Adadelta": 0.001,
    "Ftrl": 0.001,
}
"""Keras's optimizers, each with the learning rate that it takes where none is given."""

_CALLBACKS: Mapping[str, dict[str, Any]] = {
    "EarlyStopping": {"monitor": "val_loss", "patience": 3, "restore_best_weights": True},
    "ReduceLROnPlateau": {"monitor": "val_loss", "patience": 3},
}
"""Callbacks that a training can be repeated with, as a student would give them."""


def compile_edits(case: Case) -> tuple[Edit, ...] | None:
    """What makes a model compiled as asked for, its output as other edits leave it."""
    params, record = case.criterion.params, case.fit.compiled
    if not isinstance(params, CompiledParams) or record is None or record.own_loss:
        return None
    edits: list[Edit] = []
    if not _loss_is_right(case, record, params):
        fixed = _loss_edits(case, record, params)
        if fixed is None:
            return None
        edits += fixed
    if not is_right_optimizer(record, params):
        name = next((one for one in OPTIMIZERS if one.casefold() == params.optimizer[0].casefold()), None)
        if name is None:
            return None
        edits.append(Edit(kind="optimizer", name=name, value={}, before=record.optimizer))
    lacking = [one for one in params.metrics if not any(is_metric(name, one) for name in record.metrics)]
    if lacking:
        config: Any = record.config or {}
        given = config.get("metrics") or []
        if not isinstance(given, list):
            return None
        edits.append(Edit(kind="metrics", value=[*given, *lacking], before=list(record.metrics)))
    # Where other edits fix the output, the loss that is there fits.
    return tuple(edits)


def fit_edits(case: Case) -> tuple[Edit, ...] | None:
    """What makes a training follow its recipe; None where something else is wrong with it too."""
    params = case.criterion.params
    if not isinstance(params, TrainedParams) or not has_layer(case, params.needs_layer):
        return None
    if wrong_data(case.view, data_set=params.data_set, data_of=params.data_of) is not None:
        return None
    edits: list[Edit] = []
    if case.fit.weights_before is not None and case.fit.weights_before == case.fit.weights_after:
        edits += unfreeze_edits(case.model) or other_rates(case)[:1]
    for part in _parts(params):
        if any(aspect.verdict == "off" for aspect in aspects(case.view, part)):
            edit = _recipe_edit(case, part)
            if edit is None:
                return None
            edits.append(edit)
    return tuple(edits)


def other_rates(case: Case) -> tuple[Edit, ...]:
    """Learning rates for one that is far off, each an edit by itself: the optimizer's usual one first."""
    record = case.fit.compiled
    usual = OPTIMIZERS.get(record.optimizer or "") if record is not None else None
    rate = record.learning_rate if record is not None else None
    if usual is None or rate is None or usual / THRESHOLDS.rate_far_off < rate < usual * THRESHOLDS.rate_far_off:
        return ()
    return tuple(Edit(kind="learning_rate", value=one, before=rate) for one in (usual, 10 * usual))


def _parts(params: TrainedParams) -> Iterator[Asked]:
    """The recipe part by part."""
    asked, empty = params.asked, Asked()
    beside = {"validation_tolerance": asked.validation_tolerance, "early_stopping": asked.early_stopping}
    for one in fields(Asked):
        value = getattr(asked, one.name)
        if one.name not in beside and value != getattr(empty, one.name):
            yield Asked(**{**beside, one.name: value})


def _recipe_edit(case: Case, part: Asked) -> Edit | None:
    fit = case.fit
    if part.epochs is not None:
        return Edit(kind="epochs", value=part.epochs, before=fit.epochs_run)
    if part.batch_size is not None and fit.x.kind == "array":
        return Edit(kind="batch_size", value=part.batch_size, before=fit.batch_size)
    if part.validation is not None and fit.x.kind == "array":
        return Edit(kind="validation_split", value=part.validation, before=held_out(case.view, fit))
    if part.callback is not None and part.callback in _CALLBACKS:
        return Edit(kind="callback", name=part.callback, value=_CALLBACKS[part.callback])
    return _weights_edit(case) if part.weighted else None


def _weights_edit(case: Case) -> Edit | None:
    """Weights by which each class counts alike."""
    counts = case.fit.y.class_counts if case.fit.y is not None else None
    if not counts or len(counts) < 2:
        return None
    total = sum(counts.values())
    weights: dict[str, Any] = {name: round(total / (len(counts) * count), 2) for name, count in counts.items() if count}
    return Edit(kind="class_weight", value=weights)


def _loss_is_right(case: Case, record: CompileRecord, params: CompiledParams) -> bool:
    return is_right_loss(record, params) and _fits(case, record)


def _fits(case: Case, record: CompileRecord) -> bool:
    output = case.output
    return output is None or misfit(record, output, labels=case.fit.y) is None


def _loss_edits(case: Case, record: CompileRecord, params: CompiledParams) -> list[Edit] | None:
    """The first loss that is asked for and fits; else the activation with which one does."""
    wanted = [name for one in params.loss for name in (_CROSS_ENTROPIES if one == CROSS_ENTROPY else (one,))]
    names = [loss_name(one) for one in wanted]
    output = case.output
    if output is None or output.place is None:
        return None
    tries: list[tuple[Edit, ...]] = [()]
    if output.activated_at is None and not any(edit.kind != "set_value" for edit in case.edits):
        activation = "sigmoid" if output.units == 1 else "softmax"
        before = output.activation
        tries.append((Edit(kind="set_value", place=output.place, name="activation", value=activation, before=before),))
    for edits in tries:
        edited = with_edits(case, edits)
        if edits and is_right_loss(record, params) and _fits(edited, record):
            return list(edits)
        for name in names:
            other = record.model_copy(update={"loss": name, "from_logits": False})
            if _fits(edited, other):
                return [*edits, Edit(kind="loss", value=name, before=record.loss)]
    return None
