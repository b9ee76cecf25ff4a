"""Trials are evidence: a grade with hints follows from those that are stored, and starts nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import dense
from hinted import proofs, rubric, trained, tried

from grader import pipeline
from grader.datasets import resolve
from grader.execution.sandbox import Limits, Sandbox, SandboxChoice
from grader.execution.watch import RunLimits
from grader.records import Measurements, Trials
from grader.stage_keys import StageKeys
from grader.store import SubmissionFolder
from grader.task import Settings, Task
from grader.trial_keys import TrialKeys

NARROW = trained(dense(64, "relu"), dense(10, "softmax"))


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Task, Settings]:
    """A submission that was executed and verified, and settings that give hints to the tutor alone."""
    path = tmp_path / "some.ipynb"
    path.write_text("{}")
    task = Task(id="some", path=path, folder=SubmissionFolder(tmp_path / "out"))
    task.folder.write(NARROW)
    measured = proofs(NARROW)._view.measurements
    task.folder.write(Measurements(submission="some", measured=measured.measured))
    limits = RunLimits(cell_timeout_seconds=60, notebook_timeout_seconds=240, sandbox=Limits())
    choice = SandboxChoice(known=Sandbox(tier="1"))
    return task, Settings(rubric(), resolve("sample"), limits, choice, hints=True)


def keep_trial(task: Task, settings: Settings, **fields: Any) -> None:
    """Stores the trial that the submission asks for."""
    ((proposal, _),) = proofs(NARROW).due()
    keys = TrialKeys(StageKeys(task, settings))
    trials = keys.stored().model_copy(update={"trials": (tried(proposal, **fields),)})
    keys.keep(trials, settled=True)


def grade(task: Task, settings: Settings) -> Any:
    return pipeline.regrade(task, settings, on_progress=lambda _: None)


def test_a_stored_trial_gives_a_hint(stored: tuple[Task, Settings]) -> None:
    """In the grade, and not on the student's page: the rubric lets nothing be said."""
    task, settings = stored
    assert grade(task, settings).hints == ()
    keep_trial(task, settings)
    assert [hint.criteria for hint in grade(task, settings).hints] == [("ex4.architecture",)]
    assert "tried out" not in task.folder.feedback_html.read_text()


def test_the_page_says_what_the_rubric_lets_be_said(stored: tuple[Task, Settings]) -> None:
    """Of a rubric that gives hints nobody has to ask for them."""
    task, settings = stored
    told = replace(settings, rubric=rubric(hints="direction"), hints=False)
    keep_trial(task, told)
    grade(task, told)
    page = task.folder.feedback_html.read_text()
    assert "The model needs more units in the hidden layer" in page
    assert "128 units" not in page.partition("Hint, tried out")[2].partition("</p>")[0]


def test_without_hints_a_trial_changes_nothing(stored: tuple[Task, Settings]) -> None:
    """The grade is what it was, and no trial is due."""
    task, settings = stored
    keep_trial(task, settings)
    plain = replace(settings, hints=False)
    assert grade(task, plain).hints == ()
    assert not TrialKeys(StageKeys(task, plain)).are_due()


def test_trials_are_due_until_nothing_is_left_to_try(stored: tuple[Task, Settings]) -> None:
    """And again by another rubric, which reads those that are there."""
    task, settings = stored
    keys = TrialKeys(StageKeys(task, settings))
    assert keys.are_due()
    keep_trial(task, settings)
    assert not keys.are_due()
    other = TrialKeys(StageKeys(task, replace(settings, rubric=rubric(version=2))))
    assert (other.are_due(), len(other.stored().trials)) == (True, 1)


def test_trials_of_other_evidence_do_not_count(stored: tuple[Task, Settings]) -> None:
    """They were trained on something else."""
    task, settings = stored
    keep_trial(task, settings)
    task.folder.write(NARROW.model_copy(update={"file_name": "other.ipynb"}))
    assert TrialKeys(StageKeys(task, settings)).stored().trials == Trials().trials
