"""Gradescope: a list says who is who."""

from __future__ import annotations

import pytest

from grader.intake.platforms.gradescope import read_metadata
from grader.records import Student

METADATA = """---
submission_11:
  :submitters:
  - &1
    :name: Ann Lee
    :sid: '0123'
    :email: ann@example.org
  - :name: Bo Ek
    :sid:
  :created_at: 2026-01-01 10:00:00.000000000 Z
  :results: {tests: [{name: Ann}], more: *1}
submission_12:
  :submitters: []
"""


def test_gradescope_lists_the_people(collect):
    """A group is several people; a folder that the list does not name goes by its file."""
    names = ("x/submission_metadata.yml", "x/submission_11/hw.ipynb", "x/submission_12/other.ipynb")
    assert collect(*names, yml=METADATA) == [
        ("gradescope:11", "hw.ipynb", ["Ann Lee", "Bo Ek"]), ("", "other.ipynb", [])
    ]  # fmt: skip


def test_a_list_that_a_student_handed_in_counts_for_nothing(collect):
    """The platform's own lies further out."""
    found = collect(
        "submission_metadata.yml", "submission_11/submission_metadata.yml", "submission_11/hw.ipynb", yml=METADATA
    )
    assert found == [("gradescope:11", "hw.ipynb", ["Ann Lee", "Bo Ek"])]


def test_two_lists_name_nobody(collect):
    """Nobody can say which is the platform's."""
    found = collect("a/submission_metadata.yml", "b/submission_metadata.yml", "a/submission_11/hw.ipynb", yml=METADATA)
    assert found == [("", "hw.ipynb", [])]


def test_gradescope_ids_are_kept_as_they_are_written():
    """A leading zero is part of it, and none is none."""
    people = read_metadata(METADATA.encode())["submission_11"].people
    assert people == [
        Student(key="ann@example.org", name="Ann Lee", email="ann@example.org", number="0123"),
        Student(key="name:bo ek", name="Bo Ek"),
    ]


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe", b"[" * 100_000, b"a: &a [*a, *a]", b"- :submitters", b"a: {:submitters: [[x]]}", b"? {a: b}"],
)
def test_a_list_that_cannot_be_read_names_nobody(raw):
    """Broken, hostile or of another form."""
    assert not any(one.people for one in read_metadata(raw).values())
