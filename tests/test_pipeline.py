from __future__ import annotations

import json
from dataclasses import replace

import pytest
from builders import Notebook, dense, make_calibration, make_measurement

from grader import pipeline
from grader.architecture.forms import ModelForm
from grader.datasets import resolve
from grader.execution.sandbox import Limits
from grader.execution.watch import RunLimits
from grader.judging.registry import registered
from grader.pipeline import Settings, Task
from grader.records import Measurements
from grader.rubric import Criterion, Rubric, Section
from grader.store import SubmissionFolder

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
    return Settings(rubric=rubric, data_sets=resolve("sample"), limits=limits, sandbox=None)


@pytest.fixture
def task(tmp_path):
    path = tmp_path / "some.ipynb"
    path.write_text("{}")
    return Task(id="some", path=path, folder=SubmissionFolder(tmp_path / "out"))


def keep(task, settings, *, accuracy):
    """Puts evidence of one run into a task's folder, as if it had just been executed."""
    book = Notebook()
    book.markdown("## Exercise 4: Build")
    book.code("model.fit(x, y)")
    book.fit(book.model(dense(128, "relu"), dense(10, "softmax")))
    measured = make_measurement(accuracy=accuracy, loss=0.3)
    for name, array in book.store.arrays.items():
        assert task.folder.arrays.put(array) == name
    task.folder.write(book.evidence())
    task.folder.write(Measurements(submission="some", measured=(measured,)))
    task.folder.key_file.write_text(json.dumps(pipeline._execution_key(task, settings)))


def outcome(task, settings):
    graded = pipeline.regrade(task, settings, on_progress=lambda _: None)
    return graded.verdicts[0].outcome


def near_the_line():
    line = CALIBRATION.lower_line("ex4.test_accuracy", false_rejection=0.01)
    last = CALIBRATION.lower_line("ex4.test_accuracy", false_rejection=0.0001)
    return (line + last) / 2


def test_stored_runs_under_other_seeds_decide(task, settings):
    """A figure near its line waits for a person; two better runs in the store pass it, without any option."""
    keep(task, settings, accuracy=near_the_line())
    assert outcome(task, settings) == "needs_review"
    for seed in (1, 2):
        keep(replace(task, seed=seed, folder=task.folder.rerun(seed)), settings, accuracy=0.91)
    assert outcome(task, settings) == "passed"


def test_runs_of_another_notebook_decide_nothing(task, settings):
    """When a student hands in anew, the old runs under other seeds say nothing of it."""
    for seed in (1, 2):
        keep(replace(task, seed=seed, folder=task.folder.rerun(seed)), settings, accuracy=0.91)
    task.path.write_text("{ }")
    keep(task, settings, accuracy=near_the_line())
    assert outcome(task, settings) == "needs_review"
