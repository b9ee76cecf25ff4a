"""What a batch has to do, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from whole_class import notebook

from grader import pipeline
from grader.batch.plan import Plan, chosen, make_plan
from grader.datasets import resolve
from grader.errors import UsageError
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.execution.watch import RunLimits
from grader.intake import Attachment
from grader.intake.files import notebook_digest
from grader.records import Evidence, Execution, Measurements
from grader.rubric import Rubric
from grader.stage_keys import StageKeys
from grader.store import SubmissionFolder
from grader.task import Settings, Task

SETTINGS = Settings(
    rubric=Rubric.model_validate({"assignment": "some", "title": "Some", "points": {"core": 0}}),
    data_sets=resolve("sample"),
    limits=RunLimits(cell_timeout_seconds=60, notebook_timeout_seconds=240),
    sandbox=SandboxChoice(known=Sandbox(tier="1")),
)


def task(folder: Path, name: str, text: str | None = None, *, attached: str = "") -> Task:
    """One submission; without a text, of its own."""
    path = folder / f"{name}.ipynb"
    path.write_text(notebook(text if text is not None else name))
    beside = (Attachment("points.csv", folder / "points.csv", attached, 5),) if attached else ()
    return Task(id=name, path=path, folder=SubmissionFolder(folder / "out" / name), attachments=beside)


def executed(one: Task, *, seconds: float = 0.0) -> Task:
    """The same, with the evidence of a run and the grade of it in its folder."""
    evidence = Evidence(
        submission=one.id,
        file_name=one.path.name,
        sha256=notebook_digest(one.path),
        execution=Execution(seconds=seconds),
    )
    one.folder.write(evidence)
    StageKeys(one, SETTINGS).keep_execution(evidence)
    one.folder.write(Measurements(submission=one.id))
    pipeline.regrade(one, SETTINGS, on_progress=lambda _: None)
    return one


def plan(tasks: Sequence[Task], *, anew: Sequence[str] = ()) -> Plan:
    return make_plan(tasks, SETTINGS, needs=pipeline.needs_grading, anew=frozenset(anew), jobs=2)


def names(tasks: Sequence[Task]) -> list[str]:
    return [one.id for one in tasks]


def test_the_longest_begin_first(tmp_path: Path) -> None:
    """As far as it is known how long they took; those of which nothing is known are between."""
    tasks = [executed(task(tmp_path, name), seconds=seconds) for name, seconds in (("a", 1), ("b", 9), ("c", 3))]
    tasks.append(task(tmp_path, "d"))
    for one in tasks:
        one.folder.forget_all()
    made = plan(tasks)
    assert names(made.executed) == ["b", "d", "c", "a"]
    assert made.seconds == {"a": 1, "b": 9, "c": 3}


def test_equal_notebooks_with_equal_files_run_once(tmp_path: Path) -> None:
    """Another file beside one is another run."""
    tasks = [task(tmp_path, "a", "1"), task(tmp_path, "b", "1"), task(tmp_path, "c", "1", attached="0" * 64)]
    made = plan(tasks)
    assert (names(made.executed), names(made.taking_over)) == (["a", "c"], ["b"])
    assert made.taking_over[0].equal_run == tasks[0].folder


def test_a_run_that_is_stored_is_taken_over(tmp_path: Path) -> None:
    """But not by one that the user wants executed again."""
    tasks = [executed(task(tmp_path, "a", "1")), task(tmp_path, "b", "1")]
    assert names(plan(tasks).taking_over) == ["b"]
    assert names(plan(tasks, anew=["b"]).executed) == ["b"]


def test_what_is_stored_is_only_evaluated(tmp_path: Path) -> None:
    """Where what follows from it is not there."""
    made = plan([executed(task(tmp_path, "a"))])
    assert (names(made.executed), names(made.evaluated)) == ([], ["a"])


def test_ids_are_meant_by_their_beginning(tmp_path: Path) -> None:
    """Where it is that of one alone; else the error names those that are near."""
    tasks = [task(tmp_path, name) for name in ("hw-a1", "hw-a2", "other-b1")]
    assert chosen(True, tasks) == {"hw-a1", "hw-a2", "other-b1"}
    assert chosen(("hw-a1", "oth"), tasks) == {"hw-a1", "other-b1"}
    with pytest.raises(UsageError, match=r"--again hw: several submissions have ids that begin so.*hw-a1, hw-a2"):
        chosen(("hw",), tasks)
    with pytest.raises(UsageError, match=r"--again hv-a1: no submission has this id.*hw-a1"):
        chosen(("hv-a1",), tasks)
