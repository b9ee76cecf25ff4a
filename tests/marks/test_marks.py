from datetime import UTC, datetime, timedelta

import pytest
from builders import SHA
from click.testing import CliRunner

from grader.cli.marks import marks as marks_command
from grader.errors import StoreError, UsageError
from grader.marks import Decisions, Event, MarksFile, apply_marks, marks_path, seen_digest, unmarked
from grader.marks.listing import counting, described
from grader.marks.recording import Recorder, marks_csv, problems_of
from grader.records import ExecutionSummary, GradedSubmission, Judged, RubricSummary, SubmissionSummary, Verdict
from grader.store import OutputFolder
from grader.verdicts import with_verdicts

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def verdict(criterion="ex2.discussion", **fields):
    known = {"section": "ex2", "outcome": "needs_review", "cause": "by_hand", "earned": 0.0, "pending": 2.0}
    return Verdict(criterion=criterion, **{**known, "points": 2.0, "basis": "manual", "seen": "aa", **fields})


def graded(*verdicts, submission="ada-1"):
    sums = dict.fromkeys(("points_earned", "points_pending", "points_possible"), 0.0)
    sums |= dict.fromkeys(("bonus_earned", "bonus_pending", "bonus_possible"), 0.0)
    empty = GradedSubmission(
        submission=SubmissionSummary(id=submission, file_name="ada.ipynb", sha256=SHA),
        rubric=RubricSummary(assignment="week", title="Week", file_name="week.yaml", sha256=SHA),
        status="graded",
        execution=ExecutionSummary(),
        **sums,
    )
    return with_verdicts(empty, verdicts or (verdict(),))


def event(kind="mark", *, minute=0, **fields):
    return Event(kind=kind, by=fields.pop("by", "kim"), time=NOON + timedelta(minutes=minute), **fields)


def mark(points, *, minute=0, **fields):
    known = {"submission": "ada-1", "criterion": "ex2.discussion", "seen": "aa"}
    return event("mark", minute=minute, points=points, **{**known, **fields})


def applied(*events, to=None):
    return {one.criterion: one for one in apply_marks(to or graded(), Decisions(events).of("ada-1"))}


@pytest.fixture
def recorder(tmp_path):
    """A person's pen on an output folder with one graded submission."""
    output = OutputFolder(tmp_path / "out")
    output.submission("ada-1").write(graded())
    return Recorder(output, MarksFile(marks_path(output.folder)), "kim")


def test_the_last_mark_counts():
    """The last mark of a criterion is its points, whatever the order of the file's lines."""
    one = applied(mark(2, minute=5), mark(0.5, minute=9))["ex2.discussion"]
    assert (one.outcome, one.earned, one.pending, one.basis) == ("partial", 0.5, 0.0, "manual")


@pytest.mark.parametrize(("points", "outcome"), [(0, "failed"), (1, "partial"), (2, "passed")])
def test_outcome_follows_from_points(points, outcome):
    """No points fail, all points pass, and what is between is partial."""
    assert applied(mark(points))["ex2.discussion"].outcome == outcome


def test_mark_is_stale_where_what_was_seen_has_changed():
    """A mark on another answer waits for a tutor again, and says what was given."""
    one = applied(mark(2, seen="bb"))["ex2.discussion"]
    assert (one.outcome, one.cause, one.pending, one.mark.stale) == ("needs_review", "by_hand", 2.0, True)
    assert "gave 2 of 2 points" in one.feedback


def test_mark_above_the_points_of_an_edited_rubric_waits():
    """Points that a rubric no longer has are not given."""
    one = applied(mark(3))["ex2.discussion"]
    assert (one.outcome, one.pending) == ("needs_review", 2.0)


def test_undo_takes_a_mark_back_and_can_be_undone():
    """An undone mark leaves the one before; undoing the undo brings it again."""
    first, second = mark(1, minute=1), mark(2, minute=2)
    undo = event("undo", minute=3, of=second.id)
    assert applied(first, second, undo)["ex2.discussion"].earned == 1
    again = event("undo", minute=4, of=undo.id)
    assert applied(first, second, undo, again)["ex2.discussion"].earned == 2


def test_items_add_up_and_change_for_all():
    """Points are the maximum and the items; a reworded item changes all who have it."""
    where = {"submission": "ada-1", "criterion": "ex2.discussion"}
    item = event("item", minute=1, criterion="ex2.discussion", item="vague", text="vague", points=-0.5)
    given = event("apply", minute=2, item="vague", on=True, **where)
    assert applied(item, given)["ex2.discussion"].earned == 1.5
    changed = event("item", minute=3, criterion="ex2.discussion", item="vague", points=-1.0)
    one = applied(item, given, changed)["ex2.discussion"]
    assert (one.earned, one.mark.items) == (1.0, (("vague", -1.0),))


