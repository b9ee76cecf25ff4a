"""Moodle's grading worksheet and feedback archive, read as Moodle reads them.

The rules are those of Moodle's own importers: a row is found by the number behind the word in its first column, and
is passed over where its grade is above the maximum; of an archive's path the piece between the first and the second
underscore is the participant's number, the two pieces behind it name the kind.
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from graded_class import POSSIBLE
from whole_class import name

from grader.cli import main

HEAD = "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed"
HEAD += ",Last modified (submission),Last modified (grade),Feedback comments\r\n"
GERMAN = "ID,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Höchste Bewertung,Bewertung kann geändert werden"
GERMAN += ",Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar\r\n"
PEOPLE = range(101, 113)


def worksheet(
    people=PEOPLE,
    *,
    head=HEAD,
    word="Participant ",
    maximum="20.00",
    grade="",
    number=lambda n: n,
    encoding="utf-8-sig",
) -> bytes:
    """As Moodle writes it: a cell is quoted where it holds a blank."""
    rows = [
        f'"{word}{number(n)}","{name(n - 100)}",a{n}@example.org,"Submitted for grading - -",{grade},{maximum},Yes'
        f',"Friday, 30 January 2026, 11:00 PM",-,\r\n'
        for n in people
    ]
    return (head + "".join(rows)).encode(encoding)


def export(tmp_path: Path, raw: bytes, *options: str):
    (tmp_path / "sheet.csv").write_bytes(raw)
    arguments = ["export", str(tmp_path / "out"), "--to", "moodle", "--worksheet", str(tmp_path / "sheet.csv")]
    return CliRunner().invoke(main, [*arguments, *options])


def written(tmp_path: Path) -> bytes:
    return (tmp_path / "out/export/moodle/sheet.csv").read_bytes()


def grades(tmp_path: Path, encoding="utf-8-sig") -> dict[str, str]:
    """What Moodle's importer would read: number to grade."""
    head, *rows = csv.reader(io.StringIO(written(tmp_path).decode(encoding), newline=""))
    at = next(n for n, text in enumerate(head) if text in {"Grade", "Bewertung"})
    return {row[0].rpartition(" ")[2].removeprefix("Teilnehmer/in"): row[at] for row in rows}


def folders(tmp_path: Path) -> dict[str, str]:
    """What Moodle's importer would read of the archive: number to page."""
    found = {}
    with zipfile.ZipFile(tmp_path / "out/export/moodle/feedback.zip") as archive:
        for path in archive.namelist():
            _, number, kind, plugin, file = path.split("_", 4)
            assert (kind, plugin, file) == ("assignsubmission", "file", "/feedback.html")
            found[number] = archive.read(path).decode()
    return found


def test_points_and_pages_go_to_their_participants(graded, tmp_path):
    """Of several files of one student the one that counts; who handed in nothing keeps an empty cell."""
    output = graded("moodle")
    done = export(tmp_path, worksheet())
    people = output.read_people()
    assert done.exit_code == 0, done.output
    expected = {key.removeprefix("moodle:"): name for key, name in people.counting.items()}
    points = {n: f"{output.submission(one).read_grade().points_earned:g}" for n, one in expected.items()}
    assert grades(tmp_path) == {str(n): points.get(str(n), "") for n in PEOPLE}
    assert folders(tmp_path) == {n: f"<p>{one}</p>" for n, one in expected.items()}
    assert "Rows of nobody who handed in, left as they are: 2" in done.output


def test_all_other_bytes_stay(graded, tmp_path):
    """The byte-order mark, quotes, line ends and every cell but those of the points."""
    graded("crowd")
    raw = worksheet(range(147, 161))
    assert export(tmp_path, raw).exit_code == 0
    expected = raw.decode()
    for number, points in grades(tmp_path).items():
        before = f'a{number}@example.org,"Submitted for grading - -",'
        expected = expected.replace(f"{before},", f"{before}{points},")
    assert written(tmp_path) == expected.encode()


@pytest.mark.parametrize(
    ("word", "head"), [("Teilnehmer/in", GERMAN), ("Kandidat*in ", GERMAN.replace("Bewertung", "Punkte"))]
)
def test_a_worksheet_in_another_language(word, head, *, graded, tmp_path):
    """Decimal commas where its own numbers have them; a heading that nobody knows is found by its maximum."""
    graded("crowd", change=lambda _name, _people: {"earned": 12.5})
    done = export(tmp_path, worksheet(range(147, 161), head=head, word=word, maximum='"20,00"', grade='""'))
    assert done.exit_code == 0, done.output
    rows = list(csv.reader(io.StringIO(written(tmp_path).decode("utf-8-sig"), newline="")))
    assert [row[4:6] for row in rows[1:]] == [["12,5", "20,00"]] * 14


def test_hidden_names_are_matched_by_number_alone(graded, tmp_path):
    """In a blind assignment the worksheet has no names."""
    graded("moodle_blind")
    raw = b"Identifier,Grade,Maximum grade,Last modified (grade)\n" + b"".join(
        b"Participant %d,,20.00,-\n" % n for n in (17, 18, 19)
    )
    assert export(tmp_path, raw).exit_code == 0
    assert grades(tmp_path) == {"17": "1", "18": "2", "19": ""}
    assert set(folders(tmp_path)) == {"17", "18"}


