"""Summaries of arrays, and records of models and their layers."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from grader.records.base import ArrayRef, Record


class ArraySummary(Record):
    """What is kept of an array (or of a tf.data pipeline or generator, read once).

    Attributes:
        kind: ``array`` for anything numpy can hold, ``dataset`` for tf.data, ``generator`` for a Python generator or
            ``PyDataset``, ``other`` where it could not be read.
        shape: As numpy gives it; for datasets and generators the rows stacked, ``(rows, ...)``.
        dtype: numpy's name of it.
        minimum: Smallest finite value; None for empty or not numeric.
        maximum: Largest finite value.
        integral: True where every value is a whole number.
        one_hot: True for a 2-D array whose rows are all 0 but for a single 1.
        class_counts: Rows by class, for 1-D (or (N, 1)) whole-number arrays of at most 100 values and for one-hot ones.
        content: Digest of dtype, shape and bytes: equal arrays have equal digests.
        whole: The array itself, where it has at most 1 MiB.
        head: The first rows, shape ``(min(rows, 64), ...)``, for larger arrays.
        row_hashes: One uint64 a row, shape ``(rows,)``; see `grader.execution.recorder.rowhash`. Equal rows
            have equal hashes; of 16 values and more, the hash is blind to the row's own scale and offset.
    """

    kind: Literal["array", "dataset", "generator", "other"] = "array"
    shape: tuple[int, ...] = ()
    dtype: str = ""
    minimum: float | None = None
    maximum: float | None = None
    integral: bool = False
    one_hot: bool = False
    class_counts: dict[str, int] | None = None
    content: str = ""
    whole: ArrayRef | None = None
    head: ArrayRef | None = None
    row_hashes: ArrayRef | None = None

    @property
    def rows(self) -> int:
        """The length of the first axis, 0 for a scalar."""
        return self.shape[0] if self.shape else 0


class LayerRecord(Record):
    """One layer in the order in which data flows through it, nested models flattened.

    Attributes:
        class_name: Keras's class (``Dense``), also for a subclass of it; a student's own class that is no subclass of
            a Keras layer with weights is read from its graph (``MatMul`` and ``BiasAdd`` are a ``Dense``).
        own_class: The student's class name where it is not Keras's, else None.
        config: The plain values of the layer's configuration that describe it (units, activation, rate, filters, ...).
        input_shape: Without the batch axis; None where unknown.
        output_shape: Without the batch axis; None where unknown.
        parameters: Number of weights.
        trainable: Whether they are trained.
    """

    class_name: str
    name: str = ""
    own_class: str | None = None
    config: dict[str, JsonValue] = {}
    input_shape: tuple[int | None, ...] | None = None
    output_shape: tuple[int | None, ...] | None = None
    parameters: int = 0
    trainable: bool = True


class ModelRecord(Record):
    """One model object with one architecture. A model whose architecture changes gets a second record.

    Attributes:
        id: ``m1``, ``m2``, ... in the order of first sight.
        object_id: Which Python object it was (``o1``, ...): two records may share one.
        kind: How it was built.
        names: Variables that held it at the end of some cell.
        cell: Where it was made.
        config: What `keras.saving.deserialize_keras_object` needs in safe mode; None where it cannot be rebuilt from a
            configuration.
        graphs: For a model without ``config``: weights digest (a key of `Evidence.weights`) to the serialised, frozen
            inference graph (uint8, shape ``(bytes,)``), one for each state that training left. Inputs are the
            placeholders ``input_0``, ``input_1``, ..., outputs the nodes ``output_0``, ``output_1``, ....
        not_rebuildable: Why neither ``config`` nor a graph could be had, in words; None otherwise.
        input_shapes: One per input, without the batch axis.
        output_shapes: One per output, without the batch axis.
        layers: In the order of data flow.
        branching: True where the layers are no simple chain (several inputs, outputs or branches).
    """

    id: str
    object_id: str
    name: str = ""
    class_name: str = ""
    kind: Literal["sequential", "functional", "subclass"]
    names: tuple[str, ...] = ()
    cell: int | None = None
    config: dict[str, JsonValue] | None = None
    graphs: dict[str, ArrayRef] = {}
    not_rebuildable: str | None = None
    input_shapes: tuple[tuple[int | None, ...], ...] = ()
    output_shapes: tuple[tuple[int | None, ...], ...] = ()
    layers: tuple[LayerRecord, ...] = ()
    branching: bool = False
