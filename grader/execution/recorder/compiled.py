"""Describes how a model is compiled, under one name for each loss and metric however it was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras.src.utils.naming import to_snake_case

from .plain import is_librarys, plain, short_float, unwrapped
from .wire import CompileState, Json, Loss, Optimizer

_ACCURACIES = frozenset({"accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"})


def compile_state(model: Any) -> CompileState:
    """Describes the model as it is compiled now."""
    given = _given_metrics(model)
    return {
        **describe_loss(model.loss, model),
        **describe_optimizer(model.optimizer),
        "metrics": [_metric(metric) for metric in given],
        "own_metrics": [_metric(metric) for metric in given if _is_own(metric)],
        "config": _config(model),
    }


def describe_optimizer(optimizer: Any) -> Optimizer:
    """Describes an optimizer."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    rate, schedule = _learning_rate(optimizer)
    return {
        "optimizer": type(optimizer).__name__ if optimizer is not None else None,
        "learning_rate": rate,
        "schedule": schedule,
    }


def describe_loss(loss: Any, model: Any) -> Loss:
    """Describes the loss of a model, or the structure of its losses."""
    parts = [part for part in keras.tree.flatten(unwrapped(loss)) if part is not None]
    named = [_one_loss(part, model) for part in parts]
    return {
        "loss": "+".join(name for name, _, _ in named) or None,
        "own_loss": any(own for _, own, _ in named),
        "from_logits": any(logits for _, _, logits in named),
    }


def metric_name(name: str) -> str:
    """A metric's name in a history or a result, every plain accuracy as ``accuracy``."""
    bare = name.removeprefix("val_")
    return f"{name[: len(name) - len(bare)]}accuracy" if bare in _ACCURACIES else name


def by_metric(values: dict[str, Any]) -> dict[str, Any]:
    """The values under those names; unchanged where two of them would have the same name."""
    renamed = {metric_name(str(name)): value for name, value in values.items()}
    return renamed if len(renamed) == len(values) else {str(name): value for name, value in values.items()}


def results_by_name(model: Any, results: Any) -> dict[str, float]:
    """What Keras returned of an evaluation, by the metrics' names."""
    if isinstance(results, Mapping):
        return by_metric({name: float(value) for name, value in results.items()})
    values = list(results) if isinstance(results, list | tuple) else [results]
    # In the order in which Keras makes a list of them; some versions sort them for a dictionary alone.
    names = model._flatten_metrics_in_order({name: name for name in model.get_metrics_result()})  # noqa: SLF001
    names = names if isinstance(names, list) else [names]
    if len(names) != len(values):
        names = ["loss", *(f"metric_{number}" for number in range(1, len(values)))]
    return by_metric({name: float(value) for name, value in zip(names, values, strict=True)})


def _one_loss(loss: Any, model: Any) -> tuple[str, bool, bool]:
    if isinstance(loss, str):
        if loss.lower() in {"crossentropy", "ce"}:
            return _by_output(model), False, False
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return loss, False, False
    if isinstance(loss, keras.losses.Loss):
        wrapped = getattr(loss, "fn", None)
        own = _is_own_object(loss, wrapped)
        is_wrapper = type(loss).__name__ == "LossFunctionWrapper"
        name = getattr(wrapped, "__name__", "") if is_wrapper else to_snake_case(type(loss).__name__)
        return name or str(loss.name), own, bool(getattr(loss, "from_logits", False))
    name = getattr(loss, "__name__", None) or type(loss).__name__
    return to_snake_case(name) if isinstance(loss, type) else str(name), not is_librarys(loss), False


def _by_output(model: Any) -> str:
    """What Keras makes of ``crossentropy``: between the other two the labels decide, which are not known here."""
    shape = getattr(model, "output_shape", None) if model.built else None
    return "binary_crossentropy" if shape is not None and shape[-1] == 1 else "crossentropy"


def _learning_rate(optimizer: Any) -> tuple[float | None, str | None]:
    """The learning rate, or the name of its schedule."""
    rate = getattr(optimizer, "_learning_rate", None)
    if rate is None:
        return None, None
    if callable(rate) and not hasattr(rate, "assign"):
        return None, str(getattr(rate, "__name__", type(rate).__name__))
    return short_float(rate), None


def _config(model: Any) -> Json | None:
    if not model.compiled or own_compiled_parts(model):
        return None
    try:
        return dict(plain(model.get_compile_config()))
    except Exception:  # noqa: BLE001 - a loss or metric may have no configuration
        return None


def own_compiled_parts(model: Any) -> list[str]:
    """Which of loss, optimizer and metrics are the student's own code."""
    found = {
        "loss": describe_loss(model.loss, model)["own_loss"],
        "optimizer": model.optimizer is not None and not is_librarys(type(model.optimizer)),
        "metric": any(_is_own(metric) for metric in _given_metrics(model)),
    }
    return [part for part, is_own in found.items() if is_own]


def _given_metrics(model: Any) -> list[Any]:
    compiled = getattr(model, "_compile_metrics", None)
    if compiled is None:
        return []
    given = (compiled._user_metrics, compiled._user_weighted_metrics)  # noqa: SLF001 - known nowhere else before the fit
    return [metric for metric in keras.tree.flatten(unwrapped(list(given))) if metric is not None]


def _is_own(metric: Any) -> bool:
    if isinstance(metric, str):
        return False
    if not isinstance(metric, keras.metrics.Metric):
        return not is_librarys(metric)
    return _is_own_object(metric, getattr(metric, "_fn", None))


def _is_own_object(item: Any, wrapped: Any) -> bool:
    """Whether a loss or metric is the student's own, or Keras's wrapper of a function that is."""
    return not is_librarys(type(item)) or (wrapped is not None and not is_librarys(wrapped))


def _metric(metric: Any) -> str:
    if isinstance(metric, str):
        return "accuracy" if to_snake_case(metric) in _ACCURACIES else metric
    if isinstance(metric, keras.metrics.Metric):
        name = to_snake_case(type(metric).__name__)
        return "accuracy" if name in _ACCURACIES and is_librarys(type(metric)) else str(metric.name)
    name = str(getattr(metric, "__name__", type(metric).__name__))
    return "accuracy" if name in _ACCURACIES and is_librarys(metric) else name
