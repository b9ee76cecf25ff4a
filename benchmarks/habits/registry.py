"""The habits: each a small function that rewrites a page, with what it may stand beside and whether it needs a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from random import Random

from habits.page import Page

Apply = Callable[[Page, Random], bool]


class Step(IntEnum):
    """In what order habits are applied, so that none undoes another."""

    CODE = 1
    LINES = 2
    CELLS = 3
    HEADING_WORDS = 10
    HEADING_TOUCHES = 15
    LANGUAGE = 20
    LIST = 25
    ANSWER_FORM = 30
    LABEL = 40
    OWN_HEADINGS = 50
    QUESTION = 60
    PLACE = 70
    HEADING_FORM = 80
    LAYOUT = 90
    FILE = 100


@dataclass(frozen=True)
class Habit:
    """One thing that people do to their notebooks.

    Attributes:
        family: Of the habits of one family a notebook has at most one.
        needs_run: Whether what the code does may change, so that the original's evidence is not its own.
        text: What the page shows then, one sentence.
    """

    name: str
    family: str
    step: Step
    needs_run: bool
    text: str
    apply: Apply


HABITS: dict[str, Habit] = {}
"""By name, in the order in which they are declared."""


def habit(family: str, step: Step, *, needs_run: bool = False) -> Callable[[Apply], Apply]:
    """Declares the function below as a habit; it says whether the page has a place for it."""

    def declare(apply: Apply) -> Apply:
        add_habit(apply.__name__, apply, family=family, step=step, needs_run=needs_run, text=apply.__doc__ or "")
        return apply

    return declare


def add_habit(name: str, apply: Apply, *, family: str, step: Step, needs_run: bool, text: str) -> None:
    """Declares a habit by hand.

    Raises:
        ValueError: Another one has its name.
    """
    if name in HABITS:
        raise ValueError(f"two habits named {name!r}")
    HABITS[name] = Habit(name, family, step, needs_run, text.strip().split("\n")[0], apply)
