"""What the terminal shows after a batch."""

from __future__ import annotations

import pytest
from builders import make_calibration
from worksheet import RUBRIC_FILE

from grader.cli.display import show_unmeasured
from grader.evaluate import not_run
from grader.records import GradedSubmission, Submission
from grader.rubric import load_rubric


def _waiting(cause: str) -> GradedSubmission:
    """A grade whose criteria all wait for a person."""
    submission = Submission(id="some", file_name="some.ipynb", sha256="0" * 64)
    graded = not_run(load_rubric(RUBRIC_FILE), submission)
    verdicts = [verdict.model_copy(update={"outcome": "needs_review", "cause": cause}) for verdict in graded.verdicts]
    return graded.model_copy(update={"verdicts": tuple(verdicts)})


@pytest.mark.parametrize(
    ("cause", "measured", "told"), [("ours", "sample", True), ("ours", "full", False), ("by_hand", "sample", False)]
)
def test_who_waits_for_a_spread_is_told_how_to_measure_it(
    cause: str, measured: str, *, told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only where criteria wait, and the spread on these data is not there."""
    rubric = load_rubric(RUBRIC_FILE).model_copy(update={"calibrations": {measured: make_calibration()}})
    show_unmeasured([_waiting(cause)], rubric=rubric, data="full")
    printed = " ".join(capsys.readouterr().out.split())
    assert ("ex4.accuracy, ex6.accuracy, dropout.gap: the reference's spread" in printed) is told
    assert ("--data full" in printed) is told
