"""Worker processes of this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
from case_files import ROOT

from grader.batch import Job, LocalProcesses, run_jobs
from grader.datasets import resolve
from grader.errors import UnwritableError
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.execution.sandbox.process import Handle
from grader.execution.watch import RunLimits
from grader.rubric import Rubric
from grader.store import SubmissionFolder
from grader.task import Progress, Settings, Task

WORKER = (sys.executable, str(ROOT / "tests" / "odd_worker.py"))
SLEEPING_BATCH = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from batch.test_processes import run

run(["sleep"], Path(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def path_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the odd worker finds the package."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def job(step: str, folder: Path, *, number: int = 0) -> Job:
    """A job of the odd worker."""
    settings = Settings(
        rubric=Rubric.model_validate({"assignment": "some", "title": "Some", "points": {"core": 0}}),
        data_sets=resolve("sample"),
        limits=RunLimits(cell_timeout_seconds=60, notebook_timeout_seconds=240),
        sandbox=SandboxChoice(known=Sandbox(tier="1")),
    )
    return Job(step, Task(str(number), folder / "told", SubmissionFolder(folder / str(number))), settings)


def run(steps: Sequence[str], folder: Path, *, count: int = 1) -> tuple[list[str], list[Progress]]:
    """What came of one job a step, and what was told meanwhile."""
    told: list[Progress] = []
    with LocalProcesses(count, command=WORKER) as executor:
        jobs = [job(step, folder, number=number) for number, step in enumerate(steps)]
        return run_jobs(jobs, executor, on_progress=told.append), told


def wait_for(path: Path, *, goes_on: Callable[[], bool]) -> str:
    """What is written to a file by and by."""
    while goes_on() and not (path.is_file() and path.read_text()):
        time.sleep(0.05)
    return path.read_text()


def processes(told: Sequence[Progress]) -> list[int]:
    return [progress.cell for progress in told if progress.step == "process"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_batch(tmp_path: Path, number: int, take_interrupts: Callable[[Any], Any]) -> None:
    """Where the batch is killed or interrupted, its workers do not go on grading unseen."""
    take_interrupts(signal.default_int_handler)
    batch = subprocess.Popen([sys.executable, "-c", SLEEPING_BATCH, str(tmp_path)], cwd=ROOT)
    worker = Handle(int(wait_for(tmp_path / "told", goes_on=lambda: batch.poll() is None)))
    batch.send_signal(number)
    assert batch.wait(240) == -number
    assert worker.wait(240)
    worker.close()


def test_a_worker_takes_one_job_after_another(tmp_path: Path) -> None:
    """Its start is paid once; what it prints is not taken for an answer."""
    failures, told = run(["nothing"] * 3, tmp_path)
    assert failures == [""] * 3
    assert len(set(processes(told))) == 1
    assert [progress.task_id for progress in told if progress.step == "done"] == ["0", "1", "2"]


def test_a_worker_that_dies_is_one_submission_s_reason_and_is_replaced(tmp_path: Path) -> None:
    """Whatever it ended by, the next submission gets another one."""
    failures, told = run(["nothing", "die", "nothing"], tmp_path)
    assert failures[::2] == ["", ""]
    assert "ended before it was done (exit code 3)" in failures[1]
    assert len(set(processes(told))) == 2


def test_what_a_job_raises_is_its_reason(tmp_path: Path) -> None:
    """With the traceback kept beside its evidence, and the same worker goes on."""
    failures, told = run(["nothing", "fail", "nothing"], tmp_path)
    assert "no such luck" in failures[1]
    assert "no such luck" in (tmp_path / "1" / "evidence" / "failure.txt").read_text()
    assert len(set(processes(told))) == 1


def test_a_full_disk_ends_the_batch(tmp_path: Path) -> None:
    """What the others come to could not be kept either; no job begins after it."""
    with pytest.raises(UnwritableError, match="No space left on device") as raised:
        run(["nothing", "fill", *["nothing"] * 50], tmp_path)
    assert raised.value.fix.startswith("Name another folder")


def test_what_a_failure_left_goes_with_the_next_success(tmp_path: Path) -> None:
    """A traceback beside evidence that is whole would mislead."""
    run(["fail"], tmp_path)
    run(["nothing"], tmp_path)
    assert not SubmissionFolder(tmp_path / "0").failure_txt.exists()


def test_jobs_run_side_by_side(tmp_path: Path) -> None:
    """More of them than workers."""
    failures, told = run(["nothing"] * 8, tmp_path, count=2)
    assert failures == [""] * 8
    assert len(processes(told)) == 8


def test_processes_can_be_there_before_their_jobs(tmp_path: Path) -> None:
    """One a job at most; they take the jobs, and no further process is started."""
    told: list[Progress] = []
    with LocalProcesses(2, command=WORKER) as executor:
        executor.begin(1)
        first = {worker._process.pid for worker in executor._all if worker._process is not None}
        assert run_jobs([job("nothing", tmp_path)], executor, on_progress=told.append) == [""]
    assert set(processes(told)) == first


def test_what_cannot_be_imported_beforehand_is_no_job_s_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever needs it says so."""
    monkeypatch.setattr("grader.batch.processes.EXECUTING", ("there_is_no_such_module",))
    with LocalProcesses(1, command=WORKER) as executor:
        executor.begin(1)
        assert run_jobs([job("nothing", tmp_path)], executor, on_progress=lambda _: None) == [""]


def test_another_job_begins_while_one_only_waits(tmp_path: Path) -> None:
    """On the same processor, which the first does not use: here the first would otherwise wait for ever."""
    told: list[Progress] = []
    with LocalProcesses(1, command=WORKER, spare=1) as executor:
        jobs = [job(step, tmp_path, number=number) for number, step in enumerate(("wait", "go on", "nothing"))]
        assert run_jobs(jobs, executor, on_progress=told.append) == [""] * 3
    assert [progress.waits for progress in told if progress.task_id == "0"] == [True, False, False]


def test_no_other_job_begins_while_one_works(tmp_path: Path) -> None:
    """Spare workers are for those that wait alone."""
    with LocalProcesses(1, command=WORKER, spare=1) as executor:
        running = executor.submit(job("sleep", tmp_path), on_progress=print)
        wait_for(tmp_path / "told", goes_on=lambda: not running.done())
        other = executor.submit(job("nothing", tmp_path), on_progress=print)
        assert not wait([other], timeout=1).done
        executor.cancel()
        assert other.result() == "The batch was interrupted."


def test_a_worker_that_cannot_be_started_is_a_reason(tmp_path: Path) -> None:
    """And none that ends the batch."""
    with LocalProcesses(1, command=[str(tmp_path / "missing")]) as executor:
        why = executor.submit(job("nothing", tmp_path), on_progress=print).result()
    assert "No worker process could be started" in why


def test_what_is_cancelled_ends_at_once(tmp_path: Path) -> None:
    """The job that runs, and those that wait."""
    with LocalProcesses(1, command=WORKER) as executor:
        running, waiting = (executor.submit(job("sleep", tmp_path), on_progress=print) for _ in range(2))
        wait_for(tmp_path / "told", goes_on=lambda: not running.done())
        executor.cancel()
        assert "ended before it was done" in running.result()
        assert waiting.cancelled()
