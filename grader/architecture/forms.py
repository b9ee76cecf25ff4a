"""What a model should look like, as a rubric says it: the form that models are compared with.

A form lists layers by Keras's names::

    inputs: [784]
    layers:
      - {layer: Dense, units: 128, activation: relu, repeat: 10, followed_by: Dropout}
      - {layer: Dense, units: 10, activation: softmax}

Only what a form names is compared. A value may also be a range (``{min: 16, max: 64}``) or a choice
(``{one_of: [relu, elu]}``), and so may ``repeat`` be a range.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from grader.limits import MAX_REPEATS

_LAYER_NAMES = """
Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention AugMix
AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional
CategoryEncoding CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D
Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten GRU GaussianDropout GaussianNoise
GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
GlobalMaxPooling3D GroupNormalization GroupedQueryAttention HashedCrossing Hashing Identity IntegerLookup LSTM Lambda
LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp
MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization RNN RandAugment RandomBrightness
RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation
RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing
STFTSpectrogram SeparableConv1D SeparableConv2D SimpleRNN Softmax Solarization SpatialDropout1D SpatialDropout2D
SpatialDropout3D SpectralNormalization StringLookup Subtract TextVectorization TimeDistributed UnitNormalization
UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
"""
LAYERS = frozenset(_LAYER_NAMES.split())
"""The layers of Keras 3 by class; a rubric is checked without loading Keras."""

NEUTRAL = frozenset(
    {"InputLayer", "Flatten", "Reshape", "Permute", "Identity", "ActivityRegularization", "Masking"}
    | {"ExpandDims", "Squeeze", "Cast", "GetItem", "Transpose", "Ravel", "StopGradient"}
)
"""Layers and operations that only hand on what they get, in whatever shape."""

INPUT_SCALING = frozenset(
    {"Rescaling", "Normalization", "Lambda", "Divide", "TrueDivide", "Multiply", "Subtract", "Add", "Resizing"}
)
"""Layers and operations that prepare the input, where they stand before the first layer that learns."""

_ACTIVATIONS = frozenset({"Activation", "ReLU", "Softmax", "ELU", "LeakyReLU", "PReLU"})
_DENSE = {"units", "activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer"}
_CONVOLUTION = (_DENSE - {"units"}) | {"filters", "kernel_size", "strides", "padding", "dilation_rate", "groups"}
_POOLING = {"pool_size", "strides", "padding"}
_RECURRENT = _DENSE | {"recurrent_activation", "return_sequences", "dropout", "recurrent_dropout", "go_backwards"}
_VALUES: Mapping[str, set[str]] = {
    "Dense": _DENSE,
    "Dropout": {"rate"},
    "Activation": {"activation"},
    "Flatten": set(),
    **{f"Conv{n}D": _CONVOLUTION for n in (1, 2, 3)},
    **{f"{kind}Pooling{n}D": _POOLING for kind in ("Max", "Average") for n in (1, 2, 3)},
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _RECURRENT),
}
"""The values that may be asked of the layers that assignments use most; of the others any may be."""


class Range(BaseModel):
    """Numbers from ``min`` to ``max``, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: float = -math.inf
    max: float = math.inf

    def holds(self, value: Any) -> bool:
        """Whether a number lies within."""
        return isinstance(value, int | float) and not isinstance(value, bool) and self.min <= value <= self.max

    def __str__(self) -> str:
        if math.isinf(self.max):
            return f"at least {self.min:g}"
        return f"at most {self.max:g}" if math.isinf(self.min) else f"{self.min:g} to {self.max:g}"


class OneOf(BaseModel):
    """A choice of values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    one_of: tuple[bool | int | float | str, ...] = Field(min_length=1)

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return any(_equal(value, wanted) for wanted in self.one_of)

    def __str__(self) -> str:
        return " or ".join(str(wanted) for wanted in self.one_of)


Wanted = Range | OneOf | bool | int | float | str | tuple[int, ...]


class Repeats(BaseModel):
    """How often a layer stands in a row, where that is left open."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: Annotated[int, Field(ge=0, le=MAX_REPEATS)] = 0
    max: Annotated[int, Field(ge=1, le=MAX_REPEATS)] = 8

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError("min must not be larger than max")
        return self


