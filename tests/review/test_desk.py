"""What tutors do becomes events, and none of them overwrites another's unseen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from grader.marks import MarksFile
from grader.records import Verdict
from grader.review.desk import (
    HOLDS_FOR,
    ConflictError,
    Desk,
    Pen,
    Shown,
    holders,
    items_of,
    mark_of,
    opinions,
    state_of,
)
from grader.review.pace import seconds_an_action, time_left

WHERE = "ex2.discussion"


@pytest.fixture
def desk(tmp_path):
    """An empty tutor's file."""
    return Desk(MarksFile(tmp_path / "out.marks.jsonl"))


def pen(desk, *submissions, by="kim"):
    """A pen on what is shown now."""
    decisions = desk.decisions()
    names = submissions or ("ada-1",)
    return Pen(by, WHERE, tuple(Shown(name, state_of(decisions, name, WHERE), "aa") for name in names))


def earned(desk, name="ada-1"):
    """What the answer has, of two points; None where nobody decided."""
    mark = mark_of(desk.decisions(), name, WHERE)
    return None if mark is None else mark.earned(2.0)


def test_a_mark_is_on_disk_at_once(desk):
    """Whoever opens the file next finds it, with what was seen."""
    desk.mark(pen(desk), 1.5, text="short")
    (event,) = MarksFile(desk.file.path).read()
    assert (event.points, event.text, event.seen, event.by) == (1.5, "short", "aa", "kim")


def test_a_mark_on_what_was_decided_since_is_refused(desk):
    """The second of two who had the same page open is told, and nothing of theirs is written."""
    mine, theirs = pen(desk), pen(desk, by="lee")
    desk.mark(mine, 2)
    with pytest.raises(ConflictError, match="ada-1"):
        desk.mark(theirs, 0)
    assert earned(desk) == 2


def test_a_group_with_one_conflict_is_refused_as_a_whole(desk):
    """Nothing of a group is written where one of it was decided in the meantime."""
    group = pen(desk, "ada-1", "bob-2")
    desk.mark(pen(desk, "bob-2", by="lee"), 1)
    with pytest.raises(ConflictError) as conflict:
        desk.mark(group, 2)
    assert conflict.value.submissions == ("bob-2",)
    assert earned(desk) is None


def test_of_many_who_mark_at_once_one_wins(tmp_path):
    """Two servers on one file, many presses: one mark stands, and every other is refused."""
    path = tmp_path / "out.marks.jsonl"
    desks = [Desk(MarksFile(path)) for _ in range(8)]
    pens = [Pen(f"t{n}", WHERE, (Shown("ada-1", "", "aa"),)) for n in range(8)]

    def press(n):
        try:
            desks[n].mark(pens[n], n / 4)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(press, range(8))) == 1
    assert len(MarksFile(path).read()) == 1


def test_undo_takes_back_the_last_action(desk):
    """The mark before holds again, also where the last one was of a group."""
    desk.mark(pen(desk), 1)
    desk.mark(pen(desk, "ada-1", "bob-2"), 2)
    assert {event.submission for event in desk.undo("kim")} == {"ada-1", "bob-2"}
    assert (earned(desk), earned(desk, "bob-2")) == (1, None)
    desk.undo("kim")
    assert (earned(desk), desk.undo("kim")) == (None, ())


def test_undo_leaves_what_others_did(desk):
    """Each tutor takes back their own."""
    desk.mark(pen(desk), 1)
    desk.mark(pen(desk, by="lee"), 2)
    desk.undo("kim")
    assert earned(desk) == 2


def test_an_item_decides_and_is_taken_away_again(desk):
    """Without it the answer is as undecided as before, and has not full points."""
    item = desk.name_item("kim", WHERE, text="No reason", points=-0.5)
    desk.toggle(pen(desk), item)
    assert earned(desk) == 1.5
    desk.toggle(pen(desk), item)
    assert earned(desk) is None


def test_points_set_items_aside(desk):
    """An item that was given before the points does not come back with the next one."""
    first, second = (desk.name_item("kim", WHERE, text=text, points=-0.5) for text in "ab")
    desk.toggle(pen(desk), first)
    desk.mark(pen(desk), 2)
    desk.toggle(pen(desk), second)
    assert (earned(desk), items_of(desk.decisions(), "ada-1", WHERE)) == (1.5, {second})


def test_a_changed_item_changes_all_who_have_it(desk):
    """As it is worded and counted last."""
    item = desk.name_item("kim", WHERE, text="No reason", points=-0.5)
    desk.toggle(pen(desk, "ada-1", "bob-2"), item)
    desk.name_item("lee", WHERE, text="No reason is given", points=-1, item=item)
    assert (earned(desk), earned(desk, "bob-2")) == (1, 1)


def test_undo_keeps_an_item_that_others_have(desk):
    """Without it what they gave would be full points."""
    item = desk.name_item("kim", WHERE, text="No reason", points=-0.5)
    desk.toggle(pen(desk, by="lee"), item)
    assert desk.undo("kim") == ()
    assert earned(desk) == 1.5


def test_who_has_an_answer_open_is_known_for_a_while(desk):
    """Until they open another one, decide it, or stay away too long."""
    desk.claim("lee", WHERE, ["ada-1"])
    now = datetime.now(UTC)
    assert holders(desk.decisions(), now=now) == {("ada-1", WHERE): "lee"}
    assert holders(desk.decisions(), now=now + HOLDS_FOR + timedelta(seconds=1)) == {}
    desk.claim("lee", WHERE, ["bob-2"])
    assert holders(desk.decisions(), now=datetime.now(UTC)) == {("bob-2", WHERE): "lee"}
    desk.mark(pen(desk, "bob-2", by="lee"), 1)
    assert holders(desk.decisions(), now=datetime.now(UTC)) == {}


def test_opinions_of_two_stand_beside_each_other(desk):
    """What each gave last, not what counts in the end alone."""
    verdict = Verdict(criterion=WHERE, section="ex2", outcome="needs_review", earned=0.0, points=2.0, basis="manual")
    desk.mark(pen(desk), 1)
    desk.mark(pen(desk), 1.5)
    desk.mark(pen(desk, by="lee"), 2)
    assert opinions(desk.decisions(), "ada-1", verdict) == {"kim": 1.5, "lee": 2}


def test_time_left_follows_from_the_last_actions():
    """In words that promise no more than is known."""
    assert time_left(75, 20.0) == "about 25 minutes left"
    assert time_left(3, 20.0) == "about 1 minute left"
    assert time_left(1, 20.0) == "less than a minute left"
    assert (time_left(0, 20.0), time_left(9, None)) == ("", "")


def test_pace_needs_some_actions(desk):
    """After two marks nobody knows how fast somebody is."""
    for name in ("a", "b", "c"):
        desk.mark(pen(desk, name), 1)
    assert seconds_an_action(desk.decisions(), "kim") is None
    desk.mark(pen(desk, "d"), 1)
    assert seconds_an_action(desk.decisions(), "kim") is not None
