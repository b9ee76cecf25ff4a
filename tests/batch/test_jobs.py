"""Jobs as JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from case_files import ROOT

from grader.batch.jobs import Job, read_job
from grader.datasets import resolve
from grader.environment import own_environment
from grader.execution.sandbox import Limits, Sandbox, SandboxChoice, own_interpreter
from grader.execution.watch import RunLimits
from grader.intake import Attachment, Origin
from grader.rubric import load_rubric
from grader.store import SubmissionFolder
from grader.task import Settings, Task

TASKS = [
    Task(id="plain", path=Path("some.ipynb"), folder=SubmissionFolder(Path("out"))),
    Task(
        id="of-an-archive",
        path=Path("some \udcff.ipynb"),
        folder=SubmissionFolder(Path("out")),
        seed=3,
        origin=Origin(file_name="some.ipynb", problem="It is too large."),
        people=("Student A01",),
        handed_in="handed in 2026-01-30 12:00",
        equal_run=SubmissionFolder(Path("another")),
        is_given=False,
        attachments=(Attachment("data/points.csv", Path("points.csv"), "0" * 64, 7),),
    ),
]


@pytest.mark.parametrize("rubric", sorted((ROOT / "rubrics").glob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_a_job_comes_back_as_it_was(task: Task, rubric: Path) -> None:
    """Rubric, spread and all: what a worker grades with is what it was given."""
    settings = Settings(
        rubric=load_rubric(rubric),
        data_sets=resolve("sample"),
        limits=RunLimits(cell_timeout_seconds=1.5, notebook_timeout_seconds=2, sandbox=Limits(cpu_seconds=9)),
        sandbox=SandboxChoice(known=Sandbox(tier="1", bubblewrap="bwrap")),
        full_size_limits=RunLimits(cell_timeout_seconds=15, notebook_timeout_seconds=20),
        replay_share=0.5,
        reruns=2,
    )
    job = Job("grade", task, settings)
    assert read_job(job.text()) == job
    assert read_job(job.text()).settings.rubric_digest == settings.rubric_digest


def test_a_job_knows_the_courses_environment() -> None:
    """A worker is of the grader's own Python, and cannot see what is installed in another."""
    course = replace(own_environment(), is_own=False, digest="ab", importable=("keras", "pocket_numbers"))
    settings = Settings(
        rubric=load_rubric(ROOT / "rubrics" / "week09.yaml"),
        data_sets=resolve("sample"),
        limits=RunLimits(cell_timeout_seconds=1, notebook_timeout_seconds=2),
        sandbox=SandboxChoice(known=Sandbox(tier="1"), python=own_interpreter()),
        environment=course,
    )
    job = Job("grade", TASKS[0], settings)
    assert read_job(job.text()).settings == settings
