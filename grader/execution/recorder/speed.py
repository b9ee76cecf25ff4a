"""Less work for the same training: several steps a call, and a TensorBoard callback that writes no histograms.

History and weights stay the same bit for bit; a callback that looks at batches sees every one of them.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf
from keras.src import utils
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer
from keras.src.callbacks.progbar_logger import ProgbarLogger

from .hooks import Call, hook
from .layers import leaves
from .plain import is_librarys
from .replay import flat_callbacks

STEPS_A_CALL = 32

FEWEST_STEPS = 1000
"""Below, tracing the longer function costs more than it saves: half a second against a millisecond a step, measured
with networks of one and of ten hidden layers of 128."""

MOST_PRODUCTS = 2e8
"""Multiplications a step above which the call's own cost is nothing, and an interrupt would have to wait for long."""

_BATCH_HOOKS = tuple(f"on_{phase}batch_{moment}" for phase in ("", "train_", "test_") for moment in ("begin", "end"))
_STEPS = ("train_step", "test_step", "make_train_function", "make_test_function", "train_function", "_make_function")

_traced: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()


def install() -> None:
    """Makes the TensorBoard callback cheap, and keeps a progress bar from running past its end."""
    hook(keras.callbacks.TensorBoard, "_log_weights", lambda call: None)  # noqa: ARG005
    hook(keras.callbacks.TensorBoard, "on_train_batch_end", _after_batch)
    hook(ProgbarLogger, "_update_progbar", _update_bar)


@contextlib.contextmanager
def several_steps_a_call(
    model: Any, *, steps: int | None, rows_a_step: int | None, arguments: dict[str, Any]
) -> Iterator[None]:
    """Lets a fit run several steps a call, where that changes nothing and saves time.

    Args:
        model: Compiled.
        steps: Of the whole fit.
        rows_a_step: The batch size.
        arguments: Of ``fit``.
    """
    is_worth_it = steps is not None and steps >= FEWEST_STEPS and (rows_a_step or 0) * _products(model) <= MOST_PRODUCTS
    wanted = is_worth_it or (_traced.get(model) == STEPS_A_CALL and model.train_function is not None)
    if not (wanted and _is_plain(model) and _is_bounded(arguments) and _sees_no_batches(arguments["callbacks"])):
        _forget_functions(model, steps_a_call=model.steps_per_execution)
        yield
        return
    _forget_functions(model, steps_a_call=STEPS_A_CALL)
    with _raised(model):
        yield


@contextlib.contextmanager
def as_traced(model: Any, *, arguments: dict[str, Any]) -> Iterator[None]:
    """Lets an ``evaluate`` use the function that the fit before it has traced."""
    is_kept = _traced.get(model) == STEPS_A_CALL and model.test_function is not None and model.steps_per_execution == 1
    if is_kept and _is_bounded(arguments) and _sees_no_batches(arguments["callbacks"]):
        with _raised(model):
            yield
        return
    _forget_functions(model, steps_a_call=model.steps_per_execution)
    yield


@contextlib.contextmanager
def one_step_a_call(model: Any) -> Iterator[None]:
    """For a ``predict`` inside of a fit, whose function unrolls every step."""
    steps = model.steps_per_execution
    if steps != STEPS_A_CALL or _traced.get(model) != STEPS_A_CALL:
        yield
        return
    model.steps_per_execution = 1
    try:
        yield
    finally:
        model.steps_per_execution = steps


@contextlib.contextmanager
def _raised(model: Any) -> Iterator[None]:
    model.steps_per_execution = STEPS_A_CALL
    try:
        yield
    finally:
        model.steps_per_execution = 1


def _forget_functions(model: Any, *, steps_a_call: int) -> None:
    """A function traced for another number of steps would draw more batches than it is given."""
    if _traced.get(model, 1) != steps_a_call:
        model.train_function, model.test_function = None, None
    _traced[model] = steps_a_call


def _is_plain(model: Any) -> bool:
    if (
        model.run_eagerly
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
    """Whether Keras knows where the data end: it would draw too many batches from an endless pipeline."""
    given = (arguments.get("steps_per_epoch"), arguments.get("validation_steps"), arguments.get("steps"))
    if any(steps is not None for steps in given):
        return False
    data = [arguments["x"], arguments.get("validation_data")]
    return all(_ends(item) for item in keras.tree.flatten(data) if item is not None)


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
    """Multiplications for one row, forward; huge where that cannot be told."""
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
    target = call.item.target
    if target is not None and batch >= target:
        call.args = (target - 1, *rest)
    call.run()
