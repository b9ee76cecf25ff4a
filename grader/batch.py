"""Many submissions side by side: one worker process each, so that none can touch another or the batch.

The only place that knows of parallelism. A worker that dies, for whatever reason, is one submission's recorded
reason.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from grader import pipeline
from grader.execution.sandbox import Sandbox
from grader.intake import collect_submissions
from grader.limits import WORKER_END_SECONDS
from grader.pipeline import OnProgress, Progress, Settings, Step, Task
from grader.records import GradedSubmission
from grader.report import write_cohort
from grader.store import OutputFolder

_PRELOADED = ("grader.pipeline", "grader.execution.execute", "grader.verification.verify", "grader.report")


@dataclass(frozen=True)
class Cohort:
    """What a batch came to.

    Attributes:
        graded: One grade a submission, in the order of their ids.
        executed: Ids of those that were executed now; the others came from the store.
    """

    graded: tuple[GradedSubmission, ...]
    executed: frozenset[str]

    @property
    def need_review_of_infrastructure(self) -> tuple[GradedSubmission, ...]:
        """Those that need review because of us."""
        return tuple(one for one in self.graded if any(verdict.cause == "infrastructure" for verdict in one.verdicts))


def grade_batch(
    paths: Sequence[Path],
    settings: Settings,
    *,
    output: OutputFolder,
    jobs: int,
    again: bool,
    choose_sandbox: Callable[[], Sandbox],
    on_start: Callable[[Sequence[Task]], None],
    on_progress: OnProgress,
) -> Cohort:
    """Grades every submission below the paths and writes the pages of the cohort.

    Args:
        paths: Notebooks, folders of them and archives.
        settings: With what; its sandbox is chosen here, and only where something is to be executed.
        output: Where everything is written; what it holds already is used again.
        jobs: How many submissions at a time.
        again: Execute all of them, whatever the output folder holds.
        choose_sandbox: Called at most once.
        on_start: Told of the submissions that will be executed, before the first begins.
        on_progress: Told of every step, from several threads, one call at a time.

    Raises:
        UsageError: A path does not exist, or no submission was found below them.
        MachineError: There is no sandbox to be had.
        StoreError: The output folder cannot be written.
    """
    output.make()
    tasks = [
        Task(id=one.id, path=one.path, folder=output.submission(one.id), origin=one.origin)
        for one in collect_submissions(paths, unpack_to=output.unpacked)
    ]
    if again:
        for task in tasks:
            task.folder.key_file.unlink(missing_ok=True)
    due = [task for task in tasks if pipeline.needs_execution(task, settings)]
    if due or settings.replay_share or settings.reruns:
        settings = replace(settings, sandbox=choose_sandbox())
    on_start(due)
    failures = run_tasks(tasks, settings, step=pipeline.grade, jobs=jobs, on_progress=on_progress)
    graded = []
    for task, why in zip(tasks, failures, strict=True):
        found = task.folder.read_grade() if not why else None
        graded.append(found or pipeline.give_up(task, settings, why=why or "Its grade could not be read back."))
    cohort = Cohort(graded=tuple(graded), executed=frozenset(task.id for task in due))
    write_cohort(cohort.graded, output=output)
    return cohort


def run_tasks(
    tasks: Sequence[Task], settings: Settings, *, step: Step, jobs: int, on_progress: OnProgress
) -> list[str]:
    """Runs one step of the pipeline on each task, several at a time, each in a process of its own.

    Args:
        tasks: Which; ids are unique.
        settings: With what.
        step: A function of `grader.pipeline`.
        jobs: How many at a time; where there are as many processors, each is held to one of its own.
        on_progress: Told of every step, one call at a time.

    Returns:
        For each task why it failed, empty where it did not.
    """
    cores: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    for number in range(jobs):
        cores.put(available[number] if jobs <= len(available) else None)
    lock = threading.Lock()

    def report_one(progress: Progress) -> None:
        with lock:
            on_progress(progress)

    def run_one(task: Task) -> str:
        core = cores.get()
        try:
            job = _Job(step=step, task=task, settings=settings, core=core)
            why = _in_own_process(job, on_progress=report_one, running=running)
        finally:
            cores.put(core)
        if not interrupted.is_set():
            report_one(Progress(task.id, "done"))
        return why

    running: set[BaseProcess] = set()
    interrupted = threading.Event()
    failures = [""] * len(tasks)
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="submission") as executor:
        futures: dict[Future[str], int] = {executor.submit(run_one, task): n for n, task in enumerate(tasks)}
        try:
            for future in as_completed(futures):
                failures[futures[future]] = future.result()
        except BaseException:
            interrupted.set()
            for future in futures:
                future.cancel()
            _interrupt(running)
            raise
    return failures


@dataclass(frozen=True)
class _Job:
    step: Step
    task: Task
    settings: Settings
    core: int | None


def _interrupt(workers: Iterable[BaseProcess]) -> None:
    """Ends workers that a terminal has not interrupted already; those that do not heed it within a while are killed."""
    for worker in list(workers):
        if worker.pid is not None and worker.is_alive():
            os.kill(worker.pid, signal.SIGINT)
    for worker in list(workers):
        worker.join(WORKER_END_SECONDS)
        if worker.is_alive():
            worker.kill()


def _in_own_process(job: _Job, *, on_progress: OnProgress, running: set[BaseProcess]) -> str:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    receiving, sending = context.Pipe(duplex=False)
    worker = context.Process(target=_work, args=(sending, job), name=f"grade {job.task.id}")
    worker.start()
    running.add(worker)
    sending.close()
    why: str | None = None
    try:
        while True:
            # Plain JSON: nothing that came near a student's bytes is unpickled here.
            message = json.loads(receiving.recv_bytes())
            if "why" in message:
                why = message["why"]
            else:
                on_progress(Progress(**message))
    except EOFError:
        pass
    finally:
        receiving.close()
        worker.join()
        running.discard(worker)
    if why is not None:
        return why
    # Whoever starts another worker at this moment may have read the exit code, which then is said to be 255.
    return f"The worker process of this submission ended before it was done (exit code {worker.exitcode})."


def _work(sending: Connection, job: _Job) -> None:
    threading.Thread(target=_end_with_the_batch, name="batch", daemon=True).start()
    signal.signal(signal.SIGINT, _interrupted)

    def send(message: dict[str, object]) -> None:
        sending.send_bytes(json.dumps(message).encode())

    try:
        job.step(job.task, job.settings, core=job.core, on_progress=lambda progress: send(asdict(progress)))
        send({"why": ""})
    except KeyboardInterrupt:
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - whatever fails here is one submission's reason, its traceback kept
        send({"why": f"The grader failed on this submission: {error!r}"[:1000]})
        log = job.task.folder.evidence_folder / "failure.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc())
        sending.close()
        sys.exit(1)


def _interrupted(*_: object) -> None:
    """The first interrupt ends the work, and its sandbox is taken down; a second one must not disturb that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_the_batch() -> None:
    """Ends this worker, and with it its sandbox, when the batch is gone, by whatever way."""
    batch = multiprocessing.parent_process()
    if batch is not None:
        batch.join()
        os.kill(os.getpid(), signal.SIGKILL)
