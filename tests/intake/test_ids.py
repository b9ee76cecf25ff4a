"""Ids: a slug and eight digits, that no other file changes."""

from __future__ import annotations

from grader.intake.ids import Wanted, submission_id, submission_ids
from grader.intake.listing import Owner
from grader.records import HandIn, Student


def owner(key: str = "moodle:1", **more: str) -> Owner:
    return Owner(key, (Student(key=key),), "hw.ipynb", 0, **more)


def test_the_digits_are_of_the_student_alone():
    """Two files of one student share them, two students' do not."""
    first, second = (submission_id(name, (name,), owner()) for name in ("a.ipynb", "b.ipynb"))
    assert first[-8:] == second[-8:]
    assert submission_id("a.ipynb", ("a.ipynb",), owner("moodle:2"))[-8:] != first[-8:]


def test_attempts_folders_and_endings_are_told_apart():
    """Of one student's files of one name."""
    plain = submission_id("hw.ipynb", ("hw.ipynb",), owner())
    others = {
        submission_id("hw.ipynb", ("hw.ipynb",), owner(attempt="2026-01-31")),
        submission_id("hw.ipynb", ("part", "hw.ipynb"), owner()),
        submission_id("hw.pdf", ("hw.pdf",), owner()),
    }
    assert len(others | {plain}) == 4


def test_files_of_one_path_get_the_folders_around_them(tmp_path):
    """``*/hw.ipynb`` of a shell; who had an id keeps it when another comes before."""
    files = [Wanted("hw.ipynb", ("hw.ipynb",), None, str(tmp_path / name / "hw.ipynb")) for name in ("b", "c")]
    before = submission_ids(files, {})
    known = {name: HandIn(file_name="hw.ipynb", source=file.source) for name, file in zip(before, files, strict=True)}
    first = Wanted("hw.ipynb", ("hw.ipynb",), None, str(tmp_path / "a" / "hw.ipynb"))
    after = submission_ids([first, *files], known)
    assert len(set(after)) == 3
    assert after[1:] == before


def test_another_file_of_the_same_path_takes_no_ones_id(tmp_path):
    """It is another submission while the first file is still there, and the same where it was moved."""
    there = tmp_path / "b" / "hw.ipynb"
    there.parent.mkdir()
    there.write_text("{}")
    (name,) = submission_ids([Wanted("hw.ipynb", ("hw.ipynb",), None, str(there))], {})
    known = {name: HandIn(file_name="hw.ipynb", source=str(there))}
    other = [Wanted("hw.ipynb", ("hw.ipynb",), None, str(tmp_path / "c" / "hw.ipynb"))]
    assert submission_ids(other, known) != [name]
    there.unlink()
    assert submission_ids(other, known) == [name]
