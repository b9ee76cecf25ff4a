"""What slow tests share: the sandbox of this machine, and every case run once."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import hypothesis
import pytest
from case_files import ROOT, Case, read_cases, with_limits

from grader.batch import Job, LocalProcesses, run_jobs
from grader.cli.options import default_jobs, run_limits
from grader.datasets import resolve
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.execution.warm import warmed
from grader.records import GradedSubmission
from grader.rubric import Rubric, load_rubric
from grader.store import OutputFolder
from grader.task import Settings, Task

READ_CASES = frozenset({"tests/test_cases.py", "tests/preview/test_samples.py"})
"""Modules with tests that read `graded_cases`."""


def pytest_configure() -> None:
    """Makes one run like the other, on any machine."""
    # Test processes are told a width of the terminal, by which commands would wrap what they print.
    os.environ.pop("COLUMNS", None)
    # The same examples each time, and no time that one may take.
    hypothesis.settings.load_profile("ci")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Keeps together, for several test processes, what shares an execution: a module, and all that read the cases."""
    from xdist.scheduler import LoadScopeScheduling

    class ByExecution(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return "the cases" if module in READ_CASES else module

    return ByExecution(config, log)


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The best sandbox of this machine; without one no slow test can say anything."""
    return SandboxChoice().resolve()


@pytest.fixture
def take_interrupts() -> Iterator[Callable[[Any], Any]]:
    """Sets what an interrupt does to this process, for one test: a shell's background jobs ignore it."""
    before = signal.getsignal(signal.SIGINT)
    yield partial(signal.signal, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def keras_here() -> None:
    """Keras in this process, on one thread, which can only be said before anything is computed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras
        import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def output(tmp_path_factory: pytest.TempPathFactory) -> OutputFolder:
    """Where every case is graded."""
    return OutputFolder(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="session")
def warm(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The same with a process to fork, where this machine can have one."""
    with warmed(SandboxChoice(known=sandbox)) as choice:
        yield choice.resolve()


@pytest.fixture(scope="session")
def graded_cases(warm: Sandbox, output: OutputFolder) -> dict[str, GradedSubmission]:
    """Every case, executed and graded once, several at a time."""
    output.folder.mkdir(parents=True, exist_ok=True)
    cases = [case for case in read_cases() if case.in_suite]
    tasks = [
        Task(id=case.name, path=case.handed_in(output.folder), folder=output.submission(case.name)) for case in cases
    ]
    # The longest first, so that no processor is idle at the end.
    tasks.sort(key=lambda task: -task.path.stat().st_size)
    own = {case.name: _settings(case, warm) for case in cases}
    jobs = [Job("grade", task, own[task.id]) for task in tasks]
    inherited = SandboxChoice(known=warm).inherited
    jobs_at_once = max(1, default_jobs() // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    with LocalProcesses(jobs_at_once, inherited=inherited) as executor:
        failures = run_jobs(jobs, executor, on_progress=lambda _: None)
    graded = {}
    for task, why in zip(tasks, failures, strict=True):
        assert not why, f"{task.id}: {why}"
        found = task.folder.read_grade()
        assert found is not None, task.id
        graded[task.id] = found
    return graded


def _settings(case: Case, sandbox: Sandbox) -> Settings:
    rubric, data_sets = _rubric(case.rubric), resolve("sample")
    limits, full_size_limits = (
        with_limits(run_limits(rubric, data=data, cell_timeout=None, notebook_timeout=None, memory=None), case.limits)
        for data in (data_sets.kind, "full")
    )
    return Settings(
        rubric=rubric,
        data_sets=data_sets,
        limits=limits,
        full_size_limits=full_size_limits,
        sandbox=SandboxChoice(known=sandbox),
    )


@cache
def _rubric(path: str) -> Rubric:
    return load_rubric(ROOT / path)
