"""Every page and table that grading writes. A new one is a module with a `PAGE`, and a line here."""

from __future__ import annotations

from collections.abc import Sequence

from grader.calibration import NO_CURVES, Curves
from grader.marks import Event
from grader.records import NOBODY, GradedSubmission, People
from grader.report import cohort, feedback, gradebook, matrix, summary
from grader.report.page import CohortPage, SubmissionPage
from grader.report.sources import ClassSources
from grader.rubric import Rubric
from grader.store import OutputFolder, SubmissionFolder, write_atomically

SUBMISSION_PAGES: tuple[SubmissionPage, ...] = (feedback.PAGE,)
COHORT_PAGES: tuple[CohortPage, ...] = (cohort.PAGE, matrix.PAGE, gradebook.PAGE, summary.PAGE)


def write_submission(
    graded: GradedSubmission,
    *,
    folder: SubmissionFolder,
    people: Sequence[str] = (),
    handed_in: str = "",
    curves: Curves = NO_CURVES,
) -> None:
    """Writes the pages of one submission."""
    for page in SUBMISSION_PAGES:
        text = page.render(graded, folder=folder, people=people, handed_in=handed_in, curves=curves)
        write_atomically(folder.folder / page.file_name, text)


def write_cohort(
    graded: Sequence[GradedSubmission],
    *,
    output: OutputFolder,
    people: People = NOBODY,
    rubric: Rubric | None = None,
    events: Sequence[Event] = (),
) -> None:
    """Writes the pages of all submissions together.

    Args:
        graded: In the order in which they are shown.
        output: Where.
        people: Whose they are.
        rubric: What they were graded by; without it the page says neither how sure bands are nor who is alike.
        events: Of the tutor's file.
    """
    sources = ClassSources(output, rubric, tuple(events))
    for page in COHORT_PAGES:
        write_atomically(output.folder / page.file_name, page.render(graded, people=people, sources=sources))
