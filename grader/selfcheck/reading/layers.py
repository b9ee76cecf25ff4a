"""Keras's layers as code writes them: their arguments by place, their defaults, and the shapes that they give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from grader.architecture.forms import LAYERS
from grader.records import LayerRecord
from grader.selfcheck.reading.values import ClassOf, LayerOf, Library, Made, Shape, is_known, is_plain

_ALIASES = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
}
_CONVOLUTION = ("filters", "kernel_size", "strides", "padding")
_BY_PLACE: Mapping[str, tuple[str, ...]] = {
    "Dense": ("units", "activation", "use_bias"),
    "Dropout": ("rate",),
    "GaussianDropout": ("rate",),
    "AlphaDropout": ("rate",),
    "SpatialDropout1D": ("rate",),
    "SpatialDropout2D": ("rate",),
    "GaussianNoise": ("stddev",),
    "Activation": ("activation",),
    "Reshape": ("target_shape",),
    "Rescaling": ("scale", "offset"),
    "Embedding": ("input_dim", "output_dim"),
    "LSTM": ("units", "activation"),
    "GRU": ("units", "activation"),
    "SimpleRNN": ("units", "activation"),
    "RandomFlip": ("mode",),
    "RandomRotation": ("factor",),
    "RandomZoom": ("height_factor", "width_factor"),
    "RandomTranslation": ("height_factor", "width_factor"),
    "RandomContrast": ("factor",),
    "RandomBrightness": ("factor",),
    "Permute": ("dims",),
    "RepeatVector": ("n",),
    **{f"Conv{n}D": _CONVOLUTION for n in (1, 2, 3)},
    **{f"{kind}Pooling{n}D": ("pool_size", "strides", "padding") for kind in ("Max", "Average") for n in (1, 2, 3)},
}
_RECURRENT = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "return_sequences": False,
    "use_bias": True,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "go_backwards": False,
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "Dense": {
        "activation": "linear",
        "use_bias": True,
        "kernel_initializer": "GlorotUniform",
        "bias_initializer": "Zeros",
    },
    "Dropout": {},
    "Activation": {},
    "Flatten": {},
    **dict.fromkeys(("LSTM", "GRU"), _RECURRENT),
    "SimpleRNN": {key: value for key, value in _RECURRENT.items() if key != "recurrent_activation"},
    **{
        f"Conv{n}D": {
            "strides": [1] * n,
            "padding": "valid",
            "dilation_rate": [1] * n,
            "groups": 1,
            "activation": "linear",
            "use_bias": True,
            "kernel_initializer": "GlorotUniform",
            "bias_initializer": "Zeros",
        }
        for n in (1, 2, 3)
    },
    **{
        f"{kind}Pooling{n}D": {"pool_size": [2] * n, "padding": "valid"}
        for kind in ("Max", "Average")
        for n in (1, 2, 3)
    },
}
_WITHOUT_VALUES = frozenset(
    {"Flatten", "Identity", "BatchNormalization", "LayerNormalization", "GlobalAveragePooling1D", "Normalization"}
    | {"GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "Rescaling", "Resizing", "Reshape"}
    | {"GaussianNoise", "GaussianDropout", "AlphaDropout", "Permute", "Softmax", "ReLU", "LeakyReLU", "ELU", "PReLU"}
    | {name for name in LAYERS if name.startswith("Random")}
)
"""Of which rubrics hardly ask more than that they are there."""

_KEEPS_SHAPE = frozenset(
    {"Dropout", "Activation", "BatchNormalization", "LayerNormalization", "Rescaling", "Normalization", "Softmax"}
    | {"GaussianNoise", "GaussianDropout", "AlphaDropout", "SpatialDropout1D", "SpatialDropout2D", "ReLU", "LeakyReLU"}
    | {"ELU", "PReLU", "Identity", "TrueDivide", "Multiply", "Subtract", "Add", "UnitNormalization"}
    | {name for name in LAYERS if name.startswith("Random") and name != "RandomCrop"}
)
_PER_AXIS = {"kernel_size", "strides", "pool_size", "dilation_rate"}


def layer_class(library: Library) -> str | None:
    """Keras's name of a layer class; None for anything else."""
    name = _ALIASES.get(library.name, library.name)
    return name if library.top == "keras" and (name in LAYERS or name == "InputLayer") else None


def made_layer(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, own_class: str | None = None) -> LayerOf:
    """A layer from the arguments of its call.

    Args:
        name: Keras's class.
        args: By place.
        kwargs: By name.
        own_class: The notebook's class where it is derived from Keras's.
    """
    given = dict(zip(_BY_PLACE.get(name, ()), args, strict=False)) | dict(kwargs)
    known = len(args) <= len(_BY_PLACE.get(name, ())) and (name in _DEFAULTS or name in _WITHOUT_VALUES)
    config: dict[str, Any] = dict(_DEFAULTS.get(name, {}))
    input_shape = _input_shape(given)
    for key, value in given.items():
        if key in {"name", "dtype", "seed", "input_shape", "input_dim", "batch_shape", "shape", "trainable"}:
            continue
        plain, is_sure = _plain(key, value, name=name)
        known = known and is_sure
        if is_sure:
            config[key] = plain
    label = given.get("name")
    record = LayerRecord(
        class_name=name,
        name=label if isinstance(label, str) else "",
        own_class=own_class,
        config=config,
        input_shape=input_shape,
    )
    return LayerOf(record, known=known)


