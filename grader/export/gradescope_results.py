"""A grade as Gradescope's ``results.json``.

Source: Gradescope's autograder specifications. A test's ``visibility`` is ``visible``, ``hidden``, ``after_due_date``
or ``after_published``; without a score on every test the total is given at the top.
"""

from __future__ import annotations

from typing import Any

from grader.export.rules import Rules
from grader.records import GradedSubmission, Verdict
from grader.report.shown import as_shown

NOT_YET = "after_published"
"""Shown to the student when the tutor publishes the grades, and not before."""


def results(
    graded: GradedSubmission, *, rules: Rules, extra: dict[str, Any], visibility: str = "visible"
) -> dict[str, Any]:
    """The results of one submission.

    Args:
        graded: Its grade.
        rules: What is pending counts as nothing, or is not yet released.
        extra: What else the tutor's page at Gradescope keeps.
        visibility: When students see what is decided.
    """
    shown = {verdict.criterion: verdict for verdict in as_shown(graded).verdicts}
    waits = rules.pending != "zero"
    tests = [
        _test(shown.get(verdict.criterion, verdict), number=str(number), waits=waits, visibility=visibility)
        for number, verdict in enumerate(graded.verdicts, start=1)
    ]
    return {
        "score": rules.points(graded),
        "output": _summary(graded, waits=waits),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "extra_data": {"submission": graded.submission.id, "status": graded.status, **extra},
        "tests": tests,
    }


def _test(verdict: Verdict, *, number: str, waits: bool, visibility: str) -> dict[str, Any]:
    is_pending = bool(verdict.pending) and waits
    test: dict[str, Any] = {
        "name": verdict.title or verdict.criterion,
        "number": number,
        "max_score": verdict.points,
        "output": "\n".join(_said(verdict, is_pending=is_pending)),
        "tags": [verdict.section, *(["bonus"] if verdict.bonus else [])],
        "visibility": "hidden" if verdict.visibility == "tutor" else NOT_YET if is_pending else visibility,
    }
    if not is_pending:
        test["score"] = verdict.earned
        test["status"] = "passed" if verdict.outcome == "passed" else "failed"
    return test


def _said(verdict: Verdict, *, is_pending: bool) -> list[str]:
    lines = [
        f"{word}: {text}"
        for word, text in (
            ("Required", verdict.required),
            ("Expected", verdict.expected),
            ("Yours", verdict.yours),
        )
        if text
    ]
    lines += [text for text in (verdict.feedback, verdict.next_step) if text]
    if verdict.mark is not None and verdict.mark.reason:
        lines.append(f"Marked by a tutor: {verdict.mark.reason}")
    if verdict.comment:
        lines.append(f"A tutor says: {verdict.comment}")
    if is_pending:
        lines.append("A tutor still looks at this; its points are not decided.")
    return lines


def _summary(graded: GradedSubmission, *, waits: bool) -> str:
    pending = graded.points_pending + graded.bonus_pending
    lines = [f"{graded.points_earned:g} of {graded.points_possible:g} points."]
    if graded.bonus_possible:
        lines.append(f"{graded.bonus_earned:g} of {graded.bonus_possible:g} bonus points.")
    if graded.late is not None and graded.late.points:
        lines.append(f"{graded.late.text}.".replace("..", "."))
    if pending and waits:
        lines.append(f"{pending:g} more are not decided yet: a tutor looks at them.")
    if graded.status == "not_run":
        lines.append(f"Nothing was run: {graded.execution.detail}")
    return "\n".join([*lines, *([f"A tutor says: {graded.comment}"] if graded.comment else [])])
