"""Writes proved edits into a notebook's code, as a student would make them: so that it can be run again with them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from nbformat import NotebookNode

from grader.records import Edit, Evidence, Hint
from grader.reference.mutation.draft import Draft
from grader.reference.mutation.faults_of_models import rebuilt
from grader.reference.mutation.original import Call, Original, Part


class NoPlaceError(Exception):
    """The code has no place where an edit can be written."""


def with_hints(notebook: NotebookNode, evidence: Evidence, hints: Iterable[Hint]) -> NotebookNode:
    """The notebook with the edits of all hints.

    Raises:
        NoPlaceError: An edit has no place in its code.
    """
    draft = Original(notebook, evidence=evidence).draft()
    for hint in hints:
        # What is trained of a model elsewhere besides is not what the hint is about.
        fits = tuple(fit for fit in evidence.fits if fit.model != hint.model or fit.id == hint.fit)
        original = Original(notebook, evidence=evidence.model_copy(update={"fits": fits}))
        part = next((part for part in original.parts if part.model.id == hint.model), None)
        if part is None:
            raise NoPlaceError(f"{hint.model} is not built and trained by plain calls")
        _write(original, part, hint.edits, draft=draft)
    return draft.finish()


def _write(original: Original, part: Part, edits: Sequence[Edit], *, draft: Draft) -> None:
    lines = list(_layer_lines(edits))
    if lines and rebuilt(original, part, *lines, draft=draft) is None:
        raise NoPlaceError(f"the layers of {part.name} are no chain")
    added: list[str] = []
    for edit in edits:
        if edit.call == "compile":
            _compile(part, edit, draft=draft)
        elif edit.call == "fit":
            added += _fit(part, edit, draft=draft)
    if added and part.fit is not None:
        last = part.fit.node.keywords[-1]
        draft.replace(part.cell, last, ", ".join([original.text(part.cell, last), *added]))


def _layer_lines(edits: Sequence[Edit]) -> Iterable[str]:
    """Statements on the list ``fresh`` of a model's layers, the last places first."""
    own = [edit for edit in edits if edit.call == "model"]
    for edit in own:
        if edit.kind == "set_value":
            value = f"keras.activations.{edit.value}" if edit.name == "activation" else repr(edit.value)
            yield f"fresh[{edit.place}].{edit.name} = {value}"
        elif edit.kind == "unfreeze":
            yield "for layer in fresh:\n    layer.trainable = True"
    # Of several at one place, the last one first.
    placed = [edit for edit in own[::-1] if edit.kind in {"add_layer", "remove_layer"}]
    for edit in sorted(placed, key=lambda edit: -(edit.place or 0)):
        if edit.kind == "remove_layer":
            yield f"del fresh[{edit.place}]"
        else:
            yield f"fresh.insert({edit.place}, keras.layers.{edit.name}({_arguments(edit.value)}))"


def _compile(part: Part, edit: Edit, *, draft: Draft) -> None:
    if edit.kind == "learning_rate":
        if part.fit is None:
            raise NoPlaceError(f"{part.name} is not trained by fit")
        draft.before(part.cell, part.fit.statement, f"{part.name}.optimizer.learning_rate = {edit.value}")
        return
    call = part.compiled
    places = {"optimizer": 0, "loss": 1, "metrics": 3}
    value = None if call is None else call.argument(places[edit.kind], edit.kind)
    if call is None or value is None:
        raise NoPlaceError(f"the call of compile names no {edit.kind}")
    text = (
        f'__import__("keras").optimizers.{edit.name}({_arguments(edit.value)})'
        if edit.kind == "optimizer"
        else repr(edit.value)
    )
    draft.replace(call.cell, value, text)


def _fit(part: Part, edit: Edit, *, draft: Draft) -> list[str]:
    """Writes an edit into the call of ``fit``; returns the arguments that have to be added to it."""
    if part.fit is None:
        raise NoPlaceError(f"{part.name} is not trained by fit")
    name, text = _argument(edit)
    if edit.kind == "validation_split":
        data = _keyword(part.fit, "validation_data")
        if data is not None:
            draft.replace(part.cell, data, f"{name}={text}")
            return []
    given = part.fit.keyword(name)
    if given is None:
        return [f"{name}={text}"]
    if edit.kind == "callback" and isinstance(given, ast.List) and given.elts:
        raise NoPlaceError("there are callbacks already")
    draft.replace(part.cell, given, text)
    return []


def _argument(edit: Edit) -> tuple[str, str]:
    value: Any = edit.value
    if edit.kind == "callback":
        return "callbacks", f'[__import__("keras").callbacks.{edit.name}({_arguments(value)})]'
    if edit.kind == "class_weight":
        return "class_weight", repr({int(name): weight for name, weight in value.items()})
    return edit.kind, repr(value)


def _keyword(call: Call, name: str) -> ast.keyword | None:
    return next((item for item in call.node.keywords if item.arg == name), None)


def _arguments(value: Any) -> str:
    return ", ".join(f"{name}={one!r}" for name, one in value.items())
