"""nbgrader's table and its folder of feedback."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner

from grader.cli import main
from grader.records import LateDeduction

COLUMNS = "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty"


def export(tmp_path: Path):
    return CliRunner().invoke(main, ["export", str(tmp_path / "out"), "--to", "nbgrader"])


def test_a_row_and_a_page_for_each_folder(graded, tmp_path):
    """Pages where ``nbgrader release_feedback`` looks: the student's, the assignment's, the notebook's name."""
    graded("nbgrader")
    done = export(tmp_path)
    text = (tmp_path / "out/export/nbgrader/grades.csv").read_text()
    assert text.splitlines()[0] == f"{COLUMNS},score,max_score"
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["assignment"], row["student_id"], row["score"], row["max_score"]) for row in rows] == [
        ("hw1", "sta35", "1", "20"),
        ("hw1", "sta36", "2", "20"),
    ]
    assert rows[0]["timestamp"].startswith("2026-01-31 12:00:00")
    with zipfile.ZipFile(tmp_path / "out/export/nbgrader/feedback.zip") as archive:
        assert archive.namelist() == ["feedback/sta35/hw1/hw.html", "feedback/sta36/hw1/hw.html"]
    assert done.exit_code == 0


def test_what_handing_in_late_costs_is_in_its_column(graded, tmp_path):
    """Taken off the score already, and named in the report."""
    late = LateDeduction(due=datetime(2026, 1, 31, tzinfo=UTC), points=0.5, text="Late.")
    graded("nbgrader", change=lambda *_: {"late": late})
    done = export(tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out/export/nbgrader/grades.csv").read_text())))
    assert [rows[0][name] for name in ("raw_score", "late_submission_penalty", "score")] == ["1.5", "0.5", "1"]
    assert "Late: so much is taken off: 2" in done.output


def test_who_has_no_folder_is_listed(graded, tmp_path):
    """A student whom another platform knows by a number has no user name; Blackboard's have one."""
    graded("canvas")
    done = export(tmp_path)
    assert (done.exit_code, "there is no user name" in done.output) == (1, True)


def test_a_user_name_of_another_platform_is_named(graded, tmp_path):
    """For it is taken for a folder's name."""
    graded("github")
    done = export(tmp_path)
    assert "the user name is taken for the name of their folder: 2" in done.output
