"""What a page is to the pipeline: a file, who reads it, and how it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from grader.calibration import Curves
from grader.records import GradedSubmission, People
from grader.store import SubmissionFolder

if TYPE_CHECKING:
    from grader.report.sources import ClassSources

Reader = Literal["student", "tutor", "program"]


class RenderSubmission(Protocol):
    """Makes a page of one submission."""

    def __call__(
        self,
        graded: GradedSubmission,
        *,
        folder: SubmissionFolder,
        people: Sequence[str],
        handed_in: str,
        curves: Curves,
    ) -> str:
        """The file's text.

        Args:
            graded: The verdicts.
            people: Whose it is.
            handed_in: When, and when it was due, see `People.handed_in`.
            folder: Where the evidence is, and where pictures are kept; there need be none.
            curves: Of the reference, as far as they may stand behind the student's.
        """


class RenderCohort(Protocol):
    """Makes a page of all submissions of a batch."""

    def __call__(self, graded: Sequence[GradedSubmission], /, *, people: People, sources: ClassSources) -> str:
        """The file's text, also where nothing was graded."""


@dataclass(frozen=True)
class SubmissionPage:
    """A file that every submission has.

    Attributes:
        file_name: Below the submission's folder.
        reader: For whom it is; what is for tutors alone never stands on a student's page.
    """

    file_name: str
    reader: Reader
    render: RenderSubmission


@dataclass(frozen=True)
class CohortPage:
    """A file that a batch has once.

    Attributes:
        file_name: Below the output folder.
        reader: For whom it is.
    """

    file_name: str
    reader: Reader
    render: RenderCohort
