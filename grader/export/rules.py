"""The rules by which points become a platform's grade. Each is told by an option, and the report says what it did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from grader.errors import UsageError
from grader.export.results import MOST_NAMED, ClassResults, Result
from grader.judging.results import first_of
from grader.records import GradedSubmission

Pending = Literal["hold", "zero", "refuse"]
Bonus = Literal["add", "leave"]

_DIGITS = 2
"""Points of a grade are rounded to so many digits."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is done with points that are not plain.

    Attributes:
        pending: ``hold`` hands back neither points nor page of whoever waits for a person; ``zero`` counts what is
            pending as nothing; ``refuse`` writes nothing at all.
        bonus: Whether bonus points are part of the grade.
        scale: Whether points are converted where the platform has another maximum.
    """

    pending: Pending = "hold"
    bonus: Bonus = "add"
    scale: bool = False

    def waiting(self, result: Result) -> str:
        """Why a grade waits for a person; empty where it does not."""
        graded = result.graded
        if graded.status == "not_run":
            return "no notebook was handed in"
        pending = graded.points_pending + (graded.bonus_pending if self.bonus == "add" else 0.0)
        return f"{number(pending)} points pending" if pending else ""

    def points(self, graded: GradedSubmission) -> float:
        """What a grade comes to, pending points as nothing."""
        return round(graded.points_earned + (graded.bonus_earned if self.bonus == "add" else 0.0), _DIGITS)

    def scaled(self, points: float, *, possible: float, maximum: float | None) -> float:
        """The points on the platform's scale."""
        if not self.scale or maximum is None or not possible:
            return points
        return round(points * maximum / possible, _DIGITS)


@dataclass(frozen=True)
class Divided:
    """Results by what the rule for pending points does with them.

    Attributes:
        given: Those that are handed back.
        held: Those that are held back.
        as_zero: Those of the given whose pending points count as nothing.
    """

    given: tuple[Result, ...]
    held: tuple[Result, ...] = ()
    as_zero: tuple[Result, ...] = ()


def divide(found: ClassResults, rules: Rules) -> Divided:
    """Sorts out what waits for a person.

    Raises:
        UsageError: Something waits, and the rule refuses that.
    """
    everybody = (*found.results, *found.groups)
    waiting = tuple(result for result in everybody if rules.waiting(result))
    if waiting and rules.pending == "refuse":
        named = first_of([_said(one, rules) for one in waiting], at_most=MOST_NAMED)
        raise UsageError(
            f"{len(waiting)} of {len(everybody)} wait for a person: {named}.",
            expected="No pending points (--pending refuse).",
            fix="Mark them (grader marks export OUT --pending), or say --pending hold or zero.",
        )
    if rules.pending == "zero":
        return Divided(everybody, as_zero=waiting)
    return Divided(tuple(result for result in everybody if result not in waiting), held=waiting)


def _said(result: Result, rules: Rules) -> str:
    return f"{result.label} ({rules.waiting(result)})"


def number(points: float) -> str:
    """A number as every platform reads it: a point before at most two digits, no zeros at the end."""
    text = f"{points:.{_DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def read_number(text: str) -> float | None:
    """A number in either way of writing; None where it is none."""
    plain = text.strip().removesuffix("%").strip()
    if not re.fullmatch(r"-?\d+(?:[.,]\d+)?", plain):
        return None
    return float(plain.replace(",", "."))
