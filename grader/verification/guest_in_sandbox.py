"""Runs one of the guest's programs in a fresh sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from grader.execution.sandbox import Ending, Job, Limits, Sandbox
from grader.execution.sandbox.pipes import drained
from grader.execution.warm import LIBRARY_INSIDE, PYTHON_ENVIRONMENT, RECORDER
from grader.limits import VERIFIER_MEMORY_BYTES

PACKAGE_INSIDE = "inside"
"""The name of the guest's package inside; it holds no other part of grader, and its imports are relative."""

GUEST = Path(__file__).parent / "guest"
GUEST_BINDS = {
    f"{LIBRARY_INSIDE}/{PACKAGE_INSIDE}/{folder.relative_to(GUEST.parent.parent)}": folder
    for folder in (GUEST, RECORDER)
}
"""All that enters the sandbox: the guest's programs, and the recorder's modules that they share with the kernel."""

JOB_INSIDE = "/run/nb/job"
TAIL_BYTES = 4000

ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    **PYTHON_ENVIRONMENT,
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


def run_in_sandbox(
    program: str,
    job: Path,
    *,
    writing: int,
    complain: Callable[[bytes], object],
    seconds: float,
    sandbox: Sandbox,
    core: int | None,
) -> Ending | None:
    """Runs a program until it ends, or its time does.

    Args:
        program: A module of `grader.verification.guest`.
        job: The folder that it may read.
        writing: Where it sends frames; closed here once the program has it.
        complain: Told of what it writes besides.
        seconds: Of wall time.
        sandbox: Where it runs.
        core: The processor that it is held to; None for any.

    Returns:
        How it ended; None where it ran out of time.

    Raises:
        SandboxError: The sandbox does not start.
    """
    module = f"{PACKAGE_INSIDE}.verification.guest.{program}"
    with drained(complain, chunk_bytes=TAIL_BYTES) as tail:
        order = Job(
            command=(sandbox.python.executable, "-P", "-m", module, JOB_INSIDE),
            stdout=tail,
            stderr=tail,
            limits=Limits(memory_bytes=VERIFIER_MEMORY_BYTES, cpu_seconds=max(1, int(seconds))),
            binds={**GUEST_BINDS, JOB_INSIDE: job},
            environment={**ENVIRONMENT, "GRADER_RECORD_FD": str(writing)},
            pass_fds=(writing,),
            core=core,
        )
        try:
            running = sandbox.start(order)
        finally:
            os.close(writing)
        with running:
            return running.wait(seconds)
