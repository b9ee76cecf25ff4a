"""One submission in, its evidence out: kernel, recorder's pipe and collection."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.datasets import DataSets
from grader.environment import StudentsEnvironment, importable_in, own_environment
from grader.execution.collect import Recording, collect
from grader.execution.frames import FrameReader
from grader.execution.kernel import CellProgress, KernelRun, NotebookRun
from grader.execution.sandbox import Sandbox
from grader.execution.warm import PYTHON_ENVIRONMENT, RECORDER, RECORDER_INSIDE
from grader.execution.watch import RunLimits
from grader.execution.work_folder import WorkFolder
from grader.limits import MAX_EVIDENCE_BYTES
from grader.machine_paths import without_machine_paths
from grader.records import Environment, Evidence, Execution, Submission
from grader.store import SubmissionFolder, write_atomically

DATA_SETS_INSIDE = "/home/student/.keras/datasets"
NOTHING = WorkFolder()


@dataclass(frozen=True)
class ExecutionSettings:
    """How notebooks are run.

    Attributes:
        environment: The packages of the sandbox's Python.
        seed: What `random`, numpy and Keras are seeded with before the first cell.
        core: The processor that the kernel is held to; None for any.
        inputs: What is answered where a cell asks for typing, in order.
    """

    sandbox: Sandbox
    data_sets: DataSets
    limits: RunLimits
    environment: StudentsEnvironment = field(default_factory=own_environment)
    seed: int = 0
    core: int | None = None
    inputs: tuple[str, ...] = ()


def execute(
    submission: Submission,
    notebook: NotebookNode,
    *,
    folder: SubmissionFolder,
    settings: ExecutionSettings,
    on_cell: CellProgress,
    work: WorkFolder = NOTHING,
) -> Evidence:
    """Runs a notebook in a sandboxed kernel and writes its evidence into its folder.

    Args:
        submission: What was handed in.
        notebook: The same, as nbformat 4; it is changed.
        folder: Where evidence and the executed notebook are written.
        settings: How it is run.
        on_cell: Told of each cell as it begins, and where it starts and ends to wait.
        work: What it finds in its work folder, and elsewhere.

    Returns:
        The evidence, which is on disk by then. What went wrong stands in its ``execution``.
    """
    reading, writing = os.pipe()
    reader = FrameReader(reading, folder.arrays, max_bytes=MAX_EVIDENCE_BYTES)
    try:
        run = NotebookRun(
            submission,
            notebook,
            sandbox=settings.sandbox,
            limits=settings.limits,
            binds={**_binds(settings.data_sets), **(work.elsewhere if settings.sandbox.bubblewrap is not None else {})},
            work=work,
            environment=_environment(settings, record_fd=writing),
            pass_fds=(writing,),
            core=settings.core,
            on_cell=on_cell,
            after_start=lambda: os.close(writing),
        ).run()
    finally:
        frames = reader.close()
    recording = collect(frames, cell_indices=run.ordinals)
    evidence = _evidence(submission, run=run, recording=recording, settings=settings)
    write_atomically(folder.executed_notebook, nbformat.writes(run.notebook))
    folder.write(evidence)
    return evidence


def _binds(data_sets: DataSets) -> dict[str, Path]:
    return {RECORDER_INSIDE: RECORDER, **data_sets.binds(DATA_SETS_INSIDE)}


def _environment(settings: ExecutionSettings, *, record_fd: int) -> dict[str, str]:
    return {
        "GRADER_DATA_SETS": DATA_SETS_INSIDE,
        "GRADER_INPUTS": json.dumps(settings.inputs),
        "GRADER_RECORD_FD": str(record_fd),
        "GRADER_SEED": str(settings.seed),
        **PYTHON_ENVIRONMENT,
    }


def _evidence(submission: Submission, *, run: KernelRun, recording: Recording, settings: ExecutionSettings) -> Evidence:
    return recording.as_evidence(
        submission,
        cells=recording.noted(run.cells),
        environment=Environment(
            python=settings.environment.python,
            packages=dict(settings.environment.packages),
            importable=importable_in(settings.environment),
            digest=settings.environment.digest,
            is_own=settings.environment.is_own,
            left_out=recording.left_out,
            tier=settings.sandbox.tier,
            seed=settings.seed,
            is_warm=run.sandboxed is not None and run.sandboxed.is_warm,
            why_cold=without_machine_paths(run.sandboxed.why_cold) if run.sandboxed is not None else "",
        ),
        execution=_without_machine_paths(_judge_recorder(run, recording=recording)),
        data_choice=settings.data_sets.choice,
        data_sets=tuple(file.use(loaded=file.name in recording.data_sets) for file in settings.data_sets.files),
    )


def _judge_recorder(run: KernelRun, *, recording: Recording) -> Execution:
    """A run without a recorder proves nothing: that is our failure, never the student's."""
    if recording.started or run.execution.reason is not None:
        return run.execution
    detail = f"The recorder did not start in the kernel, so nothing could be recorded. {run.log}".strip()
    return run.execution.model_copy(update={"reason": "internal", "detail": detail})


def _without_machine_paths(execution: Execution) -> Execution:
    return execution.model_copy(update={"detail": without_machine_paths(execution.detail)})
