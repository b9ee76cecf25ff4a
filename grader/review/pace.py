"""How long the rest will take, from how long the last answers took."""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from grader.marks import Decisions
from grader.review.desk import DECIDING

LONGEST_PAUSE_SECONDS = 300.0
"""A longer time between two actions was a break."""

LAST_ACTIONS = 30
"""So many of them say how fast somebody is by now."""

FEWEST_ACTIONS = 3
"""With fewer nothing is said."""


def seconds_an_action(decisions: Decisions, by: str) -> float | None:
    """The median time that a tutor's last actions took, in seconds; None where there are too few."""
    times = sorted({event.time for event in decisions.events if event.by == by and event.kind in DECIDING})
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    gaps = [gap for gap in gaps if gap <= LONGEST_PAUSE_SECONDS][-LAST_ACTIONS:]
    return median(gaps) if len(gaps) >= FEWEST_ACTIONS else None


def time_left(actions: int, seconds: float | None) -> str:
    """How long so many actions take, in words; empty where nobody knows."""
    if seconds is None or not actions:
        return ""
    minutes = actions * seconds / 60
    if minutes < 1:
        return "less than a minute left"
    rounded = round(minutes) if minutes < 10 else 5 * round(minutes / 5)
    return f"about {rounded} minute{'s' if rounded != 1 else ''} left"
