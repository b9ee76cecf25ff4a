"""Shapes of the arrays that numpy's functions give, as far as the arguments say them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grader.selfcheck.reading.values import UNKNOWN, ArrayOf, Library, Shape, Unknown, is_plain

_ELEMENTWISE = frozenset(
    [
        "abs",
        "absolute",
        "arccos",
        "arcsin",
        "arctan",
        "ceil",
        "clip",
        "cos",
        "cosh",
        "deg2rad",
        "degrees",
        "exp",
        "expm1",
        "fabs",
        "floor",
        "log",
        "log10",
        "log1p",
        "log2",
        "nan_to_num",
        "negative",
        "rad2deg",
        "radians",
        "rint",
        "round",
        "sign",
        "sin",
        "sinh",
        "sqrt",
        "square",
        "tan",
        "tanh",
        "power",
        "add",
        "subtract",
        "multiply",
        "divide",
        "true_divide",
        "maximum",
        "minimum",
        "where",
        "mod",
        "array",
        "asarray",
        "ascontiguousarray",
        "asanyarray",
        "copy",
        "float32",
        "float64",
        "cast",
        "convert_to_tensor",
        "constant",
        "flip",
        "flipud",
        "fliplr",
        "roll",
        "sort",
    ]
)
_COMPARES = frozenset(
    ["equal", "not_equal", "less", "greater", "less_equal", "greater_equal", "logical_and", "logical_or", "logical_not"]
)
_LIKE = frozenset({"zeros_like", "ones_like", "empty_like", "full_like", "normal_like"})
_FILLED = frozenset({"zeros", "ones", "empty", "full"})
_DRAWN = frozenset(
    {"uniform", "normal", "standard_normal", "random", "random_sample", "rand", "randn", "integers", "randint"}
)
_SIZE_AT = {
    "uniform": 2,
    "normal": 2,
    "standard_normal": 0,
    "random": 0,
    "random_sample": 0,
    "integers": 2,
    "randint": 2,
}


def numpy_call(library: Library, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a function of numpy's, or one that is named like it, gives."""
    name = library.name
    first = args[0] if args else None
    if name in _ELEMENTWISE:
        return _elementwise(name, args)
    if name in _COMPARES:
        return combined(first, args[1] if len(args) > 1 else 0, compares=True)
    if name in _LIKE and isinstance(first, ArrayOf):
        return ArrayOf(first.shape, integral=True if name != "empty_like" else None, one_hot=_one_axis(first.shape))
    if name in _FILLED:
        shape = _shape(kwargs.get("shape", first))
        return ArrayOf(shape, integral=True if name in {"zeros", "ones"} else None, one_hot=_one_axis(shape))
    if name in _DRAWN and ".random" in library.path:
        return _drawn(name, args, kwargs)
    maker = _MAKERS.get(name)
    return UNKNOWN if maker is None else maker(args, kwargs)


def _elementwise(name: str, args: Sequence[Any]) -> Any:  # noqa: PLR0911 - one branch a kind
    arrays = [value for value in args[:2] if isinstance(value, ArrayOf)]
    if name == "where" and len(args) == 3:
        return combined(args[0], args[1])
    if name in {"array", "asarray", "ascontiguousarray", "asanyarray", "constant", "convert_to_tensor"}:
        return _array(args[0] if args else UNKNOWN)
    if len(arrays) == 2 or (
        len(args) > 1 and arrays and name in {"add", "subtract", "multiply", "divide", "power", "maximum", "minimum"}
    ):
        return combined(args[0], args[1])
    if not arrays:
        function: Callable[..., Any] | None = getattr(math, name, None)
        if function is not None and args and all(isinstance(value, int | float) for value in args):
            try:
                return function(*args)
            except (ValueError, OverflowError, TypeError):
                return UNKNOWN
        return UNKNOWN
    keeps = name in {"copy", "cast", "float32", "float64", "flip", "flipud"}
    return ArrayOf(arrays[0].shape, arrays[0].integral if keeps else None, arrays[0].one_hot if keeps else None)


def _array(value: Any) -> Any:
    if isinstance(value, ArrayOf):
        return value
    if not isinstance(value, list | tuple):
        return ArrayOf()
    if not value:
        return ArrayOf((0,))
    inner = [_array(item) if isinstance(item, list | tuple | ArrayOf) else item for item in value]
    if all(isinstance(item, ArrayOf) for item in inner):
        shapes = {item.shape for item in inner}
        only = next(iter(shapes))
        return ArrayOf((len(value), *only)) if len(shapes) == 1 and only is not None else ArrayOf()
    if all(is_plain(item) or isinstance(item, Unknown) for item in inner):
        whole = all(isinstance(item, int) for item in inner)
        return ArrayOf((len(value),), integral=whole or None, one_hot=False)
    return ArrayOf()


