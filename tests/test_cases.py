"""Whole notebooks, honest, wrong and hostile, get the verdicts that a person expects of them."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from case_files import (
    ROOT,
    Case,
    read_cases,
    wrong_advice,
    wrong_ending,
    wrong_flags,
    wrong_points,
    wrong_prints,
    wrong_verdicts,
)
from inert import cells_that_compute, what_acts

from grader.intake.notebooks import named_authors
from grader.records import GradedSubmission, HandIn, People, Student
from grader.report.cohort import render_cohort
from grader.report.gradebook import gradebook_csv
from grader.rubric import load_rubric
from grader.store import OutputFolder

CASES = read_cases()
SUITE = [case for case in CASES if case.in_suite]
BY_NAME = pytest.mark.parametrize("case", SUITE, ids=[case.name for case in SUITE])


@pytest.mark.slow
@BY_NAME
@pytest.mark.parametrize("wrong", [wrong_verdicts, wrong_ending, wrong_points, wrong_flags, wrong_advice])
def test_a_grade_is_as_expected(
    case: Case,
    wrong: Callable[[Case, GradedSubmission], list[str]],
    graded_cases: dict[str, GradedSubmission],
) -> None:
    """A wrong mark is the worst bug there is: verdicts, what ended the run, sums, flags and advice."""
    assert wrong(case, graded_cases[case.name]) == []


@pytest.mark.slow
@BY_NAME
def test_a_notebook_gets_no_further_than_its_sandbox(
    case: Case, graded_cases: dict[str, GradedSubmission], output: OutputFolder
) -> None:
    """A hostile notebook says what it tried and what came of it."""
    evidence = output.submission(case.name).read_evidence() if case.name in graded_cases else None
    printed = "\n".join(cell.printed for cell in evidence.cells) if evidence is not None else ""
    assert wrong_prints(case, printed) == []


@pytest.mark.slow
@BY_NAME
def test_a_page_executes_and_fetches_nothing(
    case: Case, graded_cases: dict[str, GradedSubmission], output: OutputFolder
) -> None:
    """Whatever a submission holds, opening its page is safe."""
    page = output.submission(graded_cases[case.name].submission.id).feedback_html
    assert what_acts(page.read_text(encoding="utf-8")) == []


@pytest.mark.slow
@BY_NAME
def test_no_path_of_the_machine_reaches_a_student(
    case: Case, graded_cases: dict[str, GradedSubmission], output: OutputFolder
) -> None:
    """Nor a record: neither the environment's, nor the checkout's, the home folder's, the output's or a job's."""
    if case.is_hostile:
        # What it prints are the paths that it guesses.
        return
    folder = output.submission(graded_cases[case.name].submission.id)
    records = [folder.feedback_html, folder.grade_json, folder.executed_notebook]
    records += [folder.evidence_json, folder.measurements_json]
    paths = {sys.prefix, sys.base_prefix, str(ROOT), f"{Path.home()}/", str(output.folder), "/run/nb", "/grader-job-"}
    written = "".join(path.read_text(encoding="utf-8") for path in records if path.is_file())
    assert [path for path in paths - {"/usr", "/usr/local"} if path in written] == []


@pytest.mark.slow
def test_the_page_and_the_table_of_the_cohort_do_nothing(graded_cases: dict[str, GradedSubmission]) -> None:
    """Names, errors and file names of all submissions come together there."""
    graded = list(graded_cases.values())
    people = _everybody(graded)
    assert what_acts(render_cohort(graded, people=people)) == []
    assert cells_that_compute(csv.reader(io.StringIO(gradebook_csv(graded, people=people), newline=""))) == []


def _everybody(graded: list[GradedSubmission]) -> People:
    """Whom the notebooks name, as a hand-in of all of them would have it."""
    named = {case.name: named_authors(case.notebook) for case in CASES if case.in_suite}
    students = {author.name: Student(key=author.name, name=author.name) for found in named.values() for author in found}
    return People(
        students=students,
        submissions={
            one.submission.id: HandIn(
                file_name=one.submission.file_name,
                source="",
                students=tuple(author.name for author in named.get(one.submission.id, ())),
                named=named.get(one.submission.id, ()),
            )
            for one in graded
        },
    )


@pytest.mark.parametrize("rubric", sorted({case.rubric for case in CASES}))
def test_every_criterion_has_a_case_that_passes_it_and_one_that_fails_it(rubric: str) -> None:
    """By what is expected, where that is settled: a criterion by hand is passed by being left to a person."""
    named = {criterion.id for criterion in load_rubric(ROOT / rubric).criteria}
    for ending in ({"passed", "needs_review"}, {"failed", "blocked"}):
        settled = [
            name
            for case in CASES
            for name, wanted in case.expected.get("verdicts", {}).items()
            if case.rubric == rubric and _outcomes(wanted) <= ending and _outcomes(wanted) != {"blocked"}
        ]
        assert named - set(settled) == set(), ending


def _outcomes(wanted: object) -> set[str]:
    outcome = wanted["outcome"] if isinstance(wanted, dict) else wanted
    return set(outcome) if isinstance(outcome, list) else {str(outcome)}


def test_every_hostile_case_says_what_it_tries_and_what_its_honest_part_is_worth() -> None:
    """The table of hostile cases is made of these."""
    keys = {"attack", "stopped_by", "max_earned"}
    assert [case.name for case in CASES if case.is_hostile and not keys <= set(case.expected)] == []


def test_a_case_is_handed_in_under_its_own_file_name(tmp_path: Path) -> None:
    """Names that no repository could hold everywhere."""
    named = [case for case in CASES if case.file_name is not None]
    assert [case.handed_in(tmp_path).name for case in named] == [case.file_name for case in named]
    assert named
