"""Faults of architecture and of compile.

Source of the kinds: faults that Humbatova et al. (ICSE 2020), NeuraLint and DeepCrime report of deep-learning programs,
and wrong answers of students.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from grader.checks.augmentation import changes_rows
from grader.reference.mutation.aims import Aim
from grader.reference.mutation.changes import Change, Fault
from grader.reference.mutation.draft import Draft
from grader.reference.mutation.original import Layer, Original, Part, loads, stores
from grader.rubric.constraints import (
    AUGMENTED,
    DROPOUT_RATE,
    LOSS,
    METRICS,
    OPTIMIZER,
    any_of,
    asks,
    form_asks,
    form_counts,
)

_OTHER_ACTIVATION = {"relu": "sigmoid", "tanh": "relu", "sigmoid": "tanh"}


def rebuilt(original: Original, part: Part, *lines: str, build: str = "", draft: Draft | None = None) -> Draft | None:
    """The model built again from fresh copies of its layers, before it is compiled.

    Args:
        original: The reference.
        part: The model.
        lines: What is done to the list ``fresh`` of its layers.
        build: What makes the model of them; default: `keras.Sequential`.
        draft: To which it is added; default: a new one.
    """
    if not part.layers:
        return None
    name = part.name
    build = build or f"{name} = keras.Sequential([keras.Input(shape={name}.input_shape[1:]), *fresh])"
    code = [
        "import keras",
        f"fresh = [type(layer).from_config(layer.get_config()) for layer in {name}.layers]",
        'fresh = [layer for layer in fresh if type(layer).__name__ != "InputLayer"]',
        *lines,
    ]
    draft = draft or original.draft()
    if part.compiled is not None:
        return draft.before(part.compiled.cell, part.compiled.statement, "\n".join([*code, build]))
    if part.last.compiled is None:
        return draft.before(part.cell, part.training, "\n".join([*code, build]))
    kept = [f"as_before = {name}.get_compile_config()", build, f"{name}.compile_from_config(as_before)"]
    return draft.before(part.cell, part.training, "\n".join([*code, *kept]))


def _of_layers(original: Original, choose: Callable[[Part], Iterator[tuple[Layer, str, Aim]]]) -> Iterator[Change]:
    for part in original.parts:
        for _layer, line, aim in choose(part):
            draft = rebuilt(original, part, line)
            if draft is not None:
                yield Change(draft, aim, part.name)


def _of_outputs(part: Part) -> frozenset[str]:
    """What follows from outputs that are no probabilities: pictures of them, and the AUC that Keras makes of them."""
    watches_auc = any("auc" in name for name in part.last.history)
    return frozenset({"region_figure", *(["evaluated"] if watches_auc else [])})


def _aim(part: Part, layer: Layer, key: str | None = None) -> Aim:
    return Aim(hits=form_asks(layer.kind, key, size=layer.values), model=part.model.id, reach="quality")


def _aim_at_number(part: Part, layer: Layer, *, one_more: int) -> Aim:
    """At forms that say how many layers of that kind there are."""
    number = sum(other.kind == layer.kind for other in part.layers)
    return Aim(hits=form_counts(layer.kind, number + one_more), model=part.model.id, reach="quality")


def _once_more(layer: Layer) -> str:
    """Code of a layer like it whose output has the shape of its input; empty for kinds of which there is none."""
    if layer.kind == "Dense":
        return f"keras.layers.Dense({layer.values['units']}, activation={layer.activation!r})"
    if layer.kind in {"Conv1D", "Conv2D", "Conv3D"}:
        size = tuple(layer.values["kernel_size"])
        values = f"{layer.values['filters']}, {size}, padding='same', activation={layer.activation!r}"
        return f"keras.layers.{layer.kind}({values})"
    return ""


def layer_missing(original: Original) -> Iterator[Change]:
    """A hidden layer is left out."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        for layer in part.hidden[-1:]:
            yield layer, f"del fresh[{layer.place}]", _aim_at_number(part, layer, one_more=-1)

    return _of_layers(original, choose)


def layer_added(original: Original) -> Iterator[Change]:
    """A hidden layer stands there once more."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        output = part.output
        for layer in part.hidden[-1:]:
            copied = _once_more(layer)
            if copied:
                aim = _aim_at_number(part, layer, one_more=1)
                yield layer, f"fresh.insert({layer.place}, {copied})", aim
        if not part.hidden and output is not None:
            added = f'fresh.insert({output.place}, keras.layers.Dense(8, activation="relu"))'
            yield output, added, _aim(part, output)

    return _of_layers(original, choose)


def wrong_width(original: Original) -> Iterator[Change]:
    """A hidden layer is half as wide, or twice where that leaves nothing."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        for layer in part.hidden[:1]:
            key = "units" if "units" in layer.values else "filters"
            width = layer.values[key]
            other = width // 2 if width >= 8 else width * 3
            yield layer, f"fresh[{layer.place}].{key} = {other}", _aim(part, layer, key)

    return _of_layers(original, choose)


