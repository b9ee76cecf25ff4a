"""What a worker of a Dask cluster does for a batch: it gets ready once, and then does one job after another.

A worker may be the child of a nanny, which multiprocessing lets have no children. Jobs run in plain subprocesses.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import wait as wait_for
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from distributed import get_worker

from grader.batch.jobs import Job
from grader.batch.parcels import pack_result, unpack
from grader.batch.processes import LocalProcesses
from grader.environment import own_environment
from grader.errors import GraderError, UnwritableError
from grader.execution.sandbox import SandboxChoice
from grader.execution.warm import warmed
from grader.judging.registry import checks_digest, find_check
from grader.stage_code import own_code
from grader.store import write_atomically

_POLL_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a worker has to be like: results of others would not be those of the batch.

    Attributes:
        environment: Digest of its Python packages.
        code: Digests of the grader's code.
        checks: Of the course's own checks that the rubric uses, each name to its digest.
        tier: Of its sandbox.
        unprotected: Whether notebooks are run without one.
        cold: Whether every kernel is started afresh.
    """

    environment: str
    code: str
    checks: Mapping[str, str]
    tier: str
    unprotected: bool
    cold: bool

    @classmethod
    def of(cls, choice: SandboxChoice, checks: Iterable[str]) -> Wanted:
        """What this process is like, with this choice of a sandbox.

        Args:
            choice: Of the sandbox.
            checks: Names of the course's own checks that the rubric uses.

        Raises:
            UsageError: There is no such check.
            MachineError: There is no sandbox to be had.
        """
        return cls(
            environment=own_environment().digest,
            code=repr(own_code()),
            checks={name: checks_digest([find_check(name)]) for name in checks},
            tier=choice.tier,
            unprotected=choice.unprotected,
            cold=choice.cold,
        )


@dataclass(kw_only=True)
class _Ready:
    """What a worker has ready for a batch, for as long as the batch wants the task ``key``, which made it."""

    key: str
    choice: SandboxChoice
    data: Mapping[str, Path]
    processes: LocalProcesses
    stack: ExitStack


_ready: dict[str, _Ready] = {}
"""By the batch's topic."""


def prepare(topic: str, wanted: Wanted, data: Mapping[str, bytes]) -> str:
    """Gets a worker ready for a batch: tries its sandbox, and keeps the data sets.

    Args:
        topic: Of the batch.
        wanted: What the worker has to be like.
        data: The data sets' files, by fingerprint.

    Returns:
        Why the worker cannot be used; empty where it can.
    """
    worker = get_worker()
    # Of a grader that was killed: then the scheduler has let go of its task.
    for other in [name for name, one in list(_ready.items()) if one.key not in worker.state.tasks]:
        _release(other)
    try:
        # Tried on this very machine.
        choice = SandboxChoice(unprotected=wanted.unprotected, cold=wanted.cold).resolved()
        unlike = _unlike(Wanted.of(choice, wanted.checks), wanted)
        if unlike:
            return unlike
        paths = _kept(data, Path(worker.local_directory))
        threads = worker.state.nthreads
        with ExitStack() as stack:
            choice = stack.enter_context(warmed(choice))
            cores = stack.enter_context(own_cores(threads))
            processes = stack.enter_context(LocalProcesses(threads, inherited=choice.inherited, cores=cores))
            key = worker.get_current_task()
            _ready[topic] = _Ready(key=key, choice=choice, data=paths, processes=processes, stack=stack.pop_all())
    except (GraderError, OSError) as error:
        return str(error)[:1000]
    return ""


def work(parcel: bytes, topic: str) -> tuple[str, bytes] | None:
    """Does a job on a worker, in a process of its own.

    Args:
        parcel: The job, see `grader.batch.parcels`.
        topic: Of the batch, under which progress is told.

    Returns:
        Why it failed, empty where it did not, and what it left; None where the worker is not ready for the batch.
    """
    worker = get_worker()
    ready = _ready.get(topic)
    if ready is None:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="grader-", dir=worker.local_directory) as folder:
            job = unpack(parcel, Path(folder), data=ready.data)
            job = replace(job, settings=replace(job.settings, sandbox=ready.choice))
            why = _done(job, ready.processes, worker=worker, topic=topic)
            return why, pack_result(job.task.folder)
    except (GraderError, OSError) as error:
        return f"The worker {worker.address} failed on this submission: {error}"[:1000], b""


async def release(topic: str) -> None:
    """Ends what a worker has ready for a batch, and what it still does for it."""
    await asyncio.to_thread(_release, topic)


def _release(topic: str) -> None:
    ready = _ready.pop(topic, None)
    if ready is not None:
        ready.processes.cancel()
        ready.stack.close()


def _done(job: Job, processes: LocalProcesses, *, worker: Any, topic: str) -> str:
    """Does a job, unless the batch is cancelled meanwhile; why it failed."""
    key = worker.get_current_task()
    future = processes.submit(job, on_progress=lambda progress: worker.log_event(topic, {"progress": asdict(progress)}))
    while not future.done():
        wait_for([future], timeout=_POLL_SECONDS)
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":
            _release(topic)
    try:
        return future.result()
    except UnwritableError as error:
        return f"The worker {worker.address} has no room: {error}"


def _unlike(found: Wanted, wanted: Wanted) -> str:
    of = {
        "environment": "other Python packages",
        "code": "another version of grader",
        "checks": "other checks of the course's own",
        "tier": "another sandbox tier",
    }
    unlike = [text for name, text in of.items() if getattr(found, name) != getattr(wanted, name)]
    if not unlike:
        return ""
    tiers = f" ({found.tier}, where {wanted.tier} is wanted)" if found.tier != wanted.tier else ""
    return f"it has {' and '.join(unlike)}{tiers} than the machine that grades."


def _kept(data: Mapping[str, bytes], folder: Path) -> dict[str, Path]:
    """The data sets as files of this worker, each written once."""
    paths = {name: folder / "grader-data" / f"{name}.npz" for name in data}
    for name, path in paths.items():
        if not path.is_file():
            write_atomically(path, data[name])
    return paths


@contextmanager
def own_cores(count: int) -> Iterator[list[int]]:
    """At most so many processors, which no other worker on this machine has; fewer where there are no more."""
    folder = Path(tempfile.gettempdir(), f"grader-cores-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    cores: list[int] = []
    with ExitStack() as stack:
        for core in available:
            if len(cores) == count:
                break
            if _is_ours(stack.enter_context((folder / str(core)).open("w"))):
                cores.append(core)
        yield cores


def _is_ours(lock: IO[str]) -> bool:
    """Whether a lock could be had; the system takes it back when this process ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
