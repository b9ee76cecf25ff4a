"""A plain table, and any table of the class; nobody's text becomes a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path

from click.testing import CliRunner
from whole_class import Export, notebook

from grader.cli import main
from grader.marks import Event, MarksFile, marks_path

EVIL = '=HYPERLINK("http://example.org","x")'


def export(tmp_path: Path, *options: str):
    return CliRunner().invoke(main, ["export", str(tmp_path / "out"), "--to", "csv", *options])


def table(tmp_path: Path) -> list[dict[str, str]]:
    text = (tmp_path / "out/export/csv/grades.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_for_each_student(graded, tmp_path):
    """Each member of a group; a page for each, in a folder of their name."""
    graded("moodle_groups")
    assert export(tmp_path).exit_code == 0
    rows = table(tmp_path)
    assert {row["name"] for row in rows} == {"Student A13", "Student A14", "Student A-15", "Student A16"}
    assert sorted(Counter(row["submission"] for row in rows).values()) == [1, 3]
    with zipfile.ZipFile(tmp_path / "out/export/csv/feedback.zip") as archive:
        assert set(archive.namelist()) == {row["page"] for row in rows}


def test_no_name_and_no_comment_becomes_a_formula(graded, tmp_path):
    """A quote goes before what a spreadsheet would run."""
    files = {f"{EVIL.replace('/', '-')}_101_assignsubmission_file/hw.ipynb": notebook()}
    output = graded(Export(files), change=lambda _name, _people: {"comment": "@SUM(1)"})
    (name,) = output.read_people().submissions
    event = Event(kind="comment", by="kim", submission=name, text="@SUM(1)")
    MarksFile(marks_path(output.folder)).append([event])
    done = export(tmp_path)
    assert done.exit_code == 0, done.output
    (row,) = table(tmp_path)
    assert (row["name"][:2], row["comment"]) == ("'=", "'@SUM(1)")


def test_no_name_leaves_the_archive_s_folder(graded, tmp_path):
    """Whatever a platform calls people: one folder, one page, no way up."""
    files = {"..\\..\\evil: name_101_assignsubmission_file/hw.ipynb": notebook()}
    graded(Export(files))
    export(tmp_path)
    with zipfile.ZipFile(tmp_path / "out/export/csv/feedback.zip") as archive:
        (path,) = archive.namelist()
    assert path.count("/") == 1
    assert not set(path) & set('\\:*?"<>|')
    assert not path.startswith(".")


def test_any_table_of_the_class_is_filled(graded, tmp_path):
    """Its column has to be named; what stands around it stays."""
    graded("moodle_flat")
    sheet = tmp_path / "mine.csv"
    sheet.write_text("Name;Week 8;Week 9\nStudent A11;3;\nStudent A12;4;\nStudent A99;5;\n")
    assert export(tmp_path, "--worksheet", str(sheet)).exit_code == 2
    done = export(tmp_path, "--worksheet", str(sheet), "--column", "week 9")
    written = (tmp_path / "out/export/csv/mine.csv").read_text()
    assert written == "Name;Week 8;Week 9\nStudent A11;3;1\nStudent A12;4;2\nStudent A99;5;\n"
    assert "does not say how many points its column takes" in done.output


def test_the_worksheet_itself_is_never_written_to(graded, tmp_path):
    """What was downloaded stays."""
    graded("moodle_flat")
    sheet = tmp_path / "mine.csv"
    sheet.write_text("Name,Week 9\nStudent A11,\nStudent A12,\n")
    done = export(tmp_path, "--worksheet", str(sheet), "--column", "2", "-o", str(tmp_path))
    assert (done.exit_code, sheet.read_text()) == (2, "Name,Week 9\nStudent A11,\nStudent A12,\n")


def test_who_cannot_be_handed_back_is_listed(graded, tmp_path):
    """A notebook of nobody's with what was tried; a group whose members are not known has a row of its own."""
    graded("plain")
    done = export(tmp_path)
    assert "NOT handed back, for nobody is known who handed it in: 1" in done.output
    assert "second.ipynb" in done.output
    assert "is of no platform's form" in done.output


def test_a_column_that_holds_words_is_not_written_over(graded, tmp_path):
    """A slip in --column loses nobody's name."""
    graded("moodle_flat")
    sheet = tmp_path / "mine.csv"
    sheet.write_text("Name,Week 9\nStudent A11,\nStudent A12,\n")
    done = export(tmp_path, "--worksheet", str(sheet), "--column", "1")
    assert (done.exit_code, "has 'Student A11' in the column 'Name'" in done.output) == (2, True)
