"""Parts of a grade that were worked out before, each taken again where all that it depends on is the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from grader.errors import StoreError
from grader.judging.views import Array, Read
from grader.records import ArrayRef, GradePart, GradeParts, digest

T = TypeVar("T")


class PartCache:
    """The parts of one submission's grade.

    What raises is not kept, and neither is what was worked out while an array could not be read: the next time either
    may succeed.

    Args:
        stored: As they were kept; None where nothing was.
        of: Plain JSON that every part depends on: the evidence, the measurements and the code.
    """

    def __init__(self, stored: GradeParts | None = None, *, of: object = None) -> None:
        self._stored: Mapping[str, GradePart] = {} if stored is None else stored.parts
        self._of = digest(of)
        self._used: dict[str, GradePart] = {}
        self._is_readable = True

    def part(self, name: str, make: Callable[[], T], *, of: str, kind: TypeAdapter[T]) -> T:
        """A part of the grade, worked out where it was not kept.

        Args:
            name: Tells it from the others.
            make: Works it out.
            of: A digest of what it depends on beside what every part does.
            kind: What it is, and how it is written.
        """
        key = digest([self._of, name, of])
        found = self._stored.get(name)
        if found is not None and found.key == key:
            with suppress(ValidationError):
                value = kind.validate_python(found.value)
                self._used[name] = found
                return value
        value = make()
        if self._is_readable:
            self._used[name] = GradePart(key=key, value=kind.dump_python(value, mode="json"))
        return value

    def reading(self, read: Read) -> Read:
        """Reads stored arrays, and notes where one could not be read."""

        def noting(ref: ArrayRef) -> Array:
            try:
                return read(ref)
            except StoreError:
                self._is_readable = False
                raise

        return noting

    def changed(self) -> GradeParts | None:
        """What is to be kept; None where it is what was kept before."""
        return None if self._used == self._stored else GradeParts(parts=self._used)