def wrong_activation(original: Original) -> Iterator[Change]:
    """A hidden layer has another activation."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        for layer in part.hidden[:1]:
            other = _OTHER_ACTIVATION.get(layer.activation or "")
            if other is not None:
                line = f"fresh[{layer.place}].activation = keras.activations.{other}"
                yield layer, line, _aim(part, layer, "activation")

    return _of_layers(original, choose)


def activation_missing(original: Original) -> Iterator[Change]:
    """A hidden layer is linear."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        for layer in part.hidden[-1:]:
            if layer.activation not in {None, "linear"}:
                line = f"fresh[{layer.place}].activation = keras.activations.linear"
                yield layer, line, _aim(part, layer, "activation")

    return _of_layers(original, choose)


def wrong_output_activation(original: Original) -> Iterator[Change]:
    """The outputs are sigmoids where a softmax is asked for, or rectified where they are sigmoid or linear."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        layer = part.output
        if layer is not None and layer.activation is not None:
            other = {"softmax": "sigmoid", "sigmoid": "tanh", "linear": "sigmoid"}.get(layer.activation)
            line = f"fresh[{layer.place}].activation = keras.activations.{other}"
            hits = any_of(form_asks(layer.kind, "activation", size=layer.values), LOSS)
            if other is not None:
                aim = Aim(hits=hits, model=part.model.id, reach="quality", follows=_of_outputs(part))
                yield layer, line, aim

    return _of_layers(original, choose)


def loss_does_not_fit(original: Original) -> Iterator[Change]:
    """The outputs are linear, and the loss is not told so."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        layer = part.output
        if layer is not None and layer.activation in {"softmax", "sigmoid"}:
            line = f"fresh[{layer.place}].activation = keras.activations.linear"
            hits = any_of(form_asks(layer.kind, "activation", size=layer.values), LOSS)
            aim = Aim(hits=hits, model=part.model.id, reach="quality", follows=_of_outputs(part))
            yield layer, line, aim

    return _of_layers(original, choose)


def dropout_missing(original: Original) -> Iterator[Change]:
    """There is no dropout at all."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        rate = any_of(form_asks("Dropout"), DROPOUT_RATE)
        needs = any_of(asks("trained", "needs_layer"), asks("gap", "needs_layer"))
        for layer in [layer for layer in part.layers if layer.kind == "Dropout"][:1]:
            line = 'fresh = [layer for layer in fresh if type(layer).__name__ != "Dropout"]'
            yield layer, line, Aim(hits=any_of(rate, needs), model=part.model.id, reach="quality")

    return _of_layers(original, choose)


def dropout_at_one_place(original: Original) -> Iterator[Change]:
    """There is one dropout layer where several are asked for."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        places = [layer for layer in part.layers if layer.kind == "Dropout"]
        if len(places) > 1:
            kept = places[-1].place
            line = (
                "fresh = [layer for place, layer in enumerate(fresh)"
                f' if type(layer).__name__ != "Dropout" or place == {kept}]'
            )
            yield places[0], line, _aim(part, places[0])

    return _of_layers(original, choose)


def dropout_wrong_rate(original: Original) -> Iterator[Change]:
    """A dropout layer has another rate."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        hits = any_of(form_asks("Dropout", "rate"), DROPOUT_RATE)
        for layer in [layer for layer in part.layers if layer.kind == "Dropout"][-1:]:
            rate = 0.5 if layer.values.get("rate") != 0.5 else 0.1
            yield layer, f"fresh[{layer.place}].rate = {rate}", Aim(hits=hits, model=part.model.id, reach="quality")

    return _of_layers(original, choose)


def wrong_kernel_size(original: Original) -> Iterator[Change]:
    """A convolution sees a larger field."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        for layer in part.layers:
            size = layer.values.get("kernel_size")
            if isinstance(size, list | tuple):
                other = tuple(int(side) + 2 for side in size)
                yield layer, f"fresh[{layer.place}].kernel_size = {other}", _aim(part, layer, "kernel_size")
                return

    return _of_layers(original, choose)


