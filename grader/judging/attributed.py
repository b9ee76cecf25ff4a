"""Results with whose failure it is: what only the infrastructure's failure lost waits for a person."""

from __future__ import annotations

from grader.attribution import Work, reason_for_section
from grader.judging.absence import nothing_trained_at_all, trained_anything
from grader.judging.views import SectionView, SubmissionView
from grader.records import CheckResult


def of_whole_notebook(result: CheckResult, submission: SubmissionView, *, asks_for_training: bool) -> CheckResult:
    """The result of a criterion of the whole notebook; where no model was trained, nothing is earned.

    Args:
        result: As the check gave it.
        submission: The notebook.
        asks_for_training: Whether the rubric asks for a model at all.
    """
    attribution, trained = submission.attribution, trained_anything(submission.evidence)
    is_settled = result.outcome in {"failed", "blocked"} or result.cause in {"by_hand", "infrastructure"}
    if asks_for_training and not trained and not is_settled:
        result = nothing_trained_at_all(submission)
    if _is_lost(result) and attribution.unread is not None:
        return _pending(result, attribution.unread)
    if not _is_lost(result) or not attribution.every_failure:
        return result
    if trained:
        return _pending(result, attribution.first_reason)
    return _pending(result, attribution.reason(cell for cell in attribution.causes if cell in attribution.trains))


def of_section(
    result: CheckResult, section: SectionView, *, owners: frozenset[str], about_model: bool, made_by: Work | None
) -> CheckResult:
    """The result of a section's criterion.

    Args:
        result: As the check gave it.
        section: Of the submission.
        owners: Ids of the sections that ask for a model of their own.
        about_model: Whether this section asks for a model, or speaks of another's.
        made_by: What a cell does that makes the criterion's subject, as its check declares.
    """
    # Words stand where they were written, whatever ran; where nothing was read, they are not known.
    if not _is_lost(result) or (result.basis == "manual" and section.evidence.cells):
        return result
    reason = reason_for_section(
        section.attribution,
        section.match,
        matching=section.matching,
        evidence=section.evidence,
        owners=owners,
        about_model=about_model,
        made_by=made_by,
    )
    reason = reason or section.attribution.unread
    return _with_end_of_run(result, section) if reason is None else _pending(result, reason)


def _is_lost(result: CheckResult) -> bool:
    return result.cause == "unverifiable" or result.outcome in {"failed", "partial", "blocked"}


def _pending(result: CheckResult, reason: str | None) -> CheckResult:
    if reason is None:
        return result
    text = f"{reason} What follows from it is not counted against you; a tutor will look."
    if result.outcome == "partial":
        text = f"{text} {result.feedback}".strip()
    changes = {"outcome": "needs_review", "cause": "infrastructure", "share": 0.0, "feedback": text, "next_step": ""}
    return result.model_copy(update=changes)


def _with_end_of_run(result: CheckResult, section: SectionView) -> CheckResult:
    """What is lost because the student's code ended the run says so first."""
    attribution = section.attribution
    why = attribution.why_not_reached(section.match.cells)
    if result.outcome not in {"failed", "blocked"} or why is None or attribution.ended_by is None:
        return result
    if why[1:].rstrip(".") in result.feedback:
        return result
    step = f"Fix cell {attribution.ended_by + 1}, so that the cells after it run."
    return result.model_copy(update={"feedback": f"{why} {result.feedback}", "next_step": step})
