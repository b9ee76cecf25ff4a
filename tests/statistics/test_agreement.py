"""How far two tutors agree who marked the same answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grader.marks import Event
from grader.statistics.agreement import Agreement, MarkedTwice, agreement, agreements, marked_twice

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
POINTS = {("ada-1", "ex2.discussion"): 2.0, ("bob-2", "ex2.discussion"): 2.0}


def mark(by: str, points: float, *, minute: int = 0, submission: str = "ada-1", **fields: object) -> Event:
    """Points for the discussion."""
    base = {"criterion": "ex2.discussion", "seen": "aa", **fields}
    time = NOON + timedelta(minutes=minute)
    return Event.model_validate(
        {"kind": "mark", "by": by, "time": time, "submission": submission, "points": points, **base}
    )


def of_shares(*shares: tuple[float, float]) -> Agreement:
    """Of kim's and lee's marks."""
    pairs = [MarkedTwice(f"s{number}", "ex2", ("kim", "lee"), both) for number, both in enumerate(shares)]
    return agreement(pairs, tutors=("kim", "lee"))


def test_each_tutors_last_mark_counts() -> None:
    """A tutor's own correction is no second opinion, and what was undone is none at all."""
    wrong = mark("lee", 0, minute=3)
    undo = Event(kind="undo", by="lee", time=NOON + timedelta(minutes=4), of=wrong.id)
    events = (mark("kim", 0), mark("kim", 2, minute=1), mark("lee", 1, minute=2), wrong, undo)
    (pair,) = marked_twice(events, POINTS)
    assert (pair.tutors, pair.shares) == (("kim", "lee"), (1.0, 0.5))


def test_an_answer_that_changed_in_between_is_left_out() -> None:
    """The two did not mark the same; where it is not known what one saw, they may have."""
    assert marked_twice((mark("kim", 2), mark("lee", 1, seen="bb")), POINTS) == ()
    assert len(marked_twice((mark("kim", 2), mark("lee", 1, seen="")), POINTS)) == 1


def test_outcomes_and_items_are_points() -> None:
    """All points, and all less a deduction; another look is no mark."""
    where = {"submission": "ada-1", "criterion": "ex2.discussion"}
    passed = Event(kind="outcome", by="kim", outcome="passed", **where)
    item = Event(kind="item", by="kim", criterion="ex2.discussion", item="i1", text="Thin.", points=-0.5)
    applied = Event(kind="apply", by="lee", item="i1", on=True, **where)
    again = Event(kind="outcome", by="moe", outcome="needs_review", **where)
    (pair,) = marked_twice((passed, item, applied, again), POINTS)
    assert (pair.tutors, pair.shares) == (("kim", "lee"), (1.0, 0.75))


def test_one_tutor_alone_has_nobody_to_agree_with() -> None:
    """Nor have marks of submissions that are not there."""
    assert marked_twice((mark("kim", 2), mark("lee", 2, submission="bob-2")), POINTS) == ()
    assert marked_twice((mark("kim", 2, submission="gone"), mark("lee", 2, submission="gone")), POINTS) == ()


def test_kappa_by_hand() -> None:
    """Cohen's own example form: 10 both yes, 5 only the first, 5 only the other, 20 both no: (0.75 - 0.53) / 0.47."""
    found = of_shares(*[(1.0, 1.0)] * 10, *[(1.0, 0.0)] * 5, *[(0.0, 1.0)] * 5, *[(0.0, 0.0)] * 20)
    by_chance = (15 / 40) ** 2 + (25 / 40) ** 2
    assert found.kappa == pytest.approx((0.75 - by_chance) / (1 - by_chance))
    assert found.weighted_kappa == pytest.approx(found.kappa)
    assert (found.answers, found.same, found.mean_difference_share) == (40, 30, 0.25)


def test_near_points_count_for_more_with_weights() -> None:
    """Points 0, 1, 2 of 2: the mean square is 3/12 of a quarter; variances 1/6 and 1/6, the same mean."""
    found = of_shares(*[(0.0, 0.0)] * 3, *[(0.5, 0.5)] * 3, *[(1.0, 1.0)] * 3, (0.0, 0.5), (0.5, 1.0), (1.0, 0.0))
    assert found.kappa == pytest.approx((0.75 - 1 / 3) / (2 / 3))
    assert found.weighted_kappa == pytest.approx(1 - (0.25 + 0.25 + 1) / 12 / (1 / 6 + 1 / 6))


def test_nine_answers_have_no_kappa() -> None:
    """Ten have; how many got the same points is said of any number."""
    shares = ((1.0, 1.0), (0.0, 0.0)) * 5
    assert of_shares(*shares).kappa == pytest.approx(1)
    found = of_shares(*shares[:9])
    assert (found.kappa, found.weighted_kappa, found.same) == (None, None, 9)
    assert "too few" in found.why_not


def test_who_gives_all_the_same_has_no_kappa() -> None:
    """Chance would agree as well."""
    found = of_shares(*[(1.0, 1.0)] * 20)
    assert found.kappa is None
    assert "chance would agree" in found.why_not


def test_two_who_never_agree_have_a_kappa() -> None:
    """One gives all, the other nothing: no better than chance."""
    found = of_shares(*[(1.0, 0.0)] * 20)
    assert found.kappa == 0
    assert found.weighted_kappa == 0


def test_every_two_tutors_have_a_row_and_every_criterion_below_it() -> None:
    """Where there is one criterion alone, the row of all says it."""
    pairs = [MarkedTwice("s", name, ("kim", "lee"), (1.0, 1.0)) for name in ("ex2", "ex5")]
    other = MarkedTwice("s", "ex2", ("kim", "moe"), (1.0, 0.0))
    rows = [(one.tutors[1], one.criterion, one.answers) for one in agreements([*pairs, other])]
    assert rows == [("lee", "", 2), ("lee", "ex2", 1), ("lee", "ex5", 1), ("moe", "", 1)]
