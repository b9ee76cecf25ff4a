"""How often a band turns an honest solution away."""

from __future__ import annotations

import math

import pytest
from builders import make_calibration

from grader.records import Judged
from grader.statistics.false_rejection import false_rejection

RUNS = (0.90, 0.91, 0.92, 0.93)
"""Mean 0.915, standard deviation 0.01291."""


def band(lower: float | None = None, upper: float | None = None) -> Judged:
    return Judged(what="The test accuracy", value=0.0, lower=lower, upper=upper)


@pytest.mark.parametrize("share", [0.01, 0.0001, 0.2])
def test_a_band_for_one_in_a_hundred_gives_one_in_a_hundred(share: float) -> None:
    """It is the inverse of the line that the calibration draws."""
    calibration = make_calibration(ex4__test_accuracy=RUNS)
    line = calibration.lower_line("ex4.test_accuracy", false_rejection=share)
    assert false_rejection(band(line), RUNS).share == pytest.approx(share)
    line = calibration.upper_line("ex4.test_accuracy", false_rejection=share)
    assert false_rejection(band(upper=line), RUNS).share == pytest.approx(share)


def test_a_line_at_the_mean_turns_half_away() -> None:
    """On either side, and the two sides of a band of no width all."""
    assert false_rejection(band(0.915), RUNS).share == pytest.approx(0.5)
    assert false_rejection(band(0.915, 0.915), RUNS).share == pytest.approx(1.0)


def test_runs_outside_are_counted_and_the_line_itself_is_inside() -> None:
    """Of four runs one lies below 0.91."""
    assert false_rejection(band(0.91), RUNS).outside == 1
    assert false_rejection(band(upper=0.91), RUNS).outside == 2
    assert false_rejection(band(), RUNS).outside == 0


def test_the_interval_is_that_of_a_normal_share() -> None:
    """Of ten runs and a line 2.9585 standard deviations off (1 %), by scipy.stats.nct: 0.0005 % to 7.1 %."""
    runs = tuple(float(value) for value in (-1.5, -1, -0.75, -0.25, 0, 0, 0.25, 0.75, 1, 1.5))
    spread = math.sqrt(sum(value**2 for value in runs) / 9)
    low, high = false_rejection(band(-2.9585 * spread), runs).interval or (0, 0)
    assert low == pytest.approx(4.8e-6, rel=0.02)
    assert high == pytest.approx(0.0711, rel=0.01)


def test_fewer_runs_leave_more_open() -> None:
    """Of the same figures repeated the interval is narrower, and holds the share."""
    few, many = false_rejection(band(0.89), RUNS), false_rejection(band(0.89), RUNS * 5)
    assert few.interval is not None
    assert many.interval is not None
    assert few.interval[0] < few.share < few.interval[1]
    assert many.interval[1] < few.interval[1]


@pytest.mark.parametrize(("runs", "why"), [((), "Fewer"), ((0.9, 0.91), "Fewer"), ((0.9,) * 10, "same figure, inside")])
def test_runs_that_say_nothing_give_no_share(runs: tuple[float, ...], why: str) -> None:
    """Never a NaN."""
    found = false_rejection(band(0.5), runs)
    assert found.share is None
    assert found.interval is None
    assert why in found.why_not


def test_the_same_figure_outside_is_said() -> None:
    """All ten runs fail, and that is what the page shows."""
    found = false_rejection(band(0.95), (0.9,) * 10)
    assert (found.outside, found.share) == (10, None)
    assert "outside the band" in found.why_not


@pytest.mark.parametrize("line", [-100.0, 100.0])
def test_a_line_far_away_has_a_share_and_an_interval(line: float) -> None:
    """Nothing overflows."""
    found = false_rejection(band(line), RUNS)
    assert found.share == pytest.approx(float(line > 0), abs=1e-4)
    assert found.interval == pytest.approx((float(line > 0),) * 2, abs=1e-4)
