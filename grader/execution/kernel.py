"""Starts, drives and ends one kernel; everything that comes from it is hostile input.

The kernel is reached over local sockets that are removed as soon as they are connected. nbclient waits for replies, and
a watch beside it interrupts a cell at its time limit, and ends the whole at a limit of memory, processes, disk, output
or time. A kernel that ignores its interrupt is ended as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, DeadKernelError
from nbformat import NotebookNode

from grader.execution.messages import KernelClient, Traffic
from grader.execution.outputs import OUTPUT_KINDS, CellOutputs, TailPipe, asks_for_the_end
from grader.execution.sandbox import Job, Sandbox, Sandboxed
from grader.execution.sandbox.folders import job_folder
from grader.execution.watch import OUT_OF_MEMORY, RunLimits, Stop, Watch, death_text, memory_text
from grader.execution.work_folder import WorkFolder
from grader.limits import DEATH_SECONDS, IOPUB_TIMEOUT_SECONDS, START_TIMEOUT_SECONDS
from grader.records import CellError, CellRun, Execution, ExecutionReason, Submission

SOCKETS_INSIDE = "/run/nb/s"
CONNECTION_INSIDE = "/run/nb/conn.json"
_PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}

CellProgress = Callable[[int, int, bool], None]
"""Called with the cell, from 0, the number of cells, and whether the cell only waits, using no processor."""


@dataclass(frozen=True)
class KernelRun:
    """What the driver saw.

    Attributes:
        cells: Every cell of the notebook with its outcome.
        ordinals: Index of the notebook cell by the order of execution, by which the recorder counts cells.
        notebook: The executed notebook.
        log: The last that the kernel wrote outside of its cells.
        sandboxed: The kernel, which has ended; None where it did not start.
    """

    cells: tuple[CellRun, ...]
    ordinals: tuple[int, ...]
    execution: Execution
    notebook: NotebookNode
    log: str
    sandboxed: Sandboxed | None


class _Notebook(NotebookClient):  # type: ignore[misc]
    """nbclient whose outputs are capped as they arrive, and which keeps nothing else of a message."""

    kept: CellOutputs
    reply: dict[str, Any] | None = None

    @property
    def raised(self) -> bool:
        """Whether the kernel says that the cell raised."""
        content = self.reply.get("content") if self.reply is not None else None
        return isinstance(content, dict) and content.get("status") == "error"

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> None:  # noqa: ARG002
        kind, content = msg.get("msg_type"), msg.get("content")
        if isinstance(kind, str) and kind in OUTPUT_KINDS:
            self.kept.take(kind, content)
        elif kind == "status" and isinstance(content, dict) and content.get("execution_state") == "idle":
            raise CellExecutionComplete


class NotebookRun:
    """One notebook in one kernel.

    Args:
        submission: Whose cells are run.
        notebook: The same as a notebook; its outputs are replaced.
        sandbox: Where the kernel lives.
        limits: What it may use.
        binds: Files and folders to show inside, read-only.
        work: What lies in its work folder.
        environment: Variables inside.
        pass_fds: Descriptors that the recorder writes to.
        core: The processor it is held to.
        on_cell: Called when a cell starts, and where it starts and ends to wait.
    """

    def __init__(  # noqa: PLR0913
        self,
        submission: Submission,
        notebook: NotebookNode,
        *,
        sandbox: Sandbox,
        limits: RunLimits,
        binds: Mapping[str, Path],
        work: WorkFolder,
        environment: Mapping[str, str],
        pass_fds: tuple[int, ...],
        core: int | None,
        on_cell: CellProgress,
        after_start: Callable[[], None],
    ) -> None:
        self.submission = submission
        self.notebook = notebook
        self.sandbox = sandbox
        self.limits = limits
        self.binds = binds
        self.work = work
        self.environment = environment
        self.pass_fds = pass_fds
        self.core = core
        self.on_cell = on_cell
        self.after_start = after_start
        self.stop = Stop()
        self.log = TailPipe()
        self.cells: list[CellRun] = []
        self.ordinals: list[int] = []
        self.cell_seconds = 0.0
        self.start_seconds = 0.0
        self.sandboxed: Sandboxed | None = None

    def run(self) -> KernelRun:
        """Runs every cell and ends the kernel in every case.

        Returns:
            The outcome; a failure of the run is in ``execution.reason``, never raised.
        """
        started = time.monotonic()
        cpu_seconds: float | None = None
        with job_folder() as folder:
            connection = _connection(folder)
            with contextlib.ExitStack() as stack:
                try:
                    self.sandboxed = sandboxed = self._start(folder, connection)
                except OSError as error:
                    self.stop.note(
                        getattr(error, "reason", "internal"),
                        detail=f"The sandbox could not be started: {error}",
                        cell=None,
                        ends=True,
                    )
                else:
                    stack.callback(sandboxed.kill)
                    self.log.close_writing()
                    self.after_start()
                    asyncio.run(self._drive(sandboxed, connection=connection, folder=folder))
                    cpu_seconds = sandboxed.usage().cpu_seconds
        self._add_cells_not_run()
        seconds = time.monotonic() - started
        return KernelRun(
            cells=tuple(self.cells),
            ordinals=tuple(self.ordinals),
            execution=Execution(
                reason=self.stop.reason,
                detail=self.stop.detail,
                cell=self.stop.cell,
                first_error_cell=next((cell.index for cell in self.cells if cell.status == "error"), None),
                seconds=round(seconds, 3),
                cpu_seconds=cpu_seconds,
                overhead_seconds=round(seconds - self.start_seconds - self.cell_seconds, 3),
            ),
            notebook=self.notebook,
            log=self.log.tail(),
            sandboxed=self.sandboxed,
        )

    def _start(self, folder: Path, connection: dict[str, Any]) -> Sandboxed:
        sockets = folder / "s"
        sockets.mkdir(mode=0o700)
        inside = folder / "conn.json"
        seen = self.sandbox.seen_as(SOCKETS_INSIDE, sockets)
        inside.write_text(json.dumps({**connection, "ip": f"{seen}/k"}))
        inside.chmod(0o644)
        folder.chmod(0o711)
        command = (
            self.sandbox.python.executable,
            "-P",
            "-m",
            "ipykernel_launcher",
            "-f",
            CONNECTION_INSIDE,
            "--HistoryManager.hist_file=:memory:",
            '--InteractiveShellApp.extensions=["recorder"]',
            "--IPKernelApp.capture_fd_output=False",
        )
        return self.sandbox.start(
            Job(
                command=command,
                limits=self.limits.sandbox,
                binds={**self.binds, CONNECTION_INSIDE: inside},
                writable={SOCKETS_INSIDE: sockets},
                work=self.work.write(folder / "work"),
                environment=self.environment,
                pass_fds=self.pass_fds,
                core=self.core,
                stdout=self.log.descriptor,
                stderr=self.log.descriptor,
            )
        )

    async def _drive(self, sandboxed: Sandboxed, *, connection: dict[str, Any], folder: Path) -> None:
        began = time.monotonic()
        client = KernelClient(sandboxed, connection)
        traffic = Traffic()
        try:
            if not await self._connect(client, traffic=traffic, sockets=folder / "s"):
                return
            self.start_seconds = time.monotonic() - began
            await self._run_cells(client, traffic=traffic)
        except Exception as error:  # noqa: BLE001 - what a forged message breaks is a failure of this submission alone
            self.stop.note("protocol", detail=f"The kernel's messages broke off: {error!r}"[:500], cell=None, ends=True)
        finally:
            sandboxed.kill()
            client.close()

    async def _connect(self, client: KernelClient, *, traffic: Traffic, sockets: Path) -> bool:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while sum(1 for _ in sockets.iterdir()) < len(_PORTS):
            if client.sandboxed.poll() is not None or time.monotonic() > deadline:
                detail = f"The kernel did not start. {self.log.tail()}".strip()
                self.stop.note("internal", detail=detail, cell=None, ends=True)
                return False
            await asyncio.sleep(0.02)
        try:
            await client.open(traffic)
            await client.wait_for_ready(timeout=max(1.0, deadline - time.monotonic()))
        except (OSError, RuntimeError) as error:
            detail = f"The kernel did not answer: {error}. {self.log.tail()}".strip()
            self.stop.note("internal", detail=detail, cell=None, ends=True)
            return False
        # Nothing can be written there any more; the connected sockets live on.
        shutil.rmtree(sockets)
        return True

    async def _run_cells(self, client: KernelClient, *, traffic: Traffic) -> None:
        driver = _Notebook(
            self.notebook,
            allow_errors=True,
            timeout=None,
            iopub_timeout=IOPUB_TIMEOUT_SECONDS,
            raise_on_iopub_timeout=True,
            record_timing=False,
        )
        driver.kc = client
        driver.on_cell_executed = lambda cell, cell_index, execute_reply: setattr(driver, "reply", execute_reply)  # noqa: ARG005
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        watch = Watch(
            self.limits,
            stop=self.stop,
            traffic=traffic,
            sandboxed=client.sandboxed,
            on_end=partial(_settle, ended),
            on_wait=lambda index, waits: self.on_cell(index, len(self.submission.cells), waits),
        )
        with watch:
            for cell, node in zip(self.submission.cells, self.notebook.cells, strict=True):
                if cell.kind != "code" or not cell.source.strip():
                    self._add(cell.index)
                    continue
                self.on_cell(cell.index, len(self.submission.cells), False)
                began = time.monotonic()
                self.ordinals.append(cell.index)
                status = await self._run_cell(driver, node, index=cell.index, watch=watch, ended=ended)
                self._finish_cell(driver, node, index=cell.index, status=status, seconds=time.monotonic() - began)
                if self.stop.ends:
                    return
            if self.ordinals:
                await self._ask_once_more(client, watch=watch, ended=ended)

    async def _ask_once_more(self, client: KernelClient, *, watch: Watch, ended: asyncio.Future[None]) -> None:
        """Waits until the kernel is idle: if the last cell forged its own reply, the second reply comes by then.

        A kernel that has ended meanwhile has done its work.
        """
        index = self.ordinals[-1]
        watch.begin(index)
        question = asyncio.ensure_future(client.kernel_info(reply=True))
        try:
            await asyncio.wait({question, ended}, return_when=asyncio.FIRST_COMPLETED)
            if question.done():
                question.result()
        except ConnectionError:
            pass
        except Exception as error:  # noqa: BLE001 - as above
            self._note_failure(error, sandboxed=client.sandboxed, index=index)
        finally:
            was_interrupted = watch.end()
            question.cancel()
        if self.stop.ends or was_interrupted:
            self.cells[index] = self.cells[index].model_copy(update={"status": self._ended_as()})

    def _ended_as(self) -> str:
        return "timeout" if self.stop.latest in {"cell_timeout", "notebook_timeout"} else "died"

    async def _run_cell(
        self, driver: _Notebook, node: NotebookNode, *, index: int, watch: Watch, ended: asyncio.Future[None]
    ) -> str:
        driver.kept, driver.reply = CellOutputs(), None
        watch.begin(index)
        execution = asyncio.ensure_future(driver.async_execute_cell(node, index, len(self.ordinals)))
        try:
            await asyncio.wait({execution, ended}, return_when=asyncio.FIRST_COMPLETED)
            if execution.done():
                execution.result()
        except Exception as error:  # noqa: BLE001 - as above
            self._note_failure(error, sandboxed=driver.kc.sandboxed, index=index)
        finally:
            was_interrupted = watch.end()
            execution.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await execution
        if self.stop.ends:
            return self._ended_as()
        if was_interrupted:
            return "timeout"
        if asks_for_the_end(driver.reply):
            self.stop.note("kernel_died", detail=f"Cell {index + 1} ends the kernel.", cell=index, ends=True)
            return "died"
        return "error" if driver.raised else "ok"

    def _finish_cell(self, driver: _Notebook, node: NotebookNode, *, index: int, status: str, seconds: float) -> None:
        self.cell_seconds += seconds
        node.outputs = driver.kept.as_notebook()
        node.execution_count = len(self.ordinals)
        error = driver.kept.error(driver.reply) if status == "error" else None
        if error is not None and error.name in OUT_OF_MEMORY:
            self.stop.note("memory", detail=memory_text(index=index, limits=self.limits), cell=index, ends=False)
        elif error is not None and self.submission.cells[index].may_raise:
            status = "ok"
        self._add(index, status=status, seconds=seconds, printed=driver.kept.printed(), error=error)

    def _note_failure(self, error: Exception, *, sandboxed: Sandboxed, index: int) -> None:
        """Notes whether the kernel died, or is alive and sent something that is not a message."""
        ending = sandboxed.wait(DEATH_SECONDS)
        if ending is None and not isinstance(error, DeadKernelError):
            detail = f"Cell {index + 1}: the kernel sent what is no message, or not all of it: {error!r}"[:500]
            self.stop.note("protocol", detail=detail, cell=index, ends=True)
            return
        reason: ExecutionReason = (ending.reason if ending is not None else None) or "kernel_died"
        self.stop.note(reason, detail=death_text(reason, index=index, limits=self.limits), cell=index, ends=True)

    def _add(
        self,
        index: int,
        *,
        status: str = "no_code",
        seconds: float = 0.0,
        printed: str = "",
        error: CellError | None = None,
    ) -> None:
        cell = self.submission.cells[index]
        self.cells.append(
            CellRun.model_validate(
                {
                    "index": index,
                    "kind": cell.kind,
                    "source": cell.source,
                    "status": status,
                    "seconds": round(seconds, 3),
                    "printed": printed,
                    "stored_text": cell.stored_text,
                    "unsure": cell.unsure,
                    "error": error,
                }
            )
        )

    def _add_cells_not_run(self) -> None:
        for cell in self.submission.cells[len(self.cells) :]:
            is_code = cell.kind == "code" and bool(cell.source.strip())
            self._add(cell.index, status="not_run" if is_code else "no_code")
            if cell.kind == "code":
                self.notebook.cells[cell.index].outputs = []
                self.notebook.cells[cell.index].execution_count = None


def _settle(future: asyncio.Future[None]) -> None:
    """Settles a future from another thread."""
    future.get_loop().call_soon_threadsafe(future.set_result, None)


def _connection(folder: Path) -> dict[str, Any]:
    return {
        "transport": "ipc",
        "ip": str(folder / "s" / "k"),
        "key": secrets.token_hex(16),
        "signature_scheme": "hmac-sha256",
        **_PORTS,
    }
