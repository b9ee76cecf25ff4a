"""What kernels and verifiers have in common before any submission: imported once, and forked for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.execution.sandbox.detection import examine_fork
from grader.execution.sandbox.warm import ColdError, Preload, started

LIBRARY_INSIDE = "/run/nb/lib"
RECORDER = Path(__file__).parent / "recorder"
RECORDER_INSIDE = f"{LIBRARY_INSIDE}/recorder"

PYTHON_ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONPATH": LIBRARY_INSIDE,
}
"""What Python and the libraries read when they start: the same in every kernel and verifier."""

PRELOAD = Preload(
    binds={RECORDER_INSIDE: RECORDER},
    environment=PYTHON_ENVIRONMENT,
    # As they are in a kernel when it imports the libraries: the second is set by ipykernel.
    only_imports={"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "module://matplotlib_inline.backend_inline"},
    modules=(
        *("numpy", "tensorflow", "keras", "matplotlib.pyplot", "matplotlib.backends.backend_agg", "sklearn"),
        *("ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.magics.namespace", "IPython.core.pylabtools"),
        *("recorder.session", "recorder.training"),
    ),
)


@contextmanager
def warmed(choice: SandboxChoice) -> Iterator[SandboxChoice]:
    """Starts the process that kernels are forked from, where that holds; else the choice says why it does not.

    Args:
        choice: Resolved.
    """
    sandbox = choice.resolve()
    with ExitStack() as stack:
        if choice.cold:
            yield choice
            return
        try:
            sandbox = stack.enter_context(_warm(sandbox))
        except ColdError as error:
            sandbox = replace(sandbox, why_cold=str(error))
        yield replace(choice, known=sandbox)


@contextmanager
def _warm(sandbox: Sandbox) -> Iterator[Sandbox]:
    if sandbox.bubblewrap is None:
        raise ColdError("without namespaces a fork would not be held apart from the process that it comes from")
    with started(sandbox.bubblewrap, PRELOAD, python=sandbox.python) as zygote:
        warm = replace(sandbox, zygote=zygote)
        _, why = examine_fork(warm)
        if why:
            raise ColdError(f"a forked process is not held as a fresh one: {why}")
        yield warm
