"""A Dask cluster on this machine: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import pytest
from case_files import ROOT
from whole_class import notebook

from grader.batch import Cohort, Scheduler, grade_batch
from grader.cli.options import run_limits
from grader.datasets import resolve
from grader.errors import MachineError
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.intake import Class
from grader.records import GradedSubmission
from grader.rubric import load_rubric
from grader.store import OutputFolder
from grader.task import OnProgress, Progress, Settings

distributed = pytest.importorskip("distributed")

SLOW = "import time\ntime.sleep(8)\n1 + 1"


@dataclass(frozen=True)
class Cluster:
    """A running one."""

    scheduler: Scheduler

    def worker_processes(self) -> dict[str, int]:
        """Each worker's address and process."""
        with distributed.Client(self.scheduler.address, set_as_default=False) as client:
            found: dict[str, int] = client.run(os.getpid)
        return found

    def busy(self) -> list[str]:
        """The workers that have a job."""
        with distributed.Client(self.scheduler.address, set_as_default=False) as client:
            return [address for address, keys in client.processing().items() if keys]


def command(name: str, *words: object) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.dask_{name}", "--no-dashboard", *map(str, words)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers with nannies, one thread each, that see no folder of the batch."""
    folder = tmp_path_factory.mktemp("cluster")
    file, environment = folder / "scheduler.json", {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = ("--scheduler-file", file, "--nthreads", 1, "--local-directory", folder / "work")
    commands = [command("scheduler", "--host", "127.0.0.1", "--port", 0, "--scheduler-file", file)]
    commands += [command("worker", *words)] * 2
    log = (folder / "log").open("w")
    started = [subprocess.Popen(one, env=environment, stdout=log, stderr=log, cwd=folder) for one in commands]
    try:
        while not file.is_file() or not file.read_text():
            assert started[0].poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
            address = client.scheduler.address
        yield Cluster(Scheduler(address))
    finally:
        for process in reversed(started):
            process.terminate()
        for process in reversed(started):
            process.wait(30)
        log.close()


def grade(
    folder: Path, name: str, sandbox: Sandbox, *, scheduler: Scheduler | None, on_progress: OnProgress = lambda _: None
) -> Cohort:
    """Grades what was handed in, on the cluster or here."""
    rubric = load_rubric(ROOT / "rubrics/week09.yaml")
    limits = run_limits(rubric, data="sample", cell_timeout=None, notebook_timeout=None, memory=None)
    return grade_batch(
        [folder / "in"],
        Settings(
            rubric=rubric,
            data_sets=resolve("sample"),
            limits=limits,
            sandbox=SandboxChoice(known=sandbox, cold=scheduler is not None),
        ),
        output=OutputFolder(folder / name),
        jobs=1,
        again=False,
        on_start=lambda _: None,
        on_progress=on_progress,
        about=Class(),
        scheduler=scheduler,
    )


def decided(cohort: Cohort) -> list[GradedSubmission]:
    """The grades, but for times."""
    apart = {"seconds": 0.0, "overhead_seconds": 0.0}
    return [one.model_copy(update={"execution": one.execution.model_copy(update=apart)}) for one in cohort.graded]


def kill_one(cluster: Cluster, told: Queue[Progress]) -> bool:
    """Kills the process of a worker in the midst of a cell; whether it could."""
    while (progress := told.get()).step != "end":
        busy = cluster.busy() if progress.step == "run" and progress.task_id.startswith("slow") else []
        if busy:
            os.kill(cluster.worker_processes()[busy[0]], signal.SIGKILL)
            return True
    return False


@pytest.mark.slow
def test_a_cluster_gives_the_same_grades_though_a_worker_is_killed(
    cluster: Cluster, sandbox: Sandbox, tmp_path: Path
) -> None:
    """What it ran is run again by another; a run here afterwards finds everything done."""
    (tmp_path / "in").mkdir()
    for name, source in (("fails", "x_train = [1]\nx_train[3]"), ("slow", SLOW)):
        (tmp_path / "in" / f"{name}.ipynb").write_text(notebook(source))
    told: Queue[Progress] = Queue()
    with ThreadPoolExecutor(1) as threads:
        killed = threads.submit(kill_one, cluster, told)
        remote = grade(tmp_path, "remote", sandbox, scheduler=cluster.scheduler, on_progress=told.put)
        told.put(Progress("", "end"))
        assert killed.result()
    assert not remote.need_review_of_infrastructure
    assert grade(tmp_path, "remote", sandbox, scheduler=None).executed == frozenset()
    assert decided(grade(tmp_path, "here", sandbox, scheduler=None)) == decided(remote)


@pytest.mark.slow
def test_what_is_no_notebook_is_said_by_a_worker(cluster: Cluster, sandbox: Sandbox, tmp_path: Path) -> None:
    """No kernel is needed for that."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "hw.ipynb").write_text("{}")
    (one,) = grade(tmp_path, "remote", sandbox, scheduler=cluster.scheduler).graded
    assert one.status == "not_run"
    assert (tmp_path / "remote/submissions" / one.submission.id / "feedback.html").is_file()


def test_a_scheduler_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what was expected, and what to do."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "hw.ipynb").write_text("{}")
    monkeypatch.setattr("grader.batch.dask.CLUSTER_TIMEOUT_SECONDS", 0.2)
    nowhere = Scheduler("tcp://127.0.0.1:9")
    with pytest.raises(MachineError, match=r"127\.0\.0\.1:9: it cannot be reached"):
        grade(tmp_path, "out", Sandbox(tier="1", bubblewrap="bwrap"), scheduler=nowhere)
