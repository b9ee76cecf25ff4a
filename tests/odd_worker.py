"""A worker whose steps do what the tests of the executor need of them."""

from __future__ import annotations

import errno
import os
import time

from grader.batch.worker import main
from grader.store import unwritable
from grader.task import OnProgress, Progress, Settings, Task


def nothing(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Succeeds at once, and prints."""
    print("not an answer")  # noqa: T201
    on_progress(Progress(task.id, "process", os.getpid()))


def fail(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Raises."""
    raise ValueError("no such luck")


def die(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Ends its process."""
    os._exit(3)


def fill(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Cannot write."""
    raise unwritable(task.path, OSError(errno.ENOSPC, "No space left on device"))


def sleep(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Says who it is, and sleeps."""
    task.path.write_text(str(os.getpid()))
    time.sleep(120)


def wait(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """Says that it waits, and does so until another job is done."""
    on_progress(Progress(task.id, "run", 0, 1, waits=True))
    while not task.path.exists():
        time.sleep(0.02)
    on_progress(Progress(task.id, "verify"))


def go_on(task: Task, settings: Settings, *, core: int | None, on_progress: OnProgress) -> None:
    """What the other one waits for."""
    task.path.write_text("done")


if __name__ == "__main__":
    main({"nothing": nothing, "fail": fail, "die": die, "fill": fill, "sleep": sleep, "wait": wait, "go on": go_on})
