"""What an edit of a rubric would do to the grades of a class, see `grader.preview`."""

from __future__ import annotations

from grader.records.base import SCHEMA_VERSION, Record, SchemaVersion
from grader.records.grading import Outcome, RubricSummary


class Totals(Record):
    """The sums of one grade."""

    earned: float
    pending: float
    possible: float
    bonus_earned: float
    bonus_pending: float
    bonus_possible: float

    @property
    def all_earned(self) -> float:
        """With the bonus."""
        return self.earned + self.bonus_earned


class CriterionState(Record):
    """What one criterion of one submission comes to."""

    outcome: Outcome
    earned: float
    pending: float
    points: float


class CriterionChange(Record):
    """One criterion of one submission that earns otherwise.

    Attributes:
        before: None where the rubric had no such criterion.
        after: None where it has none any more.
        why: The reason, a sentence or two.
    """

    criterion: str
    title: str = ""
    before: CriterionState | None
    after: CriterionState | None
    why: str


class Crossing(Record):
    """A line of the rubric that a submission would cross.

    Attributes:
        at: The points from which on it is reached.
        is_reached: Whether it would be reached, and is not yet; else the other way round.
    """

    line: str
    at: float
    is_reached: bool


class Move(Record):
    """A submission whose points would change, in sum or by criterion.

    Attributes:
        students: As pages show them.
        counts: Whether it is the one of its students' attempts that counts.
        difference: Of what is earned, bonus included.
        late: What would be said of handing in late; None where that stays as it is.
    """

    submission: str
    students: tuple[str, ...] = ()
    counts: bool = True
    before: Totals
    after: Totals
    difference: float
    crossings: tuple[Crossing, ...] = ()
    changes: tuple[CriterionChange, ...] = ()
    late: str | None = None


class CriterionEffect(Record):
    """What becomes of one criterion over the class, where anything does.

    Attributes:
        points_before: None where the rubric had no such criterion.
        points_after: None where it has none any more.
        more: How many submissions would earn more by it.
        fewer: How many would earn less.
        difference: What they would earn by it, in sum.
        newly_pending: For how many a person would have to look, and has not now.
        no_longer_pending: The other way round.
    """

    criterion: str
    title: str = ""
    points_before: float | None
    points_after: float | None
    more: int
    fewer: int
    difference: float
    newly_pending: int
    no_longer_pending: int


class Untold(Record):
    """A submission of which it cannot be told what it would get.

    Attributes:
        why: The reasons, a part of a sentence each.
    """

    submission: str
    students: tuple[str, ...] = ()
    why: tuple[str, ...]


class Preview(Record):
    """What grading a class again by an edited rubric would come to.

    Attributes:
        rubric: The edited one.
        submissions: How many have a grade.
        same: How many would keep every point.
        reworded: How many of these would get other words, or other points possible.
        mean_before: Of what is earned, bonus included, over those of which it can be told; None where there are none.
        lines: The rubric's, name to points.
        moves: The largest first.
        criteria: In the rubric's order, those that it has no more at the end.
        notes: What else is among the moves, a sentence each.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    rubric: RubricSummary
    submissions: int
    same: int
    reworded: int
    mean_before: float | None
    mean_after: float | None
    possible_before: tuple[float, ...] = ()
    possible_after: tuple[float, ...] = ()
    lines: dict[str, float] = {}
    moves: tuple[Move, ...] = ()
    criteria: tuple[CriterionEffect, ...] = ()
    untold: tuple[Untold, ...] = ()
    notes: tuple[str, ...] = ()
