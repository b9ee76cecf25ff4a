"""What kernels and verifiers have in common before any submission: imported once, and forked for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.execution.sandbox.detection import examine_fork
from grader.execution.sandbox.warm import ColdError, Preload, Starting, starting

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


@dataclass(frozen=True)
class Warming:
    """The start of the process that kernels are forked from.

    Attributes:
        inherited: Descriptors that a process must inherit to fork by it.
        choice: Waits for its end; where no kernel can be forked the choice says why.
    """

    inherited: tuple[int, ...]
    choice: Callable[[], SandboxChoice]


@contextmanager
def warmed(choice: SandboxChoice) -> Iterator[SandboxChoice]:
    """Starts the process that kernels are forked from and waits for it; see `warming`."""
    with warming(choice) as begun:
        yield begun.choice()


@contextmanager
def warming(choice: SandboxChoice) -> Iterator[Warming]:
    """Starts the process that kernels are forked from, where that holds; else the choice says why it does not.

    Args:
        choice: Resolved.
    """
    sandbox = choice.resolve()
    with ExitStack() as stack:
        if choice.cold:
            yield Warming((), lambda: choice)
            return
        try:
            begun = stack.enter_context(_begun(sandbox))
        except ColdError as error:
            yield Warming((), partial(_cold, choice, str(error)))
            return
        yield Warming(begun.descriptors, partial(_forking, choice, begun, stack))


def _begun(sandbox: Sandbox) -> AbstractContextManager[Starting]:
    if sandbox.bubblewrap is None:
        raise ColdError("without namespaces a fork would not be held apart from the process that it comes from")
    return starting(sandbox.bubblewrap, PRELOAD, python=sandbox.python)


def _forking(choice: SandboxChoice, begun: Starting, process: ExitStack) -> SandboxChoice:
    """The choice with a process to fork; where that does not hold, the process is ended."""
    try:
        warm = replace(choice.resolve(), zygote=begun.ready())
        _, why = examine_fork(warm)
    except ColdError as error:
        process.close()
        return _cold(choice, str(error))
    if why:
        process.close()
        return _cold(choice, f"a forked process is not held as a fresh one: {why}")
    return replace(choice, known=warm)


def _cold(choice: SandboxChoice, why: str) -> SandboxChoice:
    return replace(choice, known=replace(choice.resolve(), why_cold=why))
