"""Records of which only a part is known: whoever reads another part is told so, and gets what a record has by default.

So the checks decide on what code shows exactly as they decide on what a run left, and afterwards one knows whether
something that they looked at was unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import PrivateAttr

from grader.records import Record

R = TypeVar("R", bound=Record)

_LISTENERS: list[dict[str, None]] = []


@contextmanager
def noting() -> Iterator[Mapping[str, None]]:
    """Collects, while it is open, why what was read is unknown, in the order of reading."""
    heard: dict[str, None] = {}
    _LISTENERS.append(heard)
    try:
        yield heard
    finally:
        _LISTENERS.pop()


def note(why: str) -> None:
    """Says that something unknown was read."""
    for heard in _LISTENERS:
        heard[why] = None


def partly(record: R, unknown: Mapping[str, str]) -> R:
    """The same record, of which some fields are not known.

    Args:
        record: With a field's default, or a guess, where it is unknown.
        unknown: Field to why it is unknown, a clause.
    """
    if not unknown:
        return record
    of = type(record)
    kind = of if unknown_fields(record) else _partial(of)
    made = kind.model_construct(**{name: record.__dict__[name] for name in type(record).model_fields})
    unknown = {**unknown_fields(record), **unknown}
    made._unknown.update(unknown)  # type: ignore[attr-defined]  # noqa: SLF001 - of a class that is made here
    return cast("R", made)


def unknown_fields(record: Record) -> Mapping[str, str]:
    """The fields of a record that are not known, each with why."""
    private: Mapping[str, Any] = object.__getattribute__(record, "__pydantic_private__") or {}
    found: Mapping[str, str] = private.get("_unknown", {})
    return found


@cache
def _partial(kind: type[Record]) -> type[Record]:
    class Partial(kind):  # type: ignore[misc, valid-type]
        _unknown: dict[str, str] = PrivateAttr(default_factory=dict)

        def __getattribute__(self, name: str) -> Any:
            value = object.__getattribute__(self, name)
            if not name.startswith(("_", "model_")):
                private = object.__getattribute__(self, "__pydantic_private__") or {}
                why = private.get("_unknown", {}).get(name)
                if why is not None:
                    note(why)
            return value

    return Partial
