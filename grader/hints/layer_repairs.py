"""Edits of layers that make a model meet what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.architecture.comparison import LayerChange, compare
from grader.architecture.forms import Expected, ModelForm, OneOf, Range, Wanted
from grader.architecture.layers import PlainLayer, last_compile, plain_model
from grader.checks.architecture import DropoutRateParams
from grader.checks.augmentation import changes_rows
from grader.hints.cases import Case
from grader.judging.parameters import parts_of
from grader.records import Edit, ModelRecord

_NEEDED: Mapping[str, tuple[str, ...]] = {
    "Dense": ("units",),
    "Conv1D": ("filters", "kernel_size"),
    "Conv2D": ("filters", "kernel_size"),
    "Conv3D": ("filters", "kernel_size"),
    "Dropout": ("rate",),
}
"""Without these Keras makes no such layer."""

_USUAL: Mapping[str, dict[str, Any]] = {
    f"Conv{axes}D": {"filters": 16, "kernel_size": 3, "activation": "relu"} for axes in (1, 2, 3)
}
"""What a new layer is given where the form leaves that open."""

_WITHOUT_ARGUMENTS = ("Pooling", "BatchNormalization", "LayerNormalization", "Flatten")

_CHANGES: Mapping[str, dict[str, Any]] = {
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomRotation": {"factor": 0.05},
    "RandomZoom": {"height_factor": 0.1},
}
"""Layers that change images at random, a little. The mildest come first."""


def form_edits(case: Case) -> tuple[Edit, ...] | None:
    """What makes a model meet its form; None where that is no edit of single layers."""
    edits: list[Edit] = []
    for form in parts_of(case.criterion.params, ModelForm):
        compared = compare(plain_model(case.model, compiled=last_compile(case.view.evidence, case.model.id)), form)
        if compared.undecided:
            return None
        for difference in compared.differences:
            made = None if difference.change is None else _edits(difference.change, case)
            if made is None:
                return None
            edits += made
    return tuple(edits) or None


def rate_edits(case: Case) -> tuple[Edit, ...] | None:
    """The rate that is asked for, in each Dropout layer; None where there is none of them."""
    rate = _dropout_rate(case)
    places = [place for place, layer in enumerate(case.edited.layers) if layer.class_name == "Dropout"]
    if rate is None or not places or any(edit.kind == "remove_layer" for edit in case.edits):
        return None
    return tuple(
        Edit(kind="set_value", place=place, name="rate", value=rate, before=layer.config.get("rate"))
        for place, layer in enumerate(case.model.layers)
        if layer.class_name == "Dropout" and layer.config.get("rate") != rate
    )


def random_edits(case: Case) -> tuple[Edit, ...] | None:
    """A layer in front of all others that changes the images, where the section allows one."""
    allowed = {name for one in case.beside for form in parts_of(one.params, ModelForm) for name in form.allow}
    known = [name for name in _CHANGES if name in allowed and changes_rows(name)]
    if not known or any(changes_rows(layer.class_name) for layer in case.model.layers):
        return None
    return (Edit(kind="add_layer", place=0, name=known[0], value=_CHANGES[known[0]]),)


def has_layer(case: Case, kind: str | None) -> bool:
    """Whether the model has a layer of that class once the edits are made."""
    return kind is None or any(layer.class_name == kind for layer in case.edited.layers)


def unfreeze_edits(model: ModelRecord) -> tuple[Edit, ...]:
    """What lets a model's layers learn; none where they may."""
    frozen = any(layer.parameters and not layer.trainable for layer in model.layers)
    return (Edit(kind="unfreeze"),) if frozen else ()


def _edits(change: LayerChange, case: Case) -> list[Edit] | None:
    if change.how == "remove":
        return _removed(change.layer)
    if change.wanted is None:
        return None
    if change.how == "add":
        return _added(change, change.wanted, case)
    return _set(change, change.wanted.values[change.key], case.model)


def _removed(layer: PlainLayer | None) -> list[Edit] | None:
    if layer is None or layer.place is None:
        return None
    places = [layer.place, *([layer.activated_at] if layer.activated_at is not None else [])]
    return [Edit(kind="remove_layer", place=place, before=layer.words) for place in places]


def _added(change: LayerChange, wanted: Expected, case: Case) -> list[Edit] | None:
    asked = {key: _value(one, None) for key, one in wanted.values.items()}
    values: dict[str, Any] = {**_USUAL.get(wanted.kind, {}), **asked}
    if wanted.kind == "Dropout" and "rate" not in values:
        values["rate"] = _dropout_rate(case)
    needed = _NEEDED.get(wanted.kind)
    if needed is None and not any(part in wanted.kind for part in _WITHOUT_ARGUMENTS):
        return None
    if any(values.get(key) is None for key in needed or ()):
        return None
    place = _place_of(change, wanted.kind, case.model)
    return None if place is None else [Edit(kind="add_layer", place=place, name=wanted.kind, value=values)]


def _place_of(change: LayerChange, kind: str, model: ModelRecord) -> int | None:
    """In front of which recorded layer a new one belongs.

    A Dense layer comes behind what flattens, which is in front of the next one; others come directly behind the last.
    """
    after, before = change.after, change.before
    if after is not None and after.place is not None and kind != "Dense":
        return max(after.place, after.activated_at or 0) + 1
    return len(model.layers) if before is None else before.place


def _set(change: LayerChange, wanted: Wanted, model: ModelRecord) -> list[Edit] | None:
    layer, key = change.layer, change.key
    if layer is None or layer.place is None:
        return None
    before = layer.activation if key == "activation" else layer.values.get(key)
    edit = Edit(kind="set_value", place=layer.place, name=key, value=_value(wanted, before), before=before)
    if key != "activation" or layer.activated_at is None:
        return [edit]
    if model.layers[layer.activated_at].class_name == "Activation":
        return [edit.model_copy(update={"place": layer.activated_at})]
    return [edit, Edit(kind="remove_layer", place=layer.activated_at, before=layer.activation)]


def _value(wanted: Wanted, found: Any) -> Any:
    """What a form asks for as one value: of a range the nearest end, of a choice the first."""
    if isinstance(wanted, OneOf):
        return wanted.one_of[0]
    if isinstance(wanted, Range):
        low, high = wanted.min, wanted.max
        number = low if low != float("-inf") else high
        if isinstance(found, int | float) and not isinstance(found, bool):
            number = min(max(float(found), low), high)
        return int(number) if float(number).is_integer() else number
    return list(wanted) if isinstance(wanted, tuple) else wanted


def _dropout_rate(case: Case) -> float | None:
    """The rate that a criterion of the same model asks for, else that of a Dropout layer that is there."""
    for criterion in case.beside:
        if isinstance(criterion.params, DropoutRateParams):
            return criterion.params.rate
    rates = [layer.config.get("rate") for layer in case.model.layers if layer.class_name == "Dropout"]
    return rates[0] if rates and isinstance(rates[0], float) else None
