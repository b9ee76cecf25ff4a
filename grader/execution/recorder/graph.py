"""Traces models as TensorFlow graphs: to export them, and to see the calls of their layers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.python.eager.polymorphic_function import autograph_util
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from .hooks import Call, unnoticed
from .plain import unwrapped

LARGEST_GRAPH_BYTES = 60 * 2**20

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

_NOT_PORTABLE = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})
_STATEFUL = frozenset({"VarHandleOp", "ReadVariableOp", "HashTableV2", "MutableHashTableV2", "LookupTableFindV2"})


@dataclass(frozen=True)
class InputSpecs:
    """What a model takes: ``structure`` with a `tf.TensorSpec` in each place."""

    structure: Any

    @classmethod
    def of_call(cls, model: Any, inputs: Any) -> InputSpecs | None:
        """The specs of what the model was called with; None where that is no structure of tensors."""

        def spec(tensor: Any) -> Any:
            dtype = keras.backend.standardize_dtype(tensor.dtype)
            if dtype.startswith(("float", "bfloat")):
                dtype = model.input_dtype
            return tf.TensorSpec([None, *list(tensor.shape)[1:]], dtype)

        try:
            return cls(keras.tree.map_structure(spec, inputs))
        except (AttributeError, TypeError, ValueError):
            return None

    @classmethod
    def of_model(cls, model: Any) -> InputSpecs | None:
        """The specs that the model itself gives; None where it has none before it is called."""
        inputs = getattr(model, "_inputs_struct", None)
        if inputs is None and isinstance(model, keras.Sequential) and model._functional is not None:  # noqa: SLF001
            inputs = model._functional._inputs_struct  # noqa: SLF001 - as Keras's own export does
        if inputs is not None:
            return cls(
                keras.tree.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), unwrapped(inputs))
            )
        shape = (getattr(model, "_build_shapes_dict", None) or {}).get("input_shape")
        if isinstance(shape, tuple | list) and all(size is None or isinstance(size, int) for size in shape):
            return cls(tf.TensorSpec([None, *list(shape)[1:]], model.input_dtype))
        return None

    @property
    def flat(self) -> list[Any]:
        return list(keras.tree.flatten(self.structure))


@dataclass
class LayerCall:
    """One layer's call while a model was traced: it added the graph's operations from ``start`` up to ``end``."""

    layer: Any
    start: int
    end: int
    inputs: list[Any]
    outputs: list[Any]


@dataclass(frozen=True)
class Exported:
    """A serialised graph, shape ``(bytes,)``, or the problem that prevented it."""

    graph: npt.NDArray[np.uint8] | None = None
    problem: str | None = None


class _Reading:
    """Whether a model is being traced for its layers, and their calls so far."""

    calls: list[LayerCall] | None = None


def is_reading() -> bool:
    """Whether a model is being traced for its layers now."""
    return _Reading.calls is not None


def observe_call(call: Call) -> Any:
    """Calls a layer, and notes which operations of the traced graph it added."""
    calls, graph = _Reading.calls, tf.compat.v1.get_default_graph()
    start = graph.num_operations()
    outputs = call.run()
    if calls is not None:
        inputs = _tensors((call.args, call.kwargs))
        calls.append(LayerCall(call.item, start, graph.num_operations(), inputs, _tensors(outputs)))
    return outputs


def inlined(call: Call) -> Any:
    """Calls the Python function of a ``tf.function``, whose layers are then seen even if it was traced before."""
    function = call.item
    body = function.python_function
    if function._autograph:  # noqa: SLF001 - a public way does not exist
        body = autograph_util.py_func_from_autograph(body)
    return body(*call.args, **call.kwargs)


def traced_calls(model: Any, specs: InputSpecs) -> tuple[Any, list[LayerCall]]:
    """The graph of the model in training, and the calls of its layers in the order in which they ended.

    In training, so that layers that inference leaves out (``if training: x = self.dropout(x)``) are called as well.
    """
    with unnoticed():
        _Reading.calls = []
        try:
            concrete = _concrete(model, specs, training=True)
            return concrete, _Reading.calls
        finally:
            _Reading.calls = None


def export(model: Any, specs: InputSpecs) -> Exported:
    """The model's inference graph with its present weights as constants.

    Inputs are placeholders ``input_0``, ``input_1``, ... in the order of the flattened input structure; outputs are
    nodes ``output_0``, ``output_1``, ....
    """
    try:
        with unnoticed():
            frozen = convert_variables_to_constants_v2(
                _concrete(model, specs, training=False), lower_control_flow=False
            )
            definition = frozen.graph.as_graph_def()
    except Exception as error:  # noqa: BLE001 - whatever a student's model does while it is traced
        return Exported(problem=f"it could not be traced ({_words(error)})")
    operations = {node.op for node in definition.node}
    operations |= {node.op for function in definition.library.function for node in function.node_def}
    if operations & _NOT_PORTABLE:
        return Exported(problem="it runs Python code for each batch (tf.py_function or tf.numpy_function)")
    if operations & _STATEFUL:
        return Exported(problem="it reads variables or tables that cannot be frozen into its graph")
    _name_outputs(definition, frozen.outputs)
    octets = definition.SerializeToString()
    if len(octets) > LARGEST_GRAPH_BYTES:
        return Exported(problem="its graph is too large to be kept")
    return Exported(np.frombuffer(octets, np.uint8))


def _concrete(model: Any, specs: InputSpecs, *, training: bool) -> Any:
    def run(*inputs: Any) -> list[Any]:
        structure = keras.tree.pack_sequence_as(specs.structure, list(inputs))
        outputs = model(structure, training=training)
        return [tf.convert_to_tensor(output) for output in keras.tree.flatten(outputs)]

    named = [tf.TensorSpec(spec.shape, spec.dtype, name=f"input_{i}") for i, spec in enumerate(specs.flat)]
    with _outside_of_tapes():
        return tf.function(run, autograph=False).get_concrete_function(*named)


@contextlib.contextmanager
def _outside_of_tapes() -> Iterator[None]:
    with tf.init_scope():
        yield


def _name_outputs(definition: Any, outputs: list[Any]) -> None:
    for number, tensor in enumerate(outputs):
        node = definition.node.add()
        node.op, node.name = "Identity", f"output_{number}"
        node.input.append(tensor.name.removesuffix(":0"))
        node.attr["T"].type = tensor.dtype.as_datatype_enum


def _words(error: Exception) -> str:
    text = " ".join(_COLOURS.sub("", str(error)).split())
    return f"{type(error).__name__}: {text[:200]}"


def _tensors(structure: Any) -> list[Any]:
    return [item for item in keras.tree.flatten(structure) if isinstance(item, tf.Tensor)]
