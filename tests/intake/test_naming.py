from __future__ import annotations

import pytest

from grader.intake.naming import author_of_file, authors_of_cells, authors_of_metadata, slug
from grader.limits import MAX_AUTHORS, MAX_SLUG_CHARACTERS
from grader.records import Author, Cell

ANN, BO = Author(name="Ann Lee"), Author(name="Bo Ek")


def markdown(*sources: str) -> list[Cell]:
    return [Cell(index=index, kind="markdown", source=source) for index, source in enumerate(sources)]


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("submission", "submission"),
        ("Week 09 -- Final (2)", "week-09-final-2"),
        ("M\u00fcller_Stra\u00dfe", "muller-strasse"),
        ("M\u0075\u0308ller", "muller"),
        ("\u0141ukasz \u00d8rsted", "lukasz-orsted"),
        ("x" * 200, "x" * MAX_SLUG_CHARACTERS),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_slug_is_plain_ascii(stem, expected):
    """Accents, spaces and signs become what every file system and address takes."""
    assert slug(stem) == expected


@pytest.mark.parametrize("stem", ["", "...", "\u4f5c\u4e1a", "\u4f5c\u4e1a 3", "\udcff\udcfe", "\U0001f642"])
def test_a_slug_is_never_empty_and_stable(stem):
    """A stem with nothing that ASCII can say gets a hash of it, the same each time."""
    assert slug(stem) == slug(stem)
    assert slug(stem).isascii()
    assert len(slug(stem)) >= 10


def test_stems_that_differ_only_in_another_script_stay_apart():
    """Letters that are lost to the slug still count."""
    assert slug("\u4f5c\u4e1a3") != slug("\u5b66\u751f3")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([{"name": "Ann Lee (S1234567)"}, {"name": "Bo Ek"}], (Author(name="Ann Lee", student_id="S1234567"), BO)),
        (["Ann Lee", "Bo Ek"], (ANN, BO)),
        ("Ann Lee and Bo Ek", (ANN, BO)),
        ({"name": "Ann Lee", "student_id": 1234567}, (Author(name="Ann Lee", student_id="1234567"),)),
        ([{"name": "Student A (S0000001)"}], (Author(name="Student A", student_id="S0000001"),)),
        (["Lee, Ann", "Your Name"], (Author(name="Lee, Ann"),)),
        ("Ann Lee, Bo Ek", (ANN, BO)),
        ([{"given": "Ann", "family": "Lee"}], (ANN,)),
        ([{"name": "Ann Lee"}, {"name": "ann lee"}], (ANN,)),
        ([None, 3, {"name": None}, {"name": ["x"]}, {}, [], "", {"name": "\ud800"}], ()),
        ([], ()),
        (None, ()),
    ],
)
def test_metadata_name_the_authors(given, expected):
    """Lists of dicts, of strings, one string or one dict: each form in use is read, and rubbish is passed over."""
    assert authors_of_metadata({"authors": given}) == expected


@pytest.mark.parametrize("metadata", [None, [], "x", {}, {"author": ""}])
def test_metadata_without_authors_name_none(metadata):
    """Missing or odd metadata are no error."""
    assert authors_of_metadata(metadata) == ()


def test_the_number_of_authors_is_capped():
    """A list of a thousand authors is cut."""
    names = [f"{a}{b} X" for a in "ABCDEFGHIJ" for b in "abcdefghij"]
    assert len(authors_of_metadata({"authors": names})) == MAX_AUTHORS


