"""Jobs in processes of this machine: a worker takes one job after another, and is replaced where it dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from grader.batch.jobs import Job
from grader.errors import UnwritableError
from grader.limits import WORKER_END_SECONDS
from grader.task import OnProgress, Progress

_START = """\
import json, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
sys.path[:] = json.loads(sys.argv[1])
from grader.batch.worker import main
main()
"""


EXECUTING = (
    *("grader.execution.execute", "grader.verification.verify", "grader.report"),
    *("matplotlib.figure", "matplotlib.backends.backend_svg"),
)
"""What is imported when a notebook is executed, and when its page is drawn."""


def worker_command() -> list[str]:
    """This very Python with this very path: a file in the current folder is never taken for a module."""
    return [sys.executable, "-P", "-c", _START, json.dumps(sys.path)]


class LocalProcesses:
    """An `Executor` whose workers are processes of this machine.

    Args:
        count: Jobs at a time; where there are as many processors, each is held to one of its own.
        spare: Further jobs that may begin while as many others only wait and use no processor.
        command: Starts a worker; see `grader.batch.worker`.
        inherited: Descriptors that the workers inherit.
        cores: The processors that they are held to, one each as far as there are; None to choose.
    """

    def __init__(
        self,
        count: int,
        *,
        command: Sequence[str] = (),
        inherited: tuple[int, ...] = (),
        cores: Sequence[int] | None = None,
        spare: int = 0,
    ) -> None:
        self._command = list(command) or worker_command()
        self._inherited = inherited
        if cores is None:
            available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
            cores = available if count <= len(available) else []
        self._places = [_Place(cores[n] if n < len(cores) else None) for n in range(count)]
        self._all: list[_Worker] = []
        self._threads = ThreadPoolExecutor(max_workers=count + spare, thread_name_prefix="submission")
        self._cancelled = False
        self._starting = threading.Lock()
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _uninterrupted() if error is not None else nullcontext():
            if error is not None:
                self.cancel()
            self._threads.shutdown()
            for worker in self._all:
                worker.close()

    def begin(self, jobs: int) -> None:
        """Starts the processes that execute so many jobs, so that they are there when the first job comes."""
        with self._changed:
            for place in self._places[:jobs]:
                worker = self._new_worker(place)
                worker.begin()
                place.workers.append(worker)

    def submit(self, job: Job, *, on_progress: OnProgress) -> Future[str]:
        """Queues a job; see `Executor`."""
        return self._threads.submit(self._run, job, on_progress)

    def cancel(self) -> None:
        """Ends every worker, with its sandbox; those that do not heed the interrupt within a while are killed."""
        with _uninterrupted():
            with self._starting:
                self._cancelled = True
            with self._changed:
                self._changed.notify_all()
            self._threads.shutdown(wait=False, cancel_futures=True)
            for worker in self._all:
                worker.interrupt()
            for worker in self._all:
                worker.end(WORKER_END_SECONDS)

    def start(self) -> subprocess.Popen[str] | None:
        """A new worker's process; None where all of it was cancelled."""
        with self._starting:
            if self._cancelled:
                return None
            # In a group of its own, so that Ctrl-C comes to the batch alone, which then ends its workers one by one.
            return subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                process_group=0,
                pass_fds=self._inherited,
            )

    def _run(self, job: Job, on_progress: OnProgress) -> str:
        with self._turn() as (worker, note):

            def tell(progress: Progress) -> None:
                note(waits=progress.waits)
                on_progress(progress)

            return worker.run(job, on_progress=tell)

    @contextmanager
    def _turn(self) -> Iterator[tuple[_Worker, _Note]]:
        """A job's time at the first place that is free: its worker, and who is told whether the job only waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or not all(place.busy for place in self._places))
            place = min(self._places, key=lambda one: one.busy)
            place.busy += 1
            worker = place.workers.pop() if place.workers else self._new_worker(place)
        is_waiting = False

        def note(*, waits: bool) -> None:
            nonlocal is_waiting
            if waits != is_waiting:
                is_waiting = waits
                with self._changed:
                    place.busy += -1 if waits else 1
                    self._changed.notify_all()

        try:
            yield worker, note
        finally:
            with self._changed:
                place.workers.append(worker)
            note(waits=True)

    def _new_worker(self, place: _Place) -> _Worker:
        worker = _Worker(self, core=place.core)
        self._all.append(worker)
        return worker


class _Note(Protocol):
    def __call__(self, *, waits: bool) -> None: ...


@dataclass
class _Place:
    """A processor, or where none is named a share of them all.

    Attributes:
        busy: How many jobs use it: one, and more where a job that only waited goes on while another has begun.
        workers: Those that have no job.
    """

    core: int | None
    busy: int = 0
    workers: list[_Worker] = field(default_factory=list)


class _Worker:
    """One job at a time, with the process that serves it."""

    def __init__(self, processes: LocalProcesses, *, core: int | None) -> None:
        self._processes = processes
        self._core = core
        self._process: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        """Starts the process; where that fails, the first job tries again, and says why."""
        with suppress(OSError):
            self._process = self._processes.start()
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(json.dumps({"import": EXECUTING}) + "\n")
                self._process.stdin.flush()

    def run(self, job: Job, *, on_progress: OnProgress) -> str:
        """Has a job done; why it failed, empty where it did not."""
        try:
            process = self._process or self._processes.start()
        except OSError as error:
            return f"No worker process could be started for this submission: {error}."
        if process is None:
            return "The batch was interrupted."
        self._process = process
        why = _converse(process, job=job, core=self._core, on_progress=on_progress)
        if why is None:
            self._process = None
            _close(process)
            return f"The worker process of this submission ended before it was done (exit code {process.wait()})."
        return why

    def interrupt(self) -> None:
        """Has the process end its sandbox and itself."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)

    def end(self, seconds: float) -> None:
        """Waits so long for the end, and then kills."""
        process = self._process
        if process is None:
            return
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()

    def close(self) -> None:
        """Lets the process end, now that there is nothing left to do."""
        process = self._process
        if process is not None:
            _close(process)
            self.end(WORKER_END_SECONDS)
            process.wait()


def _converse(process: subprocess.Popen[str], *, job: Job, core: int | None, on_progress: OnProgress) -> str | None:
    """Hands a job to a worker and listens; why the job failed, None where the worker ended before it said.

    Raises:
        UnwritableError: The folder in which the worker writes cannot be written.
    """
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a worker was started without pipes")
    try:
        process.stdin.write(json.dumps({"job": job.text(), "core": core}) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    for line in process.stdout:
        # Plain JSON: nothing that came near a student's bytes is unpickled here.
        message = json.loads(line)
        if "why" in message:
            return str(message["why"])
        if "unwritable" in message:
            found, expected, fix = message["unwritable"]
            raise UnwritableError(found, expected=expected, fix=fix)
        on_progress(Progress(**message))
    return None


def _close(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignores a second Ctrl-C while all is taken down."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
