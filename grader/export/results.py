"""What is handed back: for each student the submission that counts, as the output folder holds it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError
from grader.intake.ids import IN_ARCHIVE
from grader.intake.times import instant
from grader.judging.results import first_of
from grader.marks import Decisions, Mark, MarksFile
from grader.records import GradedSubmission, HandIn, People, Student, TutorsMark
from grader.store import OutputFolder

MOST_NAMED = 10
"""Of a list in one line."""

_AGAIN = "Run grader grade with the same output folder once more."


@dataclass(frozen=True)
class Result:
    """A student's grade, or that of a group of which only the name is known.

    Attributes:
        student: Whose it is; None for a group.
        submission: The id of the submission that counts for them.
        page: The student's page.
    """

    student: Student | None
    submission: str
    hand_in: HandIn
    graded: GradedSubmission
    page: Path

    @property
    def label(self) -> str:
        """What the report calls them."""
        return self.student.label if self.student is not None else f"group {self.hand_in.group or self.submission}"

    @property
    def key(self) -> str:
        """What tells them from all others."""
        return self.student.key if self.student is not None else self.hand_in.group_key

    @property
    def source_parts(self) -> tuple[str, ...]:
        """The folders and the name under which the platform exported the file, outermost first."""
        return tuple(re.split(rf"[/{IN_ARCHIVE}]", self.hand_in.source))


@dataclass(frozen=True)
class ClassResults:
    """A class as it was graded.

    Attributes:
        title: The assignment's, as the rubric has it.
        possible: Its points.
        results: One a student, each member of a group; excused students are not among them.
        groups: One a group of which only the name is known.
        excused: Students who are free of the assignment.
        nobodys: Submissions that nobody could be assigned to, each with what was tried.
        without_submission: Students on the roster who handed in nothing.
        of_others: Submissions that count for somebody, but are of another assignment.
    """

    assignment: str
    title: str
    possible: float
    results: tuple[Result, ...]
    groups: tuple[Result, ...] = ()
    excused: tuple[Student, ...] = ()
    nobodys: tuple[tuple[str, HandIn], ...] = ()
    without_submission: tuple[Student, ...] = ()
    of_others: tuple[str, ...] = ()


def read_results(output: OutputFolder, marks: MarksFile) -> ClassResults:
    """Reads what there is to hand back.

    Args:
        output: Of `grader grade`.
        marks: What people decided: it must be in the grades already.

    Raises:
        UsageError: The folder holds no class, or its last run did not come to its end, or marks were written since.
        StoreError: The tutor's file cannot be read.
    """
    people = _people(output)
    assignment = _assignment(output)
    decisions = Decisions(marks.read())
    excused = decisions.excused()
    found: dict[str, GradedSubmission] = {}
    for name in dict.fromkeys(people.counting.values()):
        graded = output.submission(name).read_grade()
        if graded is None:
            raise _unfinished(output, f"the grade of {name} is missing or of another version")
        found[name] = graded
    ours = {name: graded for name, graded in found.items() if graded.rubric.assignment == assignment}
    old = [one.submission.id for one in ours.values() if not _has_all(one, decisions)]
    _refuse_mixed(output, ours.values())
    _refuse_old(marks, (*old, *_without_extension(people, decisions)))
    results, groups = _by_owner(output, people, ours)
    one = next(iter(ours.values()), None)
    return ClassResults(
        assignment=assignment,
        title=one.rubric.title if one is not None else assignment,
        possible=one.points_possible if one is not None else 0.0,
        results=tuple(result for result in results if result.key not in excused),
        groups=tuple(groups),
        excused=tuple(student for key, student in people.students.items() if key in excused),
        nobodys=tuple((name, hand_in) for name, hand_in in people.submissions.items() if not hand_in.owner),
        without_submission=tuple(people.students[key] for key in people.without_submission if key not in excused),
        of_others=tuple(name for name in found if name not in ours),
    )


def _people(output: OutputFolder) -> People:
    if not output.people_json.is_file():
        raise UsageError(
            f"{output.people_json}: there is no such file.",
            expected="The output folder of grader grade.",
            fix="Grade first, or check the path.",
        )
    people = output.read_people()
    if not people.submissions:
        raise _unfinished(output, "its people.json holds no submission, or is of another version")
    missing = {key for one in people.submissions.values() for key in one.owner} - people.counting.keys()
    if missing:
        raise _unfinished(output, "its last run was cut off before it said which submissions count")
    return people


def _assignment(output: OutputFolder) -> str:
    """The assignment that was graded last, which the gradebook is of."""
    path = output.folder / "summary.json"
    try:
        return str(json.loads(path.read_bytes())["rubric"]["assignment"])
    except (OSError, ValueError, KeyError, TypeError):
        raise _unfinished(output, "its summary.json is missing or broken") from None


def _by_owner(
    output: OutputFolder, people: People, graded: dict[str, GradedSubmission]
) -> tuple[list[Result], list[Result]]:
    results: list[Result] = []
    groups: list[Result] = []
    for key, name in people.counting.items():
        if name not in graded:
            continue
        folder = output.submission(name)
        if not folder.feedback_html.is_file():
            raise _unfinished(output, f"the page of {name} is missing")
        student = people.students.get(key)
        one = Result(student, name, people.submissions[name], graded[name], folder.feedback_html)
        (groups if student is None else results).append(one)
    return results, groups


def _refuse_mixed(output: OutputFolder, graded: Iterable[GradedSubmission]) -> None:
    rubrics = Counter(one.rubric.sha256 for one in graded)
    if len(rubrics) > 1:
        raise _unfinished(output, f"its grades are of {len(rubrics)} versions of the rubric")


def _refuse_old(marks: MarksFile, old: Sequence[str]) -> None:
    """Refuses grades without what people decided since."""
    if old:
        raise UsageError(
            f"{marks.path}: what it says of {len(old)} submission{'' if len(old) == 1 else 's'} is not in the grades: "
            f"{first_of(old, at_most=MOST_NAMED)}.",
            expected="Grades that hold every mark.",
            fix=_AGAIN,
        )


def _without_extension(people: People, decisions: Decisions) -> list[str]:
    """The submissions that still count as late, and came before the later deadline that their student was given."""
    until = decisions.extensions()
    return [
        name
        for name, one in people.submissions.items()
        if one.late
        and one.submitted is not None
        and any(key in until and instant(one.submitted) <= until[key].timestamp() for key in one.students)
    ]


def _has_all(graded: GradedSubmission, decisions: Decisions) -> bool:
    """Whether a grade holds what people decided of it, and nothing that they took back."""
    decided = decisions.of(graded.submission.id)
    marks = {mark.criterion: mark for mark in decided.marks}
    comments = dict(decided.comments)
    for verdict in graded.verdicts:
        if not _is_same(verdict.mark, marks.get(verdict.criterion), verdict.points):
            return False
        if verdict.comment != comments.get(verdict.criterion, ""):
            return False
    return graded.comment == comments.get("", "")


def _is_same(applied: TutorsMark | None, mark: Mark | None, points: float) -> bool:
    if applied is None or mark is None:
        return applied is None and mark is None
    items = tuple((item.text, item.points) for item in mark.items if item.text or item.points)
    now = (mark.event, mark.earned(points), mark.text, items)
    return now == (applied.event, applied.earned, applied.reason, applied.items)


def _unfinished(output: OutputFolder, what: str) -> UsageError:
    return UsageError(f"{output.folder}: {what}.", expected="A class that was graded to the end.", fix=_AGAIN)
