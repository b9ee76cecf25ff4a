"""nbgrader: the table that ``nbgrader export`` writes, and ``feedback/<student>/<assignment>/<notebook>.html``.

Unpacked in the course's folder, the pages are what ``nbgrader release_feedback`` releases.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from grader.export.archive import safe_name, zipped
from grader.export.outcome import Outcome, lines_of_people, lines_of_rules, listed
from grader.export.results import ClassResults, Result
from grader.export.rules import Rules, divide, number
from grader.intake.candidates import stem
from grader.report.gradebook import guarded

NAME = "nbgrader"
TABLE = "grades.csv"
PAGES = "feedback.zip"
_SUBMITTED = "submitted"
_HEAD = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


def export_nbgrader(found: ClassResults, *, rules: Rules) -> Outcome:
    """A row and a page for each student whose folder is known."""
    divided = divide(found, rules)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_HEAD)
    pages: dict[str, bytes | Path] = {}
    left = []
    elsewhere = []
    for result in divided.given:
        where = _collected(result)
        if where is None and result.student is not None and result.student.user_name:
            where = (result.student.user_name, found.assignment)
            elsewhere.append(f"{result.label}: {where[0]}")
        if where is None or result.student is None:
            left.append(
                (result, ("nbgrader knows students by the names of their folders, and there is no user name.",))
            )
            continue
        student, assignment = where
        writer.writerow([guarded(cell) for cell in _row(result, where, rules)])
        name = f"feedback/{safe_name(student)}/{safe_name(assignment)}/{safe_name(stem(result.hand_in.file_name))}.html"
        pages[name] = result.page
    files = {TABLE: buffer.getvalue().encode(errors="replace"), PAGES: zipped(pages)}
    lines = [
        f"nbgrader: {len(pages)} rows are in {TABLE}, {len(pages)} pages in {PAGES}.",
        f"Unpack {PAGES} in the course's folder, and then: nbgrader release_feedback.",
        *listed("Not collected by nbgrader: the user name is taken for the name of their folder", elsewhere),
        *lines_of_people(found, left),
        *lines_of_rules(found, divided, rules),
    ]
    return Outcome(files, tuple(lines), tuple(one.label for one, _ in left))


def _collected(result: Result) -> tuple[str, str] | None:
    """The folders of the student and, below it, of the assignment, where nbgrader collected the file."""
    parts = result.source_parts[:-1]
    if result.hand_in.platform != NAME:
        return None
    at = parts.index(_SUBMITTED) + 1 if _SUBMITTED in parts[:-2] else len(parts) - 2
    return (parts[at], parts[at + 1]) if at >= 0 else None


def _row(result: Result, where: tuple[str, str], rules: Rules) -> list[str]:
    submitted = result.hand_in.submitted
    name, email = ("", None) if result.student is None else (result.student.name, result.student.email)
    given, _, family = name.rpartition(" ")
    points, late = rules.points(result.graded), result.graded.late
    off = 0.0 if late is None else late.points
    return [
        where[1],
        "",
        "" if submitted is None else submitted.isoformat(sep=" "),
        where[0],
        family,
        given,
        email or "",
        number(points + off),
        number(off),
        number(points),
        number(result.graded.points_possible),
    ]
