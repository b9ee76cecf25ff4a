"""Gradescope: a ``results.json`` for each submission, in an autograder that hands them out.

Gradescope takes results from an autograder alone. So those of a class that was graded here are put into an archive
whose ``run_autograder`` copies the one of the submission that it is called for, and runs nothing of a student's. An
autograder that grades in Gradescope's own container is `grader.export.autograder`'s.
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

from grader.export.archive import zipped
from grader.export.gradescope_results import NOT_YET, results
from grader.export.outcome import Outcome, lines_of_people, lines_of_rules, listed
from grader.export.results import ClassResults, Result
from grader.export.rules import Rules, divide, number
from grader.report.gradebook import guarded

NAME = "Gradescope"
TABLE, RESULTS, PAGES = "grades.csv", "results.zip", "feedback.zip"
_FOLDER = re.compile(r"submission_(?P<id>\d{1,20})")
_HEAD = ("Name", "SID", "Email", "Total Score", "Max Points", "Status", "Submission ID")

_SETUP = """\
#!/usr/bin/env bash
# Nothing has to be installed: see README.txt.
"""
_RUN = '''\
#!/usr/bin/env python3
"""Hands out the results that were made elsewhere; runs nothing of the submission."""
import json
import shutil
import sys

with open("/autograder/submission_metadata.json", encoding="utf-8") as file:
    number = int(json.load(file)["id"])
try:
    shutil.copyfile(f"/autograder/source/submission_{number}/results.json", "/autograder/results/results.json")
except FileNotFoundError:
    sys.exit(f"Submission {number} is not among those that were graded, or waits for a tutor: no result is given.")
'''
_README = """\
An autograder for Gradescope that hands out results which were made elsewhere.

Upload this archive as the autograder of the assignment, and then regrade all submissions.
It contains the results of {count} submissions, and runs nothing: no notebook, no code of a student's. Whoever is not
among them (handed in later, or no notebook) gets no result, which Gradescope shows as a failed autograder, and not a
score of 0. Where points are pending, the tests that wait for a tutor have no score, and students see nothing of the
results before you publish the grades: mark them, and upload a new archive before that. Pages are in {pages}.
"""


def export_gradescope(found: ClassResults, *, rules: Rules) -> Outcome:
    """The results and pages of every submission that is handed back, by the platform's number of it."""
    divided = divide(found, rules)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_HEAD)
    files: dict[str, bytes | Path] = {}
    pages: dict[str, bytes | Path] = {}
    left = []
    unreleased: list[str] = []
    waiting = {one.submission for one in divided.held}
    with_tests_to_come = [one for one in divided.held if one.graded.status != "not_run"]
    for result in (*divided.given, *with_tests_to_come):
        folder = _folder(result)
        if folder is None or result.student is None:
            left.append((result, ("It was not handed in through Gradescope, which numbers submissions.",)))
            continue
        is_waiting = result.submission in waiting
        unreleased += [result.submission] if is_waiting else []
        made = results(result.graded, rules=rules, extra={}, visibility=NOT_YET if is_waiting else "visible")
        files[f"{folder}/results.json"] = (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode(
            errors="replace"
        )
        if not is_waiting:
            pages[f"{folder}/feedback.html"] = result.page
            writer.writerow([guarded(cell) for cell in _row(result, folder, rules)])
    count = len(files)
    files["setup.sh"] = _SETUP.encode()
    files["run_autograder"] = _RUN.encode()
    files["README.txt"] = _README.format(count=count, pages=PAGES).encode()
    written = {
        TABLE: buffer.getvalue().encode(errors="replace"),
        RESULTS: zipped(files, executable=frozenset({"setup.sh", "run_autograder"})),
        PAGES: zipped(pages),
    }
    lines = [
        f"Gradescope: the results of {count} submissions are in {RESULTS}, an autograder that runs nothing.",
        f"Upload it and regrade all. Their pages are in {PAGES}, and a row for each student in {TABLE}.",
        *listed(
            "Of these with pending tests: they have no score, and nothing is shown before you publish the grades",
            dict.fromkeys(unreleased),
        ),
        *lines_of_people(found, left),
        *lines_of_rules(found, divided, rules),
    ]
    return Outcome(written, tuple(lines), tuple(one.label for one, _ in left))


def _folder(result: Result) -> str | None:
    """``submission_123``, the folder that Gradescope exported the file in."""
    if result.hand_in.platform != NAME:
        return None
    return next((part for part in result.source_parts if _FOLDER.fullmatch(part)), None)


def _row(result: Result, folder: str, rules: Rules) -> list[str]:
    student = result.student
    codes = (student.number, student.email) if student is not None else ("", "")
    return [
        result.label,
        *(code or "" for code in codes),
        number(rules.points(result.graded)),
        number(result.graded.points_possible),
        "Graded",
        folder.removeprefix("submission_"),
    ]
