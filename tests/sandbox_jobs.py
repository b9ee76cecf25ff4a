"""Small Python programs as jobs of a sandbox, started or forked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from grader.execution.sandbox import Job, Limits, Sandbox, Sandboxed, python_command

LIBRARY = "/run/nb/lib"
MEBIBYTE = 2**20
SMALL = Limits(memory_bytes=256 * MEBIBYTE, processes=48, disk_bytes=8 * MEBIBYTE, file_bytes=4 * MEBIBYTE, files=1000)


def job(code: str, *, output: int, **settings: object) -> Job:
    """A Python program as a job; it imports no packages."""
    command = (*python_command(), "-I", "-S", "-c", code)
    return Job(command=command, stdout=output, stderr=output, **{"limits": SMALL, **settings})  # type: ignore[arg-type]


def for_fork(one: Job) -> Job:
    """The same program as a module, which is what can be forked."""
    binds = {**one.binds, f"{LIBRARY}/given_code.py": Path(__file__).with_name("given_code.py")}
    command = (*python_command(), "-P", "-m", "given_code", one.command[-1])
    return replace(one, command=command, binds=binds, environment={**one.environment, "PYTHONPATH": LIBRARY})


def start_job(sandbox: Sandbox, one: Job) -> Sandboxed:
    """Starts a job in the way that a sandbox stands for."""
    sandboxed = sandbox.start(one if sandbox.zygote is None else for_fork(one))
    assert sandboxed.is_warm == (sandbox.zygote is not None), sandboxed.why_cold
    return sandboxed
