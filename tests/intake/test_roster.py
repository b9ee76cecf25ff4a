"""The list of a class, in whatever form a platform or a person writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.intake.roster import Roster, read_roster
from grader.records import Author, Student

MOODLE = """Identifier,Full name,Email address,Status,Grade,Maximum grade,Last modified (submission)
Participant 101,Student A01,a01@example.org,Submitted for grading,,100.00,"Saturday, 31 January 2026, 11:59 PM"
Participant 102,Student A02,a02@example.org,No submission,,100.00,-
"""
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (77)
    Points Possible,,,,,10
"Aone, Student",11,s0000011,sta11,S1,
"Atwo, Student",12,s0000012,sta12,S1,
"Student, Test",99,,abc123,S1,
"""
BLACKBOARD = '"Last Name"\t"First Name"\t"Username"\t"Student ID"\n"Aone"\t"Student"\t"st_a_1"\t"0000011"\n'
D2L = "OrgDefinedId,Username,Last Name,First Name,Email,Homework Points Grade,End-of-Line Indicator\n"
D2L += "#0000011,#sta11,Aone,Student,a11@example.org,,#\n"
GERMAN = "Nachname;Vorname;Matrikelnummer;Gruppe\nAeins;Stüdent;1234567;Lab A\nAzwei;Student;1234568;Lab A\n"
BARE = "Student A01,a01@example.org,s0000001\nStudent A02,a02@example.org,s0000002\n"
ODD = "Wer,Was,Wo\nStudent Aone,s0000011,Lab A\nStudent Atwo,s0000012,Lab A\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Roster]:
    """Reads a roster of this text."""

    def _read(text: str, encoding: str = "utf-8", **columns: str) -> Roster:
        path = tmp_path / "roster.csv"
        path.write_bytes(text.encode(encoding))
        return read_roster(path, columns=columns)

    return _read


def keys(roster: Roster) -> list[str]:
    return [one.student.key for one in roster.people]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MOODLE, ["a01@example.org", "a02@example.org"]),
        (CANVAS, ["s0000011", "s0000012"]),
        (BLACKBOARD, ["0000011"]),
        (D2L, ["0000011"]),
        (GERMAN, ["1234567", "1234568"]),
        (BARE, ["s0000001", "s0000002"]),
        (ODD, ["s0000011", "s0000012"]),
    ],
    ids=["moodle", "canvas", "blackboard", "d2l", "german", "bare", "odd"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_people_are_found_in_every_form(read, *, text, expected, encoding):
    """With headings of a platform, of another language, of nobody's, and with none; rows of no student are left out."""
    assert keys(read(text, encoding)) == expected


@pytest.mark.parametrize(
    ("text", "called", "expected"),
    [
        (MOODLE, Student(key="moodle:102", platform_id="102", name="Student A02"), "a02@example.org"),
        (MOODLE, Student(key="moodle:102", platform_id="102", name="Participant 102"), "a02@example.org"),
        (MOODLE, Student(key="canvas:102", platform_id="102", name="somebody"), None),
        (CANVAS, Student(key="canvas:12", platform_id="12", name="atwostudent"), "s0000012"),
        (CANVAS, Student(key="canvas:13", platform_id="13", name="aonestudent"), "s0000011"),
        (CANVAS, Student(key="sta12", user_name="STA12"), "s0000012"),
        (BLACKBOARD, Student(key="st_a_1", user_name="st_a_1"), "0000011"),
        (D2L, Student(key="x", email="A11@example.org"), "0000011"),
        (GERMAN, Student(key="x", name="Stüdent Aeins"), "1234567"),
        (GERMAN, Student(key="x", name="Aeins, Student"), "1234567"),
        (BARE, Student(key="x", user_name="a02"), "s0000002"),
    ],
)
def test_what_exports_call_people_is_joined(read, *, text, called, expected):
    """By id, user name, number, address or name, in any order and spelling; not by a number that is equal by chance."""
    found = read(text).find(called)
    assert (found and found.student.key) == expected


def test_two_people_of_one_name_are_not_guessed(read):
    """The name alone joins nobody; a number does."""
    roster = read("Name,Student ID\nStudent A01,1111111\nStudent A01,2222222\n")
    assert roster.find(Student(key="x", name="Student A01")) is None
    assert roster.find_author(Author(name="Student A01", student_id="2222222")).student.key == "2222222"


def test_columns_are_named_by_options(read):
    """By heading or number."""
    text = "a,b\nx y,1\nz w,2\n"
    assert [one.student.name for one in read(text, name="a").people] == ["x y", "z w"]
    assert keys(read(text, number="2")) == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "columns"), [("", {}), ("1,2\n3,4\n", {}), ("a,b\nx,y\n", {"name": "c"}), ("a\nb", {"age": "a"})]
)
def test_a_list_of_nobody_is_bad_usage(read, text, columns):
    """With what to do."""
    with pytest.raises(UsageError) as raised:
        read(text, **columns)
    assert raised.value.fix


def test_a_time_and_a_group_come_along(read):
    """Where the list has them."""
    assert [one.submitted and one.submitted.isoformat() for one in read(MOODLE).people] == ["2026-01-31T23:59:00", None]
    assert len(read(GERMAN).in_group("lab a")) == 2
