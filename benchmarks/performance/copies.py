"""A class of copies: one real run with its evidence, as so many submissions with ids of their own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from grader.cli.options import run_limits
from grader.datasets import resolve
from grader.execution.sandbox import SandboxChoice
from grader.intake import collect_submissions
from grader.pipeline import needs_execution
from grader.rubric import Rubric, load_rubric
from grader.stage_keys import StageKeys
from grader.store import OutputFolder, SubmissionFolder
from grader.task import Settings, Task


def settings_for(rubric: Rubric, *, data: str) -> Settings:
    """What ``grader grade --data DATA`` grades with.

    Args:
        rubric: As loaded.
        data: ``full``, ``sample`` or a folder.
    """
    data_sets = resolve(data)
    limits, full = (
        run_limits(rubric, data=kind, cell_timeout=None, notebook_timeout=None, memory=None)
        for kind in (data_sets.kind, "full")
    )
    sandbox = SandboxChoice().resolved()
    return Settings(rubric, data_sets=data_sets, limits=limits, full_size_limits=full, sandbox=sandbox)


def make_class(count: int, *, source: SubmissionFolder, notebook: Path, rubric: Path, to: Path, data: str) -> None:
    """Makes ``TO/in``, so many notebooks, and ``TO/out``, where each of them has been run already.

    Arrays and pictures are one file with many names, so that a thousand copies fit on a disk; all else is written for
    each.

    Args:
        count: How many.
        source: A run of the notebook, verified.
        notebook: As it was handed in.
        rubric: By which it is graded.
        to: A folder that is not there yet.
        data: The data that it ran on.

    Raises:
        RuntimeError: The copies would be executed again.
    """
    settings = settings_for(load_rubric(rubric), data=data)
    (to / "in").mkdir(parents=True)
    for number in range(count):
        shutil.copy(notebook, to / "in" / f"student-{number + 1:05}.ipynb")
    output = OutputFolder(to / "out")
    for one in collect_submissions([to / "in"], unpack_to=output.unpacked):
        task = Task(id=one.id, path=one.path, folder=output.submission(one.id), origin=one.origin)
        _copy(source, task, settings)
        if needs_execution(task, settings):
            raise RuntimeError(f"{one.id}: the copy would be executed again; was the run made by this very code?")


def _copy(source: SubmissionFolder, task: Task, settings: Settings) -> None:
    folder = task.folder
    folder.evidence_folder.mkdir(parents=True)
    for name in ("arrays", "plots"):
        if (source.evidence_folder / name).is_dir():
            shutil.copytree(source.evidence_folder / name, folder.evidence_folder / name, copy_function=os.link)
    shutil.copy(source.executed_notebook, folder.executed_notebook)
    evidence, measurements = source.stored_evidence()
    evidence = evidence.model_copy(update={"submission": task.id, "file_name": task.path.name})
    measurements = measurements.model_copy(update={"submission": task.id})
    folder.write(evidence)
    folder.write(measurements)
    keys = StageKeys(task, settings)
    keys.keep_execution(evidence)
    keys.keep_verification(measurements)
    keys.keep_replays(measurements.replays)
