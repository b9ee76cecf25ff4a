"""With what real kernels left: a preview says what grading the samples again then does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from case_files import ROOT, Case, read_cases
from rubric_edits import EDITS
from stored_class import written

from grader import pipeline
from grader.cli.options import run_limits
from grader.datasets import resolve
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.marks import MarksFile
from grader.preview import preview
from grader.records import GradedSubmission, Move
from grader.rubric import DataKind, Rubric
from grader.store import OutputFolder
from grader.task import Settings, Task

SAMPLES = [case for case in read_cases() if case.in_suite and case.notebook.is_relative_to(ROOT / "submissions/week09")]
CASES = [case for case in SAMPLES if not case.limits]

State = dict[str, tuple[float, ...]]
"""What each criterion earns and has pending, where it does, and under no name the sums."""


def settings_of(rubric: Rubric, sandbox: Sandbox) -> Settings:
    def limits(data: DataKind):
        return run_limits(rubric, data=data, cell_timeout=None, notebook_timeout=None, memory=None)

    return Settings(
        rubric=rubric,
        data_sets=resolve("sample"),
        limits=limits("sample"),
        full_size_limits=limits("full"),
        sandbox=SandboxChoice(known=sandbox),
    )


def graded_again(case: Case, output: OutputFolder, settings: Settings) -> GradedSubmission:
    """What grading leaves; nothing but judging and rendering is done."""
    steps, folder = set[str](), output.submission(case.name)
    task = Task(id=case.name, path=case.notebook, folder=folder)
    pipeline.grade(task, settings, core=None, on_progress=lambda progress: steps.add(progress.step))
    assert steps <= {"evaluate", "render", *(["read"] if folder.read_evidence() is None else [])}
    found = folder.read_grade()
    assert found is not None
    return found


def state_of(one: GradedSubmission) -> State:
    by_criterion = {verdict.criterion: (verdict.earned, verdict.pending) for verdict in one.verdicts}
    sums = (one.points_earned, one.points_pending, one.bonus_earned, one.bonus_pending)
    return {name: points for name, points in by_criterion.items() if any(points)} | {"": sums}


def moved(before: State, move: Move) -> State:
    """What a preview says that a grade will be."""
    changes = {one.criterion: (one.after.earned, one.after.pending) for one in move.changes if one.after}
    after = move.after
    kept = {name: points for name, points in before.items() if name not in {one.criterion for one in move.changes}}
    earning = {name: points for name, points in changes.items() if any(points)}
    return {**kept, **earning, "": (after.earned, after.pending, after.bonus_earned, after.bonus_pending)}


@pytest.fixture
def copy(output: OutputFolder, graded_cases: dict[str, GradedSubmission], tmp_path: Path) -> OutputFolder:
    """What grading the samples left, to be graded again."""
    made = OutputFolder(tmp_path / "out")
    for name in graded_cases.keys() & {case.name for case in SAMPLES}:
        shutil.copytree(output.submission(name).folder, made.submission(name).folder, copy_function=os.link)
    return made


@pytest.mark.slow
def test_grading_the_samples_again_does_what_the_preview_said(copy: OutputFolder, warm: Sandbox) -> None:
    """Edit after edit, every criterion of every submission; of a run under other limits it says that it cannot tell."""
    state = {case.name: state_of(copy.submission(case.name).read_grade()) for case in CASES}
    for name, change in EDITS.items():
        settings = settings_of(written(copy.folder.with_name("rubrics"), change), warm)
        found = preview(settings, output=copy, marks=MarksFile(copy.folder / "none"))
        said = state | {move.submission: moved(state[move.submission], move) for move in found.moves}
        state = {case.name: state_of(graded_again(case, copy, settings)) for case in CASES}
        assert said == state, name
        assert {one.submission for one in found.untold} == {case.name for case in SAMPLES if case.limits}
    assert len(CASES) >= 6
