"""Turns Keras's objects into JSON's types, and recognises the library's own classes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

_LIBRARIES = ("keras.", "tensorflow.", "keras_core.", "tf_keras.")


def is_librarys(item: Any) -> bool:
    """Whether a class or function is Keras's or TensorFlow's, by the module that it says it is from."""
    module = getattr(item, "__module__", None) or ""
    return f"{module}.".startswith(_LIBRARIES)


def flattened(structure: Any) -> list[Any]:
    """The arrays of a structure of inputs or targets: of a dict, list or tuple all, else the thing itself."""
    return list(keras.tree.flatten(structure)) if isinstance(structure, dict | list | tuple) else [structure]


def unwrapped(structure: Any) -> Any:
    """A structure of plain dicts and lists: TensorFlow keeps those of a model's attributes in types of its own."""
    if isinstance(structure, Mapping):
        return {key: unwrapped(item) for key, item in structure.items()}
    if isinstance(structure, list):
        return [unwrapped(item) for item in structure]
    return structure


def first_array(structure: Any) -> Any:
    """The first array of a structure of inputs or targets; None where there is none."""
    return next((item for item in flattened(structure) if item is not None), None)


def plain(value: Any) -> Any:
    """The value in JSON's types; one that JSON has no type for becomes its name or text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if hasattr(value, "numpy") and hasattr(value, "shape"):
        return plain(np.asarray(value.numpy()))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return getattr(value, "__name__", None) or str(value)[:200]


def short_float(value: Any) -> float | None:
    """The shortest decimal that gives this float32: 0.001, not 0.0010000000474974513."""
    number = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    if number.size != 1:
        return None
    shortest = float(str(number.reshape(())[()].astype(np.float32)))
    return shortest if math.isfinite(shortest) else None
