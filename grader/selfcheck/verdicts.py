"""What a step of the self-check says of each criterion: passed, failed, or unknown with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from grader.records import GradedSubmission, SectionMatch, Verdict
from grader.records.base import Record

Step = Literal["static", "quick", "full", "sandbox", "live"]
Status = Literal["passed", "failed", "unknown"]


class StepVerdict(Record):
    """One criterion after one step.

    Attributes:
        status: ``failed`` wherever some of the points are lost; ``unknown`` also for what a person reads.
        at_most: The points that are still to be had.
        yours: What was found, in the form of what was asked for.
        text: Why, for the student.
    """

    criterion: str
    section: str
    title: str = ""
    points: float
    bonus: bool = False
    status: Status
    at_most: float
    yours: str = ""
    text: str = ""
    next_step: str = ""
    cells: tuple[int, ...] = ()


class Report(Record):
    """What one step found.

    Attributes:
        remarks: Of the whole notebook, each a sentence.
        hints: What was proved to win back what was lost, each a sentence or two.
        cannot_know: What this step cannot tell, a sentence.
    """

    step: Step
    assignment: str
    verdicts: tuple[StepVerdict, ...]
    matching: dict[str, SectionMatch] = {}
    remarks: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    cannot_know: str = ""

    def points(self, status: Status, *, bonus: bool = False) -> float:
        """Points of the criteria with that status."""
        return sum(one.points for one in self.verdicts if one.status == status and one.bonus is bonus)

    @property
    def earned(self) -> float:
        """Points that are sure, as far as this step tells, without bonus."""
        kept = (one.at_most for one in self.verdicts if one.status != "unknown" and not one.bonus)
        return round(sum(kept), 2)

    @property
    def possible(self) -> float:
        """Points of all criteria, without bonus."""
        return round(sum(one.points for one in self.verdicts if not one.bonus), 2)


def status_of(verdict: Verdict) -> Status:
    """A verdict of a whole run as a step says it."""
    if verdict.outcome == "passed":
        return "passed"
    return "unknown" if verdict.outcome == "needs_review" else "failed"


def report_of(graded: GradedSubmission, *, step: Step, unsure: Iterable[str] = (), cannot_know: str = "") -> Report:
    """What a run says.

    Args:
        graded: The grade that it came to.
        step: Which run it was.
        unsure: Criteria that this run cannot decide.
        cannot_know: What it cannot tell, a sentence.
    """
    open_ones = set(unsure)
    return Report(
        step=step,
        assignment=graded.rubric.assignment,
        verdicts=tuple(_of_run(one, is_open=one.criterion in open_ones) for one in graded.verdicts),
        matching=graded.matching,
        cannot_know=cannot_know,
    )


def _of_run(verdict: Verdict, *, is_open: bool) -> StepVerdict:
    status: Status = "unknown" if is_open else status_of(verdict)
    text = verdict.feedback
    if is_open:
        text = f"Only the full check decides this. So far: {verdict.feedback}" if verdict.feedback else ""
    return StepVerdict(
        criterion=verdict.criterion,
        section=verdict.section,
        title=verdict.title,
        points=verdict.points,
        bonus=verdict.bonus,
        status=status,
        at_most=verdict.points if status == "unknown" else verdict.earned,
        yours=verdict.yours,
        text=text,
        next_step="" if status == "passed" else verdict.next_step,
        cells=verdict.cells,
    )
