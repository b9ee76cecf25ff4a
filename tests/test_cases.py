"""Whole notebooks, honest, wrong and hostile, get the verdicts that a person expects of them."""

from __future__ import annotations

from typing import Any

import pytest
from case_files import Case, among, read_cases

from grader.records import GradedSubmission, Verdict

CASES = read_cases()
BY_NAME = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def _wrong(verdict: Verdict, expected: Any) -> str:
    wanted = expected if isinstance(expected, dict) else {"outcome": expected}
    points = {"passed": verdict.points}.get(verdict.outcome, 0.0)
    wanted = {"earned": points if verdict.outcome != "partial" else None, **wanted}
    bad = [key for key in wanted if not among(getattr(verdict, key), wanted[key])]
    return f"{verdict.criterion}: {verdict.outcome} {verdict.cause} {verdict.earned}, not {wanted}" if bad else ""


@pytest.mark.slow
@BY_NAME
def test_every_verdict_is_as_expected(case: Case, graded_cases: dict[str, GradedSubmission]) -> None:
    """A wrong mark is the worst bug there is."""
    graded, expected = graded_cases[case.name], case.expected.get("verdicts", {})
    verdicts = {verdict.criterion: verdict for verdict in graded.verdicts}
    assert [text for name, wanted in expected.items() if (text := _wrong(verdicts[name], wanted))] == []
    if case.expected.get("complete"):
        assert set(verdicts) == set(expected)


@pytest.mark.slow
@BY_NAME
def test_status_and_reason_are_as_expected(case: Case, graded_cases: dict[str, GradedSubmission]) -> None:
    """What ended the run, and whether a person must look."""
    graded = graded_cases[case.name]
    assert among(graded.status, case.expected["status"])
    assert among(graded.execution.reason, case.expected["execution"]["reason"])


@pytest.mark.slow
@BY_NAME
def test_points_are_as_expected(case: Case, graded_cases: dict[str, GradedSubmission]) -> None:
    """The sums that the gradebook shows."""
    graded = graded_cases[case.name]
    found = {
        "earned": graded.points_earned,
        "pending": graded.points_pending,
        "bonus_earned": graded.bonus_earned,
        "bonus_pending": graded.bonus_pending,
    }
    wanted = case.expected.get("points", {})
    assert {key: found[key] for key in wanted if not among(found[key], wanted[key])} == {}


@pytest.mark.slow
@BY_NAME
def test_advice_is_as_expected(case: Case, graded_cases: dict[str, GradedSubmission]) -> None:
    """What a student is told at no cost."""
    given = [advice.model_dump() for advice in graded_cases[case.name].advice]

    def is_given(item: dict[str, str]) -> bool:
        return any(all(advice[key] == value for key, value in item.items()) for advice in given)

    assert [item for item in case.expected.get("advice", []) if not is_given(item)] == []
    assert [item for item in case.expected.get("no_advice", []) if is_given(item)] == []


def test_every_criterion_has_a_case_that_passes_it_and_one_that_fails_it() -> None:
    """By what is expected: a criterion by hand is passed by being left to a person."""
    outcomes: dict[str, set[str]] = {}
    for case in CASES:
        for name, wanted in case.expected.get("verdicts", {}).items():
            outcome = wanted["outcome"] if isinstance(wanted, dict) else wanted
            outcomes.setdefault(name, set()).update(outcome if isinstance(outcome, list) else [outcome])
    won = {"passed", "needs_review"}
    assert {name for name, found in outcomes.items() if not found & won or not found & {"failed"}} == set()
