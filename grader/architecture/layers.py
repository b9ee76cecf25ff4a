"""A model in its plain form: what it computes, however it was written.

Input layers, reshaping, and scaling of the input are left out; an activation that stands as a layer of its own belongs
to the layer before it; a linear output whose loss takes logits has the activation that the loss puts on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from grader.architecture.forms import INPUT_SCALING, NEUTRAL
from grader.records import CompileRecord, Evidence, LayerRecord, ModelRecord

ARROW, TIMES = " \u2192 ", "\u00d7"
"""How every page writes what comes after what in a model, and how often: an arrow and a multiplication sign."""

_SEE_THROUGH = frozenset(
    {"Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "BatchNormalization", "LayerNormalization"}
    | {"MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"}
)
"""Layers across which an activation is looked for: it may stand before or behind them."""

WIDTHS = {"Dense": "units", "Conv1D": "filters", "Conv2D": "filters", "Conv3D": "filters"}
"""Which value of a plain layer says how wide what it computes is."""

_IDEMPOTENT = frozenset({"relu", "linear"})
_CATEGORICAL = frozenset(
    {"categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy"}
)
_BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy"})


@dataclass(frozen=True)
class PlainLayer:
    """One layer of a model's plain form.

    Attributes:
        kind: Keras's class.
        values: Of its configuration; an activation is always there for layers that can have one.
        opaque: True for a class of the student's own whose inside is unknown.
        place: Which of the model's recorded layers it is, from 0; None where it was not made of a record.
        activated_at: The recorded layer that is its activation, where that stands as a layer of its own.
    """

    kind: str
    values: Mapping[str, JsonValue]
    opaque: bool = False
    place: int | None = field(default=None, compare=False)
    activated_at: int | None = field(default=None, compare=False)

    @property
    def activation(self) -> str:
        """Its name, ``linear`` for none."""
        return str(self.values.get("activation") or "linear")

    @property
    def units(self) -> int | None:
        """Width of a Dense layer or the like."""
        units = self.values.get("units")
        return int(units) if isinstance(units, int | float) and not isinstance(units, bool) else None

    def with_activation(self, name: str) -> PlainLayer:
        """The same layer with that activation."""
        return replace(self, values={**self.values, "activation": name})

    @property
    def words(self) -> str:
        """The layer in short: ``Dense 128 relu``."""
        sizes = [self.values[key] for key in ("units", "filters", "rate", "pool_size") if key in self.values]
        shown = [str(_shortened(size)) for size in sizes] + kernel_words(self.kind, self.values.get("kernel_size"))
        return " ".join([self.kind, *shown, *([self.activation] if "activation" in self.values else [])])


@dataclass(frozen=True)
class PlainModel:
    """A model's plain form.

    Attributes:
        inputs: Numbers in one row; None where unknown.
        layers: In the order of the data.
        raw_output: The last layer with weights as it was written, before the loss was looked at.
        outputs: How many outputs the model has.
        several_inputs: True where the model has more than one.
        undecided_output: Why the output's activation cannot be told; empty where it can.
        not_flattened: True where a Dense layer gets rows of more than one axis.
    """

    inputs: int | None
    layers: tuple[PlainLayer, ...]
    raw_output: PlainLayer | None
    outputs: int = 1
    several_inputs: bool = False
    undecided_output: str = ""
    not_flattened: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether every layer's class is known."""
        return bool(self.layers) and not any(layer.opaque for layer in self.layers)

    @property
    def words(self) -> str:
        """The model in short: ``784 → Dense 128 relu → Dense 10 softmax``."""
        return in_short([str(self.inputs)] if self.inputs else [], [layer.words for layer in self.layers])

    def has(self, kind: str) -> bool:
        """Whether a layer of that class is in it."""
        return any(layer.kind == kind for layer in self.layers)


def kernel_words(kind: str, size: object) -> list[str]:
    """The size of a convolution's kernel in short; nothing where none is given."""
    if size is None:
        return []
    axes = next((int(digit) for digit in kind if digit.isdigit()), 1)
    sides = size if isinstance(size, list | tuple) else [size] * axes
    return [f"of {TIMES.join(map(str, sides))}"]


def in_short(head: list[str], words: list[str]) -> str:
    """Layers in a row with arrows between them; what repeats stands once, with how often before it."""
    parts = list(head)
    at = 0
    while at < len(words):
        width, times = max(((w, _repeats(words, at=at, width=w)) for w in (1, 2)), key=lambda pair: pair[0] * pair[1])
        if times > 1:
            run = ARROW.join(words[at : at + width])
            parts.append(f"{times} {TIMES} ({run})" if width > 1 else f"{times} {TIMES} {run}")
            at += width * times
        else:
            parts.append(words[at])
            at += 1
    return ARROW.join(parts)


def last_compile(evidence: Evidence, model: str) -> CompileRecord | None:
    """How a model was compiled when it was last trained, or last compiled where it never was."""
    fitted = [fit.compiled for fit in evidence.fits if fit.model == model and fit.compiled is not None]
    called = [item for item in evidence.compiles if item.model == model]
    return fitted[-1] if fitted else called[-1] if called else None


