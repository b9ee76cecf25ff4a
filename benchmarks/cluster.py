"""Compares this machine's own processes with Dask workers on it: ``python benchmarks/cluster.py --submissions 12``.

The same short notebooks, of so many seconds of arithmetic each, are graded by two local jobs, by one Dask worker of one
thread, by two, and by two of which one is killed when half is done. A scheduler and its workers are started for each
way, as processes that see no folder of the batch. Printed are the seconds until the workers were ready, those from the
first submission's start to the last one's end, and whether the grades are those of the first way.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from grader.batch import Scheduler, grade_batch  # noqa: E402
from grader.cli.options import run_limits  # noqa: E402
from grader.datasets import resolve  # noqa: E402
from grader.execution.sandbox import SandboxChoice  # noqa: E402
from grader.rubric import load_rubric  # noqa: E402
from grader.store import OutputFolder  # noqa: E402
from grader.task import Progress, Settings  # noqa: E402

ARITHMETIC = """\
import time
import numpy as np

began = time.process_time()
while time.process_time() - began < {seconds}:
    np.linalg.svd(np.random.rand(60, 60))
print({number})
"""


@dataclass
class Cluster:
    """A scheduler, and the nannies of its workers; one worker is killed after so many submissions, if any."""

    scheduler: Scheduler
    nannies: list[subprocess.Popen[bytes]]
    kill_after: int | None
    done: int = 0

    def on_progress(self, progress: Progress) -> None:
        """Counts, and kills."""
        self.done += progress.step == "done"
        if progress.step == "done" and self.done == self.kill_after:
            for process in psutil.Process(self.nannies[0].pid).children():
                if "spawn_main" in " ".join(process.cmdline()):
                    process.send_signal(signal.SIGKILL)


def main() -> int:
    """Prints a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=2.0, help="of arithmetic, of a processor's time")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ways", type=int, nargs="+", default=[1, 2, 3, 4], help="which of the four, by number")
    asked = parser.parse_args()
    half = asked.submissions // 2
    all_ways: list[tuple[str, int, int | None]] = [
        ("local, 2 jobs", 0, None),
        ("1 worker", 1, None),
        ("2 workers", 2, None),
        ("2 workers, 1 killed", 2, half),
    ]
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for number in range(asked.submissions):
            cell = ARITHMETIC.format(seconds=asked.seconds, number=number)
            (folder / "in" / f"n{number:03}.ipynb").write_text(notebook(cell))
        for turn in range(asked.rounds):
            first = None
            for way, workers, kill_after in (all_ways[number - 1] for number in asked.ways):
                with running(folder, workers, kill_after) as cluster:
                    ready, seconds, grades = grade(folder, f"{way} {turn}", cluster)
                first = first or grades
                same = "the same grades" if grades == first else "OTHER GRADES"
                minute = 60 * asked.submissions / seconds
                print(
                    f"{way:20} ready {ready:5.1f} s, graded {seconds:6.1f} s, {minute:5.1f} a minute, {same};"
                    f" load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
    return 0


def grade(folder: Path, name: str, cluster: Cluster | None) -> tuple[float, float, list[dict[str, Any]]]:
    """Seconds until workers are ready, those of the batch, and the grades without times."""
    rubric = load_rubric(ROOT / "rubrics" / "week09.yaml")
    limits = run_limits(rubric, data="sample", cell_timeout=None, notebook_timeout=None, memory=None)
    told: list[float] = []

    def on_progress(progress: Progress) -> None:
        told.append(time.monotonic())
        if cluster is not None:
            cluster.on_progress(progress)

    began = time.monotonic()
    cohort = grade_batch(
        [folder / "in"],
        Settings(rubric=rubric, data_sets=resolve("sample"), limits=limits, sandbox=SandboxChoice()),
        output=OutputFolder(folder / name),
        jobs=2,
        again=False,
        on_start=lambda _: None,
        on_progress=on_progress,
        scheduler=None if cluster is None else cluster.scheduler,
    )
    ended = time.monotonic()
    grades = [one.model_dump(mode="json") for one in cohort.graded]
    for one in grades:
        for key in ("seconds", "overhead_seconds"):
            one["execution"].pop(key)
    return told[0] - began, ended - told[0], grades


@contextmanager
def running(folder: Path, workers: int, kill_after: int | None) -> Iterator[Cluster | None]:
    """A cluster of so many workers; None for none."""
    if not workers:
        yield None
        return
    told = folder / "scheduler.json"
    told.unlink(missing_ok=True)
    command = [sys.executable, "-m"]
    common = ["--no-dashboard", "--scheduler-file", str(told)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with (folder / "log").open("w") as log:

        def start(*words: str) -> subprocess.Popen[bytes]:
            return subprocess.Popen([*command, *words, *common], env=environment, stdout=log, stderr=log)

        scheduler = start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        worker = ("distributed.cli.dask_worker", "--nthreads", "1", "--local-directory", str(folder / "work"))
        nannies = [start(*worker) for _ in range(workers)]
        try:
            while not told.is_file() or not told.read_text():
                time.sleep(0.1)
            time.sleep(5)
            notices = lambda text: print(text, file=sys.stderr)  # noqa: E731
            address = json.loads(told.read_text())["address"]
            yield Cluster(Scheduler(address, on_notice=notices), nannies, kill_after)
        finally:
            for process in (*nannies, scheduler):
                process.terminate()
                process.wait(30)


def notebook(*cells: str) -> str:
    """A notebook of code cells."""
    made = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None} for text in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


if __name__ == "__main__":
    sys.exit(main())
