"""Reads the layers of a model from its traced graph, where Keras has no graph of it.

They are the calls of Keras's layers and the operations outside of those, in the order of the graph.
``x = tf.nn.relu(self.d1(x))`` is a Dense and an Activation; a student's layer of a ``MatMul`` and a ``BiasAdd`` is a
Dense of as many units as its matrix has columns.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, TypedDict

import keras
import tensorflow as tf

from .graph import InputSpecs, LayerCall, traced_calls
from .layers import base_class, record_of, shape_of
from .plain import is_librarys
from .wire import Json, Layer

ACTIVATIONS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Elu": "elu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "LeakyRelu": "leaky_relu",
    "Erf": "gelu",
}
_PRODUCTS = frozenset({"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum"})
_SUMS = frozenset({"BiasAdd", "AddV2", "Add"})
_POOLS = {
    "MaxPool": "MaxPooling2D",
    "MaxPoolV2": "MaxPooling2D",
    "AvgPool": "AveragePooling2D",
    "MaxPool3D": "MaxPooling3D",
    "AvgPool3D": "AveragePooling3D",
}
_GLOBAL_POOLS = {"Mean": "GlobalAveragePooling", "Max": "GlobalMaxPooling"}
_TRANSPARENT = frozenset({"Identity", "ReadVariableOp", "Cast", "StopGradient", "Squeeze", "ExpandDims"})


class Operation(TypedDict, total=False):
    """What an operation of the graph says of the layer that it is recorded as."""

    class_name: str
    config: Json
    parameters: int
    trainable: bool


def read_layers(model: Any, specs: InputSpecs) -> tuple[list[Layer], bool] | None:
    """The records of a model's layers and whether they branch; None where the model cannot be traced."""
    try:
        concrete, calls = traced_calls(model, specs)
    except Exception:  # noqa: BLE001 - whatever a student's ``call`` does outside of eager execution
        return None
    return _Reader(concrete, calls).read()


