"""Speeds up training, as far as history and weights stay the same bit for bit.

Several steps are taken in one call; optimizer and metrics are built before the step is traced (`building`); no iterator
is made that nobody reads, and none over arrays is tuned while it runs (`iterators`); a progress bar is drawn once a
second; TensorBoard writes no histograms. What was on is in each fit's record. A callback that reads batches gets every
one of them.
"""

from __future__ import annotations

import contextlib
import functools
import time
import weakref
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf
from keras.src import utils
from keras.src.backend.tensorflow import trainer
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer
from keras.src.callbacks.progbar_logger import ProgbarLogger
from keras.src.trainers.epoch_iterator import EpochIterator
from keras.src.utils.progbar import Progbar
from tensorflow.python.framework.ops import EagerTensor  # no tensor is made at import: kernels are forked after it

from . import building, iterators
from .building import build_first, can_be_built_first
from .hooks import Call, hook
from .known import are_known
from .layers import leaves
from .plain import is_librarys
from .replay import flat_callbacks, is_own_callback

STEPS_A_CALL = 32

FEWEST_STEPS = 400
"""With fewer, tracing the longer function costs more time than it saves: up to a fifth of a second against half a
millisecond a step, measured with networks of one unit and of ten hidden layers of 128."""

MOST_PRODUCTS = 2e8
"""Multiplications a step above which a call itself costs next to nothing, and an interrupt would wait too long."""

_BATCH_HOOKS = tuple(f"on_{phase}batch_{moment}" for phase in ("", "train_", "test_") for moment in ("begin", "end"))
_STEPS = ("train_step", "test_step", "make_train_function", "make_test_function", "train_function", "_make_function")

SECONDS_BETWEEN_BARS = 1.0
"""Every drawing is a message to the harness, which keeps the last one of each line alone."""

_KNOWS_STEPS = are_known(TensorFlowTrainer, "_make_function") and are_known(
    EpochIterator, "_enumerate_iterator", "enumerate_epoch"
)
_KNOWS_BARS = are_known(ProgbarLogger, "_update_progbar") and are_known(Progbar, "update")
_KNOWS_BATCHES_OF_BOARDS = are_known(keras.callbacks.TensorBoard, "on_train_batch_end")
_HAS_HISTOGRAMS = "_log_weights" in vars(keras.callbacks.TensorBoard)
_KNOWS_OUTPUTS = are_known(trainer, "potentially_ragged_concat")

_traced: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()


def install() -> None:
    """Puts in place what every training gets, as far as this Keras is known: see this module."""
    if _HAS_HISTOGRAMS:
        hook(keras.callbacks.TensorBoard, "_log_weights", lambda call: None)  # noqa: ARG005
    if _KNOWS_BATCHES_OF_BOARDS:
        hook(keras.callbacks.TensorBoard, "on_train_batch_end", _after_batch)
    if _KNOWS_BARS:
        hook(ProgbarLogger, "_update_progbar", _update_bar)
    if _KNOWS_OUTPUTS:
        trainer.potentially_ragged_concat = _concatenated(trainer.potentially_ragged_concat)
    iterators.install()


def left_out() -> list[str]:
    """What makes no training faster in this Keras, which is another one than it was compared with."""
    is_on = {
        "several steps a call": _KNOWS_STEPS,
        "a model that is built before it is traced": building.IS_KNOWN,
        "no unread iterators": iterators.IS_KNOWN,
        "no autotuning": iterators.KNOWS_PIPELINES,
        "fewer progress bars": _KNOWS_BARS,
        "no histograms of TensorBoard": _HAS_HISTOGRAMS,
        "nothing of TensorBoard after a batch": _KNOWS_BATCHES_OF_BOARDS,
        "outputs put together at once": _KNOWS_OUTPUTS,
    }
    return [name for name, holds in is_on.items() if not holds]


def prepare(model: Any, *, arguments: dict[str, Any], steps_a_call: int | None) -> list[str]:
    """Builds what can be built before a fit, and says what makes the fit faster.

    Args:
        model: Compiled.
        arguments: Of ``fit``.
        steps_a_call: How many steps it takes in one call; None where that is unknown.
    """
    callbacks = flat_callbacks(arguments["callbacks"])
    on = [f"{steps_a_call} steps a call"] if steps_a_call == STEPS_A_CALL else []
    if _is_plain(model) and not any(map(is_own_callback, callbacks)) and can_be_built_first(model, arguments=arguments):
        on += ["built before traced"] * build_first(model, x=arguments["x"], y=arguments["y"])
    if iterators.IS_KNOWN and _is_array(arguments["x"]) and arguments["steps_per_epoch"] is None:
        on.append("no unread iterators")
    if iterators.KNOWS_PIPELINES and _is_array(arguments["x"]):
        on.append("no autotuning")
    boards = [callback for callback in callbacks if isinstance(callback, keras.callbacks.TensorBoard)]
    if _HAS_HISTOGRAMS and any(board.histogram_freq for board in boards):
        on.append("no histograms")
    has_bar = _KNOWS_BARS and arguments["verbose"] in {"auto", 1}
    return on + ([f"a progress bar every {SECONDS_BETWEEN_BARS:.0f} s"] if has_bar else [])


def steps_of_fit(model: Any, *, steps: int | None, rows_a_step: int | None, arguments: dict[str, Any]) -> int:
    """How many steps a fit takes in one call: several where that changes nothing and saves time, else as it is set.

    Args:
        model: Compiled.
        steps: Of the whole fit.
        rows_a_step: The batch size.
        arguments: Of ``fit``.
    """
    if not (_is_plain(model) and _is_bounded(arguments) and _sees_no_batches(arguments["callbacks"])):
        return int(model.steps_per_execution)
    if _traced.get(model) == STEPS_A_CALL and model.train_function is not None:
        return STEPS_A_CALL
    is_long = steps is not None and steps >= FEWEST_STEPS
    return STEPS_A_CALL if is_long and (rows_a_step or 0) * _products(model) <= MOST_PRODUCTS else 1


