"""Describes the layers of a model in the order of data flow, from Keras's own graph."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras
from keras.src.utils.naming import to_snake_case

from .plain import is_librarys, plain
from .wire import Json, Layer, Shape

_NOT_DESCRIBING = frozenset({"name", "trainable", "dtype", "batch_shape", "batch_input_shape", "input_shape", "seed"})
_OPERATIONS_AS_ACTIVATIONS = frozenset(
    {
        "relu",
        "relu6",
        "sigmoid",
        "softmax",
        "log_softmax",
        "tanh",
        "elu",
        "selu",
        "gelu",
        "silu",
        "softplus",
        "softsign",
    }
    | {"leaky_relu", "hard_sigmoid", "hard_silu", "celu", "exponential", "log_sigmoid", "mish", "re_lu"}
)
_LARGEST_TEXT = 200


def leaves(model: Any) -> list[Any]:
    """Every layer of a model that holds no other model, in the order in which they were attached."""
    return [
        layer
        for layer in model._flatten_layers(include_self=False)  # noqa: SLF001 - ``layers`` stops at nested models
        if not isinstance(layer, keras.Model | keras.layers.InputLayer)
    ]


def base_class(layer: Any) -> type | None:
    """Keras's class that the layer is an instance of; None for a class with a ``call`` of its own.

    A subclass that replaces ``call`` may compute something else than its base does.
    """
    if "call" in vars(layer):
        return None
    for ancestor in type(layer).__mro__:
        if is_librarys(ancestor):
            known = issubclass(ancestor, keras.layers.Layer) and ancestor is not keras.layers.Layer
            return ancestor if known and type(layer).call is ancestor.call else None  # type: ignore[attr-defined]
    return None


def activation_name(activation: Any) -> str:
    """Keras's name of an activation, also for TensorFlow's functions and for layers used as one."""
    if isinstance(activation, str):
        return activation
    if isinstance(activation, keras.layers.Layer):
        name = to_snake_case(type(activation).__name__)
        return str({"re_lu": "relu", "leaky_re_lu": "leaky_relu", "p_re_lu": "prelu"}.get(name, name))
    name = str(getattr(activation, "__name__", type(activation).__name__))
    return name.removesuffix("_v2") if is_librarys(activation) else name


def described(layer: Any) -> Json:
    """The plain values of a layer's configuration that describe it."""
    try:
        config = _quiet_config(layer)
    except Exception:  # noqa: BLE001 - a layer of the student's may have no configuration, or a broken one
        config = {key: value for key, value in vars(layer).items() if not key.startswith("_")}
        config = {key: value for key, value in config.items() if isinstance(value, bool | int | float | str)}
    kept: dict[str, Any] = {}
    for key, value in config.items():
        if key in _NOT_DESCRIBING:
            continue
        if "activation" in key and getattr(layer, key, None) is not None:
            kept[key] = activation_name(getattr(layer, key))
        elif isinstance(value, dict):
            kept[key] = _described_object(value)
        elif isinstance(value, str):
            kept[key] = value[:_LARGEST_TEXT]
        elif not isinstance(value, list | tuple) or len(value) <= 16:
            kept[key] = plain(value)
    return {key: value for key, value in kept.items() if value is not None or key in {"activation", "units"}}


def _quiet_config(layer: Any) -> Json:
    own = [item for item in vars(layer).values() if callable(item) and not is_librarys(item)]
    if not own:
        return dict(layer.get_config())
    # Keras warns of a lambda in a configuration, and the student did not ask for a configuration.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(layer.get_config())


def _described_object(value: dict[str, Any]) -> Any:
    """The class's name of an initializer; of a regularizer or wrapped layer the settings as well."""
    name = value.get("class_name")
    config = value.get("config")
    if not isinstance(name, str):
        return None
    if name == "function":
        return str(config)[:_LARGEST_TEXT]
    settings = config if isinstance(config, dict) else {}
    settings = {
        key: plain(item)
        for key, item in settings.items()
        if isinstance(item, bool | int | float | str) and key not in _NOT_DESCRIBING
    }
    return {"class_name": name, **settings} if settings else name


