"""A worker: takes jobs as lines of JSON from its input, and tells of each on its output until there are no more.

A line in: ``{"job": ..., "core": 0}``, or ``{"import": [...]}`` with modules that jobs will need. Lines out: a
`Progress` each, and ``{"why": ""}`` where the job is done, with what it failed by where it failed; ``{"unwritable":
[...]}`` with an `UnwritableError`'s parts where no job can be done any more. It ends with its input, in the midst of a
job too.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

from grader.batch.jobs import STEPS, read_job
from grader.errors import UnwritableError
from grader.pipeline import Step
from grader.store import write_atomically
from grader.task import Progress

_saying = threading.Lock()
"""What is told comes from the thread that watches the kernel, too."""


def main(steps: Mapping[str, Step] = STEPS) -> None:
    """Serves until the input ends.

    Args:
        steps: What can be asked for, by name.
    """
    signal.signal(signal.SIGINT, _interrupted)
    # Whatever prints meanwhile must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_listen, args=(lines, busy), name="batch", daemon=True).start()
    is_first = True
    try:
        while (line := lines.get()) is not None:
            message = json.loads(line)
            if "import" in message:
                for name in message["import"]:
                    # What cannot be imported is the reason of the job that needs it.
                    with contextlib.suppress(Exception):
                        importlib.import_module(name)
                continue
            busy.set()
            answer = _work(message, steps=steps, answers=answers)
            if is_first:
                # What the first job imported stays: no collection of garbage need look at it again.
                gc.collect()
                gc.freeze()
                is_first = False
            busy.clear()
            _say(answers, answer)
    except (KeyboardInterrupt, BrokenPipeError):
        # At once: an ordinary exit waits for the thread that reads the input.
        os._exit(1)


def _listen(lines: queue.SimpleQueue[str | None], busy: threading.Event) -> None:
    """Passes jobs on; ends this worker, and with it its sandbox, when the batch is gone, by whatever way."""
    for line in sys.stdin:
        lines.put(line)
    lines.put(None)
    if busy.is_set():
        os.kill(os.getpid(), signal.SIGKILL)


def _work(message: Mapping[str, Any], *, steps: Mapping[str, Step], answers: IO[str]) -> Mapping[str, object]:
    """Does a job; the answer to it."""
    job = read_job(message["job"])

    def tell(progress: Progress) -> None:
        _say(answers, asdict(progress))

    log = job.task.folder.failure_txt
    try:
        steps[job.step](job.task, job.settings, core=message["core"], on_progress=tell)
    except UnwritableError as error:
        return {"unwritable": [error.found, error.expected, error.fix]}
    except Exception as error:  # noqa: BLE001 - whatever fails here is one submission's reason, its traceback kept
        with contextlib.suppress(UnwritableError):
            write_atomically(log, traceback.format_exc())
        return {"why": f"The grader failed on this submission: {error!r}"[:1000]}
    log.unlink(missing_ok=True)
    return {"why": ""}


def _say(answers: IO[str], message: Mapping[str, object]) -> None:
    with _saying:
        answers.write(json.dumps(message) + "\n")
        answers.flush()


def _interrupted(*_: object) -> None:
    """The first interrupt ends the work, and its sandbox is taken down; a second one must not disturb that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A kernel that is ended in the midst of a cell breaks off conversations, which is no news.
    logging.disable()
    raise KeyboardInterrupt
