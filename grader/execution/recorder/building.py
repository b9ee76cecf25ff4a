"""Builds the optimizer and the metrics of a model before its training step is traced, which is then traced once.

Keras creates their variables while it traces the step, and TensorFlow traces a function again that created variables.
What they start from is zeros and the settings: when they are created changes nothing.
"""

from __future__ import annotations

from typing import Any

import keras
from keras.src import backend
from keras.src.models.functional import Functional
from keras.src.trainers.trainer import Trainer

from .compiled import own_compiled_parts
from .configuration import own_training_parts
from .known import are_known
from .plain import is_librarys

IS_KNOWN = are_known(Trainer, "_symbolic_build")
"""Whether this Keras creates a model's variables ahead of its training in the way that was tried."""

_KINDS = (keras.Sequential, keras.Model, Functional)


def can_be_built_first(model: Any, *, arguments: dict[str, Any]) -> bool:
    """Whether nothing but the library's own code is traced, and the variables that it creates are known before.

    Code of the student's own could tell that it is traced once.

    Args:
        model: Compiled or not; where it is not, Keras refuses the fit.
        arguments: Of ``fit``.
    """
    if not IS_KNOWN or not model.compiled:
        return False
    optimizer, metrics = model.optimizer, model._compile_metrics  # noqa: SLF001 - there is no public way
    if type(model) not in _KINDS or not isinstance(optimizer, keras.optimizers.Optimizer) or optimizer.built:
        return False
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) or (metrics is not None and metrics.built):
        return False
    if arguments["class_weight"] is not None or arguments["sample_weight"] is not None:
        return False
    layers = list(model._flatten_layers())  # noqa: SLF001 - all depths
    if not all(layer.built for layer in layers) or not all(_is_array(arguments[name]) for name in ("x", "y")):
        return False
    return (
        len(model.outputs) == 1
        and not any(map(_holds_own_code, (*layers, optimizer)))
        and not own_compiled_parts(model)
        and not own_training_parts(model)
    )


def build_first(model: Any, *, x: Any, y: Any) -> bool:
    """Creates the variables; False where that fails, as the fit itself then will.

    Args:
        model: One that `can_be_built_first`.
        x: The fit's rows, shape ``(rows, ...)``.
        y: Their targets, shape ``(rows, ...)``.
    """
    try:
        model._symbolic_build(data_batch=(_spec(x), _spec(y)))  # noqa: SLF001 - what Keras itself does with other backends
    except Exception:  # noqa: BLE001 - as the docstring says
        return False
    return True


def _spec(array: Any) -> Any:
    dtype = backend.standardize_dtype(array.dtype)
    return keras.KerasTensor((None, *array.shape[1:]), backend.floatx() if "float" in dtype else dtype)


def _is_array(data: Any) -> bool:
    return hasattr(data, "shape") and hasattr(data, "dtype") and len(data.shape) > 0


def _holds_own_code(item: Any) -> bool:
    return not is_librarys(type(item)) or any(callable(held) and not is_librarys(held) for held in vars(item).values())