def pooling_missing(original: Original) -> Iterator[Change]:
    """A pooling layer is left out."""

    def choose(part: Part) -> Iterator[tuple[Layer, str, Aim]]:
        for layer in [layer for layer in part.layers if "Pooling" in layer.kind][-1:]:
            yield layer, f"del fresh[{layer.place}]", _aim(part, layer)

    return _of_layers(original, choose)


def augmentation_missing(original: Original) -> Iterator[Change]:
    """The layers that change rows at random are left out."""
    for part, places in _changing(original):
        draft = rebuilt(original, part, _without(places))
        if draft is not None:
            yield Change(draft, Aim(AUGMENTED, model=part.model.id, reach="quality"), part.name)


def augmented_once(original: Original) -> Iterator[Change]:
    """The rows are changed once, before the training."""
    for part, places in _changing(original):
        x = part.fit.argument(0, "x") if part.fit is not None else None
        lines = (f"changing = [layer for place, layer in enumerate(fresh) if place in {places}]", _without(places))
        draft = rebuilt(original, part, *lines)
        if x is not None and draft is not None:
            changed = f"keras.Sequential(changing)({original.text(part.cell, x)}, training=True).numpy()"
            aim = Aim(asks("augmented", "anew"), model=part.model.id, reach="quality")
            yield Change(draft.replace(part.cell, x, changed), aim, part.name)


def _changing(original: Original) -> Iterator[tuple[Part, tuple[int, ...]]]:
    """Models with layers that change rows at random, and the places of those."""
    for part in original.parts:
        places = tuple(layer.place for layer in part.layers if changes_rows(layer.kind))
        if places:
            yield part, places


def _without(places: tuple[int, ...]) -> str:
    return f"fresh = [layer for place, layer in enumerate(fresh) if place not in {places}]"


def wrong_loss(original: Original) -> Iterator[Change]:
    """The loss is of another kind of task."""
    for part in original.parts:
        loss = part.compiled.argument(1, "loss") if part.compiled is not None else None
        if part.compiled is not None and loss is not None:
            name = part.last.compiled.loss if part.last.compiled is not None else None
            other = '"mean_absolute_error"' if "error" not in (name or "") else '"binary_crossentropy"'
            draft = original.draft().replace(part.compiled.cell, loss, other)
            yield Change(draft, Aim(LOSS, model=part.model.id, reach="quality"), part.name)


def wrong_optimizer(original: Original) -> Iterator[Change]:
    """Plain stochastic gradient descent takes the optimizer's place."""
    for part in original.parts:
        value = part.compiled.argument(0, "optimizer") if part.compiled is not None else None
        if part.compiled is not None and value is not None:
            used = part.last.compiled.optimizer if part.last.compiled is not None else None
            loss = (part.last.compiled.loss or "") if part.last.compiled is not None else ""
            # Of quantities as large as they come, plain descent at its usual rate leaves no number.
            plain = '__import__("keras").optimizers.SGD(1e-5)' if "error" in loss else '"sgd"'
            draft = original.draft().replace(part.compiled.cell, value, plain if used != "SGD" else '"adam"')
            yield Change(draft, Aim(OPTIMIZER, model=part.model.id, reach="quality"), part.name)


def metrics_missing(original: Original) -> Iterator[Change]:
    """No metric is watched in training."""
    for part in original.parts:
        value = part.compiled.keyword("metrics") if part.compiled is not None else None
        if part.compiled is not None and value is not None:
            # What was computed from the metric is gone as well: cells that use it may raise.
            follows = frozenset({"evaluated"})
            aim = Aim(
                METRICS,
                model=part.model.id,
                cells=_users_of_evaluation(original, part),
                reach="quality",
                breaks=True,
                follows=follows,
            )
            yield Change(original.draft().replace(part.compiled.cell, value, "[]"), aim, part.name)


def _users_of_evaluation(original: Original, part: Part) -> frozenset[int]:
    """The later cells that use what a model's evaluation returned."""
    call = part.evaluate
    names = stores(call.statement) if call is not None else set()
    return frozenset(cell for cell, tree in original.trees.items() if call and cell > call.cell and names & loads(tree))


FAULTS: tuple[Fault, ...] = (
    layer_missing,
    layer_added,
    wrong_width,
    wrong_activation,
    activation_missing,
    wrong_output_activation,
    loss_does_not_fit,
    dropout_missing,
    dropout_at_one_place,
    dropout_wrong_rate,
    wrong_kernel_size,
    pooling_missing,
    augmentation_missing,
    augmented_once,
    wrong_loss,
    wrong_optimizer,
    metrics_missing,
)
