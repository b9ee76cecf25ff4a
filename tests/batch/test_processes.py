import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grader.batch import run_tasks
from grader.execution.sandbox.process import Handle
from grader.pipeline import Task
from grader.store import SubmissionFolder

SLEEPING_BATCH = """
import os, sys, time
from pathlib import Path
from grader.batch import run_tasks
from grader.pipeline import Task
from grader.store import SubmissionFolder

def step(task, settings, *, core, on_progress):
    task.path.write_text(str(os.getpid()))
    time.sleep(120)

if __name__ == "__main__":
    path = Path(sys.argv[1])
    run_tasks([Task("some", path, SubmissionFolder(path.parent))], None, step=step, jobs=1, on_progress=lambda _: None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_batch(tmp_path, number, take_interrupts):
    """Where the batch is killed or interrupted, its workers do not go on grading unseen."""
    script, told = tmp_path / "batch_that_sleeps.py", tmp_path / "worker"
    script.write_text(SLEEPING_BATCH)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    take_interrupts(signal.default_int_handler)
    batch = subprocess.Popen([sys.executable, str(script), str(told)], env=environment)
    while batch.poll() is None and not (told.is_file() and told.read_text()):
        time.sleep(0.05)
    worker = Handle(int(told.read_text()))
    batch.send_signal(number)
    assert batch.wait(60) == -number
    assert worker.wait(60)
    worker.close()


def nothing(task, settings, *, core, on_progress):
    """A step that succeeds at once."""


def fails(task, settings, *, core, on_progress):
    """A step that ends its process."""
    os._exit(3)


def run(step, folder, *, count):
    """What is said of so many tasks."""
    tasks = [Task(str(number), folder, SubmissionFolder(folder / str(number))) for number in range(count)]
    return run_tasks(tasks, None, step=step, jobs=2, on_progress=lambda _: None)


def test_a_finished_worker_has_not_failed_whoever_reads_its_exit_code(tmp_path):
    """Starting a process reads the exit codes of all that have ended, and their own threads then find none."""
    stop = threading.Event()

    def read_exit_codes():
        while not stop.wait(0.0001):
            multiprocessing.active_children()

    reader = threading.Thread(target=read_exit_codes)
    reader.start()
    try:
        assert run(nothing, tmp_path, count=12) == [""] * 12
    finally:
        stop.set()
        reader.join()


def test_a_worker_that_ends_early_has_failed(tmp_path):
    """Whatever it ended by."""
    (why,) = run(fails, tmp_path, count=1)
    assert "ended before it was done (exit code 3)" in why
