"""A class that was graded, made from exports in the platforms' own layouts; no kernel runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from builders import make_grade
from whole_class import EXPORTS, Export, write_archive

from grader.intake import Class, collect_submissions, counting, people_of, read_roster
from grader.records import GradedSubmission, People, RubricSummary, SubmissionSummary, Verdict
from grader.report.summary import summary_json
from grader.store import OutputFolder, write_atomically

POSSIBLE = 20.0
RUBRIC = RubricSummary(assignment="hw1", title="Homework 1", file_name="hw1.yaml", sha256="0" * 64)
Change = Callable[[str, People], dict[str, object]]


def grade_of(name: str, earned: float, **fields: object) -> GradedSubmission:
    """A grade of one criterion; ``pending`` is taken off what it could still earn."""
    pending = float(str(fields.pop("points_pending", 0.0)))
    verdict = Verdict(
        criterion="ex1.accuracy",
        section="ex1",
        title="Accuracy",
        outcome="needs_review" if pending else "passed",
        cause="by_hand" if pending else None,
        earned=earned,
        pending=pending,
        points=POSSIBLE,
        basis="verified",
    )
    base = {"points_earned": earned, "points_pending": pending, "points_possible": POSSIBLE, "rubric": RUBRIC}
    submission = SubmissionSummary(id=name, file_name="hw.ipynb", sha256="0" * 64)
    return make_grade(verdict, submission=submission, **{**base, **fields})


def grade_class(
    folder: Path,
    export: str | Export,
    *,
    change: Change = lambda _name, _people: {},
    roster: Path | None = None,
) -> OutputFolder:
    """The output folder of a class; every submission earns as many points as its place, from 1.

    Args:
        folder: Gets the archive, and ``out``.
        export: What was handed in, or its name in `EXPORTS`.
        change: Other fields of a submission's grade, by its id.
        roster: The list of the class.
    """
    output = OutputFolder(folder / "out")
    archive = write_archive(EXPORTS[export] if isinstance(export, str) else export, folder / "class.zip")
    found = collect_submissions([archive], unpack_to=output.unpacked, known=People())
    about = Class(roster=read_roster(roster) if roster is not None else None)
    people = people_of(found, People(), roots=[archive], about=about)
    grades = [grade_of(one.id, **{"earned": float(n % 20), **change(one.id, people)}) for n, one in enumerate(found, 1)]
    for one in grades:
        output.submission(one.submission.id).write(one)
        write_atomically(output.submission(one.submission.id).feedback_html, f"<p>{one.submission.id}</p>")
    people = counting(people, {one.submission.id: one.points_earned for one in grades}, "last")
    output.write_people(people)
    write_atomically(output.folder / "summary.json", summary_json(grades, people=people))
    return output
