"""The exports of learning platforms say whose a notebook is."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from grader.intake import collect_submissions, read_submission
from grader.intake.exports import gradescope_submitters
from grader.records import Author

NOTEBOOK = json.dumps({"cells": [{"cell_type": "markdown", "source": "Names: Ann Lee, Bo Ek"}]})
METADATA = """---
submission_11:
  :submitters:
  - &1
    :name: Ann Lee
    :sid: '0123'
    :email: ann@example.org
  - :name: Bo Ek
    :sid:
  :created_at: 2026-01-01 10:00:00.000000000 Z
  :results: {tests: [{name: Ann}], more: *1}
submission_12:
  :submitters: []
"""


@pytest.fixture
def collect(tmp_path: Path):
    """The members of an archive by their names: id, own name and authors."""

    def _collect(*names: str, **files: str) -> list[tuple[str, str, list[str]]]:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name in names:
                archive.writestr(name, files.get(Path(name).suffix[1:], "{}"))
        found = collect_submissions([tmp_path / "a.zip"], unpack_to=tmp_path / "out")
        return [(one.id, one.origin.file_name, [author.name for author in one.origin.authors]) for one in found]

    return _collect


@pytest.mark.parametrize("underscore", ["_", ""])
def test_moodle_names_the_folder(collect, underscore):
    """Both forms of its folders; an online text beside a notebook is none."""
    folder = f"Ann Lee_123_assignsubmission_file{underscore}"
    found = collect(f"{folder}/hw.ipynb", "Ann Lee_123_assignsubmission_onlinetext/onlinetext.html")
    assert found == [("ann-lee-123", "hw.ipynb", ["Ann Lee"])]


def test_moodle_without_folders(collect):
    """The name stands before the file's own."""
    found = collect("Ann Lee_123_assignsubmission_file_my hw_1.ipynb", "Bo_7_assignsubmission_file_hw.ipynb")
    assert found == [("ann-lee-123", "my hw_1.ipynb", ["Ann Lee"]), ("bo-7", "hw.ipynb", ["Bo"])]


def test_moodle_marked_blind(collect):
    """A participant has a number only."""
    found = collect("Participant_99_assignsubmission_file/hw.ipynb", "Participant_98_assignsubmission_file/hw.ipynb")
    assert [(name, authors) for name, _, authors in found] == [
        ("participant-98", ["Participant 98"]), ("participant-99", ["Participant 99"])
    ]  # fmt: skip


def test_several_notebooks_of_one_owner(collect):
    """Each is graded, under the owner's name and its own; a PDF beside them is not."""
    folder = "Ann Lee_123_assignsubmission_file_"
    found = collect(f"{folder}/a.ipynb", f"{folder}/sub/b.ipynb", f"{folder}/report.pdf")
    assert [name for name, _, _ in found] == ["ann-lee-123-a", "ann-lee-123-b"]


def test_canvas_names_the_file(collect):
    """With and without the mark of a late one."""
    found = collect("leeann_LATE_12_345_My_hw-1.ipynb", "ekbo_13_346_hw.ipynb", "ekbo_13_347_report.pdf")
    assert found == [("ekbo-13", "hw.ipynb", ["ekbo"]), ("leeann-12", "My_hw-1.ipynb", ["leeann"])]


def test_one_other_name_and_it_is_no_export_of_canvas(collect):
    """Names with two numbers in them are common."""
    found = collect("week_9_10_hw.ipynb", "solution.ipynb")
    assert [(name, authors) for name, _, authors in found] == [("solution", []), ("week-9-10-hw", [])]


def test_blackboard_names_the_file(collect):
    """The user's name, whatever the assignment's has in it; its own note of the attempt is no submission."""
    stem = "Home work_1_alee2_attempt_2026-01-31-23-59-00"
    assert collect(f"{stem}_hw.ipynb", f"{stem}.txt") == [("alee2", "hw.ipynb", ["alee2"])]


def test_gradescope_lists_the_people(collect):
    """A group is several people; a folder that the list does not name goes by its file."""
    names = ("x/submission_metadata.yml", "x/submission_11/hw.ipynb", "x/submission_12/other.ipynb")
    assert collect(*names, yml=METADATA) == [
        ("ann-lee-11", "hw.ipynb", ["Ann Lee", "Bo Ek"]), ("other", "other.ipynb", [])
    ]  # fmt: skip


def test_gradescope_ids_are_kept_as_they_are_written():
    """A leading zero is part of it, and none is none."""
    people = gradescope_submitters(METADATA.encode())["submission_11"]
    assert people == (Author(name="Ann Lee", student_id="0123"), Author(name="Bo Ek"))


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe", b"[" * 100_000, b"a: &a [*a, *a]", b"- :submitters", b"a: {:submitters: [[x]]}", b"? {a: b}"],
)
def test_a_list_that_cannot_be_read_names_nobody(raw):
    """Broken, hostile or of another form."""
    assert gradescope_submitters(raw) == {}


def test_whom_the_platform_knows_stands_before_whom_the_notebook_names(tmp_path):
    """Nobody hands in as somebody else, and a partner is not lost."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("Bo Ek_5_assignsubmission_file_/hw.ipynb", NOTEBOOK)
    (one,) = collect_submissions([tmp_path / "a.zip"], unpack_to=tmp_path / "out")
    submission, _ = read_submission(one.path, origin=one.origin)
    assert [author.name for author in submission.authors] == ["Bo Ek", "Ann Lee"]
    assert submission.authors_from == "export"
