"""Types of parameters that the grader understands in whatever check: ids of sections, and what else is found by type.

What the rest of the grader must know of a check's parameters it finds by their types, never by their names: a section
by `SectionId`, a band by `grader.judging.bands.Within`, the model that is asked for by
`grader.architecture.forms.ModelForm`, the training that is asked for by `grader.training.recipes.TrainingRecipe`.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")


class SectionId(str):
    """The id of a section, as the value of a parameter: ``SectionId``, ``SectionId | None``, ``tuple[SectionId, ...]``.

    A rubric that names a section which it does not have is refused, wherever in the parameters the name stands.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """A text; the parameters hold it as this type."""
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


class ComparedSectionId(SectionId):
    """The section whose figures this section's are compared with: a calibration measures how the two differ."""

    __slots__ = ()


def parts_of(value: object, kind: type[T]) -> Iterator[T]:
    """Every value of a type among parameters: themselves, in their fields, in nested models, lists and mappings.

    Args:
        value: Parameters, or the value of one.
        kind: The type, such as `SectionId`.
    """
    if isinstance(value, kind):
        yield value
    inner: typing.Iterable[object] = ()
    if isinstance(value, BaseModel):
        inner = (item for _, item in value)
    elif isinstance(value, Mapping):
        inner = (*value.keys(), *value.values())
    elif isinstance(value, tuple | list | set | frozenset):
        inner = value
    for item in inner:
        yield from parts_of(item, kind)


def fields_of(params: type[BaseModel], kind: type) -> frozenset[str]:
    """The parameters that may hold a value of a type, alone, as an alternative or in a list.

    Args:
        params: A check's parameters.
        kind: The type, such as `SectionId`.
    """
    return frozenset(name for name, field in params.model_fields.items() if _may_hold(field.annotation, kind))


def _may_hold(annotation: object, kind: type) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, kind):
        return True
    return any(_may_hold(argument, kind) for argument in typing.get_args(annotation))
