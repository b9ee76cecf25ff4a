"""Reads rows of pipelines and generators without taking a number from the program's random generators."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import GeneratorType
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.data.ops import dataset_ops
from tensorflow.python.data.ops.options import ExternalStatePolicy
from tensorflow.python.ops import gen_experimental_dataset_ops

from .hooks import unnoticed
from .plain import first_array
from .summary import Rows, summarise
from .wire import Summary

MOST_ROWS = 200_000
MOST_BYTES = 4 * 2**30
"""A pipeline is read up to here; MNIST has 60,000 rows, and CIFAR-10 as float64 takes 1.2 GB."""

_KEEP_ROWS = frozenset({"Prefetch", "Shuffle", "Batch", "ParallelBatch", "Repeat", "Cache", "Options", "Model"})
"""tf.data's steps that leave the rows as they are (``_PrefetchDataset`` and so on)."""

_ORDER_STEPS = frozenset({"ShuffleDataset", "ShuffleDatasetV2", "ShuffleDatasetV3", "RepeatDataset"})


def read_pipeline(pipeline: Any, *, most_batches: int | None) -> tuple[Summary, Summary | None]:
    """Summaries of the inputs and targets of a tf.data pipeline, all batches stacked.

    The pipeline itself is not iterated: its shuffling takes numbers from a random generator that the program uses
    afterwards. What is read is its source, or a copy without shuffling and repetition.
    """
    arrays = _source(pipeline)
    if arrays is not None:
        x, y = (_of_dataset(array) if array is not None else None for array in arrays)
        return x or {"kind": "dataset"}, y
    x_rows, y_rows = Rows(), Rows()
    with unnoticed():
        for element in itertools.islice(_unshuffled(pipeline), most_batches):
            _add(element, x_rows, y_rows)
            if x_rows.count >= MOST_ROWS or x_rows.octets >= MOST_BYTES:
                break
    return x_rows.summary(), y_rows.summary() if y_rows.count else None


def _of_dataset(array: Any) -> Summary:
    summary = summarise(array)
    summary["kind"] = "dataset"
    return summary


def batch_size_of(pipeline: Any) -> int | None:
    """Rows a batch, where the last batching step says it."""
    for step in _steps(pipeline):
        size = getattr(step, "_batch_size", None)
        if size is not None:
            return int(tf.get_static_value(size))
    spec = next(iter(keras.tree.flatten(pipeline.element_spec)), None)
    shape = getattr(spec, "shape", None)
    return int(shape[0]) if shape is not None and shape.rank and shape[0] is not None else None


def watched(generator: GeneratorType[Any, Any, Any], x_rows: Rows, y_rows: Rows) -> Iterator[Any]:
    """Yields what the generator yields, and adds each row to the summaries."""
    for element in generator:
        if x_rows.count < MOST_ROWS:
            _add(element, x_rows, y_rows)
        yield element


class WatchedDataset(keras.utils.PyDataset):  # type: ignore[misc]
    """A `PyDataset` in place of the student's: each batch is summarised when Keras first asks for it."""

    def __init__(self, inner: Any) -> None:
        super().__init__(
            workers=inner.workers,
            use_multiprocessing=inner.use_multiprocessing,
            max_queue_size=inner.max_queue_size,
        )
        self._inner = inner
        self._indices: set[int] = set()
        self.seen = Rows(kind="generator"), Rows(kind="generator")

    def __getitem__(self, index: int) -> Any:
        element = self._inner[index]
        if index not in self._indices and self.seen[0].count < MOST_ROWS:
            self._indices.add(index)
            _add(element, *self.seen)
        return element

    def __len__(self) -> int:
        return len(self._inner)

    @property
    def num_batches(self) -> int | None:
        count: int | None = self._inner.num_batches
        return count

    def on_epoch_begin(self) -> None:
        self._inner.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._inner.on_epoch_end()


def _add(element: Any, x_rows: Rows, y_rows: Rows) -> None:
    x, y, _ = keras.utils.unpack_x_y_sample_weight(element)
    for rows, structure in ((x_rows, x), (y_rows, y)):
        first = first_array(structure)
        if first is not None:
            rows.add(first)


def _steps(pipeline: Any) -> Iterator[Any]:
    """The pipeline's steps from the last to the first, as long as each has one before it."""
    step = pipeline
    while True:
        yield step
        inputs = step._inputs()  # noqa: SLF001 - tf.data has no public way to its steps
        if len(inputs) != 1:
            return
        step = inputs[0]


def _source(pipeline: Any) -> tuple[Any, Any] | None:
    """Inputs and targets of a pipeline of slices of tensors, where every later step leaves their rows as they are."""
    for step in _steps(pipeline):
        name = type(step).__name__.removeprefix("_").removesuffix("Dataset")
        if name == "TensorSlice":
            structure = tf.nest.pack_sequence_as(step._structure, step._tensors)  # noqa: SLF001 - as above
            x, y, _ = keras.utils.unpack_x_y_sample_weight(structure)
            return first_array(x), first_array(y)
        if name not in _KEEP_ROWS:
            return None
    return None


def _unshuffled(pipeline: Any) -> Any:
    """A copy of the pipeline with its shuffling and repetition steps taken out."""
    serialised = pipeline._as_serialized_graph(external_state_policy=ExternalStatePolicy.IGNORE)  # noqa: SLF001
    definition = tf.compat.v1.GraphDef.FromString(serialised.numpy())
    before = {node.name: node.input[0] for node in definition.node if node.op in _ORDER_STEPS}
    kept = [node for node in definition.node if node.name not in before]
    for node in kept:
        for position, name in enumerate(node.input):
            while name.removesuffix(":0") in before:
                name = before[name.removesuffix(":0")]  # noqa: PLW2901 - several steps in a row
            node.input[position] = name
    copied = tf.compat.v1.GraphDef(node=kept, library=definition.library, versions=definition.versions)
    variant = gen_experimental_dataset_ops.dataset_from_graph(copied.SerializeToString())
    return dataset_ops._VariantDataset(variant, pipeline.element_spec)  # noqa: SLF001 - the only way to take one in
