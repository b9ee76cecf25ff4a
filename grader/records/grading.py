"""What grading makes of evidence. `GradedSubmission` is ``grade.json``: others rely on its fields."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from grader.records.base import SCHEMA_VERSION, Record, SchemaVersion
from grader.records.evidence import DataChoice, DataSetUse, ExecutionReason
from grader.records.trials import Hint

Outcome = Literal["passed", "partial", "failed", "blocked", "needs_review"]
Cause = Literal["by_hand", "infrastructure", "unverifiable", "borderline", "flagged"]
Basis = Literal["verified", "claimed", "static", "manual"]

_ROUNDING = 1e-9
"""A figure on the line is within it: the two may come of the same rows by another order of sums."""


class Judged(Record):
    """A figure that was held against a band; either end may be open.

    Attributes:
        what: The figure's name, as a sentence's subject (``The test accuracy``).
        figure: What the calibration calls it (``ex4.test_accuracy``); empty where it has none of the kind.
    """

    what: str
    value: float
    lower: float | None = None
    upper: float | None = None
    figure: str = ""

    def holds(self, value: float) -> bool:
        """Whether a value of this figure lies within the band; an end itself does."""
        above = self.lower is None or reaches(value, self.lower)
        return above and (self.upper is None or reaches(-value, -self.upper))


def reaches(value: float, line: float) -> bool:
    """Whether a figure is not below a line, but for rounding."""
    return value >= line - _ROUNDING * max(1.0, abs(line))


class LayerPair(Record):
    """A layer that is asked for beside the student's own.

    Attributes:
        asked: In short; empty where none is asked for here.
        yours: In short; empty where it is missing.
        state: ``free`` for a layer that may stand there, and of which nothing is asked.
        times: How often the pair stands in a row.
    """

    asked: str
    yours: str
    state: Literal["same", "differs", "missing", "extra", "free"]
    times: int = 1


class PictureOf(Record):
    """What a picture that was asked for shows, as it was verified, and which figure is the student's.

    Attributes:
        kind: ``confusion`` of the test part, or ``region``: the model's answers over a rectangle.
        model: Id in the evidence, and ``weights``: the state that was measured.
        figure: Its ``seq`` in the evidence; None where none was found.
    """

    kind: Literal["confusion", "region"]
    model: str
    weights: str
    figure: int | None = None


class CheckResult(Record):
    """What one check says of one submission.

    Attributes:
        outcome: ``blocked`` is also said by a check whose subject does not exist (no model was trained).
        share: Part of the criterion's points that is earned, in [0, 1]; 0 but for ``passed`` (1) and ``partial``.
        cause: Only, and always, with ``needs_review``.
        basis: ``verified`` outside the student's process, ``claimed`` by it, ``static`` (from the notebook's text or
            a model's configuration), ``manual``.
        required: What the criterion asks for, a phrase.
        expected: The figure or form that was expected, with its unit.
        yours: What was found, in the same form as ``expected``.
        feedback: One or two sentences with both numbers.
        next_step: What to do about it; empty where passed.
        cells: Where, as indices of the notebook's cells.
        judged: The figure that decided, where one was held against a band.
        layers: Of a model that differs from what was asked for, layer by layer; empty where that says nothing.
        picture: That it speaks of, where what it should show was verified.
    """

    outcome: Outcome
    share: float = 0.0
    cause: Cause | None = None
    basis: Basis = "static"
    required: str = ""
    expected: str = ""
    yours: str = ""
    feedback: str = ""
    next_step: str = ""
    cells: tuple[int, ...] = ()
    judged: Judged | None = None
    layers: tuple[LayerPair, ...] = ()
    picture: PictureOf | None = None


class TutorsMark(Record):
    """What a person decided on a criterion, see `grader.marks`.

    Attributes:
        earned: What they gave; None where they ask for another look.
        earned_before: What the criterion earned without them; likewise its outcome, cause and basis.
        reason: For the student.
        items: Named deductions and comments: words and points.
        internal_reason: For tutors alone.
        event: Id of the event in the tutor's file.
        stale: What they saw has changed since, so that the mark does not count.
    """

    earned: float | None
    earned_before: float
    outcome_before: Outcome
    cause_before: Cause | None = None
    basis_before: Basis = "manual"
    reason: str = ""
    items: tuple[tuple[str, float], ...] = ()
    internal_reason: str = ""
    by: str
    time: datetime
    event: str
    stale: bool = False


class Verdict(Record):
    """A criterion's outcome in ``grade.json``. One of visibility ``tutor`` stays off the student's page.

    Attributes:
        seen: Digest over the answer and the measured facts, for a person's mark to hold on to.
        mark: What a person decided; None where none did.
        comment: What a tutor says to the student besides.
    """

    criterion: str
    section: str
    title: str = ""
    outcome: Outcome
    cause: Cause | None = None
    earned: float
    pending: float = 0.0
    points: float
    bonus: bool = False
    visibility: Literal["student", "tutor"] = "student"
    basis: Basis
    required: str = ""
    expected: str = ""
    yours: str = ""
    feedback: str = ""
    next_step: str = ""
    cells: tuple[int, ...] = ()
    judged: Judged | None = None
    layers: tuple[LayerPair, ...] = ()
    picture: PictureOf | None = None
    seen: str = ""
    mark: TutorsMark | None = None
    comment: str = ""


ASKS_ABOUT_ANSWER = "answer_contradicts_run"
"""The rule of advice that asks about a sentence of an answer in words, in the cell of the answer."""


class Advice(Record):
    """A remark with no points."""

    rule: str
    section: str | None
    text: str
    cells: tuple[int, ...] = ()


class Flag(Record):
    """A forgery suspected, for the tutor, with the evidence."""

    rule: str
    text: str
    cells: tuple[int, ...] = ()
    criteria: tuple[str, ...] = ()


class SectionMatch(Record):
    """Which part of the notebook, and which model, answers one section.

    Attributes:
        title: As the rubric gives it.
        heading_cell: The cell whose heading it is; None where the section was found by its models alone.
        heading: That heading's words.
        cells: Indices of the cells that belong to it.
        model: Id of the model that answers it; None where there is none (or the section owns none).
        fits: Ids of the fits of that model that count, in order.
        borrowed_from: The section whose model this one speaks of (``model_of``).
        about_model: Whether the section owns a model or speaks of one, found or not.
        why: How it was found, a sentence.
    """

    section: str
    title: str = ""
    heading_cell: int | None = None
    heading: str = ""
    cells: tuple[int, ...] = ()
    model: str | None = None
    fits: tuple[str, ...] = ()
    borrowed_from: str | None = None
    about_model: bool = False
    why: str = ""


class ExecutionSummary(Record):
    """``grade.json``'s short form of `Execution`."""

    reason: ExecutionReason | None = None
    detail: str = ""
    first_error_cell: int | None = None
    seconds: float = 0.0
    overhead_seconds: float = 0.0


