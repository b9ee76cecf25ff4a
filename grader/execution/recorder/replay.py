"""Records what another process needs to repeat a fit bit for bit, in one thread.

The replayer rebuilds the model from its configuration, sets ``weights_before``, compiles, builds the optimizer and
assigns its variables, assigns the states of the seed generators, sets TensorFlow's seed, and fits the same rows.
"""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
from tensorflow.python.eager import context

from .channel import Channel
from .compiled import own_compiled_parts
from .configuration import own_training_parts
from .plain import is_librarys, plain
from .wire import Callback, Json, ReplayState

LARGEST_STATE_BYTES = 32 * 2**20
"""An optimizer's state above this is not kept: such a fit is not repeated."""

_TRAINING_METHODS = ("train_step", "compute_loss", "make_train_function", "compute_metrics", "fit", "evaluate")
_IDLE_CALLBACKS = frozenset({"History", "ProgbarLogger", "TensorBoard", "CSVLogger", "TerminateOnNaN"})
_KNOWN_CALLBACKS = frozenset({"EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint"})


def replay_state(channel: Channel, model: Any, *, arguments: dict[str, Any]) -> tuple[ReplayState, list[str]]:
    """The `ReplayState` of a fit, and why an exact replay is impossible, in words.

    Args:
        channel: Where arrays go.
        model: As it is before the fit.
        arguments: Of ``fit``, defaults filled in.
    """
    problems = [f"the {part} is the student's own" for part in own_compiled_parts(model)] if model.compiled else []
    problems += _problems(model)
    optimizer = model.optimizer if model.compiled else None
    state: ReplayState = {
        "tensorflow_seed": context.global_seed(),
        "seed_generators": [generator.state.numpy().tolist() for generator in seed_generators(model)],
        "global_seed_generator": _global_generator(),
        "optimizer": _optimizer_state(channel, optimizer, problems) if optimizer is not None else None,
        "class_weight": _class_weight(arguments["class_weight"], problems),
        "sample_weight": _sample_weight(channel, arguments["sample_weight"], problems),
        "validation_freq": _validation_freq(arguments["validation_freq"], problems),
        "validation_steps": whole_number(arguments["validation_steps"]),
        "validation_batch_size": whole_number(arguments["validation_batch_size"]),
    }
    return state, problems


def callback_of(callback: Any) -> Callback:
    """The `CallbackRecord` of a callback."""
    own = is_own_callback(callback)
    return {
        "class_name": type(callback).__name__,
        "own": own,
        "unknown": own or type(callback).__name__ not in _IDLE_CALLBACKS | _KNOWN_CALLBACKS,
        "settings": _settings(callback),
    }


def _settings(callback: Any) -> Json:
    try:
        names = list(inspect.signature(type(callback).__init__).parameters)[1:]
    except (TypeError, ValueError):
        return {}
    settings = {name: plain(vars(callback)[name]) for name in names if name in vars(callback)}
    return {name: value for name, value in settings.items() if isinstance(value, bool | int | float | str | None)}


def whole_number(value: Any) -> int | None:
    """The value as a whole number; None where it is none."""
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None


def seed_generators(model: Any) -> list[Any]:
    """Every seed generator of a model's layers, in the order of its flattened layers; each once."""
    found: dict[int, Any] = {}
    for layer in model._flatten_layers():  # noqa: SLF001 - the replayer takes them in this order as well
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
    """Whether a callback runs the student's code."""
    if not is_librarys(type(callback)) or isinstance(callback, keras.callbacks.LambdaCallback):
        return True
    return any(callable(item) and not is_librarys(item) for item in vars(callback).values() if not _is_plain_type(item))


def _is_plain_type(item: Any) -> bool:
    # Comparisons such as numpy's ``less``, which EarlyStopping keeps.
    return isinstance(item, np.ufunc | keras.Model | keras.optimizers.Optimizer)


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


def _class_weight(value: Any, problems: list[str]) -> dict[str, float] | None:
    if value is None:
        return None
    try:
        return {str(int(name)): float(weight) for name, weight in value.items()}
    except (AttributeError, TypeError, ValueError):
        problems.append("its class weights could not be read")
        return None


def _sample_weight(channel: Channel, value: Any, problems: list[str]) -> str | None:
    if value is None:
        return None
    ref = channel.array(np.asarray(value)) if hasattr(value, "shape") else None
    if ref is None:
        problems.append("its sample weights could not be kept")
    return ref


def _validation_freq(value: Any, problems: list[str]) -> int | list[int]:
    try:
        return int(value) if isinstance(value, int | np.integer) else sorted(int(epoch) for epoch in value)
    except (TypeError, ValueError):
        problems.append("its validation_freq could not be read")
        return 1
