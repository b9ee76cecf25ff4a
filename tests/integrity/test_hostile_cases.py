"""Each integrity rule is needed: it has a hostile case in which it alone finds something."""

from __future__ import annotations

import pytest
from case_files import HOSTILE, Case, read_cases

from grader import integrity

ONLY_CATCH = {
    "unrecorded_cells": "hooks-removed",
    "replay_differs": "weights-mixed-with-the-first",
    "history_contradicts_model": "history-by-callback",
    "learned_less_than_claimed": "losses-by-train-step",
    "accuracy_contradicts_model": "record-by-hand",
    "layers_contradict_weights": "configuration-forged",
    "better_than_its_history": "weights-trained-elsewhere",
    "weights_unchanged": "losses-without-a-step",
    "evaluation_contradicts_model": "metric-forged",
    "memorised_test_set": "trained-on-the-test-set-disguised",
    "fails_on_shifted_test_set": "knows-test-and-validation-images",
    "better_than_reference": "test-set-shifted-too",
    "test_rows_in_training": "some-test-images-in-training",
    "accurate_before_training": "weights-between-trainings",
    "unrelated_to_initial_weights": "weights-in-a-loop",
    "ready_made_weights": "pretrained-first-layer",
    "weights_of_another_training": "weights-of-a-longer-training",
}
"""Rule to the case; `benchmarks/hostile.py` runs them all and compares the flags."""

CASES = {case.name: case for case in read_cases(HOSTILE)}


def case_named(name: str) -> Case:
    """A hostile case by its folder."""
    return CASES[f"hostile-{name}"]


def test_every_rule_has_a_case_of_its_own() -> None:
    """A rule that no case needs is deleted."""
    assert list(ONLY_CATCH) == [rule.__name__ for rule in integrity.RULES]


@pytest.mark.parametrize(("rule", "case"), ONLY_CATCH.items())
def test_the_case_expects_that_rule_and_no_other(rule: str, case: str) -> None:
    """Whoever changes a rule sees here, or in the benchmark, that nothing else catches the case."""
    expected = case_named(case).expected
    assert (expected["flags"], expected["no_other_flags"]) == ([rule], True)


def test_the_weights_of_a_flagged_model_are_a_finding_by_that_alone() -> None:
    """The other finding is the other model's."""
    expected = case_named("weights-of-a-flagged-model").expected
    assert expected["flags"] == ["test_rows_in_training", "weights_of_flagged_model"]
    assert expected["no_other_flags"]
