"""Blackboard's full grade center: UTF-16, tabulators, columns by number and students by user name."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

from click.testing import CliRunner
from whole_class import name

from grader.cli import main

HEAD = (
    *("Last Name", "First Name", "Username", "Student ID", "Last Access", "Availability"),
    *("Weighted Total [Total Pts: up to 100 Percentage] |409570", "Homework 1 [Total Pts: 20 Score] |409578"),
)


def centre(users: tuple[str, ...] = ("sta25", "st_a_26", "sta27", "sta99")) -> bytes:
    """As Blackboard writes it: every cell in quotes."""
    rows = [(f"A{user[-2:]}", "Student", user, "", "2026-01-31 10:00:00", "Yes", "", "") for user in users]
    text = "".join("\t".join(f'"{cell}"' for cell in row) + "\n" for row in (HEAD, *rows))
    return b"\xff\xfe" + text.encode("utf-16-le")


def export(tmp_path: Path, raw: bytes):
    (tmp_path / "gc.xls").write_bytes(raw)
    arguments = ["export", str(tmp_path / "out"), "--to", "blackboard", "--worksheet", str(tmp_path / "gc.xls")]
    return CliRunner().invoke(main, arguments)


def uploaded(tmp_path: Path) -> dict[str, str]:
    """User name to points, of the column with the number."""
    raw = (tmp_path / "out/export/blackboard/gc.xls").read_bytes()
    assert raw.startswith(b"\xff\xfe")
    head, *rows = csv.reader(io.StringIO(raw.decode("utf-16"), newline=""), delimiter="\t")
    (at,) = (at for at, text in enumerate(head) if re.search(r"\|409578$", text))
    return {row[head.index("Username")]: row[at] for row in rows}


def test_points_go_to_user_names(graded, tmp_path):
    """Of several attempts the one that counts; a user name may hold underscores."""
    output = graded("blackboard")
    done = export(tmp_path, centre())
    counting = output.read_people().counting
    points = {
        user: output.submission(counting[user]).read_grade().points_earned for user in ("sta25", "st_a_26", "sta27")
    }
    assert uploaded(tmp_path) == {**{user: f"{one:g}" for user, one in points.items()}, "sta99": ""}
    assert done.exit_code == 1, "the group's members and who has no row are listed"
    assert f"{name(28)} (" in done.output
    assert "group Group 3" in done.output


def test_all_other_bytes_stay(graded, tmp_path):
    """Encoding, mark, quotes and the calculated total."""
    graded("blackboard", change=lambda _name, _people: {"earned": 7.25})
    raw = centre()
    export(tmp_path, raw)
    written = (tmp_path / "out/export/blackboard/gc.xls").read_bytes()
    assert written.decode("utf-16").count('"7.25"') == 3
    assert written.decode("utf-16").replace('"7.25"', '""') == raw.decode("utf-16")


def test_pages_lie_by_user_name(graded, tmp_path):
    """With the attempt's name, to be attached by hand."""
    graded("blackboard")
    export(tmp_path, centre())
    with zipfile.ZipFile(tmp_path / "out/export/blackboard/feedback.zip") as archive:
        assert sorted(archive.namelist()) == [
            "st_a_26/Homework 1_st_a_26_attempt_2026-01-31-23-58-00_feedback.html",
            "sta25/Homework 1_sta25_attempt_2026-02-01-10-00-00_feedback.html",
            "sta27/Homework 1_sta27_attempt_2026-02-02-09-00-00_feedback.html",
        ]


def test_a_grade_center_without_column_numbers_is_refused(graded, tmp_path):
    """Blackboard would make a new column, of text."""
    graded("blackboard")
    raw = b"\xff\xfe" + centre().decode("utf-16").replace(" |4095", " ~4095").encode("utf-16-le")
    done = export(tmp_path, raw)
    assert (done.exit_code, "no column may take the points" in done.output) == (2, True)
