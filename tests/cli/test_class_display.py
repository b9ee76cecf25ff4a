"""What the terminal shows of a class that was graded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders import make_grade

from grader.batch import Cohort
from grader.cli.class_display import ClassAnswer, notes_of
from grader.records import GradedSubmission, Verdict
from grader.store import OutputFolder


def grade(name: str, status: str, cause: str | None = None) -> GradedSubmission:
    """Of a submission with one verdict."""
    outcome = "passed" if cause is None else "needs_review"
    verdict = Verdict(
        criterion="ex4.trained",
        section="ex4",
        title="",
        outcome=outcome,
        cause=cause,
        basis="static",
        earned=0,
        points=2,
        feedback="Why.",
    )
    graded = make_grade(verdict, status=status)
    return graded.model_copy(update={"submission": graded.submission.model_copy(update={"id": name})})


GRADED = (
    grade("a", "graded"),
    grade("b", "needs_review", "borderline"),
    grade("c", "needs_review", "infrastructure"),
    grade("d", "not_run"),
    grade("e", "needs_review", "infrastructure"),
)


def answer(folder: Path) -> ClassAnswer:
    return ClassAnswer(Cohort(GRADED, executed=frozenset("a")), OutputFolder(folder), notes=tuple(notes_of(GRADED)))


def test_who_needs_a_look_comes_first(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Then one sentence for each cause, with everybody whom it concerns, and where the pages are."""
    answer(tmp_path).give(as_json=False)
    told = capsys.readouterr().out.splitlines()
    assert [line[0] for line in told[1:6]] == ["d", "c", "e", "b", "a"]
    assert "5 submissions: 1 not run, 2 for a tutor to review because of the grading system, 1 for" in told[7]
    assert told[8:] == [
        "* c, e: review is needed because of the grading system. Why.",
        f"Pages: {tmp_path / 'index.html'}",
    ]


def test_json_has_the_form_of_the_summary(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With what was said."""
    answer(tmp_path).give(as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in told["submissions"]] == ["a", "b", "c", "d", "e"]
    assert (told["executed"], told["pages"]) == (["a"], str(tmp_path / "index.html"))
    assert told["notes"] == ["c, e: review is needed because of the grading system. Why."]