class LayerForm(BaseModel):
    """One layer of a form; its other keys are values of Keras's layer (units, activation, rate, filters, ...).

    Attributes:
        layer: Keras's class.
        repeat: How often it stands in a row.
        followed_by: The class of a layer that must stand behind each of them.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Wanted]

    layer: str = Field(description="Keras's class, such as Dense")
    repeat: Annotated[int, Field(ge=1, le=MAX_REPEATS)] | Repeats = Field(1, description="how often it stands in a row")
    followed_by: str | None = Field(None, description="class of a layer behind each of them, such as Dropout")

    @field_validator("layer", "followed_by")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in LAYERS:
            raise ValueError(f"Keras has no layer {value!r}.{did_you_mean(value, LAYERS)}")
        if value in _ACTIVATIONS:
            raise ValueError(f"write {value} as the activation of the layer before it, which it is compared with")
        return value

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        known = _VALUES.get(self.layer)
        for key in self.values:
            if known is not None and key not in known:
                takes = f" It has: {', '.join(sorted(known))}." if known else ""
                raise ValueError(f"{self.layer} has no value {key!r}.{did_you_mean(key, known)}{takes}")
        return self

    @property
    def values(self) -> dict[str, Wanted]:
        """What is asked of the layer's configuration."""
        return dict(self.__pydantic_extra__ or {})


class ModelForm(BaseModel):
    """What a model should look like.

    Attributes:
        inputs: Shape of one row. Only the number of values counts: ``[784]`` is met by 28x28 images, flattened.
        layers: In the order of the data; empty where any are right. Layers that only reshape or scale the input
            (Flatten, Reshape, Rescaling, Normalization) need not be named and are not counted.
        allow: Classes of layers that may stand anywhere besides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: tuple[Annotated[int, Field(ge=1)], ...] | None = Field(None, description="shape of one row, such as [784]")
    layers: tuple[LayerForm, ...] = Field((), description="the layers, in order")
    allow: tuple[str, ...] = Field((), description="classes of layers that may stand anywhere besides")

    @field_validator("allow")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in LAYERS:
                raise ValueError(f"Keras has no layer {name!r}.{did_you_mean(name, LAYERS)}")
        return value

    @property
    def expected(self) -> tuple[Expected, ...]:
        """Every layer of the form, one by one, without those that no model is compared by."""
        forms = [form for form in self.layers if form.layer not in NEUTRAL]
        while forms and forms[0].layer in INPUT_SCALING:
            forms.pop(0)
        return tuple(item for form in forms for item in _expanded(form))

    @property
    def input_values(self) -> int | None:
        """Numbers in one row; None where any are right."""
        return None if self.inputs is None else math.prod(self.inputs)


@dataclass(frozen=True)
class Expected:
    """One layer that a form asks for.

    Attributes:
        optional: It may be left out.
    """

    kind: str
    values: Mapping[str, Wanted]
    optional: bool = False


def meets(found: JsonValue, wanted: Wanted) -> bool:
    """Whether a value of a layer's configuration is what a form asks for."""
    if isinstance(wanted, Range | OneOf):
        return wanted.holds(_single(found))
    return _equal(found, wanted)


def did_you_mean(word: str, known: Any) -> str:
    """A suggestion, with a space before it, or nothing where no known word is near."""
    by_lower = {str(name).lower(): str(name) for name in known or ()}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""


def _expanded(form: LayerForm) -> Iterator[Expected]:
    least, most = (form.repeat, form.repeat) if isinstance(form.repeat, int) else (form.repeat.min, form.repeat.max)
    for number in range(most):
        optional = number >= least
        yield Expected(kind=form.layer, values=form.values, optional=optional)
        if form.followed_by is not None:
            yield Expected(kind=form.followed_by, values={}, optional=optional)


def _single(value: Any) -> Any:
    """A kernel of ``[3, 3]`` is one of ``3``."""
    if isinstance(value, list | tuple) and value and all(item == value[0] for item in value):
        return value[0]
    return value


def _equal(found: Any, wanted: Any) -> bool:
    found, wanted = _single(found), _single(wanted)
    if isinstance(found, str) and isinstance(wanted, str):
        return found.casefold() == wanted.casefold()
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(found, list | tuple) and isinstance(wanted, list | tuple):
        return list(found) == list(wanted)
    return bool(found == wanted)
