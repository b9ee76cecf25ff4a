"""Brightspace's grades and feedback archive, by D2L's page on importing grades."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import main

ITEM = "Homework 1 Points Grade <Numeric MaxPoints:20 Weight:10 Category:Homework CategoryWeight:100>"
HEAD = f"OrgDefinedId,Username,Last Name,First Name,{ITEM},End-of-Line Indicator\r\n"
ROWS = "#2001,sa32,A32,Student,,#\r\n#2002,sa33,A33,Student,,#\r\n#2003,sa34,A34,Student,,#\r\n"


def export(tmp_path: Path, text: str):
    (tmp_path / "grades.csv").write_bytes(text.encode())
    arguments = ["export", str(tmp_path / "out"), "--to", "brightspace", "--worksheet", str(tmp_path / "grades.csv")]
    return CliRunner().invoke(main, arguments)


def imported(tmp_path: Path) -> dict[str, str]:
    """``OrgDefinedId`` to points, with what D2L asks of the file."""
    text = (tmp_path / "out/export/brightspace/grades.csv").read_bytes().decode()
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert {head[0], head[-1]} == {"OrgDefinedId", "End-of-Line Indicator"}
    assert all(row[-1] == "#" for row in rows)
    (at,) = (at for at, heading in enumerate(head) if "Points Grade" in heading)
    return {row[0]: row[at] for row in rows}


def test_points_go_to_the_item(graded, tmp_path):
    """By full names, which are all that folders say; a group without members is listed."""
    output = graded("brightspace")
    done = export(tmp_path, HEAD + ROWS)
    counting = output.read_people().counting
    points = [output.submission(counting[f"d2l:39703{n}"]).read_grade().points_earned for n in (2, 3)]
    assert imported(tmp_path) == {"#2001": f"{points[0]:g}", "#2002": f"{points[1]:g}", "#2003": ""}
    assert (done.exit_code, "group Group 4" in done.output) == (1, True)


@pytest.mark.parametrize("other", ["#2009,sb32,A32,Student,,#\r\n"])
def test_two_people_of_one_name_are_not_told_apart_by_chance(other, graded, tmp_path):
    """Both rows stay as they were, and both are named."""
    graded("brightspace")
    done = export(tmp_path, HEAD + ROWS + other)
    assert (imported(tmp_path)["#2001"], imported(tmp_path)["#2009"]) == ("", "")
    assert "2 rows have the name 'Student A32': row 2 (Student A32), row 5 (Student A32)" in done.output


def test_pages_lie_in_the_folders_that_were_downloaded(graded, tmp_path):
    """Of the attempt that counts."""
    graded("brightspace")
    export(tmp_path, HEAD + ROWS)
    with zipfile.ZipFile(tmp_path / "out/export/brightspace/feedback.zip") as archive:
        assert sorted(archive.namelist()) == [
            "397032-25 - Student A32 - Jan 25, 2026 1026 PM/feedback.html",
            "397033-25 - Student A33 - 2 February, 2026 126 AM/feedback.html",
        ]


def test_more_than_the_item_takes_is_refused(graded, tmp_path):
    """D2L would cut it down without a word."""
    graded("brightspace", change=lambda _name, _people: {"earned": 20.0, "bonus_earned": 1.0})
    done = export(tmp_path, HEAD + ROWS)
    assert (done.exit_code, "would get more than 20 points" in done.output) == (2, True)