class _Reader:
    def __init__(self, concrete: Any, calls: list[LayerCall]) -> None:
        self._operations = concrete.graph.get_operations()
        self._variables = _captured(concrete)
        self._live = _reachable(concrete.outputs)
        self._calls = calls
        self._kept = _outermost([call for call in calls if _is_keras_leaf(call.layer)])
        self._own = [call for call in calls if not is_librarys(type(call.layer)) or _is_lambda(call.layer)]
        self._layers: list[tuple[int, Layer]] = []
        self._of_operations: dict[str, Layer] = {}
        self._uses: Counter[int] = Counter()
        self._branches = len(concrete.structured_outputs) > 1 or len(concrete.structured_input_signature[0]) > 1

    def read(self) -> tuple[list[Layer], bool]:
        for call in self._kept:
            if self._is_live(call):
                self._layers.append((call.start, self._of_call(call)))
                self._note_uses(call.inputs)
        covered = {index for call in self._kept for index in range(call.start, call.end)}
        for index, operation in enumerate(self._operations):
            if index not in covered and operation.name in self._live:
                self._read_operation(index, operation)
        self._add_opaque()
        branches = self._branches or any(count > 1 for count in self._uses.values())
        return [layer for _, layer in sorted(self._layers, key=lambda item: item[0])], branches

    def _is_live(self, call: LayerCall) -> bool:
        if call.start == call.end:
            return any(tensor.op.name in self._live for tensor in call.inputs)
        return any(tensor.op.name in self._live for tensor in call.outputs)

    def _of_call(self, call: LayerCall) -> Layer:
        record = record_of(call.layer, inputs=call.inputs, outputs=call.outputs)
        if not is_librarys(getattr(call.layer, "activation", None) or keras):
            inside = self._operations[call.start : call.end]
            found = {name for operation in inside if (name := _activation(operation)) is not None}
            if len(found) == 1:
                record["config"]["activation"] = found.pop()
        return record

    def _note_uses(self, tensors: list[Any]) -> None:
        self._branches = self._branches or len({id(tensor) for tensor in tensors}) > 1
        self._uses.update({_origin(tensor) for tensor in tensors})

    def _read_operation(self, index: int, operation: Any) -> None:
        found = (
            self._activation(operation)
            or self._product(operation)
            or self._convolution(operation)
            or _pool(operation)
            or _reshape(operation)
            or _dropout(operation)
            or self._lookup(operation)
        )
        if found is None:
            self._read_sum(index, operation)
        else:
            self._append(index, operation, found)

    def _append(self, index: int, operation: Any, found: Operation) -> None:
        inputs = [tensor for tensor in operation.inputs if self._variable(tensor) is None and not _is_constant(tensor)]
        layer: Layer = {
            "class_name": found["class_name"],
            "name": operation.name,
            "own_class": self._innermost_own(index),
            "config": found.get("config", {}),
            "input_shape": shape_of(inputs[:1]),
            "output_shape": shape_of(operation.outputs[:1]),
            "parameters": found.get("parameters", 0),
            "trainable": found.get("trainable", True),
        }
        self._layers.append((index, layer))
        self._of_operations[operation.name] = layer
        self._note_uses(inputs)

    def _activation(self, operation: Any) -> Operation | None:
        name = _activation(operation)
        return None if name is None else {"class_name": "Activation", "config": {"activation": name}}

    def _product(self, operation: Any) -> Operation | None:
        if operation.type not in _PRODUCTS:
            return None
        for position, tensor in enumerate(operation.inputs):
            matrix = self._variable(tensor)
            if matrix is not None and len(matrix.shape) >= 2:
                turned = (
                    "transpose_b" in operation.node_def.attr and position == 1 and operation.get_attr("transpose_b")
                )
                return {
                    "class_name": "Dense",
                    "config": {
                        "units": int(matrix.shape[0 if turned else -1]),
                        "activation": "linear",
                        "use_bias": False,
                    },
                    "parameters": math.prod(matrix.shape),
                    "trainable": bool(matrix.trainable),
                }
        return None

    def _convolution(self, operation: Any) -> Operation | None:
        if operation.type not in {"Conv2D", "Conv3D", "DepthwiseConv2dNative"}:
            return None
        kernel = self._variable(operation.inputs[1])
        if kernel is None:
            return None
        axes = len(kernel.shape) - 2
        return {
            "class_name": "DepthwiseConv2D" if operation.type.startswith("Depthwise") else operation.type,
            "config": {
                "filters": int(kernel.shape[-1]),
                "kernel_size": [int(size) for size in kernel.shape[:axes]],
                "strides": [int(size) for size in operation.get_attr("strides")][1 : 1 + axes],
                "padding": operation.get_attr("padding").decode().lower(),
                "activation": "linear",
                "use_bias": False,
            },
            "parameters": math.prod(kernel.shape),
            "trainable": bool(kernel.trainable),
        }

    def _lookup(self, operation: Any) -> Operation | None:
        if operation.type not in {"ResourceGather", "GatherV2"}:
            return None
        table = self._variable(operation.inputs[0])
        if table is None or len(table.shape) != 2:
            return None
        config = {"input_dim": int(table.shape[0]), "output_dim": int(table.shape[1])}
        return {"class_name": "Embedding", "config": config, "parameters": math.prod(table.shape)}

    def _read_sum(self, index: int, operation: Any) -> None:
        if operation.type == "ConcatV2" and len(operation.inputs) > 2:
            self._append(index, operation, {"class_name": "Concatenate"})
        if operation.type not in _SUMS or "ropout" in operation.name:
            return
        bias = next((found for tensor in operation.inputs if (found := self._variable(tensor)) is not None), None)
        if bias is None:
            if not any(_is_constant(tensor) for tensor in operation.inputs):
                self._append(index, operation, {"class_name": "Add"})
            return
        for tensor in operation.inputs:
            layer = self._of_operations.get(_source(tensor).name)
            if layer is not None and layer["config"].get("use_bias") is False:
                layer["config"] = {**layer["config"], "use_bias": True}
                layer["parameters"] += math.prod(bias.shape)

    def _add_opaque(self) -> None:
        """Records a student's layer in which nothing was recognised by its own name."""
        for call in self._own:
            is_model = isinstance(call.layer, keras.Model)
            empty = not any(call.start <= index < call.end for index, _ in self._layers)
            if empty and not is_model and self._is_live(call) and call.end > call.start:
                record = record_of(call.layer, inputs=call.inputs, outputs=call.outputs)
                self._layers.append((call.start, record))

    def _variable(self, tensor: Any) -> Any | None:
        while tensor.op.type in _TRANSPARENT:
            tensor = tensor.op.inputs[0]
        return self._variables.get(tensor.name)

    def _innermost_own(self, index: int) -> str | None:
        around = [call for call in self._own if call.start <= index < call.end]
        around = [call for call in around if not isinstance(call.layer, keras.Model)]
        return type(min(around, key=lambda call: call.end - call.start).layer).__name__ if around else None


def _is_lambda(layer: Any) -> bool:
    return isinstance(layer, keras.layers.Lambda)