def test_each_member_of_a_group_has_a_row(graded, tmp_path):
    """With the group's points; the page goes to each."""
    graded("moodle_groups")
    assert export(tmp_path, worksheet(range(113, 117))).exit_code == 0
    found = grades(tmp_path)
    assert found["113"] == found["114"] == found["115"] != ""
    assert set(folders(tmp_path)) == {"113", "114", "115", "116"}


def test_members_of_a_group_known_by_name_alone(graded, tmp_path):
    """Are those whose rows have the group's name; a group without any is listed, with exit code 1."""
    graded("moodle_group_names")
    raw = worksheet(range(101, 104)).decode("utf-8-sig").replace("Status", "Group", 1)
    raw = raw.replace("Submitted for grading - -", "Group 7", 2)
    done = export(tmp_path, raw.encode())
    assert list(grades(tmp_path).values()) == ["1", "1", ""] or list(grades(tmp_path).values()) == ["2", "2", ""]
    assert set(folders(tmp_path)) == {"7"}
    assert done.exit_code == 1
    assert "group Default group" in done.output


def test_a_page_of_pending_points_is_held_back(graded, tmp_path):
    """By default; the cell stays as it was, and the command says whose and how much."""
    pending = {"earned": 3.0, "points_pending": 4.5}
    graded("moodle_blind", change=lambda one, people: pending if "17" in people.submissions[one].source else {})
    raw = worksheet(range(117, 119), number=lambda n: n - 100)
    done = export(tmp_path, raw)
    assert grades(tmp_path)["17"] == ""
    assert set(folders(tmp_path)) == {"18"}
    assert "Held back, points and page (--pending hold): 1" in done.output
    assert "4.5 points pending" in done.output


def test_pending_points_count_as_zero_where_that_is_said(graded, tmp_path):
    """And the command says for whom."""
    graded("moodle_blind", change=lambda _name, _people: {"earned": 3.0, "points_pending": 4.5})
    done = export(tmp_path, worksheet(range(117, 119), number=lambda n: n - 100), "--pending", "zero")
    assert grades(tmp_path) == {"17": "3", "18": "3"}
    assert "counted as 0 (--pending zero): 2" in done.output


def test_pending_points_are_refused_where_that_is_said(graded, tmp_path):
    """Nothing is written."""
    graded("moodle_blind", change=lambda _name, _people: {"points_pending": 4.5})
    done = export(tmp_path, worksheet(range(117, 119)), "--pending", "refuse")
    assert (done.exit_code, (tmp_path / "out/export").exists()) == (2, False)
    assert "2 of 2 wait for a person" in done.output


def test_another_maximum_is_refused_or_converted(graded, tmp_path):
    """18 of 20 is not 18 of 100."""
    graded("moodle_blind", change=lambda _name, _people: {"earned": 18.0})
    raw = worksheet(range(117, 119), maximum="100.00", number=lambda n: n - 100)
    done = export(tmp_path, raw)
    assert done.exit_code == 2
    assert f"takes 100 points, and the rubric has {POSSIBLE:g}" in done.output
    assert export(tmp_path, raw, "--scale").exit_code == 0
    assert grades(tmp_path) == {"17": "90", "18": "90"}


def test_more_than_the_maximum_is_refused(graded, tmp_path):
    """Moodle passes over such a row without a word."""
    graded("moodle_blind", change=lambda _name, _people: {"earned": 20.0, "bonus_earned": 2.0})
    raw = worksheet(range(117, 119), number=lambda n: n - 100)
    done = export(tmp_path, raw)
    assert (done.exit_code, "--bonus leave" in done.output) == (2, True)
    done = export(tmp_path, raw, "--bonus", "leave")
    assert grades(tmp_path) == {"17": "20", "18": "20"}
    assert "Bonus points that are not part of the grades (--bonus leave): 2" in done.output


def test_points_that_stood_there_are_named(graded, tmp_path):
    """Where they were others; the same ones stay as they were written."""
    graded("moodle_blind", change=lambda _name, _people: {"earned": 7.0})
    raw = worksheet(range(117, 119), grade="7.00", number=lambda n: n - 100).replace(b"7.00,20", b"6.00,20", 1)
    done = export(tmp_path, raw)
    assert grades(tmp_path) == {"17": "7", "18": "7.00"}
    assert "Other points stood there before: 1" in done.output


def test_somebody_of_the_same_name_does_not_get_the_points(graded, tmp_path):
    """A row with another participant's number is another's, whatever the name."""
    graded("moodle_flat")
    raw = worksheet(range(111, 113), number=lambda n: n + 400)
    done = export(tmp_path, raw)
    assert (done.exit_code, set(grades(tmp_path).values())) == (1, {""})
    assert "has the name, but another id ('511', not '111')" in done.output
    assert "No row has the id '111'." in done.output


def test_without_a_worksheet_there_is_no_table(graded, tmp_path):
    """It is in the site's language and cannot be made."""
    graded("moodle_flat")
    done = CliRunner().invoke(main, ["export", str(tmp_path / "out"), "--to", "moodle"])
    assert done.exit_code == 2
    assert "Download grading worksheet" in done.output


def test_an_assignment_graded_by_words_takes_no_points(graded, tmp_path):
    """It has no maximum; Moodle would pass over every number."""
    graded("moodle_flat")
    done = export(tmp_path, worksheet(range(111, 113), maximum="Scale"))
    assert (done.exit_code, "no column may take the points" in done.output) == (2, True)