def steps_of_evaluation(model: Any, *, arguments: dict[str, Any]) -> int:
    """How many steps an ``evaluate`` takes in one call: as many as the function that a fit has traced for it."""
    is_traced = _traced.get(model) == STEPS_A_CALL and model.test_function is not None
    if is_traced and _is_plain(model) and _is_bounded(arguments) and _sees_no_batches(arguments["callbacks"]):
        return STEPS_A_CALL
    return int(model.steps_per_execution)


def steps_of_prediction(model: Any) -> int:
    """How many steps a ``predict`` inside of a fit takes in one call; its function would unroll every step."""
    is_raised = model.steps_per_execution == STEPS_A_CALL == _traced.get(model)
    return 1 if is_raised else int(model.steps_per_execution)


@contextlib.contextmanager
def taking(model: Any, steps_a_call: int | None, *, is_prediction: bool = False) -> Iterator[None]:
    """Runs with so many steps in one call, and restores the setting; None changes nothing."""
    if steps_a_call is None:
        yield
        return
    before = model.steps_per_execution
    if not is_prediction:
        _forget_functions(model, steps_a_call=steps_a_call)
    model.steps_per_execution = steps_a_call
    try:
        yield
    finally:
        model.steps_per_execution = before


def _forget_functions(model: Any, *, steps_a_call: int) -> None:
    """A function traced for another number of steps would ask for more batches than there are."""
    if _traced.get(model, 1) != steps_a_call:
        model.train_function, model.test_function = None, None
    _traced[model] = steps_a_call


def _is_plain(model: Any) -> bool:
    if (
        not _KNOWS_STEPS
        or model.run_eagerly
        or model.steps_per_execution != 1
        or model.distribute_strategy is not tf.distribute.get_strategy()
    ):
        return False
    if tf.config.functions_run_eagerly() or tf.distribute.has_strategy() or model.jit_compile:
        return False
    return all(getattr(type(model), name, None) is getattr(TensorFlowTrainer, name, None) for name in _STEPS) and not (
        set(_STEPS) - {"train_function"}
    ) & set(vars(model))


def _is_bounded(arguments: dict[str, Any]) -> bool:
    """Whether Keras knows where the data end: it would take too many batches from an endless pipeline."""
    given = (arguments.get("steps_per_epoch"), arguments.get("validation_steps"), arguments.get("steps"))
    if any(steps is not None for steps in given):
        return False
    data = [arguments["x"], arguments.get("validation_data")]
    return all(_ends(item) for item in keras.tree.flatten(data) if item is not None)


def _is_array(data: Any) -> bool:
    return hasattr(data, "shape") and not isinstance(data, tf.data.Dataset)


def _ends(data: Any) -> bool:
    if isinstance(data, tf.data.Dataset):
        return int(data.cardinality()) > 0
    return hasattr(data, "shape") or isinstance(data, int | float)


def _sees_no_batches(callbacks: Any) -> bool:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return False
    return all(_is_blind(callback) for callback in flat_callbacks(callbacks))


def _is_blind(callback: Any) -> bool:
    if type(callback) is keras.callbacks.TensorBoard:
        return callback.update_freq == "epoch" and not callback._should_trace and not callback.write_steps_per_second  # noqa: SLF001
    if type(callback) is keras.callbacks.ModelCheckpoint:
        return bool(callback.save_freq == "epoch")
    return all(utils.is_default(getattr(callback, name)) for name in _BATCH_HOOKS)


def _products(model: Any) -> float:
    """Multiplications for one row, forward; infinite where they cannot be counted."""
    total = 0.0
    for layer in leaves(model):
        if not layer.weights:
            continue
        places = 1
        if len(layer.weights[0].shape) > 2:
            shape = getattr(layer, "output", None)
            sizes = [size for size in getattr(shape, "shape", (None, None))[1:-1] if size is not None]
            if not sizes or not is_librarys(type(layer)):
                return float("inf")
            for size in sizes:
                places *= size
        total += places * layer.count_params()
    return total


def _after_batch(call: Call) -> None:
    # Once an epoch, nothing is written after a batch; yet each scalar that is not written takes 0.1 ms.
    if call.item.update_freq == "epoch" and not call.item.write_steps_per_second:
        call.args, call.kwargs = (call.first(), None), {}
    call.run()


def _update_bar(call: Call) -> None:
    batch, *rest = call.args
    item, now = call.item, time.time()
    bar, target = item.progbar, item.target
    if bar is not None and item.verbose == 1 and now - max(bar._start, bar._last_update) < SECONDS_BETWEEN_BARS:  # noqa: SLF001
        item.seen = batch + 1
        if batch == 0:
            bar._time_after_first_step = now  # noqa: SLF001 - the first step counts for no other
        return
    if target is not None and batch >= target:
        call.args = (target - 1, *rest)
    call.run()


def _concatenated(original: Any) -> Any:
    """Puts the outputs of `predict` together; Keras compares their shapes by operations, one output at a time."""

    @functools.wraps(original)
    def concatenated(tensors: Any) -> Any:
        shapes = {tuple(tensor.shape[1:]) for tensor in tensors if type(tensor) is EagerTensor and tensor.shape.rank}
        are_alike = len(tensors) > 1 and len(shapes) == 1 and all(type(tensor) is EagerTensor for tensor in tensors)
        if are_alike and all(tensor.shape.rank for tensor in tensors):
            return tf.concat(tensors, axis=0)
        return original(tensors)

    return concatenated
