"""Whose each hand-in is, joined with the roster, and which of several counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from whole_class import notebook

from grader.intake import Class, collect_submissions, counting, people_of, read_roster
from grader.records import HandIn, People

ROSTER = "Name,Username,Student ID,Group\nStudent Aone,sta1,s0000001,Lab A\nStudent Atwo,sta2,s0000002,Lab A\n"
ONE, TWO = "s0000001", "s0000002"


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., People]:
    """Whose files of these names are; the folder is emptied before each hand-in."""

    def _hand_in(files: dict[str, str], before: People = People(), *, roster: str | None = ROSTER) -> People:  # noqa: B008
        folder = tmp_path / "in"
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        (tmp_path / "roster.csv").write_text(roster or "")
        about = Class(roster=read_roster(tmp_path / "roster.csv") if roster else None)
        found = collect_submissions([folder], unpack_to=tmp_path / "out", known=before)
        return people_of(found, before, roots=[folder], about=about)

    return _hand_in


def only(people: People) -> HandIn:
    (one,) = people.submissions.values()
    return one


@pytest.mark.parametrize(
    ("name", "named", "expected"),
    [
        ("sta1.ipynb", [], {ONE}),
        ("s0000002/hw.ipynb", [], {TWO}),
        ("hw_student_aone.ipynb", [], {ONE}),
        ("StudentAtwo-hw.ipynb", [], {TWO}),
        ("sta1_sta2.ipynb", [], {ONE, TWO}),
        ("hw.ipynb", [{"name": "Aone, Student"}], {ONE}),
        ("hw.ipynb", [{"name": "Student Aone"}, {"name": "Student Atwo"}], {ONE, TWO}),
        ("sta1.ipynb", [{"name": "Student Aone"}, {"name": "Student Atwo"}], {ONE, TWO}),
        ("sta1.ipynb", [{"name": "Student Atwo"}], set()),
        ("hw.ipynb", [{"name": "Somebody Else"}], set()),
        ("hw.ipynb", [], set()),
    ],
)
def test_a_file_of_no_platform_is_found_by_the_roster(hand_in, *, name, named, expected):
    """By its path and whom it names; where they disagree or say nothing, nobody is guessed: what was tried is told."""
    one = only(hand_in({name: notebook(authors=named)}))
    assert set(one.students) == expected
    assert bool(one.tried) != bool(expected)


def test_who_handed_in_nothing_is_listed(hand_in):
    """By the roster."""
    assert hand_in({"sta1.ipynb": notebook()}).without_submission == (TWO,)


def test_a_roster_joins_what_an_export_says(hand_in):
    """Under the roster's key and name, with the same id as without it."""
    name = "aonestudent_11_900_hw.ipynb"
    plain, joined = hand_in({name: notebook()}, roster=None), hand_in({name: notebook()})
    assert list(plain.submissions) == list(joined.submissions)
    assert (only(plain).students, only(joined).students) == (("canvas:11",), (ONE,))
    assert joined.names(next(iter(joined.submissions))) == ("Student Aone",)


def test_members_of_a_group_come_from_the_roster(hand_in):
    """Where the export names the group alone."""
    assert set(only(hand_in({"Lab A_assignsubmission_file/hw.ipynb": notebook()})).students) == {ONE, TWO}


def test_a_page_says_when_it_was_handed_in_and_due():
    """A later attempt and lateness too; nothing where nothing is known."""
    handed, due = datetime(2026, 1, 24, 21, 26), datetime(2026, 1, 20)  # noqa: DTZ001
    late = HandIn(file_name="a", source="", submitted=handed, deadline=due, late=True, attempt=2)
    people = People(submissions={"late": late, "plain": HandIn(file_name="b", source="")})
    assert people.handed_in("late") == "handed in 2026-01-24 21:26, attempt 2, due 2026-01-20 00:00, late"
    assert people.handed_in("plain") == people.handed_in("gone") == ""


def test_a_number_that_is_added_later_appears(hand_in):
    """For hand-ins of earlier runs too, and nothing of a student is lost with the next hand-in."""
    before = hand_in({"aonestudent_11_900_hw.ipynb": notebook()}, roster=None)
    later = people_of([], before, roots=[], about=Class())
    assert only(later) == only(before)
    after = hand_in({"aonestudent_11_900_hw.ipynb": notebook()}, before)
    assert only(after).students == (ONE,)


def test_what_is_no_longer_there_is_marked(hand_in, tmp_path):
    """And stays."""
    before = hand_in({"sta1.ipynb": notebook(), "sta2.ipynb": notebook()})
    (tmp_path / "in/sta2.ipynb").unlink()
    after = hand_in({}, before)
    assert {one.file_name: one.is_present for one in after.submissions.values()} == {
        "sta1.ipynb": True,
        "sta2.ipynb": False,
    }


def attempt(day: int, *, late: bool | None = False) -> HandIn:
    submitted = datetime(2026, 1, day)  # noqa: DTZ001
    return HandIn(file_name="hw.ipynb", source="", students=("a",), submitted=submitted, late=late)


@pytest.mark.parametrize(
    ("attempts", "earned", "expected"),
    [
        ("last", {"one": 5.0, "two": 3.0, "late": 9.0}, "two"),
        ("first", {"one": 5.0, "two": 3.0, "late": 9.0}, "one"),
        ("best", {"one": 5.0, "two": 3.0, "late": 9.0}, "late"),
        ("last", {"one": 5.0, "two": None, "late": 9.0}, "one"),
        ("last", {"one": None, "two": None, "late": 9.0}, "late"),
    ],
)
def test_one_attempt_counts(attempts, earned, expected):
    """The last before the deadline that holds a notebook, or what the option says; the others name it."""
    people = People(submissions={"one": attempt(1), "two": attempt(2), "late": attempt(3, late=True)})
    counted = counting(people, earned, attempts)
    assert [name for name, one in counted.submissions.items() if one.counts] == [expected]
    assert counted.counting == {"a": expected}
    assert all(expected in one.why for one in counted.submissions.values() if not one.counts)


def test_of_two_files_at_once_the_better_counts():
    """Nobody can say which was meant."""
    people = People(submissions={"a": attempt(1), "b": attempt(1)})
    assert counting(people, {"a": 1.0, "b": 2.0}, "last").counting == {"a": "b"}


@pytest.mark.parametrize(("grace", "late"), [(timedelta(), True), (timedelta(minutes=30), False)])
def test_within_the_grace_nothing_is_late(tmp_path, *, grace, late):
    """So the last attempt in it counts; what was handed in before is looked at again as well."""
    path = tmp_path / "in" / "397032-25 - Student A01 - Jan 24, 2026 926 PM" / "hw.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(notebook())
    found = collect_submissions([tmp_path / "in"], unpack_to=tmp_path / "out", known=People())
    about = Class(deadline=datetime(2026, 1, 24, 21), grace=grace)  # noqa: DTZ001
    people = people_of(found, People(), roots=[], about=about)
    assert only(people).late is late
    assert only(people_of([], people, roots=[], about=replace(about, grace=timedelta(days=1)))).late is False
