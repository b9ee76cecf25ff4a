"""How late a hand-in is, and what that costs by the rubric's late policy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from grader.errors import UsageError
from grader.intake.times import instant
from grader.marks import Decisions
from grader.records import HandIn, LateDeduction
from grader.rubric import Rubric
from grader.rubric.late import Late

_SECONDS = {"day": 86_400, "hour": 3_600}
_STEPS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_PRECISION_SECONDS = 1e-6
"""Times are read to the microsecond: what is over a whole day by less is rounding."""


@dataclass(frozen=True)
class LateRule:
    """A rubric's late policy with what is known of a class.

    A group hands in one file: the longest extension of any of its members counts for all of them, for none of them
    could hand in without the others. Who is excused changes nothing for the others.

    Attributes:
        possible: The points possible, without the bonus.
        extensions: Later deadlines, by student.
        excused: Students of whom nothing is asked.
    """

    policy: Late
    possible: float
    deadline: datetime
    extensions: Mapping[str, datetime]
    excused: frozenset[str]

    def of(self, one: HandIn) -> LateDeduction | None:
        """What a hand-in costs; None where it came in time (the platform may say so), or all of it are excused."""
        if one.owner and self.excused.issuperset(one.owner):
            return None
        own = [self.extensions[key] for key in one.owner if key in self.extensions]
        due = max((self.deadline, *own), key=instant)
        if one.submitted is None:
            return None if one.late is False else _unknown(one, due)
        seconds = instant(one.submitted) - instant(due)
        if seconds <= 0:
            return None
        points, arithmetic = self._cost(seconds)
        start = f"Handed in {duration(seconds)} late"
        extended = "after the extension" if instant(due) > instant(self.deadline) else ""
        return LateDeduction(
            due=due,
            submitted=one.submitted,
            seconds_late=seconds,
            points=points,
            text=f"{start} {extended}".rstrip() + arithmetic,
        )

    def _cost(self, seconds: float) -> tuple[float, str]:
        """The points that a delay costs, and the arithmetic."""
        policy = self.policy
        grace = policy.grace.total_seconds()
        over = seconds - grace
        if over <= _PRECISION_SECONDS:
            return 0.0, f", within the {duration(grace)} of grace: no points off."
        begun = math.ceil((over - _PRECISION_SECONDS) / _SECONDS[policy.every])
        counted = f"{begun} {policy.every}{'' if begun == 1 else 's'} begun"
        after = f" (after {duration(grace)} of grace)" if grace else ""
        if policy.per_cent is not None:
            each, unit = policy.per_cent / 100 * self.possible, f"{policy.per_cent:g} % of {self.possible:g}"
        else:
            each = policy.points or 0.0
            unit = _points(each)
        total, most = begun * each, self._most()
        product = f"; {counted}{after} x {unit} = "
        if most is not None and total > most:
            return round(most, 2), f"{product}{round(total, 2):g}, at most {round(most, 2):g}: {_points(most)} off."
        return round(total, 2), f"{product}{_points(total)} off."

    def _most(self) -> float | None:
        policy = self.policy
        if policy.at_most_per_cent is not None:
            return policy.at_most_per_cent / 100 * self.possible
        return policy.at_most_points


def late_rule(rubric: Rubric, *, deadline: datetime | None, decisions: Decisions) -> LateRule | None:
    """The rubric's late policy for this class; None where it has none.

    Args:
        rubric: With its own deadline, where it has one.
        deadline: That goes before it.
        decisions: Extensions and excuses.

    Raises:
        UsageError: There is a policy, and no deadline.
    """
    policy = rubric.late
    if policy is None:
        return None
    due = deadline or policy.deadline
    if due is None:
        raise UsageError(
            f"{rubric.path}: 'late' says what handing in late costs, and there is no deadline.",
            expected="A deadline below 'late', or the option --deadline.",
            fix="Add a line below 'late' such as: deadline: 2026-01-31T23:59",
        )
    return LateRule(
        policy=policy,
        possible=rubric.points_possible,
        deadline=due,
        extensions=decisions.extensions(),
        excused=decisions.excused(),
    )


def duration(seconds: float) -> str:
    """A delay in its two largest units: ``1 day 3 hours``."""
    left, said = round(seconds), list[str]()
    for name, size in _STEPS:
        number, left = divmod(left, size)
        if number:
            said.append(f"{number} {name}{'' if number == 1 else 's'}")
    return " ".join(said[:2]) or "less than a second"


def _unknown(one: HandIn, due: datetime) -> LateDeduction:
    said = " The platform calls it late, and does not say when it came." if one.late else ""
    return LateDeduction(
        due=due, text=f"When this was handed in is not known, so no points are taken off for being late.{said}"
    )


def _points(points: float) -> str:
    rounded = round(points, 2)
    return f"{rounded:g} point{'' if rounded == 1 else 's'}"
