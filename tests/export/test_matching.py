"""A row is a student's by what tells people apart; likeness decides nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import make_grade

from grader.errors import UsageError
from grader.export.matching import match_rows, rows_of
from grader.export.results import Result
from grader.export.worksheet import read_worksheet
from grader.records import HandIn, Student

HEAD = "ID,Name,Email,Student number,Username,Grade"


def results(*students: Student, platform: str = "Canvas") -> list[Result]:
    hand_in = HandIn(file_name="hw.ipynb", source="hw.ipynb", platform=platform)
    return [Result(one, f"hw-{n}", hand_in, make_grade(), Path()) for n, one in enumerate(students)]


def match(tmp_path: Path, *rows: str, students: list[Student], platform: str = "Canvas"):
    """Each student's row by key, counted from 1 below the headings, and what was tried for the others."""
    (tmp_path / "sheet.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    found = match_rows(
        results(*students, platform=platform), rows_of(read_worksheet(tmp_path / "sheet.csv")), platform="Canvas"
    )
    return {result.key: row.at for row, result in found.pairs}, {key: " ".join(why) for key, why in found.tried.items()}


ROWS = (
    "11,Ann Lee,ann@example.org,S100001,alee,",
    "12,Bo Ek,bo@example.org,S100002,bek,",
    "13,Ann Lee,ann2@example.org,S100003,alee2,",
)


@pytest.mark.parametrize(
    "student",
    [
        Student(key="x", name="leeann", platform_id="13"),
        Student(key="x", name="Ann Lee", number="s100003"),
        Student(key="x", name="Lee, Ann", number="S100003"),
        Student(key="x", user_name="ALEE2"),
        Student(key="x", name="A. Lee", email="Ann2@Example.org"),
        Student(key="x", user_name="s100003"),
        Student(key="x", number="alee2"),
    ],
)
def test_codes_tell_people_of_one_name_apart(student, tmp_path):
    """In any case; a number may be the user name of another platform."""
    assert match(tmp_path, *ROWS, students=[student]) == ({"x": 3}, {})


@pytest.mark.parametrize(
    ("student", "platform", "said"),
    [
        (Student(key="x", name="Ann Lee"), "Canvas", "2 rows have the name 'Ann Lee'"),
        (Student(key="x", name="Ann Leigh"), "Canvas", "No row has the name 'Ann Leigh'"),
        (Student(key="x", name="Bo Ek", number="S100009"), "Canvas", "another number ('S100002', not 'S100009')"),
        (Student(key="x", name="Bo Ek", email="b@x.org"), "Canvas", "another email address"),
        (Student(key="x", name="Bo Ek", platform_id="99"), "Canvas", "another id ('12', not '99')"),
        (Student(key="x", name="Cy Dee", number="S100002"), "Canvas", "is that of somebody with another name"),
        (Student(key="x", name="Cy Dee", platform_id="12"), "Moodle", "No row has the id '12'"),
        (
            Student(key="x", number="S100001", email="bo@example.org"),
            "Canvas",
            "but row 3 (Bo Ek) has the email address",
        ),
        (Student(key="x", name="Participant 12"), "Canvas", "no name to look for"),
    ],
)
def test_what_contradicts_itself_is_left_out(student, platform, *, said, tmp_path):
    """With what was tried."""
    found, tried = match(tmp_path, *ROWS, students=[student], platform=platform)
    assert found == {}
    assert said in tried["x"]


def test_a_full_name_alone_decides_where_nothing_else_is_known(tmp_path):
    """In any order, of one student and one row."""
    assert match(tmp_path, *ROWS, students=[Student(key="x", name="Ek, Bo")]) == ({"x": 2}, {})


def test_two_students_of_one_name_get_no_row_by_it(tmp_path):
    """Whichever row is free."""
    found, tried = match(tmp_path, *ROWS, students=[Student(key="x", name="Bo Ek"), Student(key="y", name="Bo Ek")])
    assert (found, set(tried)) == ({}, {"x", "y"})
    assert "2 students who handed in are called 'Bo Ek'" in tried["x"]


def test_a_row_that_fits_two_students_is_nobody_s(tmp_path):
    """One by number, one by email address: both are listed."""
    students = [Student(key="x", number="S100002"), Student(key="y", email="bo@example.org")]
    found, tried = match(tmp_path, *ROWS, students=students)
    assert found == {}
    assert all("fits another student" in why for why in tried.values())


def test_a_key_may_hold_any_sign(tmp_path):
    """User names are the platform's own."""
    assert match(tmp_path, *ROWS, students=[Student(key="bo#1", number="S100002")]) == ({"bo#1": 2}, {})


def test_another_platform_s_number_counts_with_the_same_full_name(tmp_path):
    """As where the class was graded with this worksheet as its roster."""
    student = Student(key="x", name="Ann Lee", platform_id="13")
    assert match(tmp_path, *ROWS, students=[student], platform="GitHub") == ({"x": 3}, {})


def test_a_table_without_people_is_refused(tmp_path):
    """With its headings."""
    (tmp_path / "sheet.csv").write_text("Week,Points\n1,2\n3,4\n")
    with pytest.raises(UsageError, match="no column says who is who"):
        rows_of(read_worksheet(tmp_path / "sheet.csv"))
