"""Shapes of the arrays that numpy, Keras and scikit-learn give, as far as the arguments say them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from grader.datasets import ORIGINALS
from grader.selfcheck.reading.numpy_arrays import numpy_call, reduced, reshaped, size_of
from grader.selfcheck.reading.values import UNKNOWN, ArrayOf, Library, Made, Shape

_CLASSES = {"mnist": 10, "fashion_mnist": 10, "cifar10": 10, "cifar100": 100}
_TABLES = {"load_diabetes": (442, 10), "load_iris": (150, 4), "load_digits": (1797, 64), "load_wine": (178, 13)}
_TABLES |= {"load_breast_cancer": (569, 30)}


def array_call(library: Library, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a call of a library's function gives, where that is an array or made of arrays; else unknown."""
    name, path = library.name, library.path
    if name == "to_categorical":
        return _one_hot(args, kwargs)
    if path in {"tensorflow.one_hot", "keras.ops.one_hot"}:
        return _one_hot(args, {"num_classes": kwargs.get("depth", args[1] if len(args) > 1 else None)})
    if path.startswith("sklearn.datasets."):
        return _table(name, args, kwargs)
    if name == "train_test_split":
        return _split(args, kwargs)
    if library.top == "numpy" or path.startswith(("tensorflow.", "keras.ops.")):
        return numpy_call(library, args, kwargs)
    return UNKNOWN


def loaded(name: str, rows: tuple[int, int] | None = None) -> Any:
    """What ``load_data`` of a Keras data set gives: two parts of two arrays.

    Args:
        name: Of the data set.
        rows: Of its training and of its test part; None for the original's.
    """
    if name not in ORIGINALS:
        return ((UNKNOWN, UNKNOWN), (UNKNOWN, UNKNOWN))
    row = ORIGINALS[name][0]
    train, test = rows or ORIGINALS[name][1:]
    is_classes = name in _CLASSES
    label: Shape = (1,) if name.startswith("cifar") else ()
    return tuple(
        (
            ArrayOf((rows, *row)),
            ArrayOf((rows, *label), integral=is_classes or None, one_hot=False if not label else None),
        )
        for rows in (train, test)
    )


def method_call(  # noqa: PLR0911 - one branch a kind
    array: ArrayOf, name: str, args: Sequence[Any], *, kwargs: Mapping[str, Any]
) -> Any:
    """What calling a method of an array gives."""
    if name in {"astype", "copy", "clip", "round", "numpy", "sort"}:
        is_same = name in {"astype", "copy", "numpy"}
        return ArrayOf(array.shape, array.integral if is_same else None, array.one_hot if is_same else None)
    if name == "reshape":
        return reshaped(array, args)
    if name in {"flatten", "ravel"}:
        return ArrayOf((size_of(array.shape),), array.integral, one_hot=False)
    if name in {"sum", "mean", "std", "min", "max", "argmax", "argmin", "var", "any", "all", "prod"}:
        return reduced(array, kwargs.get("axis", args[0] if args else None), name=name)
    if name in {"transpose", "squeeze", "repeat"}:
        return ArrayOf()
    if name in {"batch", "shuffle", "prefetch", "cache", "repeat", "map", "take"} and array.kind == "dataset":
        return _pipeline(array, name, args)
    return UNKNOWN


def attribute(array: ArrayOf, name: str) -> Any:
    """A property of an array."""
    if name == "shape":
        return UNKNOWN if array.shape is None else tuple(UNKNOWN if size is None else size for size in array.shape)
    if name == "T" and array.shape is not None:
        return ArrayOf(array.shape[::-1], array.integral)
    if name == "ndim":
        return UNKNOWN if array.shape is None else len(array.shape)
    if name == "size":
        size = size_of(array.shape)
        return UNKNOWN if size is None else size
    return UNKNOWN


