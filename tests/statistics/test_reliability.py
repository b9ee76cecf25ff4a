"""Reliability and item analysis, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import make_grade

from grader.records import Verdict
from grader.statistics.points import PointsTable, points_table
from grader.statistics.reliability import correlation_by_chance, items, reliability

PENDING = math.nan


def table(*rows: tuple[float, ...], times: int = 1) -> PointsTable:
    """Criteria a, b, ... of two points each; the rows so many times."""
    earned = np.array(rows * times, dtype=float).reshape(len(rows) * times, -1)
    names = tuple("abcdefgh"[: earned.shape[1]])
    return PointsTable(names, (2.0,) * len(names), earned)


def test_alpha_by_hand() -> None:
    """Two criteria of variance 1 each, and totals of variance 3 (over n): 2 * (1 - 2 / 3)."""
    found = reliability(table((2, 2), (2, 2), (2, 2), (0, 0), (0, 0), (0, 0), (2, 0), (0, 2), times=5))
    assert found.alpha == pytest.approx(2 * (1 - 2 / 3))
    assert found.submissions == 40
    assert found.spread_points == pytest.approx(math.sqrt(3 * 40 / 39))
    assert found.standard_error_points == pytest.approx(math.sqrt(3 * 40 / 39) * math.sqrt(1 / 3))


def test_equal_criteria_have_an_alpha_of_one_and_no_error() -> None:
    """Who knows one knows all."""
    found = reliability(table((2, 2, 2), (0, 0, 0), times=10))
    assert found.alpha == pytest.approx(1)
    assert found.standard_error_points == pytest.approx(0, abs=1e-6)


def test_criteria_against_each_other_have_no_error() -> None:
    """A negative alpha is said, and nothing is derived from it."""
    found = reliability(table((2, 0), (0, 2), (2, 0), (0, 1), times=5))
    assert found.alpha is not None
    assert found.alpha < 0
    assert found.standard_error_points is None


def test_the_interval_is_feldts() -> None:
    """Alpha 2/3 of 40 submissions and two criteria; F(39, 39) at 0.975 is 1.891, and its inverse at 0.025."""
    found = reliability(table((2, 2), (2, 2), (2, 2), (0, 0), (0, 0), (0, 0), (2, 0), (0, 2), times=5))
    assert found.interval == pytest.approx((1 - 1.8907 / 3, 1 - 1 / 1.8907 / 3), abs=1e-3)


def test_nine_submissions_have_no_reliability() -> None:
    """Ten have."""
    rows = ((2.0, 2.0), (0.0, 0.0)) * 5
    assert reliability(table(*rows)).alpha is not None
    found = reliability(table(*rows[:9]))
    assert found.alpha is None
    assert "9 submissions" in found.why_not


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (((2.0, 2.0),), "no two criteria"),
        (((2.0, 1.0), (0.0, 1.0)), "no two criteria"),
        (((2.0, 0.0), (0.0, 2.0)), "same total"),
        (((PENDING, PENDING),), "No criterion is decided"),
    ],
)
def test_points_that_do_not_differ_have_no_reliability(rows: tuple[tuple[float, ...], ...], why: str) -> None:
    """The reason is said, and nothing is divided by zero."""
    found = reliability(table(*rows, times=20))
    assert (found.alpha, found.interval, found.standard_error_points) == (None, None, None)
    assert why in found.why_not


def test_nobody_has_no_reliability() -> None:
    """An empty class has a page too."""
    assert reliability(points_table([])).alpha is None
    assert items(points_table([])) == ()


def test_a_criterion_that_is_mostly_pending_is_left_out() -> None:
    """Decided in nine of ten it is taken in, in fewer it is named as left out."""
    rows = [(2.0, 2.0, 2.0) if number % 2 else (0.0, 0.0, 0.0) for number in range(20)]
    some = [(one, other, PENDING if number < 2 else last) for number, (one, other, last) in enumerate(rows)]
    found = reliability(table(*some))
    assert (found.criteria, found.pending, found.submissions) == (("a", "b", "c"), (), 18)
    more = [(one, other, PENDING if number < 3 else last) for number, (one, other, last) in enumerate(rows)]
    found = reliability(table(*more))
    assert (found.criteria, found.pending, found.submissions) == (("a", "b"), ("c",), 20)


def test_a_criterion_that_all_pass_is_named() -> None:
    """It tells nobody from anybody."""
    assert reliability(table((2, 2, 1), (0, 0, 1), times=5)).constant == ("c",)


def test_the_correlation_leaves_the_criterion_out_of_the_rest() -> None:
    """Unrelated criteria: with the total each would correlate, with the rest it does not."""
    first, _ = items(table((2, 2), (2, 0), (0, 2), (0, 0), times=5))
    assert first.correlation == pytest.approx(0)
    assert (first.decided, first.full_share, first.mean_share) == (20, 0.5, 0.5)


def test_a_correlation_by_hand() -> None:
    """Of a with b + c: deviations (1, 1, -1, -1) and (2, 0, -2, 0), so 4 / sqrt(4 * 8)."""
    first, *_ = items(table((2, 2, 2), (2, 2, 0), (0, 0, 0), (0, 0, 2), times=5))
    assert first.correlation == pytest.approx(4 / math.sqrt(32))


def test_nineteen_submissions_have_no_correlation() -> None:
    """Twenty have; how many got full points is said of any number."""
    rows = ((2.0, 2.0), (0.0, 0.0)) * 10
    assert items(table(*rows))[0].correlation == pytest.approx(1)
    first, _ = items(table(*rows[:19]))
    assert first.correlation is None
    assert "Only 19" in first.why_not
    assert first.full_share == pytest.approx(10 / 19)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (((1.0, 2.0), (1.0, 0.0)), "the same here"),
        (((2.0, 1.0), (0.0, 1.0)), "the same in all else"),
        (((2.0,), (0.0,)), "no other decided points"),
        (((2.0, PENDING), (0.0, PENDING)), "no other decided points"),
        (((PENDING, 2.0), (PENDING, 0.0)), "Only 0 decided"),
    ],
)
def test_points_that_do_not_differ_have_no_correlation(rows: tuple[tuple[float, ...], ...], why: str) -> None:
    """The reason is said."""
    first, *_ = items(table(*rows, times=10))
    assert first.correlation is None
    assert why in first.why_not


def test_chance_reaches_044_with_twenty_submissions() -> None:
    """As tables of the correlation's critical values say: 0.444 of 20, 0.632 of 10."""
    assert correlation_by_chance(20) == pytest.approx(0.444, abs=5e-4)
    assert correlation_by_chance(10) == pytest.approx(0.632, abs=5e-4)


def test_pending_points_and_criteria_that_are_not_there_are_no_zeros() -> None:
    """A criterion of no points is left out."""
    base = {"section": "s", "earned": 0.0, "basis": "static"}
    waiting = Verdict(criterion="a", outcome="needs_review", cause="by_hand", points=2, pending=2, **base)
    lost = Verdict(criterion="b", outcome="failed", points=1, **base)
    empty = Verdict(criterion="c", outcome="passed", points=0, **base)
    found = points_table([make_grade(waiting, empty), make_grade(lost)])
    assert found.criteria == ("a", "b")
    assert np.array_equal(found.earned, [[PENDING, PENDING], [PENDING, 0.0]], equal_nan=True)
