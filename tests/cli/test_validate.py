"""What ``grader validate`` shows of what does not hold."""

from __future__ import annotations

import json

import pytest

from grader.cli.validate import _conclude, _show
from grader.reference.validation import Validation, ValidationResult


def validation(*, passed: bool) -> Validation:
    """Two results of a group, the second as told, and one of another."""
    results = (
        ValidationResult(group="reference", name="seed 1: ex4.accuracy", passed=True),
        ValidationResult(group="reference", name="seed 2: ex4.accuracy", passed=passed, text="It earned 1 of 2."),
        ValidationResult(group="controls", name="a blank notebook", passed=True),
    )
    return Validation(assignment="some", rubric="some.yaml", data="sample", seeds=(1, 2), results=results)


def test_what_does_not_hold_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Then each group in words, and at the end one line."""
    _show(validation(passed=False), None)
    _conclude([validation(passed=True), validation(passed=False)], as_json=False)
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "",
        "some.yaml on the sample data",
        "- seed 2: ex4.accuracy",
        "  It earned 1 of 2.",
        "group      number",
        "reference  1 of 2  DO NOT ALL HOLD",
        "controls   1 of 1  hold",
        "",
        "1 result does not hold, of some.yaml.",
    ]


@pytest.mark.parametrize("passed", [True, False])
def test_json_says_whether_all_hold(passed: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else is printed."""
    _conclude([validation(passed=passed)], as_json=True)
    assert json.loads(capsys.readouterr().out)["passed"] is passed
