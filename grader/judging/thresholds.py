"""Thresholds: what the reference's runs must be before a figure is judged by them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JudgingThresholds:
    """What the reference's runs must be before a figure is judged by them.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    fewest_runs: int = 3
    """Below so many runs a spread or a median says nothing.

    Unit: runs.
    Source: the t quantile of one degree of freedom (two runs) is 32 at 1 %, of two degrees 7.
    Test: `test_too_few_runs_decide_nothing` and `test_the_median_decides`.
    """


THRESHOLDS = JudgingThresholds()