def _is_keras_leaf(layer: Any) -> bool:
    known = base_class(layer) is not None and not _is_lambda(layer)
    return known and not isinstance(layer, keras.Model | keras.layers.InputLayer)


def _outermost(calls: list[LayerCall]) -> list[LayerCall]:
    """Without those inside of another one: of a wrapper and what it wraps, the wrapper is kept."""
    kept: list[LayerCall] = []
    # A call ends after those inside of it: from the back, the outer ones come first.
    for call in reversed(calls):
        if not any(other.start <= call.start and call.end <= other.end and other.start < other.end for other in kept):
            kept.append(call)
    return kept[::-1]


def _captured(concrete: Any) -> dict[str, Any]:
    by_handle = {id(variable.handle): variable for variable in concrete.graph.variables}
    return {inner.name: by_handle[id(outer)] for outer, inner in concrete.graph.captures if id(outer) in by_handle}


def _reachable(outputs: list[Any]) -> set[str]:
    seen: set[str] = set()
    waiting = [tensor.op for tensor in outputs]
    while waiting:
        operation = waiting.pop()
        if operation.name not in seen:
            seen.add(operation.name)
            waiting.extend(tensor.op for tensor in operation.inputs)
    return seen


def _origin(tensor: Any) -> int:
    while tensor.op.type in {"Identity", "Cast", "StopGradient"}:
        tensor = tensor.op.inputs[0]
    return id(tensor.op)


def _source(tensor: Any) -> Any:
    """The operation that a value comes from, past reshapes (as in a product of more than two axes)."""
    while tensor.op.type in {"Identity", "Reshape"}:
        tensor = tensor.op.inputs[0]
    return tensor.op


def _is_constant(tensor: Any) -> bool:
    return tensor.op.type == "Const" or tf.get_static_value(tensor) is not None


def _value(tensor: Any) -> float | None:
    value = tf.get_static_value(tensor)
    return float(value) if value is not None and getattr(value, "size", 1) == 1 else None


def _activation(operation: Any) -> str | None:
    """Keras's name of the activation that an operation computes, also where the student wrote the formula."""
    if operation.type in ACTIVATIONS and "ropout" not in operation.name:
        return ACTIVATIONS[operation.type]
    if operation.type == "Maximum" and any(_value(tensor) == 0 for tensor in operation.inputs):
        return "relu"
    if operation.type == "RealDiv":
        above, below = operation.inputs
        if _value(above) == 1 and _is_one_plus_exp(below.op):
            return "sigmoid"
        if above.op.type == "Exp" and below.op.type == "Sum" and below.op.inputs[0] is above:
            return "softmax"
    if operation.type == "Reciprocal" and _is_one_plus_exp(operation.inputs[0].op):
        return "sigmoid"
    return None


def _is_one_plus_exp(operation: Any) -> bool:
    if operation.type not in {"AddV2", "Add"}:
        return False
    types = {tensor.op.type for tensor in operation.inputs}
    return "Exp" in types and any(_value(tensor) == 1 for tensor in operation.inputs)


def _pool(operation: Any) -> Operation | None:
    if operation.type in _POOLS:
        size, strides = (list(operation.get_attr(name))[1:-1] for name in ("ksize", "strides"))
        padding = operation.get_attr("padding").decode().lower()
        config = {"pool_size": size, "strides": strides, "padding": padding}
        return {"class_name": _POOLS[operation.type], "config": config}
    rank = operation.inputs[0].shape.rank if operation.type in _GLOBAL_POOLS else None
    if rank is not None and rank >= 3 and operation.outputs[0].shape.rank == 2:
        return {"class_name": f"{_GLOBAL_POOLS[operation.type]}{rank - 2}D"}
    return None


def _reshape(operation: Any) -> Operation | None:
    if operation.type != "Reshape" or "Tensordot" in operation.name:
        return None
    before, after = operation.inputs[0].shape, operation.outputs[0].shape
    if before.rank is None or after.rank is None or before.as_list() == after.as_list():
        return None
    if after.rank == 2 and before.rank > 2:
        return {"class_name": "Flatten"}
    return {"class_name": "Reshape", "config": {"target_shape": after.as_list()[1:]}}


def _dropout(operation: Any) -> Operation | None:
    if operation.type != "GreaterEqual" or "dropout" not in operation.name.lower():
        return None
    rate = _value(operation.inputs[1])
    return None if rate is None else {"class_name": "Dropout", "config": {"rate": round(rate, 6)}}
