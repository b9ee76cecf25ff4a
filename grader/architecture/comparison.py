"""What differs between a model and the form it should have: the fewest differences, each in words for the student."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from grader.architecture.forms import Expected, ModelForm, Range, Wanted, meets
from grader.architecture.layers import ARROW, TIMES, PlainLayer, PlainModel, in_short, kernel_words
from grader.architecture.thresholds import THRESHOLDS
from grader.limits import MAX_COMPARED_LAYERS
from grader.records import LayerPair

_SHOWN = frozenset({"units", "filters", "rate", "pool_size", "kernel_size", "activation"})
"""Values that a layer in short has without their names."""


@dataclass(frozen=True)
class LayerChange:
    """What makes a model meet its form in one property.

    Attributes:
        layer: The model's layer that is given a value or left out; None for one that is missing.
        after: Of a missing layer: what it follows; None at the start. ``before`` likewise.
        key: Of the value; empty for a whole layer.
        wanted: What the form asks for in its place.
    """

    how: Literal["set", "add", "remove"]
    layer: PlainLayer | None = None
    after: PlainLayer | None = None
    before: PlainLayer | None = None
    key: str = ""
    wanted: Expected | None = None


@dataclass(frozen=True)
class Difference:
    """One property in which a model is not what was asked for.

    Attributes:
        text: A sentence with both values.
        step: What to do about it.
        change: The same as a change of layers; None where it is none.
    """

    text: str
    step: str
    change: LayerChange | None = None


@dataclass(frozen=True)
class Comparison:
    """A model beside its form.

    Attributes:
        differences: The fewest that explain it; one a value, one a layer too many or too few.
        undecided: Why a difference may be none, in words; empty where that is clear.
    """

    differences: tuple[Difference, ...]
    undecided: str = ""

    @property
    def count(self) -> int:
        """How many properties differ."""
        return len(self.differences)


def compare(model: PlainModel, form: ModelForm) -> Comparison:
    """Compares a model with the form it should have.

    A softmax over two units and a sigmoid of one are the same output, written in two ways.
    """
    found = tuple(layer for layer in model.layers if layer.kind not in form.allow)[:MAX_COMPARED_LAYERS]
    expected = form.expected
    differences = list(_of_the_whole(model, form))
    if not expected:
        return Comparison(tuple(differences))
    differences += _aligned(_same_output(found, expected), expected)
    undecided = ""
    if model.undecided_output and found and found[-1].activation == "linear":
        assumed = (*found[:-1], found[-1].with_activation(_wanted_activation(expected)))
        if len(_aligned(_same_output(assumed, expected), expected)) < len(_aligned(found, expected)):
            undecided = model.undecided_output
    if differences and any(layer.opaque for layer in found):
        undecided = "it has a layer whose inside we cannot see"
    return Comparison(tuple(differences), undecided)


def side_by_side(model: PlainModel, form: ModelForm) -> tuple[LayerPair, ...]:
    """A model beside its form, layer by layer, as `compare` aligns them; empty where the form asks for no layers.

    Args:
        model: The student's.
        form: What is compared; what it leaves open is ``free``.
    """
    expected = form.expected
    if not expected:
        return ()
    layers = model.layers[:MAX_COMPARED_LAYERS]
    compared = [number for number, layer in enumerate(layers) if layer.kind not in form.allow]
    found = tuple(layers[number] for number in compared)
    pairs = list(_inputs(model, form))
    shown = 0
    for i, j, then in _path(_same_output(found, expected), expected):
        if then[0] == i:
            if not expected[j].optional:
                pairs.append(LayerPair(asked=_expected_words(expected[j]), yours="", state="missing"))
            continue
        pairs += [LayerPair(asked="", yours=layer.words, state="free") for layer in layers[shown : compared[i]]]
        shown = compared[i] + 1
        yours = found[i].words
        if then[1] == j:
            pairs.append(LayerPair(asked="", yours=yours, state="extra"))
        else:
            differs = _other_values(_same_output(found, expected)[i], expected[j])
            state: Literal["differs", "same"] = "differs" if differs else "same"
            yours += "".join(_named(key, found[i].values.get(key)) for key in expected[j].values if key not in _SHOWN)
            pairs.append(LayerPair(asked=_expected_words(expected[j]), yours=yours, state=state))
    pairs += [LayerPair(asked="", yours=layer.words, state="free") for layer in layers[shown:]]
    return counted_pairs(pairs)


def counted_pairs(pairs: Iterable[LayerPair]) -> tuple[LayerPair, ...]:
    """The same with equal pairs in a row as one, and how often it stands there."""
    runs = ((pair, len(list(run))) for pair, run in groupby(pairs))
    return tuple(pair.model_copy(update={"times": times}) for pair, times in runs)


def distance(model: PlainModel, form: ModelForm) -> int:
    """How far a model is from a form: the number of differences, a wrong input counting more."""
    extra = THRESHOLDS.other_input - 1 if has_other_input(model, form) else 0
    return compare(model, form).count + extra


def has_other_input(model: PlainModel, form: ModelForm) -> bool:
    """Whether a model takes rows of another width than the form says; False where one of them leaves it open."""
    return None not in {model.inputs, form.input_values} and model.inputs != form.input_values


def form_in_short(form: ModelForm) -> str:
    """A form in one line: ``784 → Dense 128 relu → Dense 10 softmax``."""
    head = [str(form.input_values)] if form.input_values else []
    if not form.layers:
        return in_short([*head, "any layers"], [])
    words: list[str] = []
    for layer in form.layers:
        values = [
            _wanted_text(layer.values[key]) for key in ("units", "filters", "rate", "pool_size") if key in layer.values
        ]
        name = " ".join(
            [
                layer.layer,
                *values,
                *kernel_words(layer.layer, layer.values.get("kernel_size")),
                *([_wanted_text(layer.values["activation"])] if "activation" in layer.values else []),
            ]
        )
        unit = [name, *([layer.followed_by] if layer.followed_by else [])]
        if isinstance(layer.repeat, int):
            words += unit * layer.repeat
        else:
            words.append(f"{Range(min=layer.repeat.min, max=layer.repeat.max)} {TIMES} {ARROW.join(unit)}")
    return in_short(head, words)


def _inputs(model: PlainModel, form: ModelForm) -> Iterator[LayerPair]:
    if form.input_values is not None and model.inputs is not None:
        asked, yours = (f"{number} inputs" for number in (form.input_values, model.inputs))
        yield LayerPair(asked=asked, yours=yours, state="same" if asked == yours else "differs")


def _expected_words(expected: Expected) -> str:
    """A layer that a form asks for, in short: ``Dense 128 relu, padding same``."""
    values = expected.values
    sizes = [_wanted_text(values[key]) for key in ("units", "filters", "rate", "pool_size") if key in values]
    kernel = kernel_words(expected.kind, values.get("kernel_size"))
    activation = [_wanted_text(values["activation"])] if "activation" in values else []
    others = "".join(_named(key, value) for key, value in values.items() if key not in _SHOWN)
    return " ".join([expected.kind, *sizes, *kernel, *activation]) + others


def _named(key: str, value: object) -> str:
    shown = TIMES.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f", {key.replace('_', ' ')} {shown}"


def _of_the_whole(model: PlainModel, form: ModelForm) -> list[Difference]:
    found: list[Difference] = []
    if has_other_input(model, form):
        text = f"Your model takes {model.inputs} numbers a row; {form.input_values} were asked for."
        found.append(Difference(text, f"Give the model an input of {form.input_values} numbers a row."))
    elif model.not_flattened and form.expected and form.expected[0].kind == "Dense":
        text = "Your first Dense layer gets rows of more than one axis, and works on each line of an image by itself."
        found.append(Difference(text, "Flatten each row before the first Dense layer."))
    if model.several_inputs or model.outputs > 1:
        text = f"Your model has {model.outputs} outputs" if model.outputs > 1 else "Your model has more than one input"
        found.append(Difference(f"{text}; one was asked for.", "Build the model with one input and one output."))
    return found


def _same_output(found: tuple[PlainLayer, ...], expected: tuple[Expected, ...]) -> tuple[PlainLayer, ...]:
    """The layers with the output written as the form writes it, where both mean the same."""
    if not found:
        return found
    last, wanted = found[-1], expected[-1]
    if last.kind != "Dense" or wanted.kind != "Dense":
        return found
    forms = {("softmax", 2), ("sigmoid", 1)}
    asked = (str(wanted.values.get("activation")), wanted.values.get("units"))
    if asked not in forms or (last.activation, last.units) not in forms:
        return found
    return (*found[:-1], replace(last, values={**last.values, "units": int(asked[1]), "activation": asked[0]}))


def _wanted_activation(expected: tuple[Expected, ...]) -> str:
    wanted = expected[-1].values.get("activation", "linear")
    return wanted if isinstance(wanted, str) else "linear"


def _aligned(found: tuple[PlainLayer, ...], expected: tuple[Expected, ...]) -> list[Difference]:
    """The differences of the cheapest way to make one row of layers of the other, from the first layer on."""
    differences: list[Difference] = []
    for i, j, then in _path(found, expected):
        if then == (i + 1, j + 1):
            keys = _other_values(found[i], expected[j])
            differences += [_value(found, expected[j], at=i, key=key) for key in keys]
        elif then == (i + 1, j):
            differences.append(_extra(found, at=i))
        elif not expected[j].optional:
            differences.append(_missing(found, expected[j], at=i))
    return differences


def _path(found: tuple[PlainLayer, ...], expected: tuple[Expected, ...]) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """The moves of the cheapest way: a place in both rows, and the place after it."""
    costs = _costs(found, expected)
    i, j = 0, 0
    while (i, j) != (len(found), len(expected)):
        _, then = min(_moves(found, expected, at=(i, j)), key=lambda move: move[0] + costs[move[1][0]][move[1][1]])
        yield i, j, then
        i, j = then


def _costs(found: tuple[PlainLayer, ...], expected: tuple[Expected, ...]) -> list[list[int]]:
    """What it costs at least from layer i and expected layer j to the end, shape ``(found + 1, expected + 1)``."""
    costs = [[0] * (len(expected) + 1) for _ in range(len(found) + 1)]
    for i in range(len(found), -1, -1):
        for j in range(len(expected), -1, -1):
            moves = _moves(found, expected, at=(i, j))
            if moves:
                costs[i][j] = min(price + costs[then[0]][then[1]] for price, then in moves)
    return costs


def _moves(
    found: tuple[PlainLayer, ...], expected: tuple[Expected, ...], *, at: tuple[int, int]
) -> list[tuple[int, tuple[int, int]]]:
    i, j = at
    moves: list[tuple[int, tuple[int, int]]] = []
    if i < len(found) and j < len(expected) and found[i].kind == expected[j].kind:
        moves.append((len(_other_values(found[i], expected[j])), (i + 1, j + 1)))
    if j < len(expected):
        moves.append((0 if expected[j].optional else 1, (i, j + 1)))
    if i < len(found):
        moves.append((1, (i + 1, j)))
    return moves


def _other_values(found: PlainLayer, expected: Expected) -> list[str]:
    return [key for key, wanted in expected.values.items() if not _value_meets(found, key, wanted)]


def _value_meets(found: PlainLayer, key: str, wanted: Wanted) -> bool:
    return meets(found.activation if key == "activation" else found.values.get(key), wanted)


def _value(found: tuple[PlainLayer, ...], expected: Expected, *, at: int, key: str) -> Difference:
    wanted = _wanted_text(expected.values[key])
    place = place_words(found, at=at)
    change = LayerChange("set", layer=found[at], key=key, wanted=expected)
    if key == "units":
        text = f"Your {place} has {found[at].units} units; {wanted} {'was' if wanted == '1' else 'were'} asked for."
        return Difference(text, f"Give {_the(place)} {wanted} unit{'' if wanted == '1' else 's'}.", change)
    yours = found[at].activation if key == "activation" else found[at].values.get(key)
    if isinstance(yours, list | tuple):
        yours = TIMES.join(map(str, yours))
    name = key.replace("_", " ")
    if key == "activation" and yours == "linear":
        text = f"Your {place} has no activation; {wanted} was asked for."
    else:
        text = f"Your {place} has {name} {yours}; {wanted} was asked for."
    return Difference(text, f"Set {key} of {_the(place)} to {wanted}.", change)


def _missing(found: tuple[PlainLayer, ...], expected: Expected, *, at: int) -> Difference:
    values = " ".join(_wanted_text(value) for value in expected.values.values())
    name = f"{expected.kind} layer ({values})" if values else f"{expected.kind} layer"
    where = _where(found, at=at)
    after, before = found[at - 1] if at else None, found[at] if at < len(found) else None
    change = LayerChange("add", after=after, before=before, wanted=expected)
    return Difference(f"A {name} is missing{where}.", f"Add a {name}{where}.", change)


def _extra(found: tuple[PlainLayer, ...], *, at: int) -> Difference:
    name = found[at].words
    if found[at].kind == "Activation":
        text = f"Your model applies a second activation ({found[at].activation}) on top of another."
    else:
        text = f"Your model has a layer more than was asked for: {name}{_where(found, at=at)}."
    return Difference(text, f"Leave out the layer {name}.", LayerChange("remove", layer=found[at]))


def _where(found: tuple[PlainLayer, ...], *, at: int) -> str:
    if at > 0:
        return f" after {_the(place_words(found, at=at - 1))}"
    return f" before {_the(place_words(found, at=0))}" if found else ""


def _the(place: str) -> str:
    return place if place[-1].isdigit() else f"the {place}"


def place_words(found: tuple[PlainLayer, ...], *, at: int) -> str:
    """A layer's place as a student would say it: ``hidden layer 2``, ``output layer``, ``Dropout layer 3``."""
    layer = found[at]
    alike = [n for n, other in enumerate(found) if other.kind == layer.kind]
    if layer.kind != "Dense":
        return f"{layer.kind} layer" + (f" {alike.index(at) + 1}" if len(alike) > 1 else "")
    if at == alike[-1]:
        return "output layer"
    return "hidden layer" + (f" {alike.index(at) + 1}" if len(alike) > 2 else "")


def _wanted_text(wanted: Wanted) -> str:
    return TIMES.join(map(str, wanted)) if isinstance(wanted, tuple) else str(wanted)
