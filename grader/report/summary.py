"""The cohort for other programs: sums, and who waits for a tutor and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from grader.records import NOBODY, GradedSubmission, People
from grader.records.base import SCHEMA_VERSION
from grader.report.page import CohortPage


def summary_json(graded: Sequence[GradedSubmission], *, people: People = NOBODY, **_: object) -> str:
    """The file of it."""
    return json.dumps(summary(graded, people=people), indent=1, ensure_ascii=False) + "\n"


def summary(graded: Sequence[GradedSubmission], *, people: People = NOBODY) -> dict[str, Any]:
    """The cohort for a machine: sums by submission, and every submission that waits for a person by cause."""
    submissions: list[dict[str, Any]] = [
        {
            "id": one.submission.id,
            "file_name": one.submission.file_name,
            "students": list(people.names(one.submission.id)),
            "counts": one.submission.id not in people.submissions or people.submissions[one.submission.id].counts,
            "is_present": one.submission.id not in people.submissions
            or people.submissions[one.submission.id].is_present,
            "status": one.status,
            "data_choice": one.data_choice,
            "reason": one.execution.reason,
            "points_earned": one.points_earned,
            "points_pending": one.points_pending,
            "points_possible": one.points_possible,
            "bonus_earned": one.bonus_earned,
            "bonus_pending": one.bonus_pending,
            "bonus_possible": one.bonus_possible,
            "late": None if one.late is None else one.late.model_dump(mode="json"),
            "flags": len(one.flags),
            "causes": sorted({verdict.cause for verdict in one.verdicts if verdict.cause is not None}),
        }
        for one in graded
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "rubric": graded[0].rubric.model_dump(mode="json") if graded else None,
        "data_choice": _data_choice(graded),
        "count": len(graded),
        "statuses": {
            status: sum(one.status == status for one in graded) for status in ("graded", "needs_review", "not_run")
        },
        "submissions": submissions,
        "without_submission": [people.students[key].label for key in people.without_submission],
    }


def _data_choice(graded: Sequence[GradedSubmission]) -> str | None:
    """That of the batch: most submissions', for one that needs more rows than a sample's ran on other data."""
    counts = Counter(one.data_choice for one in graded)
    return max(counts, key=lambda choice: counts[choice], default=None)


PAGE = CohortPage("summary.json", reader="program", render=summary_json)
