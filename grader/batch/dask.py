"""Jobs on the workers of a Dask cluster, which need no folder of ours: what they read and write travels as bytes."""

from __future__ import annotations

import fcntl
import math
import os
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from distributed import Client, KilledWorker, Security, get_worker

from grader.batch.executor import Executor, Scheduler
from grader.batch.jobs import Job
from grader.batch.parcels import data_of, keep_result, pack, pack_result, unpack
from grader.batch.processes import LocalProcesses
from grader.environment import own_environment
from grader.errors import GraderError, MachineError, UnwritableError
from grader.limits import CLUSTER_TIMEOUT_SECONDS
from grader.stage_code import own_code
from grader.store import write_atomically
from grader.task import OnProgress, Progress

_AT_ONCE = 512
"""Jobs that wait or run on the cluster at a time, a thread of ours each."""

_POLL_SECONDS = 1.0
_ALIKE = ("set of Python packages", "version of grader", "sandbox tier")


class DaskCluster:
    """An `Executor` that has notebooks executed by a Dask cluster, and does the rest here.

    Args:
        scheduler: Of the cluster.
        local: For what only evaluates, or takes over a run that is stored here.
        executed: Ids of the submissions whose notebooks are executed.

    Raises:
        MachineError: The scheduler cannot be reached, or has no worker.
    """

    def __init__(self, scheduler: Scheduler, *, local: Executor, executed: frozenset[str]) -> None:
        self._local, self._executed = local, executed
        self._client = _connected(scheduler)
        self._topic = f"grader-{uuid.uuid4().hex}"
        self._listeners: dict[str, OnProgress] = {}
        self._client.subscribe_topic(self._topic, self._told)
        self._threads = ThreadPoolExecutor(max_workers=min(_AT_ONCE, max(1, len(executed))))
        self._places = _Places(self._client)
        self._running: set[Any] = set()
        self._data: dict[str, Any] = {}
        self._sending = threading.Lock()
        self._cancelled = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.cancel()
        self._threads.shutdown(cancel_futures=error is not None)
        self._client.close()

    def submit(self, job: Job, *, on_progress: OnProgress) -> Future[str]:
        """Queues a job; see `Executor`."""
        if job.task.id not in self._executed:
            return self._local.submit(job, on_progress=on_progress)
        self._listeners[job.task.id] = on_progress
        return self._threads.submit(self._run, job)

    def cancel(self) -> None:
        """Starts no further job; workers end those that run as soon as they hear of it."""
        self._cancelled = True
        self._local.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._places.close()
        self._client.cancel(list(self._running), force=True)

    def _told(self, event: tuple[float, Mapping[str, Any]]) -> None:
        # Beside what was said stands which worker said it.
        progress = Progress(**event[1]["progress"])
        self._listeners[progress.task_id](progress)

    def _run(self, job: Job) -> str:
        """Has a job done; one whose worker died is tried once more while nothing else runs, before it is blamed."""
        for alone in (False, True):
            with self._places.taken(alone=alone):
                if self._cancelled:
                    break
                try:
                    return self._attempt(job)
                except KilledWorker as error:
                    lost = error
                except CancelledError:
                    break
        else:
            return (
                "Each worker that this submission was given to ended before it was done, also while nothing else ran"
                f" ({lost.last_worker.address} was the last)."
            )
        return "The batch was interrupted, or its connection to the scheduler was lost."

    def _attempt(self, job: Job) -> str:
        data = {name: self._sent(name, path) for name, path in data_of(job.settings).items()}
        # Each job is one of its own, whatever is equal of it, and one that runs is not given to a second worker.
        key = f"grader-{job.task.id}-{uuid.uuid4().hex}"
        wanted = [own_environment().digest, _code(), job.settings.sandbox.tier]
        future = self._client.submit(
            work, pack(job), data, topic=self._topic, wanted=wanted, key=key, pure=False, retries=0
        )
        self._running.add(future)
        try:
            why, result = future.result()
        except (KilledWorker, CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails there is one submission's reason
            return f"The worker of this submission failed: {error!r}"[:1000]
        finally:
            self._running.discard(future)
            future.release()
        if result:
            keep_result(result, job.task.folder)
        return str(why)

    def _sent(self, fingerprint: str, path: Path) -> Any:
        """A data set's file as the result of a task: where the worker that has it dies, it is there again at once."""
        with self._sending:
            if fingerprint not in self._data:
                sent = self._client.submit(same, path.read_bytes(), key=f"grader-data-{fingerprint}")
                self._data[fingerprint] = sent
            return self._data[fingerprint]


class _Places:
    """As many jobs at a time as the cluster has threads: a worker that dies takes along none that only waits on it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._changed = threading.Condition()
        self._taken = 0
        self._alone = 0
        self._is_open = True
        self._threads, self._asked = 1, -math.inf

    @contextmanager
    def taken(self, *, alone: bool) -> Iterator[None]:
        """Waits for a free thread, or until nothing else runs, and holds it."""
        with self._changed:
            self._alone += alone
            while self._is_open and not self._is_free(alone=alone):
                self._changed.wait(_POLL_SECONDS)
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._alone -= alone
                self._taken -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Lets nobody wait any longer."""
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def _is_free(self, *, alone: bool) -> bool:
        if alone:
            return self._taken == 0
        if time.monotonic() > self._asked + _POLL_SECONDS:
            self._threads, self._asked = max(1, sum(self._client.nthreads().values())), time.monotonic()
        return not self._alone and self._taken < self._threads


def _connected(scheduler: Scheduler) -> Any:
    security = None
    if scheduler.ca is not None:
        security = Security(
            tls_ca_file=str(scheduler.ca),
            tls_client_cert=str(scheduler.cert),
            tls_client_key=str(scheduler.key),
            require_encryption=True,
        )
    client = None
    try:
        client = Client(scheduler.address, security=security, set_as_default=False, timeout=CLUSTER_TIMEOUT_SECONDS)
        client.wait_for_workers(1, timeout=CLUSTER_TIMEOUT_SECONDS)
    except (OSError, TimeoutError, ValueError, RuntimeError, TypeError) as error:
        if client is not None:
            client.close()
        what = "it has no worker" if client is not None else f"it cannot be reached ({error})"
        raise MachineError(
            f"--scheduler {scheduler.address}: {what}.",
            expected="The address of a running Dask scheduler that has workers.",
            fix="Start them, see docs/scale.md, or check the address and the certificates.",
        ) from error
    return client


def same(content: bytes) -> bytes:
    """What it is given; runs on a worker."""
    return content


def work(parcel: bytes, data: Mapping[str, bytes], *, topic: str, wanted: list[str]) -> tuple[str, bytes]:
    """Does a job on a worker of the cluster, in a process of its own.

    Args:
        parcel: The job, see `grader.batch.parcels`.
        data: The data sets' files, by fingerprint.
        topic: Where progress is told.
        wanted: Digests of the environment and of the grader's code, and the sandbox's tier: results of others would
            not be those of the batch.

    Returns:
        Why it failed, empty where it did not, and what it left.
    """
    worker = get_worker()
    try:
        with tempfile.TemporaryDirectory(prefix="grader-", dir=worker.local_directory) as folder, _core() as core:
            job = unpack(parcel, Path(folder), data=_data(data, Path(worker.local_directory)))
            # Tried on this machine, once a process.
            sandbox = replace(job.settings.sandbox, known=None).resolved()
            found = [own_environment().digest, _code(), sandbox.tier]
            other = [name for name, mine, theirs in zip(_ALIKE, found, wanted, strict=True) if mine != theirs]
            if other:
                return f"The worker {worker.address} has another {' and another '.join(other)} than the batch.", b""
            job = replace(job, settings=replace(job.settings, sandbox=sandbox))
            why = _done(job, core=core, worker=worker, topic=topic)
            return why, pack_result(job.task.folder)
    except (GraderError, OSError) as error:
        return f"The worker {worker.address} failed on this submission: {error}"[:1000], b""


def _done(job: Job, *, core: int | None, worker: Any, topic: str) -> str:
    """Does a job in a process of its own, unless the batch is cancelled; why it failed."""
    key = worker.get_current_task()
    with LocalProcesses(1, core=core) as processes:
        future = processes.submit(
            job, on_progress=lambda progress: worker.log_event(topic, {"progress": asdict(progress)})
        )
        while not wait_for([future], timeout=_POLL_SECONDS).done:
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                processes.cancel()
        try:
            return future.result()
        except UnwritableError as error:
            return f"The worker {worker.address} has no room: {error}"


def _data(data: Mapping[str, bytes], folder: Path) -> dict[str, Path]:
    """The data sets as files of this worker, each written once."""
    paths = {name: folder / "grader-data" / f"{name}.npz" for name in data}
    for name, path in paths.items():
        if not path.is_file():
            write_atomically(path, data[name])
    return paths


@contextmanager
def _core() -> Iterator[int | None]:
    """A processor that no other job of ours on this machine is held to; None where there is none."""
    folder = Path(tempfile.gettempdir(), f"grader-cores-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as stack:
        locks = (
            (core, stack.enter_context((folder / str(core)).open("w"))) for core in sorted(os.sched_getaffinity(0))
        )
        yield next((core for core, lock in locks if _is_ours(lock)), None)


def _is_ours(lock: IO[str]) -> bool:
    """Whether a lock could be had; the system takes it back when this process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _code() -> str:
    return repr(own_code())
