"""Says what was proved, in words for a tutor and, as far as a rubric lets it be said, for a student."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.architecture.comparison import place_words
from grader.architecture.layers import PlainLayer, plain_model
from grader.hints.proposals import Proposal
from grader.judging.results import listed
from grader.records import CheckResult, Edit, HintLevel
from grader.rubric import Criterion


@dataclass(frozen=True)
class Proved:
    """Edits that were proved.

    Attributes:
        fixed: The criteria that were lost, and are passed with them.
        results: What the criteria come to, run by run.
    """

    proposal: Proposal
    fixed: tuple[Criterion, ...]
    results: Sequence[Mapping[str, CheckResult]]


def tutors_text(proved: Proved) -> str:
    """The edits, what the model reaches with them, and what it passes."""
    return _whole(proved, proved.fixed, figure=_figure(proved))


def released_text(proved: Proved, level: HintLevel) -> str:
    """What a student is told; empty where a criterion that asks for an edit is hidden.

    What is hidden is never named, and no figure is given of a model of which a criterion is: it would say something of
    the band.
    """
    proposal = proved.proposal
    shown = [one for one in proved.fixed if not is_hidden(one)]
    if level == "off" or not shown or any(map(is_hidden, proposal.needed_by or proposal.criteria)):
        return ""
    if level == "edit":
        hides_figure = any(is_hidden(one) for one in proposal.of.criteria if one.spec.quality != "none")
        return _whole(proved, shown, figure="" if hides_figure else _figure(proved))
    calls = {"model": "where the model is built", "compile": "in the call of compile", "fit": "in the call of fit"}
    places = listed(list(dict.fromkeys(calls[edit.call] for edit in proposal.edits)))
    passes = f"with {'a change' if len(proposal.edits) == 1 else 'changes'} there it passes {_titles(shown)}."
    if level == "location":
        return f"Look {places}: {passes}"
    words = listed(list(dict.fromkeys(_direction(edit, proposal) for edit in proposal.edits)))
    return f"Look {places}. The model needs {words}: {passes}"


def is_hidden(criterion: Criterion) -> bool:
    """Whether students are not told of a criterion, or not of what it must reach."""
    return criterion.visibility == "tutor" or criterion.hide_band


def _whole(proved: Proved, criteria: Sequence[Criterion], *, figure: str) -> str:
    reaches = f" reaches {figure} and" if figure else ""
    runs = len(proved.results)
    times = f" {runs} times" if runs > 1 else ""
    return (
        f"With {edit_words(proved.proposal)} this model{reaches} passes {_titles(criteria)}"
        f" (its training was repeated{times} with that)."
    )


def _titles(criteria: Sequence[Criterion]) -> str:
    return listed([f'"{one.title or one.id}"' for one in criteria])


def _figure(proved: Proved) -> str:
    """The figure that the model's criterion judges, as the worst run has it."""
    for criterion in proved.proposal.of.criteria:
        found = [run[criterion.id].judged for run in proved.results if criterion.id in run]
        judged = [one for one in found if one is not None]
        if criterion.spec.quality == "judged" and judged:
            upwards = judged[0].lower is not None
            worst = (min if upwards else max)(one.value for one in judged)
            what = judged[0].what.removeprefix("The ")
            return f"{'an' if what[0] in 'aeiou' else 'a'} {what} of {worst:.3g}"
    return ""


def edit_words(proposal: Proposal) -> str:
    """The edits of a proposal as a part of a sentence that follows *with*."""
    layers = plain_model(proposal.of.model, compiled=proposal.of.fit.compiled).layers
    words: list[str] = []
    for edit in proposal.edits:
        alike = [one for one in proposal.edits if (one.kind, one.name, one.value) == (edit.kind, edit.name, edit.value)]
        where = _everywhere(edit, alike, layers)
        words.append(_edit(edit, where=where))
    return listed(list(dict.fromkeys(words)))


def _everywhere(edit: Edit, alike: Sequence[Edit], layers: Sequence[PlainLayer]) -> str:
    """One phrase for the same edit at several places; the place itself where there is one."""
    if edit.place is None:
        return ""
    if len(alike) == 1:
        return _before(edit, layers) if edit.kind == "add_layer" else _at(edit.place, layers)
    kinds = {_kind_at(one.place, layers) for one in alike}
    if edit.kind == "add_layer":
        return f"at {len(alike)} places"
    return f"{len(alike)} of the {kinds.pop()} layers" if len(kinds) == 1 else f"{len(alike)} layers"


