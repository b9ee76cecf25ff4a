"""What is needed to repeat a fit bit for bit, with one thread, in another process.

Rebuild the model from its configuration, set ``weights_before``, compile from ``compile``, build the optimizer and
assign its variables, assign the states of the seed generators, set TensorFlow's seed, and fit the same rows.
"""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from .channel import Channel
from .compiled import own_compiled_parts
from .configuration import own_training_parts
from .plain import is_librarys, plain

LARGEST_STATE_BYTES = 32 * 2**20
"""An optimizer's state above this is not kept: such a fit is not repeated."""

_TRAINING_METHODS = ("train_step", "compute_loss", "make_train_function", "compute_metrics", "fit", "evaluate")
_IDLE_CALLBACKS = frozenset({"History", "ProgbarLogger", "TensorBoard", "CSVLogger", "TerminateOnNaN"})
_KNOWN_CALLBACKS = frozenset({"EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"})


def random_state(channel: Channel, model: Any, *, arguments: dict[str, Any], problems: list[str]) -> dict[str, Any]:
    """The ``random_state`` of a `FitRecord`.

    Args:
        channel: Where arrays go.
        model: As it is before the fit.
        arguments: Of ``fit``, defaults filled in.
        problems: Why the data cannot be had outside, in words; empty where they can.

    Returns:
        ``tensorflow_seed``; ``seed_generators`` (the state of each, in the order of `seed_generators`);
        ``global_seed_generator``; ``optimizer`` (its variables, array names; None where it is fresh);
        ``compile`` (`compile_from_config`'s; None where a part of it is the student's own); ``class_weight``;
        ``sample_weight`` (an array's name);
        ``callbacks`` (class and settings of those that steer the training); the ``validation_*`` arguments;
        ``unknown_callbacks`` (classes of those that may act on the training unseen: a replay goes without them);
        ``threads``; ``problems`` (why an exact replay is impossible, in words).
    """
    own = [f"the {part} is the student's own" for part in own_compiled_parts(model)] if model.compiled else []
    problems = [*problems, *own, *_problems(model)]
    optimizer = model.optimizer if model.compiled else None
    return {
        "tensorflow_seed": context.global_seed(),
        "seed_generators": [generator.state.numpy().tolist() for generator in seed_generators(model)],
        "global_seed_generator": _global_generator(),
        "optimizer": _optimizer_state(channel, optimizer, problems) if optimizer is not None else None,
        "compile": None if own else _compile_config(model),
        "class_weight": plain(arguments["class_weight"]),
        "sample_weight": _array(channel, arguments["sample_weight"]),
        "callbacks": [_settings(callback) for callback in flat_callbacks(arguments["callbacks"])],
        "unknown_callbacks": _unknown(arguments["callbacks"]),
        "validation_freq": plain(arguments["validation_freq"]),
        "validation_steps": plain(arguments["validation_steps"]),
        "validation_batch_size": plain(arguments["validation_batch_size"]),
        "threads": [
            tf.config.threading.get_intra_op_parallelism_threads(),
            context.context().inter_op_parallelism_threads,
        ],
        "problems": problems,
    }


def seed_generators(model: Any) -> list[Any]:
    """Every seed generator of a model's layers, in the order of its flattened layers; each once."""
    found: dict[int, Any] = {}
    for layer in model._flatten_layers():  # noqa: SLF001 - the order that the verifier goes by as well
        for generator in getattr(layer, "_seed_generators", []):
            found[id(generator)] = generator
    return list(found.values())


def flat_callbacks(callbacks: Any) -> list[Any]:
    """The callbacks as ``fit`` was given them, Keras's own history and progress bar left out."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    own = (keras.callbacks.History, keras.callbacks.ProgbarLogger)
    return [item for item in keras.tree.flatten(callbacks or []) if type(item) not in own]


def is_own_callback(callback: Any) -> bool:
    """Whether a callback runs code of the student's."""
    if not is_librarys(type(callback)) or isinstance(callback, keras.callbacks.LambdaCallback):
        return True
    return any(callable(item) and not is_librarys(item) for item in vars(callback).values() if not _is_plain_type(item))


def _is_plain_type(item: Any) -> bool:
    # Comparisons such as numpy's ``less``, which EarlyStopping keeps.
    return isinstance(item, np.ufunc | keras.Model | keras.optimizers.Optimizer)


def _unknown(callbacks: Any) -> list[str]:
    return [
        type(callback).__name__
        for callback in flat_callbacks(callbacks)
        if is_own_callback(callback) or type(callback).__name__ not in _IDLE_CALLBACKS | _KNOWN_CALLBACKS
    ]


def _problems(model: Any) -> list[str]:
    found = [f"the model's class has a {name} of its own" for name in _TRAINING_METHODS if _overrides(model, name)]
    found += [f"a layer has a {part} of the student's own" for part in own_training_parts(model)]
    return found


def _overrides(model: Any, name: str) -> bool:
    defined = next((ancestor for ancestor in type(model).__mro__ if name in vars(ancestor)), type(model))
    return name in vars(model) or not is_librarys(defined)


def _optimizer_state(channel: Channel, optimizer: Any, problems: list[str]) -> list[str] | None:
    if not optimizer.built or int(optimizer.iterations.numpy()) == 0:
        return None
    values = [variable.numpy() for variable in optimizer.variables]
    if sum(value.nbytes for value in values) > LARGEST_STATE_BYTES:
        problems.append("the optimizer's state is too large to be kept")
        return None
    refs = [channel.array(value) for value in values]
    if None in refs:
        problems.append("the optimizer's state could not be kept")
        return None
    return [str(ref) for ref in refs]


def _global_generator() -> list[int] | None:
    generator = keras.src.backend.common.global_state.get_global_attribute("global_seed_generator")
    return None if generator is None else list(generator.state.numpy().tolist())


def _compile_config(model: Any) -> dict[str, Any] | None:
    try:
        return dict(plain(model.get_compile_config()))
    except Exception:  # noqa: BLE001 - a student's loss or metric may have no configuration
        return None


def _array(channel: Channel, value: Any) -> str | None:
    if value is None or not hasattr(value, "shape"):
        return None
    return channel.array(np.asarray(value))


def _settings(callback: Any) -> dict[str, Any]:
    names = list(inspect.signature(type(callback).__init__).parameters)[1:]
    settings = {name: plain(vars(callback)[name]) for name in names if name in vars(callback)}
    settings = {name: value for name, value in settings.items() if isinstance(value, bool | int | float | str | None)}
    return {"class_name": type(callback).__name__, "own": is_own_callback(callback), **settings}
