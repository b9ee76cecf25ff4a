"""Reads the configuration from which Keras can rebuild a model without the student's classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from .layers import graph_of, leaves
from .plain import is_librarys, plain

_MATTER_IN_TRAINING_ONLY = ("_initializer", "_regularizer", "_constraint")


def configuration(model: Any) -> dict[str, Any] | None:
    """What `keras.saving.deserialize_keras_object` rebuilds the model from in safe mode.

    The student's own initializers, regularizers and constraints are left out: they matter in training alone.

    Returns:
        None where something that computes the outputs is the student's own code.
    """
    if not _is_keras_own(model):
        return None
    config = _serialised(model)
    if config is None:
        return None
    cleaned: dict[str, Any] = _cleaned(config)
    return plain(cleaned) if all(_is_known(item) for item in _objects(cleaned)) else None


def own_training_parts(model: Any) -> list[str]:
    """Which initializers, regularizers and constraints of its layers are the student's own, by attribute name."""
    return sorted(
        {key for layer in leaves(model) for key, item in _own_callables(layer) if _in_training_only(key, item)}
    )


def _is_keras_own(model: Any) -> bool:
    plain_sequential = isinstance(model, keras.Sequential) and type(model).call is keras.Sequential.call
    if graph_of(model) is None and not plain_sequential:
        return False
    for layer in model._flatten_layers(include_self=False):  # noqa: SLF001 - ``layers`` stops at nested models
        if not is_librarys(type(layer)) or isinstance(layer, keras.layers.Lambda):
            return False
        if any(not _in_training_only(key, item) for key, item in _own_callables(layer)):
            return False
    return True


def _own_callables(layer: Any) -> Iterator[tuple[str, Any]]:
    for key, item in vars(layer).items():
        if callable(item) and not isinstance(item, keras.layers.Layer | type) and not is_librarys(item):
            yield key, item


def _in_training_only(key: str, item: Any) -> bool:
    kinds = (keras.initializers.Initializer, keras.regularizers.Regularizer, keras.constraints.Constraint)
    return key.endswith(_MATTER_IN_TRAINING_ONLY) or isinstance(item, kinds)


def _serialised(model: Any) -> dict[str, Any] | None:
    if is_librarys(type(model)):
        serialised: dict[str, Any] = keras.saving.serialize_keras_object(model)
        serialised.pop("compile_config", None)
        return serialised
    is_sequential = isinstance(model, keras.Sequential)
    base = keras.Sequential if is_sequential else keras.src.models.functional.Functional
    config = base.get_config(model)
    if "layers" not in config:
        # The configuration of a functional model whose class has another constructor holds no graph.
        return None
    return {
        "module": "keras" if is_sequential else "keras.src.models.functional",
        "class_name": base.__name__,
        "config": config,
        "registered_name": None if is_sequential else "Functional",
        "build_config": model.get_build_config(),
    }


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get("class_name") == "function":
            return str(value.get("config")).removesuffix("_v2")
        return {
            key: None if key.endswith(_MATTER_IN_TRAINING_ONLY) and not _is_known(item) else _cleaned(item)
            for key, item in value.items()
        }
    return [_cleaned(item) for item in value] if isinstance(value, list | tuple) else value


def _objects(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for key, item in value.items():
            if "activation" in key and isinstance(item, str):
                yield item
            yield from _objects(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _objects(item)


def _is_known(item: Any) -> bool:
    """Whether Keras finds the class or activation by itself."""
    if isinstance(item, str):
        try:
            return is_librarys(keras.activations.get(item))
        except ValueError:
            return False
    if not isinstance(item, dict) or "class_name" not in item:
        return True
    name, module = str(item["class_name"]), item.get("module")
    if name.startswith("__"):
        return name != "__lambda__"
    return name not in {"Lambda", "function"} and (module is None or f"{module}.".startswith("keras."))
