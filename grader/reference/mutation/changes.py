"""What a mutation is: a changed reference with what it is meant to show."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from grader.reference.mutation.aims import Aim
from grader.reference.mutation.draft import Draft
from grader.reference.mutation.original import Original

if TYPE_CHECKING:
    from nbformat import NotebookNode

NO_AIM = Aim(hits=lambda _: False)
"""Of an equivalent: nothing may fail."""

Group = Literal["fault", "equivalent"]


@dataclass(frozen=True)
class Change:
    """One way to apply a kind of fault.

    Attributes:
        place: The model or cell, for the reader.
    """

    draft: Draft
    aim: Aim = NO_AIM
    place: str = ""


Fault = Callable[[Original], Iterator[Change]]
"""Every way to apply one kind of fault to a reference; none where it does not apply."""

Equivalent = Callable[[Original], Iterator[Change]]
"""Every way to say the same in one other form; none where it does not apply."""


@dataclass(frozen=True)
class Mutant:
    """A changed reference.

    Attributes:
        kind: What was done to it (``wrong_batch_size``).
        place: Where: the section, as far as there is one.
        aim: What the fault breaks; None for an equivalent.
        targets: Criteria of which at least one must catch it; empty for an equivalent.
        related: Criteria that may rightly fail with it.
        diff: Unified, of the cells that changed.
    """

    kind: str
    group: Group
    place: str
    draft: Draft
    aim: Aim | None = None
    targets: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    diff: str = ""

    @property
    def notebook(self) -> NotebookNode:
        """The changed reference."""
        return self.draft.finish()

    @property
    def id(self) -> str:
        return "-".join(part for part in (self.group[0], self.kind.replace("_", "-"), self.place) if part)


def notebook_diff(before: NotebookNode, after: NotebookNode) -> str:
    """What changed in the cells' sources, the headers naming cells from 1 as pages do."""
    old = {cell.get("id", f"#{index}"): (index, cell) for index, cell in enumerate(before.cells)}
    new = [cell.get("id", f"#{index}") for index, cell in enumerate(after.cells)]
    parts = []
    for index, (key, cell) in enumerate(zip(new, after.cells, strict=True)):
        at, origin = old.get(key, (None, None))
        source = "" if origin is None else origin.source
        name = f"cell {index + 1}" if at is None else f"cell {at + 1}"
        parts += _diff(source, cell.source, name=name)
        if cell.get("outputs") and not (origin and origin.get("outputs")):
            parts += _diff("", str(cell.outputs[0].get("text", "")), name=f"{name}, stored output")
    kept = [key for key in old if key in set(new)]
    for key, (index, cell) in old.items():
        if key not in set(new):
            parts += _diff(cell.source, "", name=f"cell {index + 1}")
    moved = [key for key in new if key in old]
    if kept != moved:
        first = next(key for was, key in zip(kept, moved, strict=True) if was != key)
        parts.append(f"cell {old[first][0] + 1} moved in front of cell {old[kept[moved.index(first)]][0] + 1}")
    return "\n".join(parts)


def _diff(before: str, after: str, *, name: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="", n=1)
    return list(lines)