def item(array: ArrayOf, index: Any) -> Any:  # noqa: C901 - numpy has so many kinds of indices
    """What an index into an array gives."""
    if array.shape is None:
        return ArrayOf()
    parts = index if isinstance(index, tuple) else (index,)
    if any(part is Ellipsis for part in parts):
        at = next(number for number, part in enumerate(parts) if part is Ellipsis)
        missing = len(array.shape) - sum(part is not None and part is not Ellipsis for part in parts)
        parts = (*parts[:at], *(slice(None),) * max(missing, 0), *parts[at + 1 :])
    shape: list[int | None] = []
    axes = list(array.shape)
    for part in parts:
        if part is None:
            shape.append(1)
            continue
        if not axes:
            return ArrayOf()
        size = axes.pop(0)
        if isinstance(part, slice):
            shape.append(_sliced(size, part))
        elif isinstance(part, ArrayOf):
            rows = part.rows
            shape.append(None if part.integral is not True or part.shape is None or len(part.shape) > 1 else rows)
            if part.shape is not None and len(part.shape) > 1:
                return ArrayOf()
        elif isinstance(part, int):
            continue
        else:
            return ArrayOf()
    kept = (*shape, *axes)
    keeps_rows = len(parts) == 1 and isinstance(parts[0], slice | ArrayOf)
    if not kept:
        return UNKNOWN
    return ArrayOf(kept, array.integral, array.one_hot if keeps_rows else (False if len(kept) == 1 else None))


def _one_hot(args: Sequence[Any], kwargs: Mapping[str, Any]) -> ArrayOf:
    first = args[0] if args else kwargs.get("x", kwargs.get("y"))
    classes = kwargs.get("num_classes", args[1] if len(args) > 1 else None)
    rows = first.rows if isinstance(first, ArrayOf) else None
    return ArrayOf((rows, classes if isinstance(classes, int) else None), integral=True, one_hot=True)


def _table(name: str, _args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if name in {"make_moons", "make_circles", "make_blobs", "make_classification", "make_regression"}:
        rows = kwargs.get("n_samples", _args[0] if _args else 100)
        count = rows if isinstance(rows, int) else None
        width = kwargs.get("n_features", 2 if name != "make_classification" else 20)
        return (ArrayOf((count, width if isinstance(width, int) else None)), ArrayOf((count,), None, one_hot=False))
    if name not in _TABLES or kwargs.get("as_frame") not in {None, False}:
        return UNKNOWN
    rows, width = _TABLES[name]
    whole = None if name == "load_diabetes" else True
    pair = (ArrayOf((rows, width)), ArrayOf((rows,), whole, one_hot=False))
    return pair if kwargs.get("return_X_y") is True else Made(Library(f"sklearn.table.{name}"), pair)


def _split(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Source: sklearn.model_selection.train_test_split rounds the test part up."""
    share, kept = kwargs.get("test_size"), kwargs.get("train_size")
    parts: list[Any] = []
    for array in args:
        if not isinstance(array, ArrayOf):
            parts += [UNKNOWN, UNKNOWN]
            continue
        rows = array.rows
        test: int | None = None
        if rows is not None and kept is None and (share is None or isinstance(share, int | float)):
            given = 0.25 if share is None else share
            test = given if isinstance(given, int) else math.ceil(given * rows)
        for count in (None if rows is None or test is None else rows - test, test):
            shape = None if array.shape is None else (count, *array.shape[1:])
            parts.append(ArrayOf(shape, array.integral, array.one_hot))
    return parts


def _pipeline(array: ArrayOf, name: str, args: Sequence[Any]) -> ArrayOf:
    if name == "batch":
        size = args[0] if args and isinstance(args[0], int) else None
        return ArrayOf(array.shape, kind="dataset", batched=size)
    if name in {"shuffle", "prefetch", "cache"}:
        return array
    return ArrayOf(kind="dataset", batched=array.batched)


def _sliced(size: int | None, part: slice) -> int | None:
    ends = (part.start, part.stop, part.step)
    if not all(end is None or isinstance(end, int) for end in ends):
        return None
    if size is not None:
        return len(range(*part.indices(size)))
    return size
