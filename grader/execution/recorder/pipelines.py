"""Reads rows of pipelines and generators without taking a number from the program's random generators."""

from __future__ import annotations

import itertools
from collections import Counter
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
from .rowhash import row_hashes
from .summary import Rows, Source, as_array, summarise
from .wire import Summary

MOST_ROWS = 200_000
MOST_BYTES = 4 * 2**30
"""A pipeline is read up to here; MNIST has 60,000 rows, and CIFAR-10 as float64 takes 1.2 GB."""

_KEEP_ROWS = frozenset({"Prefetch", "Shuffle", "Batch", "ParallelBatch", "Repeat", "Cache", "Options", "Model"})
"""tf.data's steps that leave the rows as they are (``_PrefetchDataset`` and so on)."""

_ORDER_STEPS = frozenset({"ShuffleDataset", "ShuffleDatasetV2", "ShuffleDatasetV3", "RepeatDataset"})


class SeenBatches:
    """The batches of a pipeline or generator as one array of inputs and one of targets, and how large they were.

    An endless generator yields its rows again and again: those of the first epoch are kept as they come, and of later
    ones what is new. Batches that Keras reads ahead and never takes a step with are left out.

    Args:
        kind: What the batches come from.
        steps: Batches an epoch; None where one epoch takes all of them.
        epochs: How often that many are taken at most.

    Attributes:
        x: Of the inputs.
        y: Of the targets.
        rows: Rows of the first epoch, batches that came twice in it left out.
    """

    def __init__(self, *, kind: Source = "dataset", steps: int | None = None, epochs: int = 1) -> None:
        self.x, self.y = Rows(kind=kind), Rows(kind=kind)
        self.rows = 0
        self._steps = steps
        self._most = None if steps is None else steps * max(1, epochs)
        self._batches = 0
        self._sizes: Counter[int] = Counter()
        self._hashes: set[int] = set()
        self._known: set[bytes] = set()

    @property
    def batch_size(self) -> int | None:
        """Rows of every batch but smaller last ones; None where they vary."""
        return usual_size(self._sizes)

    @property
    def is_full(self) -> bool:
        """Whether as much was kept as ever is."""
        return self.x.count >= MOST_ROWS or self.x.octets >= MOST_BYTES

    def add(self, element: Any) -> None:
        """Takes the next batch; never raises."""
        self._batches += 1
        if self.is_full or (self._most is not None and self._batches > self._most):
            return
        try:
            x, y, _ = keras.utils.unpack_x_y_sample_weight(element)
            self._add(first_array(x), first_array(y))
        except Exception:  # noqa: BLE001 - what a student's generator yields may be anything
            self.x.add(None)

    def _add(self, x: Any, y: Any) -> None:
        inputs, targets = as_array(x), as_array(y)
        if inputs is None or not inputs.ndim:
            self.x.add(inputs)
            return
        self._sizes[len(inputs)] += 1
        fresh: Any = slice(None)
        if self._steps is not None:
            fresh = self._fresh(inputs)
            if not fresh:
                return
        self.x.add(inputs[fresh])
        if y is not None:
            paired = targets is not None and targets.ndim > 0 and len(targets) == len(inputs)
            self.y.add(targets[fresh] if paired else targets)  # type: ignore[index]

    def _fresh(self, inputs: Any) -> Any:
        """Which rows of a batch are kept: in the first epoch all but those of a batch that came before."""
        hashes = row_hashes(inputs)
        of_first_epoch = self._batches <= (self._steps or 0)
        if of_first_epoch and hashes.tobytes() not in self._known:
            self._known.add(hashes.tobytes())
            self.rows += len(inputs)
            kept = list(range(len(inputs)))
        else:
            kept = [index for index, number in enumerate(hashes.tolist()) if number not in self._hashes]
        self._hashes.update(hashes.tolist())
        return kept


def usual_size(sizes: Counter[int]) -> int | None:
    """The size of all batches but smaller last ones; None where it varies."""
    largest = max(sizes, default=0)
    usual = sizes.most_common(1)
    return largest if usual and usual[0][0] == largest and len(sizes) <= 2 else None


def read_pipeline(pipeline: Any, *, most_batches: int | None) -> tuple[Summary, Summary | None, int | None]:
    """Summaries of the inputs and targets of a tf.data pipeline, all batches stacked, and the size of a batch.

    The pipeline itself is not iterated: its shuffling takes numbers from a random generator that the program uses
    afterwards. What is read is its source, or a copy without shuffling and repetition.
    """
    arrays = _source(pipeline)
    if arrays is not None:
        x, y = (_of_dataset(array) if array is not None else None for array in arrays)
        return x or {"kind": "dataset"}, y, batch_size_of(pipeline)
    seen = SeenBatches()
    with unnoticed():
        for element in itertools.islice(_unshuffled(pipeline), most_batches):
            seen.add(element)
            if seen.is_full:
                break
    return seen.x.summary(), seen.y.summary() if seen.y.count else None, seen.batch_size


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


def watched(generator: GeneratorType[Any, Any, Any], seen: SeenBatches) -> Iterator[Any]:
    """Yields what the generator yields, and notes each batch."""
    for element in generator:
        seen.add(element)
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
        self.seen = SeenBatches(kind="generator")

    def __getitem__(self, index: int) -> Any:
        element = self._inner[index]
        if index not in self._indices:
            self._indices.add(index)
            self.seen.add(element)
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
