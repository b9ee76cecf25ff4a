"""The output folder is the class's: what is graded is added to it."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from builders import make_grade
from case_files import ROOT

from grader.batch import Cohort, Scheduler, forget, grade_batch
from grader.datasets import resolve
from grader.environment import StudentsEnvironment, own_environment
from grader.errors import HeldError, MachineError, UsageError
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.execution.watch import RunLimits
from grader.intake import Class
from grader.marks import Event, MarksFile
from grader.records import HandIn, Judged, People, SubmissionSummary, Verdict
from grader.rubric import load_rubric
from grader.store import OutputFolder, held
from grader.task import Settings


@pytest.fixture
def grade(tmp_path: Path) -> Callable[..., Cohort]:
    """Grades files that are no notebooks, for which no kernel is needed."""
    settings = Settings(
        rubric=load_rubric(ROOT / "rubrics/week09.yaml"),
        data_sets=resolve("sample"),
        limits=RunLimits(cell_timeout_seconds=1, notebook_timeout_seconds=2),
        sandbox=SandboxChoice(known=Sandbox(tier="1", bubblewrap="bwrap")),
    )

    def _grade(
        *paths: Path,
        about: Class | None = Class(),  # noqa: B008
        again: Sequence[str] = (),
        marks: MarksFile | None = None,
        scheduler: Scheduler | None = None,
        environment: StudentsEnvironment = settings.environment,
    ) -> Cohort:
        return grade_batch(
            paths,
            replace(settings, environment=environment),
            output=OutputFolder(tmp_path / "out"),
            jobs=1,
            again=again,
            on_start=lambda _: None,
            on_progress=lambda _: None,
            about=about,
            marks=marks,
            scheduler=scheduler,
        )

    return _grade


def handed_in(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    return folder


def rows(tmp_path: Path) -> list[str]:
    return (tmp_path / "out/gradebook.csv").read_text().splitlines()


def test_a_late_file_is_one_row_more(grade, tmp_path):
    """The others stay as they were, byte for byte, in the table, the summary and the page."""
    files = ("Student A01_1_assignsubmission_file/a.ipynb", "Student A01_1_assignsubmission_file/b.ipynb", "c.ipynb")
    grade(handed_in(tmp_path / "in", *files))
    before = rows(tmp_path)
    (late,) = grade(handed_in(tmp_path / "late", "Student A02_2_assignsubmission_file/hw.ipynb")).graded
    after = rows(tmp_path)
    assert (len(after), set(before) - set(after)) == (len(before) + 1, set())
    assert late.submission.id in (tmp_path / "out/summary.json").read_text()
    page = (tmp_path / "out/index.html").read_text()
    said = ("Student A01", "Not assigned to anybody", "is of no platform", "Students with several attempts or files")
    assert [text for text in said if text not in page] == []


def test_a_name_that_changes_is_on_the_page_without_a_run(grade, tmp_path):
    """People are no part of what was graded; lateness neither."""
    name = "397032-25 - Student {} - Jan 24, 2026 926 PM"
    folder = handed_in(tmp_path / "in", name.format("A01") + "/hw.ipynb")
    (before,) = grade(folder).graded
    (folder / name.format("A01")).rename(folder / name.format("B01"))
    after = grade(folder, about=Class(deadline=datetime(2026, 1, 1)))  # noqa: DTZ001
    assert (after.graded[0].submission.id, after.executed) == (before.submission.id, frozenset())
    page = tmp_path / "out/submissions" / before.submission.id / "feedback.html"
    assert "Student B01" in page.read_text()
    head, row = csv.reader(rows(tmp_path))
    assert row[head.index("late")] == "yes"


def test_a_notebook_of_no_class_leaves_no_pages_of_one(grade, tmp_path):
    """As for a student who checks one."""
    grade(handed_in(tmp_path / "in", "hw.ipynb") / "hw.ipynb", about=None)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"submissions"}


def test_the_second_process_is_refused(grade, tmp_path):
    """It says who holds the folder, and touches nothing."""
    folder = handed_in(tmp_path / "in", "hw.ipynb")
    (tmp_path / "out").mkdir()
    with held(tmp_path / "out"), pytest.raises(HeldError, match=f"process {os.getpid()} on"):
        grade(folder)
    assert list((tmp_path / "out").iterdir()) == []
    grade(folder)


def test_what_a_killed_run_left_of_files_goes(grade, tmp_path):
    """At the next run, wherever it lies."""
    folder = handed_in(tmp_path / "in", "hw.ipynb")
    (one,) = grade(folder).graded
    left = [tmp_path / "out" / ".people.json.x1.part", tmp_path / f"out/submissions/{one.submission.id}/.a.b.part"]
    for path in left:
        path.write_text("half")
    grade(folder)
    assert [path for path in left if path.exists()] == []


def test_what_is_no_longer_handed_in_is_marked_and_stays(grade, tmp_path):
    """In the gradebook, the summary and on the page, until it is forgotten."""
    folder = handed_in(tmp_path / "in", "a.ipynb", "b.ipynb")
    gone, _ = grade(folder).graded
    (folder / "a.ipynb").unlink()
    grade(folder)
    read = {row["id"]: row["present"] for row in csv.DictReader(rows(tmp_path))}
    assert (len(read), read[gone.submission.id]) == (2, "no")
    told = json.loads((tmp_path / "out/summary.json").read_text())["submissions"]
    assert [one["is_present"] for one in told] == [False, True]
    assert "No longer in what was handed in" in (tmp_path / "out/index.html").read_text()
    assert forget(OutputFolder(tmp_path / "out"), [], gone=True) == [gone.submission.id]
    assert gone.submission.id not in "".join(rows(tmp_path))


def test_one_that_is_given_again_counts_as_handed_in(grade, tmp_path):
    """Nothing of it was lost."""
    folder = handed_in(tmp_path / "in", "a.ipynb", "b.ipynb")
    grade(folder)
    before = rows(tmp_path)
    (folder / "a.ipynb").unlink()
    grade(folder)
    grade(handed_in(folder, "a.ipynb"))
    assert rows(tmp_path) == before


def test_an_id_that_is_not_given_is_refused(grade, tmp_path):
    """Before anything is done."""
    with pytest.raises(UsageError, match="--again hv: no submission has this id"):
        grade(handed_in(tmp_path / "in", "hw.ipynb"), again=["hv"])


def test_the_page_knows_the_reference_and_the_tutors(grade, tmp_path):
    """How often a band turns an honest solution away, and how far two tutors agree, of what was graded before."""
    output, marks = OutputFolder(tmp_path / "out"), MarksFile(tmp_path / "out.marks.jsonl")
    judged = Judged(what="The test accuracy", value=0.98, lower=0.97, figure="ex4.test_accuracy")
    base = {"section": "ex4", "outcome": "passed", "earned": 2.0, "points": 2.0, "basis": "verified"}
    summary = SubmissionSummary(id="a", file_name="a.ipynb", sha256="0" * 64)
    output.submission("a").write(make_grade(Verdict(criterion="c", judged=judged, **base), submission=summary))
    output.write_people(People(submissions={"a": HandIn(file_name="a.ipynb", source="a.ipynb")}))
    marks.append(Event(kind="mark", by=by, submission="a", criterion="c", points=1) for by in ("kim", "lee"))
    grade(handed_in(tmp_path / "in", "hw.ipynb"), marks=marks)
    page = (tmp_path / "out/index.html").read_text()
    assert [text for text in ("10 runs,", "kim and lee", "1 submission that ran") if text not in page] == []


def test_a_cluster_without_dask_names_the_extra(grade, tmp_path, monkeypatch):
    """Most machines have no need of it."""
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.delitem(sys.modules, "grader.batch.dask", raising=False)
    with pytest.raises(MachineError, match=r"needs the Python package dask.*pip install 'grader\[dask\]'"):
        grade(handed_in(tmp_path / "in", "a.ipynb"), scheduler=Scheduler("tcp://head:8786"))


def test_a_cluster_runs_no_python_of_this_machine(grade, tmp_path):
    """Workers have their own."""
    other = replace(own_environment(), executable="/course/bin/python", is_own=False)
    with pytest.raises(UsageError, match=r"the notebooks' Python is /course/bin/python"):
        grade(handed_in(tmp_path / "in", "a.ipynb"), scheduler=Scheduler("tcp://head:8786"), environment=other)
