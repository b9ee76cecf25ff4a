"""Canvas's gradebook and its archive of pages, read by the rules of Canvas's own importer."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from whole_class import name

from grader.cli import main

HEAD = "Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (77),Homework 2 (78),Assignments Current Points"
POSTING = ",,,,,Manual Posting,,(read only)"
POSSIBLE = "    Points Possible,,,,,20.00,10.00,(read only)"
USERS = range(19, 25)


def gradebook(*, head=HEAD, possible=POSSIBLE, users=USERS, end="\r\n", separator=",") -> bytes:
    """As Canvas writes it, with both of its rows above the students."""
    rows = [f'"A{n}, Student",{n},s{n},login{n},Week 9,,8.50,8.50' for n in users]
    rows.append('"Student, Test",99,,deadbeef,Week 9,,,0.00')
    text = end.join([head, POSTING, possible, *rows]) + end
    return b"\xef\xbb\xbf" + text.replace(",", separator).replace(f"{separator} Student", ", Student").encode()


def export(tmp_path: Path, raw: bytes, *options: str):
    (tmp_path / "grades.csv").write_bytes(raw)
    arguments = ["export", str(tmp_path / "out"), "--to", "canvas", "--worksheet", str(tmp_path / "grades.csv")]
    return CliRunner().invoke(main, [*arguments, *options])


def imported(tmp_path: Path, separator=",") -> dict[str, dict[str, str]]:
    """Assignment's number to user's number to grade, as Canvas's importer reads them."""
    text = (tmp_path / "out/export/canvas/grades.csv").read_bytes().decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    assert "Student" in head[0]
    assert "ID" in head[1]
    (possible,) = (row for row in rows if "Points Possible" in row[0])
    students = [
        row
        for row in rows
        if row is not possible and not all(re.fullmatch(r"(?i)\s*(Muted|Manual Posting.*)?\s*", one) for one in row[:7])
    ]
    numbers = {at: found[1] for at, text in enumerate(head) if (found := re.search(r"\((\d+)\)$", text))}
    return {
        number: {row[1]: row[at] for row in students}
        for at, number in numbers.items()
        if "read only" not in possible[at]
    }


def test_points_go_to_the_assignment_s_column(graded, tmp_path):
    """That whose title is the rubric's; the other one keeps its grades, and the test student stays empty."""
    output = graded("canvas")
    done = export(tmp_path, gradebook())
    assert done.exit_code == 0, done.output
    people = output.read_people()
    expected = {
        key.removeprefix("canvas:"): f"{output.submission(one).read_grade().points_earned:g}"
        for key, one in people.counting.items()
    }
    found = imported(tmp_path)
    assert found["77"] == {**expected, "99": ""}
    assert set(found["78"].values()) == {"8.50", ""}


def test_all_other_bytes_stay(graded, tmp_path):
    """Semicolons too, as Canvas writes for some languages."""
    graded("canvas", change=lambda _name, _people: {"earned": 7.25})
    raw = gradebook(separator=";")
    assert export(tmp_path, raw).exit_code == 0
    written = (tmp_path / "out/export/canvas/grades.csv").read_bytes()
    assert set(imported(tmp_path, ";")["77"].values()) == {"7.25", ""}
    assert written.replace(b"Week 9;7.25;", b"Week 9;;") == raw


def test_the_points_possible_must_be_the_rubric_s(graded, tmp_path):
    """Canvas would show 7 of 50."""
    graded("canvas")
    done = export(tmp_path, gradebook(possible=POSSIBLE.replace("20.00", "50.00")))
    assert (done.exit_code, "takes 50 points, and the rubric has 20" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("head", "options", "code"),
    [
        (HEAD.replace("Homework 1", "Lab"), (), 2),
        (HEAD.replace("Homework 1", "Lab"), ("--column", "Lab (77)"), 0),
        (HEAD.replace("Homework 1", "Lab"), ("--column", "lab"), 0),
        (HEAD.replace("Homework 1", "Lab"), ("--column", "6"), 0),
        (HEAD, ("--column", "Midterm"), 2),
    ],
)
def test_a_column_is_named_where_it_is_not_clear(head, options, *, code, graded, tmp_path):
    """Of two assignments that are called otherwise none is guessed."""
    graded("canvas")
    done = export(tmp_path, gradebook(head=head), *options)
    assert done.exit_code == code, done.output
    assert code == 0 or "Lab (77)" in done.output or "Midterm" in done.output


def test_a_read_only_column_is_no_choice(graded, tmp_path):
    """Canvas passes over it; then the other assignment is the only one, and has another maximum."""
    graded("canvas")
    done = export(tmp_path, gradebook(possible=POSSIBLE.replace("20.00", "20.00 (read only)")))
    assert (done.exit_code, "'Homework 2 (78)' takes 10 points" in done.output) == (2, True)


def test_pages_go_to_the_files_that_were_handed_in(graded, tmp_path):
    """Canvas finds the user and the file by the first two pieces of a name that are numbers; a typed text has none."""
    graded("canvas")
    done = export(tmp_path, gradebook())
    with zipfile.ZipFile(tmp_path / "out/export/canvas/feedback.zip") as archive:
        numbers = [[one for one in path.split("_") if one.isdecimal()][:2] for path in archive.namelist()]
    assert sorted(numbers) == [["19", "900"], ["20", "902"], ["21", "903"], ["23", "905"], ["24", "906"]]
    assert "not in the archive: 1" in done.output


def test_who_hid_their_name_is_listed(graded, tmp_path):
    """A grading by anonymous ids has nothing in common with the gradebook."""
    graded("canvas_anonymous")
    done = export(tmp_path, gradebook())
    assert (done.exit_code, set(imported(tmp_path)["77"].values())) == (1, {""})
    assert "NOT handed back, for it is not known who they are there: 2" in done.output
    assert "No row has the id '5hT2x'." in done.output


def test_a_class_from_elsewhere_is_matched_by_what_the_university_calls_it(graded, tmp_path):
    """Another platform's ids say nothing, even where the numbers are the same: a full name or a number does."""
    graded("moodle_flat")
    raw = gradebook(users=(111, 112)).replace(b'"A111, Student"', f'"{name(12)}"'.encode())
    raw = raw.replace(b'"A112, Student"', f'"{name(11)}"'.encode())
    assert export(tmp_path, raw).exit_code == 0
    assert imported(tmp_path)["77"] == {"111": "2", "112": "1", "99": ""}
