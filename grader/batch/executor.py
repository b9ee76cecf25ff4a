"""What runs jobs, wherever it runs them, and how a batch is run by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grader.batch.jobs import Job
from grader.task import OnProgress, Progress


@dataclass(frozen=True)
class Scheduler:
    """Where a Dask cluster is found.

    Attributes:
        address: Such as ``tcp://host:8786``, or ``tls://host:8786``, for which the three files are needed.
        ca: Certificate of who has signed those of the cluster.
        cert: Our own certificate.
        key: Of that.
        on_notice: Told, in a sentence, of workers that cannot be used, and of those that are lost.
    """

    address: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    on_notice: Callable[[str], None] = field(default=lambda _: None, compare=False)


class Executor(Protocol):
    """Runs jobs side by side, each so that it can touch neither another nor the batch."""

    def submit(self, job: Job, *, on_progress: OnProgress) -> Future[str]:
        """Queues a job.

        Args:
            job: What is to be done.
            on_progress: Told of every step, from any thread.

        Returns:
            Why it failed, empty where it did not. Whatever befalls a job is its outcome and not raised, but for an
            `UnwritableError`: no other job could be kept either.
        """

    def cancel(self) -> None:
        """Starts no further job, and ends those that run, with their sandboxes."""


class Divided:
    """An `Executor` that gives some jobs to a cluster, and the others to this machine.

    Args:
        cluster: For what is executed.
        local: For what only evaluates, or takes over a run that is stored here.
        executed: Ids of the submissions whose notebooks are executed.
    """

    def __init__(self, cluster: Executor, local: Executor, *, executed: Collection[str]) -> None:
        self._cluster, self._local, self._executed = cluster, local, frozenset(executed)

    def submit(self, job: Job, *, on_progress: OnProgress) -> Future[str]:
        """Queues a job; see `Executor`."""
        return (self._cluster if job.task.id in self._executed else self._local).submit(job, on_progress=on_progress)

    def cancel(self) -> None:
        """Ends both."""
        self._cluster.cancel()
        self._local.cancel()


def run_jobs(jobs: Sequence[Job], executor: Executor, *, on_progress: OnProgress) -> list[str]:
    """Runs jobs and waits for all of them.

    Args:
        jobs: Which; the ids of their tasks are unique.
        executor: Where.
        on_progress: Told of every step, one call at a time, and of each job's end as the step ``done``.

    Returns:
        For each job why it failed, empty where it did not.

    Raises:
        UnwritableError: What jobs come to cannot be kept; the others are ended.
    """
    lock = threading.Lock()

    def report_one(progress: Progress) -> None:
        with lock:
            on_progress(progress)

    failures = [""] * len(jobs)
    futures: dict[Future[str], int] = {}
    try:
        for number, job in enumerate(jobs):
            futures[executor.submit(job, on_progress=report_one)] = number
        for future in as_completed(futures):
            number = futures[future]
            failures[number] = future.result()
            report_one(Progress(jobs[number].task.id, "done"))
    except BaseException:
        executor.cancel()
        raise
    return failures