class SubmissionSummary(Record):
    """What was graded; whose it is stands in ``people.json``."""

    id: str
    file_name: str
    sha256: str


class RubricSummary(Record):
    """Which rubric judged.

    Attributes:
        check_packages: The packages whose checks it uses besides the grader's own, distribution to version.
    """

    assignment: str
    title: str
    file_name: str
    sha256: str
    check_packages: dict[str, str] = {}


class LateDeduction(Record):
    """What handing in late costs, by the rubric's late policy.

    Attributes:
        due: The deadline that counted, with the longest extension of those who handed it in.
        submitted: None where it is not known.
        seconds_late: After that deadline; None where it is not known.
        points: Taken off ``points_earned``, never more than was earned.
        text: The arithmetic in words; of a time that is not known, what a tutor should know.
    """

    due: datetime
    submitted: datetime | None = None
    seconds_late: float | None = None
    points: float = 0.0
    text: str


class GradedSubmission(Record):
    """``grade.json``.

    Attributes:
        points_earned: What the verdicts earned, without what handing in late costs.
        comment: What a tutor says to the student of the whole notebook.
        late: None where it was handed in on time, or the rubric asks for nothing.
        hints: Edits that were proved to win back what was lost; none where nobody asked for them.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    submission: SubmissionSummary
    rubric: RubricSummary
    status: Literal["graded", "needs_review", "not_run"]
    execution: ExecutionSummary
    data: tuple[DataSetUse, ...] = ()
    data_choice: DataChoice = "sample"
    points_earned: float
    points_pending: float
    points_possible: float
    bonus_earned: float
    bonus_pending: float
    bonus_possible: float
    matching: dict[str, SectionMatch] = {}
    flags: tuple[Flag, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    advice: tuple[Advice, ...] = ()
    hints: tuple[Hint, ...] = ()
    comment: str = ""
    late: LateDeduction | None = None

    def questions_about(self, verdict: Verdict) -> tuple[str, ...]:
        """What there is to ask about an answer in words; empty for what is no such answer."""
        asked = [one for one in self.advice if one.rule == ASKS_ABOUT_ANSWER and one.section == verdict.section]
        return tuple(one.text for one in asked if verdict.basis == "manual" and set(one.cells) <= set(verdict.cells))
