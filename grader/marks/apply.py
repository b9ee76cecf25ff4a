"""A grade with what people decided of it."""

from __future__ import annotations

from grader.marks.effective import Mark, MarksOfSubmission
from grader.records import GradedSubmission, TutorsMark, Verdict


def apply_marks(graded: GradedSubmission, marks: MarksOfSubmission) -> tuple[Verdict, ...]:
    """The verdicts of a grade, those changed that a person decided.

    Where the answer or the measured facts have changed since a person saw them, the criterion waits for a person
    again, and says what was given before.

    Args:
        graded: As it was judged without people.
        marks: Of this submission.
    """
    by_criterion = {mark.criterion: mark for mark in marks.marks}
    return tuple(
        _marked(verdict, by_criterion.get(verdict.criterion), comment=marks.comments.get(verdict.criterion, ""))
        for verdict in graded.verdicts
    )


def unmarked(verdict: Verdict) -> Verdict:
    """A verdict of a stored grade as it was judged without people.

    Where a mark was stale, the feedback still says so.
    """
    mark = verdict.mark
    if mark is None:
        return verdict.model_copy(update={"comment": ""})
    waits = mark.outcome_before == "needs_review"
    update: dict[str, object] = {"mark": None, "comment": "", "earned": mark.earned_before}
    update |= {"outcome": mark.outcome_before, "cause": mark.cause_before, "basis": mark.basis_before}
    update |= {"pending": verdict.points if waits else 0.0}
    if waits and mark.cause_before is None:
        update["cause"] = "by_hand"
    return verdict.model_copy(update=update)


def _marked(verdict: Verdict, mark: Mark | None, *, comment: str) -> Verdict:
    if mark is None:
        return verdict.model_copy(update={"comment": comment}) if comment else verdict
    given = mark.earned(verdict.points)
    is_stale = bool(mark.seen) and bool(verdict.seen) and mark.seen != verdict.seen
    is_too_much = given is not None and given > verdict.points
    note = TutorsMark(
        earned=given,
        earned_before=verdict.earned,
        outcome_before=verdict.outcome,
        cause_before=verdict.cause,
        basis_before=verdict.basis,
        reason=mark.text,
        items=tuple((item.text, item.points) for item in mark.items if item.text or item.points),
        internal_reason=mark.internal_text,
        by=mark.by,
        time=mark.time,
        event=mark.event,
        stale=is_stale or is_too_much,
    )
    update: dict[str, object] = {"mark": note, "comment": comment, "basis": "manual", "cause": None, "pending": 0.0}
    if is_stale or is_too_much or given is None:
        update |= {"outcome": "needs_review", "cause": "by_hand", "earned": 0.0, "pending": verdict.points}
        update["feedback"] = _why_again(verdict, given, is_stale=is_stale)
    else:
        outcome = "passed" if given >= verdict.points else "partial" if given > 0 else "failed"
        update |= {"outcome": outcome, "earned": given}
    if given is not None and given >= verdict.points:
        update["next_step"] = ""
    return verdict.model_copy(update=update)


def _why_again(verdict: Verdict, given: float | None, *, is_stale: bool) -> str:
    if given is None:
        return "A tutor looks at this once more."
    if is_stale:
        return (
            f"A tutor gave {given:g} of {verdict.points:g} points, but the answer or what was measured has changed "
            "since. A tutor looks at it once more."
        )
    return (
        f"A tutor gave {given:g} points, and the criterion has {verdict.points:g} now. A tutor looks at it once more."
    )
