"""What a check is, what it sees, and where it is registered by name.

A check is a pure function ``(section, params) -> CheckResult``. It reads evidence and measurements, never Keras, a
clock or a file. It is registered by `check`; its docstring's first line is what ``grader checks`` lists, so it is a
statement of what must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from grader.judging.views import SectionView
from grader.records import CheckResult


class Params(BaseModel):
    """The parameters of a check, as the rubric gives them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


P = TypeVar("P", bound=Params)


@dataclass(frozen=True)
class CheckSpec:
    """A registered check.

    Attributes:
        statement: The docstring's first line.
    """

    name: str
    params: type[Params]
    run: Callable[[SectionView, Any], CheckResult]
    statement: str


_REGISTRY: dict[str, CheckSpec] = {}


def check(
    name: str, *, params: type[P]
) -> Callable[[Callable[[SectionView, P], CheckResult]], Callable[[SectionView, P], CheckResult]]:
    """Registers a check under the name that rubrics use.

    Raises:
        ValueError: The name is taken, or the function has no docstring.
    """

    def register(function: Callable[[SectionView, P], CheckResult]) -> Callable[[SectionView, P], CheckResult]:
        if name in _REGISTRY or not function.__doc__:
            raise ValueError(f"check {name!r} is registered twice or says nothing of itself")
        statement = function.__doc__.strip().splitlines()[0]
        _REGISTRY[name] = CheckSpec(name=name, params=params, run=function, statement=statement)
        return function

    return register


def registered() -> Mapping[str, CheckSpec]:
    """Every registered check by name (import `grader.checks`, which loads every family)."""
    return dict(sorted(_REGISTRY.items()))
