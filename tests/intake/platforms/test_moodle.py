"""Moodle: the folder or the file says whose it is."""

from __future__ import annotations

import pytest

from grader.intake import collect_submissions


@pytest.mark.parametrize("underscore", ["_", ""])
def test_moodle_names_the_folder(collect, underscore):
    """Both forms of its folders; an online text beside a notebook is none."""
    folder = f"Ann Lee_123_assignsubmission_file{underscore}"
    found = collect(f"{folder}/hw.ipynb", "Ann Lee_123_assignsubmission_onlinetext/onlinetext.html")
    assert found == [("moodle:123", "hw.ipynb", ["Ann Lee"])]


def test_moodle_without_folders(collect):
    """The name stands before the file's own."""
    found = collect("Ann Lee_123_assignsubmission_file_my hw_1.ipynb", "Bo_7_assignsubmission_file_hw.ipynb")
    assert found == [("moodle:123", "my hw_1.ipynb", ["Ann Lee"]), ("moodle:7", "hw.ipynb", ["Bo"])]


def test_moodle_marked_blind(collect):
    """A participant has a number only."""
    found = collect("Participant_99_assignsubmission_file/hw.ipynb", "Participant_98_assignsubmission_file/hw.ipynb")
    assert [(name, authors) for name, _, authors in found] == [
        ("moodle:98", ["Participant 98"]), ("moodle:99", ["Participant 99"])
    ]  # fmt: skip


def test_several_notebooks_of_one_owner(collect):
    """Each is graded, under its own name; a PDF beside them is not."""
    folder = "Ann Lee_123_assignsubmission_file_"
    found = collect(f"{folder}/a.ipynb", f"{folder}/sub/b.ipynb", f"{folder}/report.pdf")
    assert found == [("moodle:123", "a.ipynb", ["Ann Lee"]), ("moodle:123", "b.ipynb", ["Ann Lee"])]


def test_the_folder_of_one_student(tmp_path):
    """Where the user names it, its own name says whose it is."""
    folder = tmp_path / "Ann Lee_123_assignsubmission_file_"
    folder.mkdir()
    (folder / "hw.ipynb").write_text("{}")
    (one,) = collect_submissions([folder], unpack_to=tmp_path / "out")
    assert (one.owner.key, one.path) == ("moodle:123", folder / "hw.ipynb")


def test_what_a_student_named_inside_counts_for_nothing(collect):
    """Nobody hands in as somebody else by the name of a folder or file of their own."""
    folder = "Ann Lee_123_assignsubmission_file_"
    names = ("Bo Ek_5_assignsubmission_file_", "x_boek_attempt_2026-01-31-23-59-00", "submission_11")
    found = collect(f"{folder}/submission_metadata.yml", *(f"{folder}/{name}/hw.ipynb" for name in names))
    assert [authors for _, _, authors in found] == [["Ann Lee"]] * 3


def test_one_person_in_two_exports_of_one_folder(collect):
    """What they handed in the first time stays in the list, though it was no notebook."""
    found = collect("1/Ann_7_assignsubmission_file/hw.pdf", "2/Ann_7_assignsubmission_file/hw.ipynb")
    assert sorted(name for _, name, _ in found) == ["hw.ipynb", "hw.pdf"]


def test_accents_are_composed_in_a_folder_too(collect):
    """Whatever the file system made of them."""
    (one,) = collect("Zoe\u0308_7_assignsubmission_file/u\u0308.ipynb")
    assert one == ("moodle:7", "\u00fc.ipynb", ["Zo\u00eb"])
