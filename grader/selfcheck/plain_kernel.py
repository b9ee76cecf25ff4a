"""Runs a notebook of one's own in a kernel of this very Python, without a sandbox, on any system."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from nbformat import NotebookNode

from grader.errors import MachineError
from grader.execution.outputs import OUTPUT_KINDS, CellOutputs
from grader.records import CellError, CellRun, Execution, Submission

_PACKAGE = __name__.partition(".")[0]
_POLL_SECONDS = 1.0
_START_SECONDS = 180.0

OnCell = Callable[[int, int], None]
"""Told the number of the cell that starts, from 1, and of how many."""


@dataclass
class PlainRun:
    """What a run left.

    Attributes:
        ordinals: Index of each cell that was run, in the order in which they were.
        frames: The file that the recorder wrote.
    """

    frames: Path
    cells: list[CellRun] = field(default_factory=list)
    ordinals: list[int] = field(default_factory=list)
    execution: Execution = field(default_factory=Execution)


def require_keras() -> None:
    """That notebooks can be run here.

    Raises:
        MachineError: There is no TensorFlow, or its Keras is not Keras 3.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise MachineError(
            f"{sys.executable}: there is no TensorFlow in this Python.",
            expected="The Python in which you run your notebooks.",
            fix="Install the package into that Python, or install TensorFlow here: pip install tensorflow. "
            "--static needs neither.",
        )
    try:
        version = importlib.metadata.version("keras")
    except importlib.metadata.PackageNotFoundError:
        version = "none"
    if version.partition(".")[0] != "3":
        raise MachineError(
            f"{sys.executable}: Keras is {version} here.",
            expected="Keras 3, with which notebooks are graded.",
            fix="Install a newer TensorFlow: pip install -U tensorflow. --static needs none.",
        )


@dataclass(frozen=True)
class Surroundings:
    """What a notebook finds when it runs.

    Attributes:
        folder: An empty one, for all that the run leaves.
        data: Data sets that the kernel is served.
        work: The folder that it runs in.
        inputs: What is answered where a cell asks for typing, in order.
        is_quick: Whether trainings are cut short.
    """

    folder: Path
    data: Path
    work: Path
    inputs: tuple[str, ...] = ()
    is_quick: bool = False


def run_plainly(submission: Submission, notebook: NotebookNode, *, around: Surroundings, on_cell: OnCell) -> PlainRun:
    """Runs every cell in a kernel of this Python.

    Args:
        submission: The notebook.
        notebook: The same, whose outputs are replaced.
        around: What it finds.
        on_cell: Told of each cell.
    """
    from jupyter_client.manager import KernelManager  # noqa: PLC0415 - slow to load

    run = PlainRun(frames=around.folder / "frames")
    run.frames.write_bytes(b"")
    began = time.monotonic()
    extensions = [f"{_PACKAGE}.execution.recorder"]
    if around.is_quick:
        extensions.insert(0, f"{_PACKAGE}.selfcheck.shortened")
    manager = KernelManager(kernel_spec_manager=_this_python(extensions), kernel_name="python3")
    with (around.folder / "log").open("wb") as log:
        manager.start_kernel(env=_environment(run.frames, around), cwd=str(around.work), stdout=log, stderr=log)
        client = manager.blocking_client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=_START_SECONDS)
            _run_cells(run, submission, notebook, client=client, manager=manager, on_cell=on_cell)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    _close(run, submission, seconds=time.monotonic() - began)
    return run


def _this_python(extensions: list[str]) -> Any:
    """The kernel of this very Python, whatever kernels are registered on this machine."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager  # noqa: PLC0415 - slow to load

    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    argv += ["--HistoryManager.hist_file=:memory:", f"--InteractiveShellApp.extensions={extensions!r}"]
    argv += ["--IPKernelApp.capture_fd_output=False"]

    class Here(KernelSpecManager):  # type: ignore[misc]
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    return Here()


def _environment(frames: Path, around: Surroundings) -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "GRADER_DATA_SETS": str(around.data),
        "GRADER_INPUTS": json.dumps(around.inputs),
        "GRADER_RECORD_FILE": str(frames),
        "GRADER_SEED": "0",
        "KERAS_BACKEND": "tensorflow",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(paths),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _run_cells(
    run: PlainRun, submission: Submission, notebook: NotebookNode, *, client: Any, manager: Any, on_cell: OnCell
) -> None:
    for cell, node in zip(submission.cells, notebook.cells, strict=True):
        if cell.kind != "code" or not cell.source.strip():
            run.cells.append(_cell(submission, cell.index, status="no_code"))
            continue
        on_cell(cell.index + 1, len(submission.cells))
        run.ordinals.append(cell.index)
        began = time.monotonic()
        outputs, reply = _execute(client, cell.source, manager=manager)
        node.outputs, node.execution_count = outputs.as_notebook(), len(run.ordinals)
        status, error = _ended(outputs, reply)
        if cell.may_raise and status == "error":
            status = "ok"
        seconds = round(time.monotonic() - began, 3)
        printed = outputs.printed()
        run.cells.append(_cell(submission, cell.index, status=status, error=error, printed=printed, seconds=seconds))
        if status == "died":
            detail = f"The kernel died in cell {cell.index + 1}."
            run.execution = Execution(reason="kernel_died", detail=detail, cell=cell.index)
            return


def _execute(client: Any, source: str, *, manager: Any) -> tuple[CellOutputs, dict[str, Any] | None]:
    """Runs a cell; there is no reply where the kernel died."""
    outputs = CellOutputs()
    message = client.execute(source, allow_stdin=False, stop_on_error=False)
    while True:
        said = _next(client.get_iopub_msg, message, manager=manager)
        if said is None:
            return outputs, None
        kind, content = said["msg_type"], said["content"]
        if kind == "status" and content["execution_state"] == "idle":
            return outputs, _next(client.get_shell_msg, message, manager=manager)
        if kind in OUTPUT_KINDS:
            outputs.take(kind, content)


def _next(get: Callable[..., dict[str, Any]], message: str, *, manager: Any) -> dict[str, Any] | None:
    """The next answer to a message; None where the kernel died."""
    while True:
        try:
            said = get(timeout=_POLL_SECONDS)
        except Empty:
            if not manager.is_alive():
                return None
            continue
        if said["parent_header"].get("msg_id") == message:
            return dict(said)


def _ended(outputs: CellOutputs, reply: dict[str, Any] | None) -> tuple[str, CellError | None]:
    if reply is None:
        return "died", None
    if reply["content"].get("status") == "error":
        return "error", outputs.error(reply)
    return "ok", None


def _cell(
    submission: Submission,
    index: int,
    *,
    status: str,
    error: CellError | None = None,
    printed: str = "",
    seconds: float = 0.0,
) -> CellRun:
    cell = submission.cells[index]
    plain = {"index": index, "kind": cell.kind, "source": cell.source, "status": status, "seconds": seconds}
    more = {"printed": printed, "stored_text": cell.stored_text, "unsure": cell.unsure, "error": error}
    return CellRun.model_validate({**plain, **more})


def _close(run: PlainRun, submission: Submission, *, seconds: float) -> None:
    for cell in submission.cells[len(run.cells) :]:
        is_code = cell.kind == "code" and bool(cell.source.strip())
        run.cells.append(_cell(submission, cell.index, status="not_run" if is_code else "no_code"))
    first = next((cell.index for cell in run.cells if cell.status == "error"), None)
    run.execution = run.execution.model_copy(update={"first_error_cell": first, "seconds": round(seconds, 3)})
