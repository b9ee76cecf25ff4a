from __future__ import annotations

import pytest
from builders import make_grade

from grader.borderline import borderline, decide
from grader.records import Judged, Verdict

SHA = "0" * 64


def verdict(value=0.89, **fields):
    base = {"criterion": "ex4.accuracy", "section": "ex4", "outcome": "needs_review", "cause": "borderline"}
    base |= {"earned": 0.0, "pending": 2.0, "points": 2.0, "basis": "verified", "next_step": "Train longer."}
    base["judged"] = Judged(what="The test accuracy", value=value, lower=0.9)
    return Verdict(**{**base, **fields})


def grade(*verdicts):
    return make_grade(*verdicts, status="needs_review")


def of_runs(*values, first=0.89):
    decided = decide(grade(verdict(first)), [grade(verdict(value, outcome="passed")) for value in values])
    return decided, decided.verdicts[0]


@pytest.mark.parametrize(
    ("values", "outcome", "earned"),
    [((0.92, 0.91), "passed", 2.0), ((0.92, 0.90), "passed", 2.0), ((0.92, 0.88), "failed", 0.0)],
)
def test_the_median_decides(values, outcome, earned):
    """The median of all runs is held against the line; on the line is within."""
    graded, found = of_runs(*values)
    assert (found.outcome, found.earned, found.pending, found.cause) == (outcome, earned, 0.0, None)
    assert (graded.points_earned, graded.points_pending, graded.status) == (earned, 0.0, "graded")


def test_the_page_says_how_it_was_decided():
    """The student reads both numbers and how many runs there were."""
    _, found = of_runs(0.92, 0.91)
    assert "run 2 more times" in found.feedback
    assert "median of all 3 runs is 0.9100; at least 0.9000 was required" in found.feedback
    assert found.yours == "0.9100 (median of 3 runs)"


def test_equal_runs_decide_nothing():
    """A notebook that sets its own seed gives one figure again and again: a person looks."""
    _, found = of_runs(0.89, 0.89)
    assert (found.outcome, found.cause, found.pending) == ("needs_review", "borderline", 2.0)
    assert "sets its own" in found.feedback


@pytest.mark.parametrize("values", [(), (0.92,), (float("nan"), 0.92)])
def test_too_few_runs_decide_nothing(values):
    """One more run, or runs without the figure, leave the verdict to a person."""
    assert of_runs(*values)[1].outcome == "needs_review"


def test_only_what_is_near_its_line_is_touched():
    """Another verdict stays as it is, whatever the other runs say of it."""
    other = verdict(criterion="ex6.accuracy", outcome="passed", cause=None, earned=2.0, pending=0.0)
    decided = decide(grade(verdict(), other), [grade(verdict(0.95), other)] * 2)
    assert decided.verdicts[1] == other
    assert borderline(decided) == ()