def plain_model(model: ModelRecord, *, compiled: CompileRecord | None) -> PlainModel:
    """The plain form of a model.

    Args:
        model: Whose layers were recorded.
        compiled: How it was compiled when it was trained; None where that is unknown.
    """
    layers: list[PlainLayer] = []
    for place, record in enumerate(model.layers):
        at_input = not any("activation" in layer.values for layer in layers)
        if record.class_name in NEUTRAL or (at_input and _is_input_scaling(record)):
            continue
        name = _activation_of(record)
        if name is not None:
            _activate(layers, name, place=place)
        else:
            layers.append(replace(_plain_layer(record), place=place))
    at = _output_at(layers)
    raw = layers[at] if at is not None else None
    undecided = ""
    if raw is not None and at is not None and raw.activation == "linear":
        name, undecided = _activation_of_loss(raw, compiled)
        layers[at] = raw.with_activation(name) if name else raw
    return PlainModel(
        inputs=_input_values(model),
        layers=tuple(layers),
        raw_output=raw,
        outputs=max(1, len(model.output_shapes)),
        several_inputs=len(model.input_shapes) > 1,
        undecided_output=undecided,
        not_flattened=any(_gets_several_axes(record) for record in model.layers),
    )


def activation_name(value: JsonValue) -> str:
    """The plain name of an activation as a configuration gives it."""
    if isinstance(value, dict):
        value = value.get("config") if isinstance(value.get("config"), str) else value.get("class_name")
    name = str(value).casefold().removesuffix("_v2") if value else "linear"
    return {"re_lu": "relu", "leakyrelu": "leaky_relu", "none": "linear", "swish": "silu"}.get(name, name)


def _plain_layer(record: LayerRecord) -> PlainLayer:
    values = dict(record.config)
    if "activation" in values or record.class_name in WIDTHS:
        values["activation"] = activation_name(values.get("activation"))
    width = _computed_width(record)
    if width is not None:
        values[WIDTHS[record.class_name]] = width
    opaque = record.class_name in {"Layer", record.own_class}
    return PlainLayer(kind=record.class_name, values=values, opaque=opaque or record.class_name == "Lambda")


def _computed_width(record: LayerRecord) -> int | None:
    """Units or filters by what the layer computes: its configuration may say otherwise. None where that is not seen."""
    if record.class_name not in WIDTHS or not record.output_shape or WIDTHS[record.class_name] not in record.config:
        return None
    return record.output_shape[0 if record.config.get("data_format") == "channels_first" else -1]


def _activation_of(record: LayerRecord) -> str | None:
    """The activation that a layer without weights of its own is; None for any other layer."""
    config = record.config
    if record.class_name == "Activation":
        return activation_name(config.get("activation"))
    if record.class_name in {"Softmax", "ELU", "LeakyReLU", "PReLU"}:
        return {"LeakyReLU": "leaky_relu"}.get(record.class_name, record.class_name.lower())
    if record.class_name != "ReLU":
        return None
    if config.get("max_value") is not None:
        return "relu6" if config["max_value"] == 6 else "clipped relu"
    return "leaky_relu" if config.get("negative_slope") else "relu"


def _activate(layers: list[PlainLayer], name: str, *, place: int) -> None:
    if name == "linear":
        return
    for at in range(len(layers) - 1, -1, -1):
        layer = layers[at]
        if "activation" in layer.values:
            if layer.activation == "linear":
                layers[at] = replace(layer.with_activation(name), activated_at=place)
                return
            if layer.activation == name and name in _IDEMPOTENT:
                return
            break
        if layer.kind not in _SEE_THROUGH:
            break
    layers.append(PlainLayer(kind="Activation", values={"activation": name}, place=place))


def _output_at(layers: list[PlainLayer]) -> int | None:
    for at in range(len(layers) - 1, -1, -1):
        if "activation" in layers[at].values:
            return at
        if layers[at].kind not in _SEE_THROUGH:
            return None
    return None


def _activation_of_loss(output: PlainLayer, compiled: CompileRecord | None) -> tuple[str, str]:
    """The activation that the loss puts on a linear output, or why that is unknown."""
    if compiled is None or (compiled.loss is None and not compiled.own_loss):
        return "", "the loss was not given to compile, so we cannot see whether it takes logits"
    if compiled.own_loss:
        return "", f"the loss {compiled.loss!r} is the notebook's own, so we cannot see whether it takes logits"
    if not compiled.from_logits:
        return "", ""
    if compiled.loss in _BINARY:
        return "sigmoid", ""
    return ("softmax", "") if compiled.loss in _CATEGORICAL and (output.units or 0) > 1 else ("", "")


def _is_input_scaling(record: LayerRecord) -> bool:
    own_and_weightless = (
        record.own_class is not None and record.class_name == record.own_class and not record.parameters
    )
    return record.class_name in INPUT_SCALING or own_and_weightless


def _gets_several_axes(record: LayerRecord) -> bool:
    shape = record.input_shape
    return record.class_name == "Dense" and shape is not None and len([size for size in shape if size != 1]) > 1


def _input_values(model: ModelRecord) -> int | None:
    shape = model.input_shapes[0] if model.input_shapes else None
    if shape is None and model.layers:
        shape = model.layers[0].input_shape
    if shape is None or any(size is None for size in shape):
        return None
    return math.prod(size for size in shape if size is not None)


def _shortened(value: JsonValue) -> JsonValue:
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        return value[0]
    return value


def _repeats(words: list[str], *, at: int, width: int) -> int:
    run = words[at : at + width]
    if len(run) < width or (width > 1 and len(set(run)) == 1):
        return 0
    times = 1
    while words[at + times * width : at + (times + 1) * width] == run:
        times += 1
    return times
