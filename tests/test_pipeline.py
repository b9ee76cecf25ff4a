from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from builders import Notebook, dense, grid, make_axes, make_calibration, make_measurement
from worksheet import RUBRIC_FILE

from grader import pipeline
from grader.architecture.forms import ModelForm
from grader.datasets import resolve
from grader.errors import BrokenError
from grader.execution.sandbox import Limits, Sandbox, SandboxChoice
from grader.execution.watch import RunLimits
from grader.intake.files import notebook_digest
from grader.judging.registry import registered
from grader.records import Evidence, Measurements
from grader.rubric import Criterion, Rubric, Section
from grader.stage_keys import StageKeys
from grader.store import PACKAGE, SubmissionFolder
from grader.task import Settings, Task

CALIBRATION = make_calibration(ex4__test_accuracy=(0.90, 0.91, 0.92, 0.91))


@pytest.fixture
def settings():
    params = registered()["accuracy"].params(within={"false_rejection": 0.01, "borderline": 0.0001})
    section = Section(
        id="ex4",
        title="Exercise 4: Build",
        model=ModelForm.model_validate({"inputs": [784]}),
        criteria=(Criterion(id="ex4.accuracy", points=2, check="accuracy", params=params),),
    )
    rubric = Rubric(
        assignment="some",
        title="Some",
        points={"core": 2},
        sections=(section,),
        calibrations={"sample": CALIBRATION, "full": CALIBRATION},
    )
    limits = RunLimits(cell_timeout_seconds=60, notebook_timeout_seconds=240, sandbox=Limits())
    return Settings(
        rubric=rubric, data_sets=resolve("sample"), limits=limits, sandbox=SandboxChoice(known=Sandbox(tier="1"))
    )


@pytest.fixture
def task(tmp_path):
    path = tmp_path / "some.ipynb"
    path.write_text("{}")
    return Task(id="some", path=path, folder=SubmissionFolder(tmp_path / "out"))


def keep(task, settings, *, accuracy, drawn=None):
    """Puts evidence of one run into a task's folder, as if it had just been executed."""
    book = Notebook()
    book.markdown("## Exercise 4: Build")
    book.code("model.fit(x, y)")
    book.fit(book.model(dense(128, "relu"), dense(10, "softmax")))
    if drawn is not None:
        book.figure(make_axes(grid(drawn, store=book.store)))
    matrix = None if drawn is None else tuple(map(tuple, drawn.astype(int).tolist()))
    measured = make_measurement(accuracy=accuracy, loss=0.3, confusion=matrix)
    measurements = Measurements(submission="some", measured=(measured,))
    for name, array in book.store.arrays.items():
        assert task.folder.arrays.put(array) == name
    keys, evidence = StageKeys(task, settings), book.evidence()
    task.folder.write(evidence)
    keys.keep_execution(evidence)
    task.folder.write(measurements)
    keys.keep_verification(measurements)


def outcome(task, settings):
    graded = pipeline.regrade(task, settings, on_progress=lambda _: None)
    return graded.verdicts[0].outcome


def steps(task, settings):
    """The steps that grading a submission takes now."""
    told = []
    pipeline.grade(task, settings, core=None, on_progress=lambda progress: told.append(progress.step))
    return told


def near_the_line():
    line = CALIBRATION.lower_line("ex4.test_accuracy", false_rejection=0.01)
    last = CALIBRATION.lower_line("ex4.test_accuracy", false_rejection=0.0001)
    return (line + last) / 2


def test_stored_runs_under_other_seeds_decide(task, settings):
    """A figure near its line waits for a person; two better runs in the store pass it, without any option."""
    keep(task, settings, accuracy=near_the_line())
    assert outcome(task, settings) == "needs_review"
    for seed in (1, 2):
        keep(task.rerun(seed), settings, accuracy=0.91)
    assert outcome(task, settings) == "passed"


def test_runs_of_another_notebook_decide_nothing(task, settings):
    """When a student hands in anew, the old runs under other seeds say nothing of it."""
    for seed in (1, 2):
        keep(task.rerun(seed), settings, accuracy=0.91)
    task.path.write_text("{ }")
    keep(task, settings, accuracy=near_the_line())
    assert outcome(task, settings) == "needs_review"


def test_what_is_graded_is_not_evaluated_again(task, settings):
    """Nor is its page rendered again; another rubric evaluates, and a new page is rendered."""
    keep(task, settings, accuracy=0.91)
    assert steps(task, settings) == ["evaluate", "render"]
    assert steps(task, settings) == []
    assert not pipeline.needs_grading(task, settings)
    other = replace(settings, rubric=settings.rubric.model_copy(update={"title": "Other"}))
    assert steps(task, other) == ["evaluate", "render"]


def test_a_grade_that_came_out_the_same_has_its_page(task, settings):
    """Only what a page shows makes it anew."""
    keep(task, settings, accuracy=0.91)
    steps(task, settings)
    task.folder.forget(["evaluation"])
    assert steps(task, settings) == ["evaluate"]