def output_shape(  # noqa: PLR0911 - one branch a kind
    record: LayerRecord, shape: Shape | None
) -> Shape | None:
    """The shape that a layer makes of one row of that shape; None where it cannot be told."""
    config, name = record.config, record.class_name
    if name in _KEEPS_SHAPE:
        return shape
    if name == "Dense":
        units = config.get("units")
        width = units if isinstance(units, int) else None
        return None if shape is None or not shape else (*shape[:-1], width)
    if name == "Flatten" and shape is not None:
        return (None,) if None in shape else (math.prod(size for size in shape if size is not None),)
    if name == "Reshape":
        return _reshaped(config.get("target_shape"), shape)
    if shape is None:
        return None
    if name.startswith("Global"):
        return (shape[-1],)
    if name.startswith(("Conv", "MaxPooling", "AveragePooling")) and "Transpose" not in name and "LSTM" not in name:
        return _windowed(record, shape)
    return None


def parameters(record: LayerRecord, shape: Shape | None) -> int:
    """How many weights a layer has, as far as that is easily told; else 0."""
    units = record.config.get("units")
    if record.class_name == "Dense" and isinstance(units, int) and shape and shape[-1] is not None:
        return shape[-1] * units + (units if record.config.get("use_bias", True) else 0)
    return 0


def activation_of(value: Any) -> str | None:
    """The name of an activation as code gives it; None where it is unknown or the notebook's own."""
    if value is None:
        return "linear"
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, Library) and value.top in {"keras", "tensorflow"}:
        return value.name.casefold()
    if isinstance(value, Made) and value.library.top == "keras":
        return {"ReLU": "relu", "LeakyReLU": "leaky_relu", "Softmax": "softmax"}.get(value.library.name)
    if isinstance(value, LayerOf):
        return {"ReLU": "relu", "LeakyReLU": "leaky_relu", "Softmax": "softmax"}.get(value.record.class_name)
    return None


def shape_in(value: Any) -> Shape | None:
    """A shape as code gives it, without the batch axis; None where it is unknown."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if isinstance(value, tuple | list) and all(item is None or isinstance(item, int) for item in value):
        return tuple(value)
    return None


def _input_shape(given: Mapping[str, Any]) -> Shape | None:
    if "input_shape" in given:
        return shape_in(given["input_shape"])
    return shape_in(given["input_dim"]) if "input_dim" in given else None


def _plain(key: str, value: Any, *, name: str) -> tuple[Any, bool]:
    """A value of a configuration as Keras would describe it, and whether that is known."""
    if "activation" in key:
        found = activation_of(value)
        return found, found is not None
    if key in _PER_AXIS and isinstance(value, int):
        axes = next((int(digit) for digit in name if digit.isdigit()), 1)
        return [value] * axes, True
    if key.endswith(("_initializer", "_regularizer", "_constraint")):
        return getattr(value, "name", value) if is_plain(value) or isinstance(value, Library) else None, True
    if isinstance(value, tuple | list) and is_known(value):
        return list(value), True
    return value, is_plain(value)


def _reshaped(target: Any, shape: Shape | None) -> Shape | None:
    if not isinstance(target, list) or not all(isinstance(size, int) for size in target):
        return None
    if -1 not in target:
        return tuple(target)
    if shape is None or None in shape:
        return tuple(None if size == -1 else size for size in target)
    rest = math.prod(size for size in target if size != -1)
    whole = math.prod(size for size in shape if size is not None)
    return tuple(whole // rest if size == -1 and rest else size for size in target)


def _windowed(record: LayerRecord, shape: Shape) -> Shape | None:
    """What a convolution or pooling with channels last makes of a shape."""
    config = record.config
    window = config.get("kernel_size" if "Conv" in record.class_name else "pool_size")
    steps = config.get("strides") or (window if "Pooling" in record.class_name else [1] * (len(shape) - 1))
    if (
        config.get("data_format") not in {None, "channels_last"}
        or not isinstance(window, list)
        or not isinstance(steps, list)
    ):
        return None
    if len(window) != len(shape) - 1 or len(steps) != len(window):
        return None
    same = str(config.get("padding")).casefold() == "same"
    sizes = [
        None
        if size is None or not isinstance(w, int) or not isinstance(s, int)
        else math.ceil(size / s)
        if same
        else (size - w) // s + 1
        for size, w, s in zip(shape[:-1], window, steps, strict=True)
    ]
    channels = config.get("filters") if "Conv" in record.class_name else shape[-1]
    return (*sizes, channels if isinstance(channels, int) else None)


def own_layer(kind: ClassOf) -> LayerOf:
    """A layer of a class of the notebook's own, whose inside is not read."""
    return LayerOf(LayerRecord(class_name=kind.name, own_class=kind.name), known=False)