def _edit(edit: Edit, *, where: str) -> str:
    value: Any = edit.value
    if edit.kind == "set_value":
        if edit.name == "activation":
            return f"`{value}` in {where}"
        if edit.name in {"units", "filters"}:
            return f"{value} {edit.name} in {where}"
        return f"`{edit.name}={_shown(value)}` in {where}"
    if edit.kind == "add_layer":
        arguments = ", ".join(f"{name}={_shown(one)}" for name, one in _items(value))
        return f"`{edit.name}({arguments})` added {where}"
    if edit.kind == "remove_layer":
        return f"the layer {edit.before} left out"
    texts = {
        "unfreeze": "its layers trainable",
        "loss": f"the loss `{value}`",
        "optimizer": f"the optimizer `{edit.name}{_called(value)}`",
        "metrics": f"`metrics={_shown(value)}`",
        "learning_rate": f"a learning rate of {_shown(value)}",
        "epochs": f"`epochs={value}`",
        "batch_size": f"`batch_size={value}`",
        "validation_split": f"`validation_split={_shown(value)}`",
        "callback": f"the callback `{edit.name}({_arguments(value)})`",
        "class_weight": f"`class_weight={{{_weights(value)}}}`",
    }
    return texts[edit.kind]


def _direction(edit: Edit, proposal: Proposal) -> str:
    """What an edit is about and which way it goes, without its value."""
    layers = plain_model(proposal.of.model, compiled=proposal.of.fit.compiled).layers
    at = "" if edit.place is None else _at(edit.place, layers)
    added = sum(one.kind == "add_layer" for one in proposal.edits)
    if edit.kind == "set_value":
        if edit.name in {"units", "filters"}:
            return f"{_more(edit, 'more', 'fewer')} {edit.name} in {at}"
        other = _more(edit, "a higher", "a lower", other="another")
        return f"{other} {edit.name.replace('_', ' ')} in {at}"
    texts = {
        "add_layer": f"{added} layers more" if added > 1 else f"one layer more, {_before(edit, layers)}",
        "remove_layer": f"one layer less, without {at}",
        "unfreeze": "layers that may learn",
        "loss": "another loss",
        "optimizer": "another optimizer",
        "metrics": "a metric more",
        "learning_rate": f"a {_more(edit, 'higher', 'lower')} learning rate",
        "epochs": f"{_more(edit, 'more', 'fewer')} epochs",
        "batch_size": f"{_more(edit, 'larger', 'smaller')} batches",
        "validation_split": f"{_more(edit, 'more', 'fewer', other='other')} rows held out for validation",
        "callback": "a callback",
        "class_weight": "weights for its classes",
    }
    return texts[edit.kind]


def _more(edit: Edit, more: str, less: str, *, other: str = "other") -> str:
    value, before = edit.value, edit.before
    if not isinstance(value, int | float) or not isinstance(before, int | float):
        return more if before is None and isinstance(value, int | float) else other
    return more if value > before else less if value < before else other


def _at(place: int, layers: Sequence[PlainLayer]) -> str:
    """A layer as a student would say it, with its article: ``hidden layer 2``, ``the output layer``."""
    for at, layer in enumerate(layers):
        if place in {layer.place, layer.activated_at}:
            words = place_words(tuple(layers), at=at)
            return words if words[-1].isdigit() else f"the {words}"
    return f"layer {place + 1}"


def _before(edit: Edit, layers: Sequence[PlainLayer]) -> str:
    place = edit.place or 0
    earlier = [layer.place for layer in layers if layer.place is not None and layer.place < place]
    return f"after {_at(max(earlier), layers)}" if earlier else "as the first layer"


def _kind_at(place: int | None, layers: Sequence[PlainLayer]) -> str:
    return next((layer.kind for layer in layers if layer.place == place), "other")


def _called(value: Any) -> str:
    return f"({_arguments(value)})" if value else ""


def _arguments(value: Any) -> str:
    return ", ".join(f"{name}={_shown(one)}" for name, one in _items(value))


def _weights(value: Any) -> str:
    return ", ".join(f"{name}: {_shown(one)}" for name, one in _items(value))


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []
