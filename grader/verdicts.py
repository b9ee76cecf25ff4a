"""Verdicts, and the grade that they add up to."""

from __future__ import annotations

from collections.abc import Mapping

from grader.records import (
    Advice,
    CheckResult,
    Evidence,
    ExecutionSummary,
    Flag,
    GradedSubmission,
    LateDeduction,
    RubricSummary,
    SectionMatch,
    SubmissionSummary,
    Verdict,
)
from grader.rubric import Criterion, Rubric, Section

POINT_DIGITS = 2
"""Points are rounded to so many digits, so that thirds add up on paper as they do here."""


_TOTALS = {
    "points_earned": ("earned", False),
    "points_pending": ("pending", False),
    "points_possible": ("points", False),
    "bonus_earned": ("earned", True),
    "bonus_pending": ("pending", True),
    "bonus_possible": ("points", True),
}
"""Sums of a grade: the verdicts' field that is added up, and whether of bonus sections."""


def graded_submission(
    rubric: Rubric,
    verdicts: tuple[Verdict, ...],
    *,
    submission: SubmissionSummary,
    evidence: Evidence,
    matching: Mapping[str, SectionMatch],
    advice: tuple[Advice, ...],
    flags: tuple[Flag, ...] = (),
) -> GradedSubmission:
    """The grade that verdicts come to.

    Args:
        rubric: That was judged by.
        verdicts: One a criterion.
        submission: Who and what was graded.
        evidence: What the execution left.
        matching: Which part of the notebook answers which section.
        advice: Remarks without points.
        flags: What the tutor should look at.
    """
    run = evidence.execution
    graded = GradedSubmission(
        submission=submission,
        rubric=RubricSummary(
            assignment=rubric.assignment,
            title=rubric.title,
            file_name=rubric.path.name,
            sha256=rubric.sha256,
            check_packages={package.name: package.version for package in rubric.check_packages},
        ),
        status="graded",
        execution=ExecutionSummary(
            reason=run.reason,
            detail=run.detail,
            first_error_cell=run.first_error_cell,
            seconds=run.seconds,
            overhead_seconds=run.overhead_seconds,
        ),
        data=evidence.data_sets,
        data_choice=evidence.data_choice,
        points_earned=0.0,
        points_pending=0.0,
        points_possible=0.0,
        bonus_earned=0.0,
        bonus_pending=0.0,
        bonus_possible=0.0,
        matching=dict(matching),
        flags=flags,
        advice=advice,
    )
    return with_verdicts(graded, verdicts)


def with_verdicts(graded: GradedSubmission, verdicts: tuple[Verdict, ...]) -> GradedSubmission:
    """The grade with these verdicts, and the status and sums that follow from them."""
    waiting = any(verdict.outcome == "needs_review" and verdict.cause != "by_hand" for verdict in verdicts)

    def total(field: str, *, bonus: bool) -> float:
        points = (float(getattr(verdict, field)) for verdict in verdicts if verdict.bonus is bonus)
        return round(sum(points), POINT_DIGITS)

    sums = {name: total(field, bonus=bonus) for name, (field, bonus) in _TOTALS.items()}
    status = "not_run" if graded.status == "not_run" else "needs_review" if waiting else "graded"
    return graded.model_copy(update={"status": status, "verdicts": verdicts, **sums})


def with_late(graded: GradedSubmission, late: LateDeduction | None) -> GradedSubmission:
    """The grade without the points that handing in late costs; those that wait for a person are not touched.

    Args:
        graded: With all its verdicts.
        late: What is to be taken off.
    """
    if late is None:
        return graded
    off = min(late.points, graded.points_earned)
    if off < late.points:
        text = f"{late.text} Only the {off:g} earned so far are taken off."
        late = late.model_copy(update={"points": off, "text": text})
    earned = round(graded.points_earned - off, POINT_DIGITS)
    return graded.model_copy(update={"points_earned": earned, "late": late})


def verdict_of(criterion: Criterion, section: Section, result: CheckResult) -> Verdict:
    """A criterion's verdict: the points that a result earns, and the rubric's own words where it has some.

    Args:
        criterion: Of the rubric.
        section: That it is of.
        result: What its check said.
    """
    words = criterion.text
    own = {"passed": words.passed, "partial": words.partial, "failed": words.failed}.get(result.outcome)
    to_do = result.outcome in {"partial", "failed", "blocked"}
    earned = round(criterion.points * result.share, POINT_DIGITS)
    return Verdict(
        criterion=criterion.id,
        section=section.id,
        title=criterion.title,
        outcome=result.outcome,
        cause=result.cause,
        earned=earned,
        pending=criterion.points if result.outcome == "needs_review" else 0.0,
        points=criterion.points,
        bonus=section.bonus,
        visibility=criterion.visibility,
        basis=result.basis,
        required=result.required,
        expected=result.expected,
        yours=result.yours,
        feedback=_filled(own, result) or result.feedback,
        next_step=(_filled(words.next_step, result) if to_do else None) or result.next_step,
        cells=result.cells,
        judged=result.judged,
        layers=result.layers,
        picture=result.picture,
    )


def _filled(text: str | None, result: CheckResult) -> str | None:
    if text is None:
        return None
    return text.replace("{yours}", result.yours).replace("{expected}", result.expected)
