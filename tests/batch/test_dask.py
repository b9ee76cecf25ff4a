"""A Dask cluster on this machine, encrypted: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from case_files import ROOT
from whole_class import notebook

from grader.batch import Cohort, Scheduler, grade_batch
from grader.cli.options import run_limits
from grader.datasets import resolve
from grader.errors import MachineError, UsageError
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.intake import Class
from grader.records import GradedSubmission
from grader.rubric import load_rubric
from grader.store import OutputFolder
from grader.task import OnProgress, Progress, Settings

distributed = pytest.importorskip("distributed")


@dataclass
class Cluster:
    """A running one.

    Attributes:
        nanny: The process that watches over the first worker.
        notices: What was told of workers.
    """

    scheduler: Scheduler
    nanny: int
    notices: list[str]
    is_killed: bool = False

    def kill_at_first_cell(self, progress: Progress) -> None:
        """Kills the first worker as soon as anything runs: then each of the two has something."""
        if progress.step == "run" and not self.is_killed:
            self.is_killed = True
            (worker,) = (
                one for one in psutil.Process(self.nanny).children() if "spawn_main" in " ".join(one.cmdline())
            )
            worker.send_signal(signal.SIGKILL)


def certificates(folder: Path) -> dict[str, Path]:
    """One that has signed itself, for everybody."""
    made = distributed.Security.temporary()
    parts = {"ca": made.tls_ca_file, "cert": made.tls_client_cert, "key": made.tls_client_key}
    files = {name: folder / f"{name}.pem" for name in parts}
    for name, path in files.items():
        path.write_text(parts[name])
    return files


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers with nannies, one thread each, that see no folder of the batch."""
    folder = tmp_path_factory.mktemp("cluster")
    files, told = certificates(folder), folder / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    tls = ("--tls-ca-file", files["ca"], "--tls-cert", files["cert"], "--tls-key", files["key"], "--no-dashboard")
    begin = [sys.executable, "-m"]
    scheduler = ["distributed.cli.dask_scheduler", "--host", "tls://127.0.0.1", "--port", "0", *tls]
    worker = ["distributed.cli.dask_worker", "--nthreads", "1", "--local-directory", folder / "work", *tls]
    log = (folder / "log").open("w")
    with log:
        started = [
            subprocess.Popen(
                [*begin, *map(str, one), "--scheduler-file", str(told)], env=environment, stdout=log, stderr=log
            )
            for one in (scheduler, worker, worker)
        ]
        try:
            while not told.is_file() or not told.read_text():
                assert started[0].poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
            address = str(json.loads(told.read_text())["address"])
            notices: list[str] = []
            yield Cluster(Scheduler(address, **files, on_notice=notices.append), started[1].pid, notices)
        finally:
            # The scheduler last, so that the workers can take their leave.
            for process in reversed(started):
                process.terminate()
                process.wait(240)


def grade(
    folder: Path, name: str, sandbox: Sandbox, *, scheduler: Scheduler | None, on_progress: OnProgress = lambda _: None
) -> Cohort:
    """Grades what was handed in, on the cluster or here."""
    rubric = load_rubric(ROOT / "rubrics/week09.yaml")
    limits = run_limits(rubric, data="sample", cell_timeout=None, notebook_timeout=None, memory=None)
    return grade_batch(
        [folder / "in"],
        Settings(
            rubric=rubric, data_sets=resolve("sample"), limits=limits, sandbox=SandboxChoice(known=sandbox, cold=True)
        ),
        output=OutputFolder(folder / name),
        jobs=2,
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


@pytest.mark.slow
def test_a_cluster_gives_the_same_grades_though_a_worker_is_killed(
    cluster: Cluster, sandbox: Sandbox, tmp_path: Path
) -> None:
    """What it did is done by another, and no submission pays for it; a run here afterwards finds everything done."""
    (tmp_path / "in").mkdir()
    for name, source in (("one", "x_train = [1]\nx_train[3]"), ("two", "1 + 1"), ("three", "import numpy")):
        (tmp_path / "in" / f"{name}.ipynb").write_text(notebook(f"import time\ntime.sleep(3)\n{source}"))
    remote = grade(tmp_path, "remote", sandbox, scheduler=cluster.scheduler, on_progress=cluster.kill_at_first_cell)
    assert [" was lost; " in notice for notice in cluster.notices] == [True]
    assert not remote.need_review_of_infrastructure
    assert len(remote.executed) == 3
    assert grade(tmp_path, "remote", sandbox, scheduler=None).executed == frozenset()
    assert decided(grade(tmp_path, "here", sandbox, scheduler=None)) == decided(remote)


@pytest.mark.slow
def test_a_worker_unlike_this_machine_is_told_and_not_used(cluster: Cluster, sandbox: Sandbox, tmp_path: Path) -> None:
    """Where there is no other, nothing is begun."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "hw.ipynb").write_text("{}")
    other = replace(sandbox, tier="3" if sandbox.tier != "3" else "1")
    with pytest.raises(MachineError, match=r"no worker that can be used.* another sandbox tier"):
        grade(tmp_path, "remote", other, scheduler=cluster.scheduler)


def test_a_scheduler_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what was expected, and what to do."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "hw.ipynb").write_text("{}")
    monkeypatch.setattr("grader.batch.dask.CLUSTER_TIMEOUT_SECONDS", 0.2)
    nowhere = Scheduler("tcp://127.0.0.1:9")
    with pytest.raises(MachineError, match=r"127\.0\.0\.1:9: it cannot be reached"):
        grade(tmp_path, "out", Sandbox(tier="1", bubblewrap="bwrap"), scheduler=nowhere)


def test_an_encrypted_scheduler_needs_certificates(tmp_path: Path) -> None:
    """Dask's own configuration may have them, too."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "hw.ipynb").write_text("{}")
    with pytest.raises(UsageError, match="there are no certificates"):
        grade(tmp_path, "out", Sandbox(tier="1", bubblewrap="bwrap"), scheduler=Scheduler("tls://127.0.0.1:9"))
