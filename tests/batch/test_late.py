"""Handing in late costs what the rubric says, in every grade, page and table; nothing is judged again for it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rubric_edits import EDITS
from stored_class import StoredClass, edited, plain_settings, stored_class

from grader.batch import grade_batch
from grader.errors import UsageError
from grader.intake import Class
from grader.marks import Event
from grader.rubric import Rubric
from grader.rubric.late import Late
from grader.store import OutputFolder

LATE = "Handed in 1 day 2 hours late; 2 days begun x 10 % of 50 = 10 points off."


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> StoredClass:
    """A class, graded again after its rubric got a late policy."""
    folder = tmp_path_factory.mktemp("class")
    made = stored_class(folder)
    made.grade(late_rubric(folder))
    return made


@pytest.fixture
def stored(graded: StoredClass, tmp_path: Path) -> StoredClass:
    return graded.copied(tmp_path)


def late_rubric(tmp_path: Path) -> Rubric:
    return edited(tmp_path / "rubrics", EDITS["late"])


def modified(paths: list[Path]) -> list[int]:
    return [path.stat().st_mtime_ns for path in paths]


def test_a_grade_and_its_page_have_the_points_off_and_the_arithmetic(stored: StoredClass) -> None:
    """The criteria keep what they earned."""
    one = stored.grades()["half"]
    assert (one.points_earned, one.late.points, one.late.text) == (2.0, 10.0, LATE)
    assert sum(verdict.earned for verdict in one.verdicts if not verdict.bonus) == 12.0
    assert LATE in stored.output.submission("half").feedback_html.read_text()


def test_another_extension_touches_that_student_alone(stored: StoredClass, tmp_path: Path) -> None:
    """Not even of theirs is anything judged again."""
    grades = {name: stored.output.submission(name).grade_json for name in ("all", "half")}
    parts = [stored.output.submission(name).grade_parts_json for name in grades]
    before, parts_before = modified(list(grades.values())), modified(parts)
    until = datetime(2026, 2, 1, tzinfo=UTC)
    stored.marks.append([Event(by="kim", kind="extension", student="half", until=until)])
    found = stored.grade(late_rubric(tmp_path))
    after = modified(list(grades.values()))
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)
    assert modified(parts) == parts_before
    assert (found["half"].late, found["half"].points_earned) == (None, 12.0)


def test_who_is_excused_loses_nothing(stored: StoredClass, tmp_path: Path) -> None:
    """As the tutor's file says."""
    stored.marks.append([Event(by="kim", kind="excuse", student="half", on=True)])
    assert stored.grade(late_rubric(tmp_path))["half"].late is None


@pytest.fixture
def grade(tmp_path: Path) -> Callable[..., str]:
    """Grades a file of a platform, for which no kernel is needed, and returns its id."""
    settings = plain_settings(edited(tmp_path / "rubrics").model_copy(update={"late": Late(per_cent=10)}))

    def _grade(name: str, about: Class) -> str:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text("{}")
        cohort = grade_batch(
            [tmp_path / "in"],
            settings,
            output=OutputFolder(tmp_path / "out"),
            jobs=1,
            again=False,
            on_start=lambda _: None,
            on_progress=lambda _: None,
            about=about,
        )
        return cohort.graded[0].submission.id

    return _grade


DUE = Class(deadline=datetime(2026, 1, 24, 20))  # noqa: DTZ001


def test_the_time_of_an_export_is_held_against_the_deadline(grade: Callable[..., str], tmp_path: Path) -> None:
    """The tutor's page, the gradebook and the summary say what it cost, and why."""
    grade("397032-25 - Student A01 - Jan 24, 2026 926 PM/hw.ipynb", DUE)
    said = "Handed in 1 hour 26 minutes late; 1 day begun x 10 % of 50 = 5 points off."
    (row,) = csv.DictReader((tmp_path / "out/gradebook.csv").read_text().splitlines())
    assert (row["late"], row["late_points_off"]) == ("yes", "0.0")
    assert row["late_why"] == f"{said} Only the 0 earned so far are taken off."
    (one,) = json.loads((tmp_path / "out/summary.json").read_text())["submissions"]
    assert one["late"]["text"].startswith(said)
    assert said in (tmp_path / "out/index.html").read_text()


def test_a_time_that_is_not_known_is_told_to_the_tutor_alone(grade: Callable[..., str], tmp_path: Path) -> None:
    """And costs nothing."""
    name = grade("hw.ipynb", DUE)
    assert "Handed in at a time that is not known" in (tmp_path / "out/index.html").read_text()
    assert "not known" not in (tmp_path / "out/submissions" / name / "feedback.html").read_text()
    (row,) = csv.DictReader((tmp_path / "out/gradebook.csv").read_text().splitlines())
    assert (row["late_points_off"], row["earned"]) == ("", "0.0")


def test_a_policy_without_a_deadline_grades_nothing(grade: Callable[..., str]) -> None:
    """It says where one can be given."""
    with pytest.raises(UsageError, match="there is no deadline"):
        grade("hw.ipynb", Class())
