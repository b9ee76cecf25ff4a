"""What is handed back is what the last run of grade came to, with every mark, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from graded_class import RUBRIC
from whole_class import EXPORTS

from grader.errors import UsageError
from grader.export.results import read_results
from grader.export.rules import Rules, divide
from grader.marks import Event, MarksFile, apply_marks, marks_path
from grader.marks.effective import Decisions
from grader.store import OutputFolder
from grader.verdicts import with_verdicts

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def read(output: OutputFolder):
    return read_results(output, MarksFile(marks_path(output.folder)))


def refused(output: OutputFolder) -> str:
    with pytest.raises(UsageError) as raised:
        read(output)
    return str(raised.value)


def write_down(output: OutputFolder, *events: Event) -> None:
    MarksFile(marks_path(output.folder)).append(events)


def mark(submission: str, points: float, *, minute: int = 0) -> Event:
    time = NOON + timedelta(minutes=minute)
    return Event(kind="mark", by="kim", time=time, submission=submission, criterion="ex1.accuracy", points=points)


def apply(output: OutputFolder, submission: str) -> None:
    """What the next run of grade does."""
    marks = Decisions(MarksFile(marks_path(output.folder)).read()).of(submission)
    graded = output.submission(submission).read_grade()
    output.submission(submission).write(with_verdicts(graded, apply_marks(graded, marks)))


def test_the_submission_that_counts_is_handed_back(graded):
    """Of several files of one student; each member of a group is a student."""
    output = graded("moodle_groups")
    found = read(output)
    assert {one.key for one in found.results} == {"moodle:113", "moodle:114", "moodle:115", "moodle:116"}
    assert len({one.submission for one in found.results}) == 2


def test_a_mark_that_is_not_in_the_grades_stops(graded):
    """And is handed back once grade has run again; a later one stops again, and so does taking it back."""
    output = graded("moodle_flat")
    name = next(iter(output.read_people().submissions))
    write_down(output, mark(name, 4.5))
    assert "what it says of 1 submission is not in the grades" in refused(output)
    apply(output, name)
    assert next(one for one in read(output).results if one.submission == name).graded.points_earned == 4.5
    later = mark(name, 5.5, minute=1)
    write_down(output, later)
    assert name in refused(output)
    write_down(output, Event(kind="undo", by="kim", time=NOON + timedelta(minutes=2), of=later.id))
    assert read(output).results


def test_a_mark_taken_back_stops(graded):
    """For the grades still hold it."""
    output = graded("moodle_flat")
    name = next(iter(output.read_people().submissions))
    event = mark(name, 4.5)
    write_down(output, event)
    apply(output, name)
    write_down(output, Event(kind="undo", by="kim", time=NOON + timedelta(minutes=1), of=event.id))
    assert name in refused(output)


def test_an_extension_that_is_not_in_the_grades_stops(graded):
    """It may change which attempt counts."""
    output = graded("blackboard")
    people = output.read_people()
    late = next(name for name, one in people.submissions.items() if one.students == ("sta27",))
    changed = people.submissions[late].model_copy(update={"late": True})
    output.write_people(people.model_copy(update={"submissions": {**people.submissions, late: changed}}))
    until = datetime(2026, 2, 10, tzinfo=UTC)
    write_down(output, Event(kind="extension", by="kim", time=NOON, student="sta27", until=until))
    assert late in refused(output)


def test_an_excused_student_is_left_out(graded):
    """And named."""
    output = graded("moodle_flat")
    write_down(output, Event(kind="excuse", by="kim", time=NOON, student="moodle:111", on=True))
    found = read(output)
    assert ([one.key for one in found.results], [one.key for one in found.excused]) == (["moodle:112"], ["moodle:111"])


def test_what_is_no_notebook_waits_for_a_person(graded):
    """Its points are 0 because nothing was run, and not because somebody judged it."""
    graded_class = read(graded("moodle_flat", change=lambda _name, _people: {"status": "not_run"}))
    divided = divide(graded_class, Rules())
    assert (divided.given, len(divided.held)) == ((), 2)
    assert len(divide(graded_class, Rules(pending="zero")).given) == 2


def test_pending_bonus_points_wait_only_where_they_are_part_of_the_grade(graded):
    """They are apart otherwise."""
    graded_class = read(graded("moodle_flat", change=lambda _name, _people: {"bonus_pending": 1.0}))
    assert len(divide(graded_class, Rules()).held) == 2
    assert divide(graded_class, Rules(bonus="leave")).held == ()


def test_grades_of_two_versions_of_the_rubric_are_not_mixed(graded):
    """One of them was not graded again."""
    other = RUBRIC.model_copy(update={"sha256": "1" * 64})
    output = graded("moodle_flat", change=lambda _name, people: {"rubric": other} if _is_first(_name, people) else {})
    assert "2 versions of the rubric" in refused(output)


def test_another_assignment_in_the_same_folder_is_left_out(graded):
    """And named: the last one that was graded is handed back."""
    other = RUBRIC.model_copy(update={"assignment": "hw2"})
    output = graded(
        "moodle_flat", change=lambda _name, people: {"rubric": other} if not _is_first(_name, people) else {}
    )
    found = read(output)
    assert (len(found.results), len(found.of_others)) == (1, 1)


def _is_first(name: str, people) -> bool:
    return name == next(iter(people.submissions))


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("people.json", "there is no such file"),
        ("summary.json", "summary.json is missing or broken"),
        ("submissions/*/grade.json", "the grade of .* is missing"),
        ("submissions/*/feedback.html", "the page of .* is missing"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused(gone, said, graded):
    """With what to do."""
    output = graded("moodle_flat")
    for path in output.folder.glob(gone):
        path.unlink()
    assert re.search(said, refused(output))


def test_a_run_that_was_cut_off_is_refused(graded):
    """Which submissions count is said at its end."""
    output = graded("moodle_flat")
    output.write_people(output.read_people().model_copy(update={"counting": {}}))
    assert "cut off" in refused(output)


@pytest.mark.parametrize("name", EXPORTS)
def test_every_submission_is_handed_back_or_listed(name, graded):
    """Of every platform's class: nobody is lost."""
    output = graded(name)
    people, found = output.read_people(), read(output)
    told = {one.submission for one in (*found.results, *found.groups)} | {name for name, _ in found.nobodys}
    assert told == {name for name, one in people.submissions.items() if one.counts}
    assert {one.key for one in (*found.results, *found.groups)} == set(people.counting)
