"""The tutor's second page: every criterion of every submission, a row a submission."""

from __future__ import annotations

from collections.abc import Sequence

from grader.records import NOBODY, GradedSubmission, People
from grader.report.cohort_data import cohort_data
from grader.report.page import CohortPage
from grader.report.templating import environment


def render_matrix(graded: Sequence[GradedSubmission], *, people: People = NOBODY, **_: object) -> str:
    """Renders the page, self-contained; it links to the submissions' pages."""
    data = cohort_data(graded, people=people)
    return (
        environment()
        .get_template("matrix.html.j2")
        .render(
            rubric=graded[0].rubric if graded else None,
            criteria=data.criteria.values(),
            script=data.script(messages=False),
        )
    )


PAGE = CohortPage("matrix.html", reader="tutor", render=render_matrix)
