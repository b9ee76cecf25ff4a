"""Makes iterators over arrays as often as they are read, and without autotuning.

Keras makes two an epoch, and reads one. An iterator of `tf.data` over arrays costs 10 ms of processor time to make and
to drop, as much as ten steps of a small network. One that nobody reads draws no random number, so the order of the rows
stays what it was. The batches of a fit's validation are the same in each epoch, and are all read from one iterator.

Autotuning chooses how many batches are made ahead, in a thread that sleeps for up to 160 ms at a time. An iterator that
is dropped wakes this thread before it is marked as ended: on one processor the thread then looks too early, sleeps on,
and is waited for, which with small data is half of the time that an epoch takes. The batches do not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf
from keras.src.backend.tensorflow.trainer import TFEpochIterator
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from keras.src.trainers.epoch_iterator import EpochIterator

from .hooks import Call, hook
from .known import are_known

IS_KNOWN = are_known(EpochIterator, "_enumerate_iterator", "enumerate_epoch") and are_known(
    TFEpochIterator, "_get_iterator"
)
"""Whether this Keras goes through an epoch as `_batches` does; else it is left alone."""

KNOWS_PIPELINES = are_known(ArrayDataAdapter, "get_tf_dataset")
"""Whether this Keras makes of arrays a pipeline that is the same without autotuning; else it is left alone."""

_REPEATED = "_grader_repeated"
"""The attribute of an epoch iterator whose data repeat: the iterator that is at their start, or None."""


def install() -> None:
    """Replaces how Keras goes through an epoch, for arrays."""
    if IS_KNOWN:
        hook(EpochIterator, "_enumerate_iterator", _enumerate)
    if KNOWS_PIPELINES:
        hook(ArrayDataAdapter, "get_tf_dataset", _without_autotuning)


def is_of_arrays(epochs: Any) -> bool:
    """Whether these are all rows of arrays, whose number Keras knows."""
    return (
        IS_KNOWN
        and type(epochs) is TFEpochIterator
        and type(epochs.data_adapter) is ArrayDataAdapter
        and not epochs.steps_per_epoch
        and bool(epochs.num_batches)
    )


def keep(epochs: Any) -> None:
    """Has all epochs read from one iterator, in the order of the arrays.

    With several steps a call this changes nothing: a call would take batches beyond the epoch's end.

    Args:
        epochs: Of a fit's validation, which is never shuffled.
    """
    if epochs is None or hasattr(epochs, _REPEATED) or epochs.steps_per_execution != 1 or not is_of_arrays(epochs):
        return
    data = epochs._distributed_dataset  # noqa: SLF001 - there is no public way
    if isinstance(data, tf.data.Dataset) and not epochs.data_adapter._shuffle:  # noqa: SLF001 - as above
        epochs._distributed_dataset = data.repeat()  # noqa: SLF001 - as above
        setattr(epochs, _REPEATED, None)


def _without_autotuning(call: Call) -> tf.data.Dataset:
    options = tf.data.Options()
    options.autotune.enabled = False
    return call.run().with_options(options)


def _enumerate(call: Call) -> Any:
    return _batches(call.item) if is_of_arrays(call.item) else call.run()


def _batches(epochs: Any) -> Iterator[tuple[int, int, Any]]:
    """What Keras's own ``_enumerate_iterator`` yields: the first and last step of each call, and where its data are."""
    epochs.data_adapter.on_epoch_begin()
    iterator, is_repeated = getattr(epochs, _REPEATED, None), hasattr(epochs, _REPEATED)
    if is_repeated:
        # One that is left within an epoch is not at the data's start.
        setattr(epochs, _REPEATED, None)
    if iterator is None:
        iterator = iter(epochs._get_iterator())  # noqa: SLF001 - as above
    epochs._current_iterator, epochs._steps_seen = iterator, 0  # noqa: SLF001 - as above
    for step in range(0, epochs._num_batches, epochs.steps_per_execution):  # noqa: SLF001 - as above
        epochs._steps_seen += epochs.steps_per_execution  # noqa: SLF001 - as above
        yield step, step + epochs.steps_per_execution - 1, iterator
    if is_repeated:
        setattr(epochs, _REPEATED, iterator)
    epochs._current_iterator = None  # noqa: SLF001 - as above
    epochs.data_adapter.on_epoch_end()
