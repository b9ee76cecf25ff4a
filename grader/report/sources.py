"""What the pages of a class are made of besides its grades."""

from __future__ import annotations

from dataclasses import dataclass

from grader.marks import Event
from grader.rubric import Rubric
from grader.store import OutputFolder


@dataclass(frozen=True)
class ClassSources:
    """What the pages of a class are made of besides its grades; what hangs on something unknown is left out.

    Attributes:
        output: Where each submission's evidence is.
        rubric: With the reference's spread.
        events: Of the tutor's file.
    """

    output: OutputFolder | None = None
    rubric: Rubric | None = None
    events: tuple[Event, ...] = ()


NO_SOURCES = ClassSources()
