"""What is read from a print, as JSON can hold it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Doubt:
    """A place in a cell's source at which the print does not show all.

    Attributes:
        line: From 0.
        column: From 0; what follows it on the line may be missing or other than printed.
        why: A part of a sentence about the line, such as ``is cut off at the edge``.
        page: From 1; None for a form without pages.
    """

    line: int
    column: int
    why: str
    page: int | None = None


@dataclass
class ReadCell:
    """One cell.

    Attributes:
        source: Of a Markdown cell, what it says as far as the print shows.
        count: The number in its prompt.
        page: Where it begins, from 1; None for a form without pages.
        outputs: What it printed, each ``stdout``, ``stderr`` or ``result`` with its text.
    """

    kind: Literal["code", "markdown", "raw"]
    source: str
    count: int | None = None
    page: int | None = None
    outputs: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


@dataclass
class Print:
    """A whole print; ``authors`` are those on its title."""

    cells: list[ReadCell] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
