"""What pydantic found wrong, in the words of a rubric's author."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from grader.architecture.forms import did_you_mean
from grader.limits import MAX_VALUE_CHARACTERS

_PLAINLY = {
    "float_parsing": "A number is needed here",
    "float_type": "A number is needed here",
    "int_parsing": "A whole number is needed here",
    "int_type": "A whole number is needed here",
    "int_from_float": "A whole number is needed here",
    "bool_parsing": "true or false is needed here",
    "bool_type": "true or false is needed here",
    "string_type": "A text is needed here",
    "tuple_type": "A list is needed here, such as [1, 2]",
    "list_type": "A list is needed here, such as [1, 2]",
    "dict_type": "Keys with values are needed here",
    "model_type": "Keys with values are needed here",
}
"""Pydantic's kinds of error that speak of Python's types, in the words of somebody who writes YAML."""


def message_of(error: ErrorDetails, *, model: type[BaseModel]) -> str:
    """One sentence or two: what was found, what was expected, what to do.

    Args:
        error: One of pydantic's.
        model: The class whose validation found it.
    """
    *around, key = error["loc"] or ("",)
    if error["type"] == "extra_forbidden":
        return unknown_key(str(key), _keys(model, tuple(around)))
    if error["type"] == "missing":
        return f"{str(key)!r} is missing. Add it."
    text = error["msg"].removeprefix("Value error, ").rstrip(".")
    if error["type"] == "value_error":
        return text if text.endswith("?") else f"{text}."
    text = _PLAINLY.get(error["type"], text)
    place = ".".join(str(part) for part in error["loc"] if isinstance(part, str)) or "the value"
    return f"{place} is {_shown(error['input'])}. {text[0].upper()}{text[1:]}."


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:
        # Python writes no whole number of more than some thousand digits.
        return "a number of thousands of digits"
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[:MAX_VALUE_CHARACTERS]}..."


def unknown_key(key: str, known: Iterable[str]) -> str:
    """That a key is unknown, with the one that was meant and all that there are."""
    names = sorted(known)
    there = f" Known keys here: {', '.join(names)}." if names else " Delete it."
    return f"unknown key {key!r}.{did_you_mean(key, names)}{there}"


def _keys(model: Any, around: tuple[Any, ...]) -> set[str]:
    """The keys that a mapping may have, at a place below a model."""
    for part in around:
        if isinstance(part, int) or not _is_model(model):
            continue
        field = model.model_fields.get(part)
        model = _model_in(field.annotation) if field is not None else None
    return set(model.model_fields) if _is_model(model) else set()


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _model_in(annotation: Any) -> Any:
    if _is_model(annotation):
        return annotation
    found = (_model_in(item) for item in typing.get_args(annotation))
    return next((item for item in found if item is not None), None)
