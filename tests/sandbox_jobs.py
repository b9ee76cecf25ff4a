"""Small Python programs as jobs of a sandbox, started or forked."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from grader.execution.sandbox import Job, Limits, Sandbox, Sandboxed

LIBRARY = "/run/nb/lib"
MEBIBYTE = 2**20
PATIENCE_SECONDS = 240
"""Of waiting for what takes a second: a busy machine is no reason to fail."""
SMALL = Limits(memory_bytes=256 * MEBIBYTE, processes=48, disk_bytes=8 * MEBIBYTE, file_bytes=4 * MEBIBYTE, files=1000)


def job(code: str, *, output: int, **settings: object) -> Job:
    """A Python program as a job; it imports no packages."""
    command = (sys.executable, "-I", "-S", "-c", code)
    return Job(command=command, stdout=output, stderr=output, **{"limits": SMALL, **settings})  # type: ignore[arg-type]


def for_fork(one: Job) -> Job:
    """The same program as a module, which is what can be forked."""
    binds = {**one.binds, f"{LIBRARY}/given_code.py": Path(__file__).with_name("given_code.py")}
    command = (sys.executable, "-P", "-m", "given_code", one.command[-1])
    return replace(one, command=command, binds=binds, environment={**one.environment, "PYTHONPATH": LIBRARY})


def start_job(sandbox: Sandbox, one: Job) -> Sandboxed:
    """Starts a job in the way that a sandbox stands for."""
    sandboxed = sandbox.start(one if sandbox.zygote is None else for_fork(one))
    assert sandboxed.is_warm == (sandbox.zygote is not None), sandboxed.why_cold
    return sandboxed


def await_condition(holds: Callable[[], bool]) -> None:
    """Waits for what another process does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended; the machine's first process may take its time to note an end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False