def _drawn(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> ArrayOf:
    whole = True if name in {"integers", "randint"} else None
    if name in {"rand", "randn"}:
        shape = _shape(tuple(args))
    else:
        at = _SIZE_AT[name]
        size = kwargs.get("size", args[at] if len(args) > at else None)
        if size is None and not args[at:] and "size" not in kwargs:
            return ArrayOf((), whole)
        shape = _shape(size)
    return ArrayOf(shape, whole, one_hot=_one_axis(shape))


def _linspace(args: Sequence[Any], kwargs: Mapping[str, Any]) -> ArrayOf:
    number = kwargs.get("num", args[2] if len(args) > 2 else 50)
    return ArrayOf((number if isinstance(number, int) else None,), one_hot=False)


def _arange(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> ArrayOf:
    if args and all(isinstance(value, int) for value in args):
        return ArrayOf((len(range(*args)),), integral=True, one_hot=False)
    if args and len(args) <= 3 and all(isinstance(value, int | float) for value in args):
        start, stop, step = (0, args[0], 1) if len(args) == 1 else (args[0], args[1], args[2] if len(args) > 2 else 1)
        return ArrayOf((max(0, math.ceil((stop - start) / step)) if step else None,), one_hot=False)
    return ArrayOf((None,), one_hot=False)


def _permutation(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> Any:
    first = args[0] if args else UNKNOWN
    if isinstance(first, int):
        return ArrayOf((first,), integral=True, one_hot=False)
    return first if isinstance(first, ArrayOf) else ArrayOf((None,), integral=True, one_hot=False)


def _concatenate(args: Sequence[Any], kwargs: Mapping[str, Any]) -> ArrayOf:
    axis = kwargs.get("axis", args[1] if len(args) > 1 else 0)
    return _joined(args[0] if args else UNKNOWN, axis=axis)


def _joined(parts: Any, *, axis: Any) -> ArrayOf:
    arrays = [_array(part) for part in parts] if isinstance(parts, list | tuple) else []
    shapes = [part.shape for part in arrays]
    if not shapes or None in shapes or not isinstance(axis, int):
        return ArrayOf()
    known = [shape for shape in shapes if shape is not None]
    width = len(known[0])
    at = axis + width if axis < 0 else axis
    if not 0 <= at < width or any(len(shape) != width for shape in known):
        return ArrayOf()
    sizes = [shape[at] for shape in known]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    whole = all(part.integral for part in arrays) or None
    shape = (*known[0][:at], total, *known[0][at + 1 :])
    one_hot = all(part.one_hot for part in arrays) or None
    return ArrayOf(shape, whole, one_hot=False if len(shape) == 1 else one_hot)


def _vstack(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> ArrayOf:
    parts = [_array(part) for part in args[0]] if args and isinstance(args[0], list | tuple) else []
    rows = [
        ArrayOf((1, *part.shape), part.integral) if part.shape is not None and len(part.shape) == 1 else part
        for part in parts
    ]
    return _joined(rows, axis=0)


def _hstack(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> ArrayOf:
    parts = [_array(part) for part in args[0]] if args and isinstance(args[0], list | tuple) else []
    flat = bool(parts) and all(part.shape is not None and len(part.shape) == 1 for part in parts)
    return _joined(parts, axis=0 if flat else 1)


def _column_stack(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> ArrayOf:
    parts = [_array(part) for part in args[0]] if args and isinstance(args[0], list | tuple) else []
    columns = [ArrayOf((*part.shape, 1)) if part.shape is not None and len(part.shape) == 1 else part for part in parts]
    return _joined(columns, axis=1)


def _stack(args: Sequence[Any], kwargs: Mapping[str, Any]) -> ArrayOf:
    parts = [_array(part) for part in args[0]] if args and isinstance(args[0], list | tuple) else []
    axis = kwargs.get("axis", args[1] if len(args) > 1 else 0)
    if not parts or parts[0].shape is None or not isinstance(axis, int) or len({part.shape for part in parts}) > 1:
        return ArrayOf()
    shape = list(parts[0].shape)
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, len(parts))
    return ArrayOf(tuple(shape))


def _expand_dims(args: Sequence[Any], kwargs: Mapping[str, Any]) -> ArrayOf:
    axis = kwargs.get("axis", args[1] if len(args) > 1 else None)
    first = args[0] if args else None
    if not isinstance(first, ArrayOf) or first.shape is None or not isinstance(axis, int):
        return ArrayOf()
    shape = list(first.shape)
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    return ArrayOf(tuple(shape), first.integral)


def _reshape(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> ArrayOf:
    first = args[0] if args else None
    return reshaped(first, args[1:2]) if isinstance(first, ArrayOf) else ArrayOf()


def _argmax(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    first = args[0] if args else None
    axis = kwargs.get("axis", args[1] if len(args) > 1 else None)
    return reduced(first, axis, name="argmax") if isinstance(first, ArrayOf) else UNKNOWN


def _eye(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> ArrayOf:
    size = args[0] if args and isinstance(args[0], int) else None
    return ArrayOf((size, size), integral=True, one_hot=True)


def _meshgrid(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> Any:
    sizes = [part.rows if isinstance(part, ArrayOf) else None for part in args]
    return [ArrayOf((sizes[1], sizes[0])) for _ in args] if len(sizes) == 2 else UNKNOWN


def _slices(args: Sequence[Any], _kwargs: Mapping[str, Any]) -> ArrayOf:
    first = args[0] if args else UNKNOWN
    return pipeline_of(first if isinstance(first, tuple | list) else [first])


_MAKERS: dict[str, Callable[[Sequence[Any], Mapping[str, Any]], Any]] = {
    "linspace": _linspace,
    "arange": _arange,
    "range": _arange,
    "permutation": _permutation,
    "concatenate": _concatenate,
    "concat": _concatenate,
    "vstack": _vstack,
    "row_stack": _vstack,
    "hstack": _hstack,
    "column_stack": _column_stack,
    "stack": _stack,
    "expand_dims": _expand_dims,
    "reshape": _reshape,
    "argmax": _argmax,
    "eye": _eye,
    "identity": _eye,
    "meshgrid": _meshgrid,
    "from_tensor_slices": _slices,
}


def pipeline_of(parts: Sequence[Any]) -> ArrayOf:
    """A tf.data pipeline of arrays."""
    first = parts[0] if parts and isinstance(parts[0], ArrayOf) else ArrayOf()
    return ArrayOf(first.shape, kind="dataset")


def combined(left: Any, right: Any, *, compares: bool = False) -> Any:
    """The array that an operator makes of two values."""
    shapes = [value.shape if isinstance(value, ArrayOf) else () if is_plain(value) else None for value in (left, right)]
    if shapes[0] is None or shapes[1] is None:
        return ArrayOf()
    return ArrayOf(_broadcast(shapes[0], shapes[1]), integral=False if compares else None)


def reshaped(array: ArrayOf, args: Sequence[Any]) -> ArrayOf:
    """The array in another shape."""
    given = args[0] if len(args) == 1 else tuple(args)
    target = (given,) if isinstance(given, int) else given
    if not isinstance(target, tuple | list):
        return ArrayOf(integral=array.integral)
    sizes = [size if isinstance(size, int) else None for size in target]
    if -1 in sizes:
        whole = size_of(array.shape)
        others = [size for size in sizes if size != -1]
        rest = None if None in others else math.prod(size for size in others if size is not None)
        sizes = [(whole // rest if whole is not None and rest else None) if size == -1 else size for size in sizes]
    return ArrayOf(tuple(sizes), array.integral, array.one_hot if tuple(sizes) == array.shape else None)


def reduced(array: ArrayOf, axis: Any, *, name: str) -> Any:
    """What a sum, a mean or the like over an axis gives."""
    if axis is None:
        return UNKNOWN
    if array.shape is None or not isinstance(axis, int):
        return ArrayOf()
    at = axis + len(array.shape) if axis < 0 else axis
    shape = (*array.shape[:at], *array.shape[at + 1 :])
    whole = True if name.startswith("arg") else None
    return ArrayOf(shape, whole, one_hot=_one_axis(shape)) if shape else UNKNOWN


def _shape(given: Any) -> Shape | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return (given,)
    if isinstance(given, tuple | list):
        return tuple(size if isinstance(size, int) else None for size in given)
    return None


def size_of(shape: Shape | None) -> int | None:
    """The number of values; None where it is unknown."""
    if shape is None or None in shape:
        return None
    return math.prod(size for size in shape if size is not None)


def _one_axis(shape: Shape | None) -> bool | None:
    return False if shape is not None and len(shape) == 1 else None


def _broadcast(left: Shape, right: Shape) -> Shape:
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    padded = (1,) * (len(longer) - len(shorter)) + tuple(shorter)
    return tuple(b if a == 1 else a if b in {1, a} else None for a, b in zip(longer, padded, strict=True))
