"""A recorded model as the form that a rubric compares models with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from grader.architecture.forms import LAYERS, ModelForm
from grader.architecture.layers import PlainLayer, PlainModel
from grader.records import ModelRecord

_TOLD = {
    "Dense": ("units", "activation"),
    **{f"Conv{n}D": ("filters", "kernel_size", "activation") for n in (1, 2, 3)},
    **{f"{kind}Pooling{n}D": ("pool_size",) for kind in ("Max", "Average") for n in (1, 2, 3)},
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), ("units", "activation")),
    "Embedding": ("input_dim", "output_dim"),
}
"""The values that an assignment usually asks for; of other layers their mere presence."""

REGULARISING = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "BatchNormalization")
"""Layers by which one model of an assignment usually differs from the one that it is compared with."""

AUGMENTING = (
    "RandomTranslation",
    "RandomRotation",
    "RandomZoom",
    "RandomFlip",
    "RandomShear",
    "RandomCrop",
    "RandomContrast",
    "RandomBrightness",
    "GaussianNoise",
)
"""Layers that change images in training. A student may do it before the model, or by others of them."""

Layer = dict[str, Any]


def form_of(record: ModelRecord, plain: PlainModel) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """The form of a model, and notes for the tutor.

    Args:
        record: Whose input is named as it is given.
        plain: Its layers as they are compared.

    Returns:
        The form, with no layers where they cannot be written as one; None where not even an input is known.
    """
    inputs = _inputs(record)
    layers = [_layer(layer, rates=_rates(plain)) for layer in plain.layers if layer.kind not in AUGMENTING]
    notes: list[str] = []
    unknown = sorted({layer.kind for layer in plain.layers if layer.opaque or layer.kind not in LAYERS})
    if unknown:
        notes.append(f"The layers are not compared: {', '.join(unknown)} has no form. Name the layers that matter.")
        layers = []
    form: dict[str, Any] = {"inputs": inputs} if inputs else {}
    form |= {"layers": collapsed(layers)} if layers else {}
    if layers and is_augmented(plain):
        form["allow"] = list(AUGMENTING)
        notes.append("Images are changed by layers of the model here; any such layers, or none, are right.")
    try:
        ModelForm.model_validate(form)
    except ValidationError as error:
        notes.append(f"The layers are not compared: {error.errors()[0]['msg']}.")
        form = {key: value for key, value in form.items() if key == "inputs"}
    return (form or None), tuple(notes)


def is_augmented(plain: PlainModel) -> bool:
    """Whether layers of a model change its images in training."""
    return any(layer.kind in AUGMENTING for layer in plain.layers)


def uniform_rate(plain: PlainModel) -> float | None:
    """The rate that all Dropout layers of a model have; None where there is none, or they differ."""
    rates = _rates(plain)
    return next(iter(rates)) if len(rates) == 1 else None


def without(plain: PlainModel, kinds: Sequence[str]) -> tuple[str, ...]:
    """The layers of a model in short, those of some classes left out."""
    return tuple(layer.words for layer in plain.layers if layer.kind not in kinds)


def collapsed(layers: Sequence[Mapping[str, Any]]) -> list[Layer]:
    """Layers with what repeats written once: ``repeat``, and ``followed_by`` for a pair that repeats."""
    found: list[Layer] = []
    at = 0
    while at < len(layers):
        pairs = _repeats(layers, at=at, width=2) if _is_pair(layers[at : at + 2]) else 0
        alike = _repeats(layers, at=at, width=1)
        if pairs > 1:
            found.append({**layers[at], "repeat": pairs, "followed_by": layers[at + 1]["layer"]})
            at += 2 * pairs
        else:
            found.append({**layers[at], **({"repeat": alike} if alike > 1 else {})})
            at += alike
    return found


def _layer(layer: PlainLayer, *, rates: frozenset[float]) -> Layer:
    keys = _TOLD.get(layer.kind, ())
    if layer.kind == "Dropout" and len(rates) > 1:
        keys = ("rate",)
    values = {key: _single(layer.values[key]) for key in keys if layer.values.get(key) is not None}
    return {"layer": layer.kind, **values}


def _rates(plain: PlainModel) -> frozenset[float]:
    rates = (layer.values.get("rate") for layer in plain.layers if layer.kind == "Dropout")
    return frozenset(float(rate) for rate in rates if isinstance(rate, int | float))


def _inputs(record: ModelRecord) -> list[int] | None:
    shape = record.input_shapes[0] if len(record.input_shapes) == 1 else None
    if not shape or any(size is None or size < 1 for size in shape):
        return None
    return [size for size in shape if size is not None]


def _single(value: Any) -> Any:
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        return value[0]
    return value


def _is_pair(layers: Sequence[Mapping[str, Any]]) -> bool:
    return len(layers) == 2 and layers[0] != layers[1] and set(layers[1]) == {"layer"}


def _repeats(layers: Sequence[Mapping[str, Any]], *, at: int, width: int) -> int:
    run = list(layers[at : at + width])
    times = 1
    while list(layers[at + times * width : at + (times + 1) * width]) == run:
        times += 1
    return times