def record_of(layer: Any, *, inputs: Any = None, outputs: Any = None) -> Layer:
    """The `LayerRecord` of one layer between these tensors (or shapes)."""
    base = base_class(layer)
    own = None if is_librarys(type(layer)) else type(layer).__name__
    return {
        "class_name": base.__name__ if base is not None else type(layer).__name__,
        "name": str(layer.name),
        "own_class": own,
        "config": described(layer),
        "input_shape": shape_of(inputs),
        "output_shape": shape_of(outputs),
        "parameters": parameters_of(layer),
        "trainable": bool(layer.trainable),
    }


def parameters_of(item: Any) -> int:
    """How many weights a layer or model has; 0 where it is not built."""
    return sum(math.prod(weight.shape) for weight in item.weights)


def shape_of(tensors: Any) -> Shape | None:
    """The shape of the first tensor without its batch axis."""
    flat = keras.tree.flatten(tensors)
    if not flat or getattr(flat[0], "shape", None) is None:
        return None
    try:
        return [None if size is None else int(size) for size in tuple(flat[0].shape)[1:]]
    except (TypeError, ValueError):
        return None


def graph_of(model: Any) -> Any | None:
    """Keras's own graph of a model (its `Functional`), where it has one that ``call`` follows."""
    if isinstance(model, keras.Sequential) and _calls_as(model, keras.Sequential):
        return model._functional  # noqa: SLF001 - a Sequential has no public way to its graph
    functional = keras.src.models.functional.Functional
    return model if isinstance(model, functional) and _calls_as(model, functional) else None


def _calls_as(model: Any, base: type) -> bool:
    return type(model).call is base.call and "call" not in vars(model)  # type: ignore[attr-defined]


def layers_of(model: Any) -> tuple[list[Layer], bool] | None:
    """The records of a model's layers, and whether they branch; None where Keras has no graph of the model."""
    if isinstance(model, keras.Sequential) and _calls_as(model, keras.Sequential) and not graph_of(model):
        return [record for layer in model.layers for record in _unbuilt(layer)], False
    graph = graph_of(model)
    if graph is None:
        return None
    return list(_records(graph)), _branches(graph)


def _unbuilt(layer: Any) -> Iterator[Layer]:
    if isinstance(layer, keras.Model):
        nested = layers_of(layer)
        yield from nested[0] if nested else [record_of(layer)]
    else:
        yield record_of(layer)


def nodes(graph: Any) -> Iterator[Any]:
    """Every call in a graph, in an order in which it can be computed."""
    by_depth = graph._nodes_by_depth  # noqa: SLF001 - the order in which Keras itself computes them
    for depth in sorted(by_depth, reverse=True):
        yield from (node for node in by_depth[depth] if node.operation is not None and not node.is_input)


def _records(graph: Any) -> Iterator[Layer]:
    for node in nodes(graph):
        operation = node.operation
        if isinstance(operation, keras.Model):
            nested = layers_of(operation)
            if nested is not None:
                yield from nested[0]
                continue
        if isinstance(operation, keras.layers.Layer):
            yield record_of(operation, inputs=node.input_tensors, outputs=node.output_tensors)
        else:
            yield _operation(operation, inputs=node.input_tensors, outputs=node.output_tensors)


def _operation(operation: Any, *, inputs: Any, outputs: Any) -> Layer:
    """An operation outside of layers: recorded as an activation where it is one, else by its own name."""
    name = type(operation).__name__
    snake = to_snake_case(name)
    is_activation = snake in _OPERATIONS_AS_ACTIVATIONS
    return {
        "class_name": "Activation" if is_activation else name,
        "name": str(operation.name),
        "own_class": None,
        "config": {"activation": "relu" if snake == "re_lu" else snake} if is_activation else {},
        "input_shape": shape_of(inputs),
        "output_shape": shape_of(outputs),
        "parameters": 0,
        "trainable": True,
    }


def _branches(graph: Any) -> bool:
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return True
    uses: Counter[int] = Counter()
    for node in nodes(graph):
        if len(node.input_tensors) > 1:
            return True
        uses.update(id(tensor) for tensor in node.input_tensors)
        inner = graph_of(node.operation) if isinstance(node.operation, keras.Model) else None
        if inner is not None and _branches(inner):
            return True
    uses.update(id(tensor) for tensor in graph.outputs)
    return any(count > 1 for count in uses.values())