def test_a_page_that_would_not_change_is_not_rendered(task, settings):
    """What is for tutors alone is judged anew, and the student's page stays as it is."""
    keep(task, settings, accuracy=0.91)
    steps(task, settings)
    other = replace(settings, rubric=settings.rubric.model_copy(update={"sha256": "1" * 64, "version": 2}))
    assert steps(task, other) == ["evaluate"]
    assert not pipeline.needs_grading(task, other)


def test_a_file_that_is_no_notebook_is_read_once(task, settings):
    """Its grade and its page stay as long as it does."""
    assert steps(task, settings) == ["read", "render"]
    assert not pipeline.needs_grading(task, settings)
    assert not pipeline.needs_execution(task, settings)
    assert task.folder.read_grade().status == "not_run"


def test_a_submission_on_which_we_failed_is_graded_again(task, settings):
    """It waits for a person meanwhile, and evidence that holds is kept."""
    keep(task, settings, accuracy=0.91)
    before = task.folder.evidence_json.read_bytes()
    graded = pipeline.give_up(task, settings, why="The worker ended.")
    assert graded.status == "needs_review"
    assert task.folder.evidence_json.read_bytes() == before
    assert pipeline.needs_grading(task, settings)
    assert not pipeline.needs_execution(task, settings)


def test_a_submission_whose_run_we_failed_is_executed_again(task, settings):
    """It waits for a person meanwhile."""
    graded = pipeline.give_up(task, settings, why="The worker ended.")
    assert graded.status == "needs_review"
    assert pipeline.needs_execution(task, settings)


def test_reruns_that_are_asked_for_later_are_due(task, settings):
    """Where a figure is near its line, and only there."""
    keep(task, settings, accuracy=near_the_line())
    steps(task, settings)
    assert pipeline.needs_grading(task, replace(settings, reruns=2))
    keep(task, settings, accuracy=0.91)
    steps(task, settings)
    assert not pipeline.needs_grading(task, replace(settings, reruns=2))


class Copy:
    """A copy of the code that can be changed, and a submission that it grades by the command line."""

    def __init__(self, folder):
        self.folder, self.code = folder, folder / "code" / "grader"
        shutil.copytree(PACKAGE, self.code, ignore=shutil.ignore_patterns("__pycache__"))
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]), folder / "some.ipynb")

    def grade(self, *options):
        """The records that were written anew."""
        before = {path.name: path.stat().st_mtime_ns for path in self._records()}
        command = [sys.executable, "-P", "-m", "grader", "grade", RUBRIC_FILE, self.folder / "some.ipynb"]
        environment = {**os.environ, "PYTHONPATH": str(self.code.parent)}
        options = ("-q", "--data", "sample", "-j", "1", "-o", self.folder / "out", *options)
        subprocess.run([*command, *options], env=environment, cwd=self.folder, check=True)
        return [path.stem for path in self._records() if path.stat().st_mtime_ns != before.get(path.name)]

    def _records(self):
        found = (SubmissionFolder(path) for path in (self.folder / "out" / "submissions").glob("some-*"))
        paths = [path for one in found for path in (one.evidence_json, one.measurements_json, one.grade_json)]
        return [path for path in paths if path.exists()]

    def comment(self, module):
        """Adds one to a module."""
        with (self.code / module).open("a") as file:
            file.write("# A comment.\n")


@pytest.mark.slow
def test_each_change_goes_back_to_its_stage_and_no_further(tmp_path):
    """With a real kernel: a check evaluates, the verifier verifies, the recorder and a tighter limit execute."""
    copy, everything = Copy(tmp_path), ["evidence", "measurements", "grade"]
    assert copy.grade() == everything
    assert copy.grade("--cell-timeout", "9999") == []
    copy.comment("checks/notebook.py")
    assert copy.grade() == ["grade"]
    copy.comment("verification/verify.py")
    assert copy.grade() == ["measurements", "grade"]
    copy.comment("execution/recorder/hooks.py")
    assert copy.grade() == everything
    assert copy.grade("--memory", "2") == everything


def keep_array(task, settings):
    """Evidence of a run that holds an array."""
    name = task.folder.arrays.put(np.arange(50))
    evidence = Evidence(
        submission=task.id,
        file_name=task.path.name,
        sha256=notebook_digest(task.path),
        weights={"a" * 64: (name,)},
    )
    task.folder.write(evidence)
    StageKeys(task, settings).keep_execution(evidence)
    task.folder.write(Measurements(submission=task.id))
    StageKeys(task, settings).keep_verification(Measurements(submission=task.id))
    return name