def test_another_look_makes_points_pending():
    """A verdict that a tutor reopens is pending, also one that was passed."""
    passed = verdict(outcome="passed", cause=None, earned=2.0, pending=0.0)
    look = event("outcome", submission="ada-1", criterion="ex2.discussion", outcome="needs_review")
    assert applied(look, to=graded(passed))["ex2.discussion"].pending == 2.0


@pytest.mark.parametrize(
    "kind", ["mark", "outcome", "comment", "item", "apply", "claim", "excuse", "extension", "undo"]
)
def test_event_needs_its_fields(kind):
    """An event without what its kind needs is refused."""
    with pytest.raises(ValueError, match="needs"):
        event(kind)


def test_file_keeps_every_event(tmp_path):
    """What is appended is read back in the order of time."""
    file = MarksFile(tmp_path / "out.marks.jsonl")
    late, early = mark(1, minute=9), mark(2, minute=1)
    file.append([late])
    file.append([early])
    assert file.read() == (early, late)


def test_files_merged_by_git_say_the_same(tmp_path):
    """Lines in another order, or twice, are the same events; git is told to keep both sides."""
    events = [mark(1, minute=1), mark(2, minute=2, by="lee")]
    lines = [one.line() for one in events]
    file = MarksFile(tmp_path / "out.marks.jsonl")
    file.append(events)
    file.path.write_text("".join([*reversed(lines), lines[0]]))
    assert file.read() == tuple(events)
    assert (tmp_path / ".gitattributes").read_text() == "*.marks.jsonl merge=union\n"


def test_broken_line_stops_with_its_number(tmp_path):
    """Conflict marks are named by line, and nothing is skipped."""
    path = tmp_path / "out.marks.jsonl"
    path.write_text(mark(1).line() + "<<<<<<< HEAD\n" + mark(2).line())
    with pytest.raises(StoreError, match="line 2"):
        MarksFile(path).read()


def test_line_of_a_killed_writer_does_no_harm(tmp_path):
    """A last line that was cut off is left out, and makes place for the next event."""
    file = MarksFile(tmp_path / "out.marks.jsonl")
    first, second = mark(1, minute=1), mark(2, minute=2)
    file.path.write_text(first.line() + second.line()[:30])
    assert file.read() == (first,)
    file.append([second])
    assert file.read() == (first, second)


def test_points_above_the_maximum_are_refused(recorder):
    """More points than the rubric has are refused, with the maximum."""
    with pytest.raises(UsageError, match="From 0 to 2"):
        recorder.mark("ada-1", "ex2.discussion", 3)


def test_unknown_names_are_refused_with_the_nearest(recorder):
    """A mistyped id names the one that was meant."""
    with pytest.raises(UsageError, match=r"Did you mean ex2\.discussion"):
        recorder.mark("ada-1", "ex2.discusion", 1)
    with pytest.raises(UsageError, match="Did you mean ada-1"):
        recorder.comment("ada-2", "Well done.")


def test_table_goes_out_and_comes_back(recorder, tmp_path):
    """Pending criteria go out as rows, and filled ones come back as marks."""
    table = tmp_path / "marks.csv"
    rows = marks_csv(recorder.output, recorder.file.read(), pending=True)
    table.write_text(rows.replace("ex2.discussion,,,,", 'ex2.discussion,1.5,"good, but short",,'))
    (made,) = recorder.read_table(table)
    assert (made.points, made.text, made.seen) == (1.5, "good, but short", "aa")


def test_table_with_a_bad_row_is_refused_as_a_whole(recorder, tmp_path):
    """Every row that cannot be used is named with its line."""
    table = tmp_path / "marks.csv"
    table.write_text("submission;criterion;points\nada-1;ex2.discussion;1\nada-1;ex2.discussion;two\nbob;ex2.a;1\n")
    with pytest.raises(UsageError, match=r"(?s)csv:3.*csv:4"):
        recorder.read_table(table)


def test_check_lists_what_no_longer_fits(recorder):
    """Stale marks, and those of unknown submissions and criteria, get a line each."""
    events = [mark(1, seen="bb"), mark(1, criterion="ex9.gone"), mark(1, submission="bob-2")]
    problems = problems_of(recorder.output, events)
    assert [("stale" in line, "no such" in line, "no grade" in line) for line in problems] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]