@pytest.mark.parametrize(
    "text",
    [
        "Names: Ann Lee, Bo Ek",
        "**Names:** Ann Lee & Bo Ek",
        "**Names**: Ann Lee; Bo Ek",
        "# Week 9\n\nName(s): Ann Lee and Bo Ek",
        "Student 1: Ann Lee\nStudent 2: Bo Ek",
        "Student A: Ann Lee  \nStudent B: Bo Ek",
        "### Authors:\n\n- Ann Lee\n- Bo Ek\n\n## Introduction",
        "Group members\n=====\nNames:\nAnn Lee\nBo Ek\n\nIntroduction To Keras",
        "| Name | \n|---|\n| Ann Lee |\n| Bo Ek |",
        "## Authors\n* Ann Lee\n* Bo Ek",
        "Namen: Ann Lee und Bo Ek",
        "Bearbeitet von: Ann Lee, Bo Ek",
        "Autoren: Ann Lee / Bo Ek",
        "Group 7: Ann Lee, Bo Ek",
        "<h3>Names: Ann Lee, Bo Ek</h3>",
        "Names: Ann Lee <ann@x.edu>, Bo Ek (bo.ek@x.edu)",
        "Submitted by: Ann Lee<br>Student: Bo Ek",
        "Ann Lee, Bo Ek",
        "*Ann Lee*\n\n*Bo Ek*",
    ],
)
def test_a_names_cell_names_the_authors(text):
    """Names stand beside a label, in a list or in a table, in English or German."""
    assert authors_of_cells(markdown("# Title", text)) == (ANN, BO)


@pytest.mark.parametrize(
    "text",
    [
        "Names: Ann Lee (S1234567), Bo Ek (S7654321)",
        "Names: Ann Lee S1234567, Bo Ek S7654321",
        "| Name | Student ID |\n|---|---|\n| Ann Lee | S1234567 |\n| Bo Ek | S7654321 |",
        "Student 1: Ann Lee, ID: S1234567\n\nStudent 2: Bo Ek, ID: S7654321",
        "Students:\n1. Ann Lee - S1234567\n2. Bo Ek - S7654321",
        "# Worksheet 9\nAnn Lee (S1234567), Bo Ek [S7654321]",
    ],
)
def test_a_names_cell_tells_the_ids(text):
    """A student's number beside a name belongs to it."""
    people = authors_of_cells(markdown(text))
    assert people == (Author(name="Ann Lee", student_id="S1234567"), Author(name="Bo Ek", student_id="S7654321"))


@pytest.mark.parametrize(
    "text",
    [
        "# Introduction to Keras",
        "Names:\n\n# Introduction To Keras",
        "Names: ",
        "Names: [your names here]",
        "Name: ______",
        "Name: N/A",
        "Names: TODO",
        "Student 1: name",
        "Deep Learning",
        "## Part One, Part Two",
        "First Part, then the rest",
        "Names: Student Name, Student ID",
        "The data set of LeCun (1998), see Chollet (2015)",
        "| Name | Student ID |\n|---|---|\n| | |",
        "The names of the layers: dense, dropout",
        "Name: the layers so that the summary of the model can be read, and say why.",
        "Group: 12",
    ],
)
def test_what_is_no_names_cell_names_nobody(text):
    """Titles, empty templates and sentences are no names."""
    assert authors_of_cells(markdown(text)) == ()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('NAME = "Ann Lee"\nCOLLABORATORS = "Bo Ek"', (ANN, BO)),
        ('NAMES = ["Ann Lee", "Bo Ek"]', (ANN, BO)),
        ("# Names: Ann Lee, Bo Ek\nimport keras", (ANN, BO)),
        ('NAME = ""\nCOLLABORATORS = ""', ()),
        ('import keras\n# Name: the first layer\nnames = ["Dense", "Dropout"]', ()),
    ],
)
def test_code_near_the_top_can_name_the_authors(code, expected):
    """Variables as nbgrader's template has them, and comments before any code, count."""
    assert authors_of_cells([Cell(index=0, kind="code", source=code)]) == expected


def test_numbered_students_are_names():
    """Who is known by a number alone is named by it."""
    cells = markdown("**Namen:** Student 03, Student 04")
    assert [author.name for author in authors_of_cells(cells)] == ["Student 03", "Student 04"]


def test_names_far_down_are_no_authors():
    """Only cells near the top are read."""
    assert authors_of_cells(markdown(*["text"] * 20, "Names: Ann Lee")) == ()


def test_the_file_is_the_last_resort():
    """A file's name stands for its author, whatever it is."""
    assert author_of_file("ann_lee").name == "ann_lee"
    assert author_of_file("").name
    assert author_of_file("\udcff").name == "?"