@pytest.mark.parametrize("size", [0, 100])
def test_an_array_that_was_cut_off_is_made_again(task, settings, size):
    """By an execution, which writes it anew; its loss likewise."""
    name = keep_array(task, settings)
    assert not pipeline.needs_execution(task, settings)
    path = task.folder.arrays.folder / f"{name}.npy"
    path.write_bytes(path.read_bytes()[:size])
    assert pipeline.needs_execution(task, settings)
    keep_array(task, settings)
    assert not pipeline.needs_execution(task, settings)


def test_a_changed_array_takes_its_keys_along(task, settings):
    """What is found to be broken when it is read is executed again; whole evidence stays as it is."""
    name = keep_array(task, settings)
    keys = StageKeys(task, settings)
    assert not keys.forget_broken()
    path = task.folder.arrays.folder / f"{name}.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    before = task.folder.evidence_json.read_bytes()
    assert keys.forget_broken()
    assert keys.execution_is_due()
    assert task.folder.evidence_json.read_bytes() == before


def test_a_grade_by_a_broken_array_is_made_anew(task, settings):
    """It does not pass for the grade of this evidence, although the check itself went on without the array."""
    spec = registered()["confusion_matrix"]
    criterion = Criterion(id="ex4.confusion", points=2, check=spec.name, params=spec.params())
    section = settings.rubric.sections[0].model_copy(update={"criteria": (criterion,)})
    settings = replace(settings, rubric=settings.rubric.model_copy(update={"sections": (section,)}))
    keep(task, settings, accuracy=0.91, drawn=np.eye(10))
    (path,) = task.folder.arrays.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BrokenError, match="is lost or broken"):
        pipeline.regrade(task, settings, on_progress=lambda _: None)
    assert task.folder.read_grade() is not None
    assert StageKeys(task, settings).due()[0] == "execution"


def test_the_run_of_an_equal_notebook_is_taken_over(task, settings, tmp_path):
    """All that it left but whose it is; nothing is executed or verified again."""
    keep_array(task, settings)
    path = tmp_path / "other.ipynb"
    path.write_bytes(task.path.read_bytes())
    task.folder.executed_notebook.write_text("{}")
    other = Task(id="other", path=path, folder=SubmissionFolder(tmp_path / "other"), equal_run=task.folder)
    assert "read" not in steps(other, settings)
    evidence, measurements = other.folder.stored_evidence()
    assert (evidence.submission, evidence.file_name, measurements.submission) == ("other", "other.ipynb", "other")
    assert other.folder.arrays.broken(other.folder.refs_of_evidence() & task.folder.arrays.names()) == frozenset()
    assert not pipeline.needs_grading(replace(other, equal_run=None), settings)


def test_the_run_of_another_notebook_is_not_taken_over(task, settings, tmp_path):
    """Whoever says that it is the same."""
    keep_array(task, settings)
    path = tmp_path / "other.ipynb"
    path.write_text("{ }")
    other = Task(id="other", path=path, folder=SubmissionFolder(tmp_path / "other"), equal_run=task.folder)
    assert "read" in steps(other, settings)


def test_our_failure_on_one_that_is_not_given_now_costs_no_evidence(task, settings):
    """There is nothing to execute again: only its grade waits for a person."""
    keep(task, settings, accuracy=0.91)
    before = task.folder.evidence_json.read_bytes()
    earlier = replace(task, path=task.folder.executed_notebook, is_given=False)
    assert pipeline.give_up(earlier, settings, why="The worker ended.").status == "needs_review"
    assert task.folder.evidence_json.read_bytes() == before
    assert pipeline.needs_regrading(earlier, settings)
    pipeline.regrade_stored(earlier, settings, core=None, on_progress=lambda _: None)
    assert task.folder.read_grade().status == "graded"


class Killed(BaseException):
    """Stands for the end of a process: nothing of ours catches it."""


@contextmanager
def killed_at(moment, monkeypatch):
    """Ends what runs before or after a file takes its place, counted in halves; says whether it came so far."""
    replaced, came = Path.replace, []

    def replace_or_end(path, target):
        came.append(path)
        if 2 * len(came) - 1 == moment:
            raise Killed
        replaced(path, target)
        if 2 * len(came) == moment:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace_or_end)
        with suppress(Killed):
            yield lambda: 2 * len(came) >= moment


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_kill_at_any_moment_of_a_regrading_costs_nothing(task, settings, monkeypatch):
    """Before and after each file: evidence stays, and the next run leaves what an undisturbed one would."""
    keep(task, settings, accuracy=0.91)
    steps(task, settings)
    before = contents(task.folder.folder)
    other = replace(settings, rubric=settings.rubric.model_copy(update={"title": "Other"}))
    steps(task, other)
    after = contents(task.folder.folder)
    assert before.keys() == after.keys()
    for moment in itertools.count(1):
        for name, content in before.items():
            (task.folder.folder / name).write_bytes(content)
        with killed_at(moment, monkeypatch) as came:
            steps(task, other)
        steps(task, other)
        assert contents(task.folder.folder) == after
        if not came():
            break
    assert moment > 8