def test_seen_changes_with_answer_and_facts_alone():
    """Another wording or another threshold leaves a mark alone; another answer or figure does not."""
    first = verdict(yours="0.974", judged=Judged(what="accuracy", value=0.974, lower=0.97))
    digest = seen_digest(first, answer=["text"])
    other_words = first.model_copy(update={"feedback": "Other", "required": "0.98", "yours": "97.4 %"})
    assert seen_digest(other_words, answer=["text "]) == digest
    assert seen_digest(first, answer=["other text"]) != digest
    moved = first.model_copy(update={"judged": Judged(what="accuracy", value=0.969, lower=0.97)})
    assert seen_digest(moved, answer=["text"]) != digest


def test_list_shows_what_counts():
    """A line has who, where, what and why."""
    (one,) = counting([mark(1, minute=1), mark(2, minute=2, text="complete")])
    assert described(one).endswith("kim: ada-1, ex2.discussion: 2 points (complete)")


def test_extensions_excuses_and_claims():
    """The last word on a student or a claim counts."""
    until = NOON + timedelta(days=2)
    decisions = Decisions(
        [
            event("extension", student="s1", until=until),
            event("excuse", student="s2", on=True),
            event("excuse", student="s3", on=True),
            event("excuse", minute=1, student="s3", on=False),
            event("claim", submission="ada-1", criterion="ex2.discussion", on=True),
        ]
    )
    assert decisions.extensions() == {"s1": until}
    assert decisions.excused() == {"s2"}
    assert decisions.claims() == {("ada-1", "ex2.discussion"): "kim"}


def test_a_claim_is_listed_until_it_is_decided():
    """Who opened what is no news once there is a mark."""
    claim = event("claim", submission="ada-1", criterion="ex2.discussion", on=True)
    assert counting([claim]) == (claim,)
    assert [one.kind for one in counting([claim, mark(1, minute=1)])] == ["mark"]


def test_what_was_judged_before_a_mark_is_known():
    """Without its mark a verdict is what it was, also its cause and basis."""
    before = verdict(outcome="needs_review", cause="flagged", basis="verified")
    assert unmarked(applied(mark(1), to=graded(before))["ex2.discussion"]) == before


def test_events_follow_from_those_that_stand_there(tmp_path):
    """What refuses writes nothing, and what is written is added to what was there."""
    file = MarksFile(tmp_path / "out.marks.jsonl")
    file.append([mark(1)])
    with pytest.raises(ZeroDivisionError):
        file.append_after(lambda events: [mark(1 / (len(events) - 1), minute=1)])
    file.append_after(lambda events: [mark(len(events), minute=1)])
    assert [one.points for one in file.read()] == [1, 1]


@pytest.fixture
def failed(recorder):
    """Three submissions: two of whom the same was said, numbers aside."""
    said = {"ada-1": "The accuracy is 0.71.", "bob-2": "The accuracy is 0.62.", "cem-3": "Nothing was trained."}
    for name, text in said.items():
        fields = {"outcome": "failed", "cause": None, "pending": 0.0, "basis": "verified", "feedback": text}
        recorder.output.submission(name).write(graded(verdict("ex1.accuracy", **fields), submission=name))
    return recorder


def test_those_who_failed_alike_are_found(failed):
    """Numbers aside; a criterion of which nothing is said has none."""
    assert failed.failed_alike("bob-2", "ex1.accuracy") == ("ada-1", "bob-2")
    failed.output.submission("dee-4").write(graded(submission="dee-4"))
    with pytest.raises(UsageError, match="nothing was said"):
        failed.failed_alike("dee-4", "ex2.discussion")


def test_one_comment_for_all_who_failed_alike(failed):
    """Only shown at first, and written with --yes."""
    out = str(failed.output.folder)
    command = ["comment", out, "ada-1", "Shuffle.", "--criterion", "ex1.accuracy", "--alike", "--as", "kim"]
    shown = CliRunner().invoke(marks_command, command)
    assert "bob-2" in shown.output
    assert "cem-3" not in shown.output
    assert failed.file.read() == ()
    assert CliRunner().invoke(marks_command, [*command, "--yes"]).exit_code == 0
    assert [(one.submission, one.criterion, one.text) for one in failed.file.read()] == [
        ("ada-1", "ex1.accuracy", "Shuffle."),
        ("bob-2", "ex1.accuracy", "Shuffle."),
    ]
