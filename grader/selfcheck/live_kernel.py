"""Watches a kernel that a student works in: the recorder's hooks, and what each cell printed and raised."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from grader.execution.collect import Recording, collect
from grader.execution.frames import read_frames
from grader.execution.outputs import CellOutputs
from grader.limits import MAX_EVIDENCE_BYTES
from grader.records import CellError
from grader.selfcheck.live_cells import LiveRun
from grader.selfcheck.plain_kernel import require_keras
from grader.store import ArrayStore

_RECORDER = f"{__name__.partition('.')[0]}.execution.recorder"


class LiveKernel:
    """The recorder in a kernel that runs already. What was there before is not recorded; nothing else is changed.

    Args:
        shell: IPython's.

    Raises:
        MachineError: This Python has no TensorFlow with Keras 3.
    """

    def __init__(self, shell: Any) -> None:
        require_keras()
        self.shell = shell
        self.runs: list[LiveRun] = []
        self._folder = Path(tempfile.mkdtemp(prefix="grader-live-"))
        self._frames = self._folder / "frames"
        self._frames.write_bytes(b"")
        self.arrays = ArrayStore(self._folder / "arrays")
        self._outputs = CellOutputs()
        self._replaced: list[tuple[Any, Callable[[str], int], Callable[[str], int]]] = []
        self._session = self._hooked()
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)

    def recording(self, cell_indices: Sequence[int | None]) -> Recording:
        """What the recorder saw so far, with the cell that runs now.

        Args:
            cell_indices: The notebook's cell of each run; None for a run that does not count.
        """
        if self._session.channel.cell is not None:
            # What the cell has made so far is recorded as if it had ended.
            for observer in self._session.observers:
                with contextlib.suppress(Exception):
                    observer.end_of_cell(self.shell.user_ns)
            self.runs[-1].printed = self._outputs.printed()
        frames = read_frames(self._frames, self.arrays, max_bytes=MAX_EVIDENCE_BYTES)
        return collect(frames, cell_indices=cell_indices)  # type: ignore[arg-type]  # None is in no notebook

    def _hooked(self) -> Any:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        part = {
            name: importlib.import_module(f"{_RECORDER}.{name}")
            for name in ("channel", "figures", "namespace", "session", "summary", "wire")
        }
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        channel = part["channel"].Channel(os.open(self._frames, flags))
        part["summary"].install(channel)
        figures = part["figures"].install(channel)
        training = importlib.import_module(f"{_RECORDER}.training")
        left_out = training.install(channel)
        session = part["session"].Session(self.shell, channel, observers=(training, figures), seed=lambda: None)
        namespace = part["namespace"].Namespace(channel, hidden=self.shell.user_ns_hidden)
        namespace.pass_over(self.shell.user_ns)
        session.observers = (training, figures, namespace)
        for event, actions in (
            ("pre_run_cell", (session.begin_cell, self._begin)),
            ("post_run_cell", (session.end_of_cell, self._end)),
        ):
            for action in actions:
                self.shell.events.register(event, action)
        channel.emit(part["wire"].START, part["wire"].Start(left_out=left_out))
        if hasattr(self.shell.display_pub, "register_hook"):
            self.shell.display_pub.register_hook(self._shown)
        return session

    def _begin(self, info: Any) -> None:
        if info.store_history and self._session.ordinal == len(self.runs):
            self._outputs = CellOutputs()
            self.runs.append(LiveRun(source=info.raw_cell, cell_id=getattr(info, "cell_id", None)))
            self._listen()

    def _end(self, result: Any) -> None:
        if not result.info.store_history or not self.runs or self._session.channel.cell is not None:
            return
        self._stop_listening()
        run, error = self.runs[-1], result.error_before_exec or result.error_in_exec
        if result.result is not None:
            with contextlib.suppress(Exception):
                text = self.shell.display_formatter.formatters["text/plain"](result.result)
                self._outputs.take("execute_result", {"data": {"text/plain": text}})
        run.printed, run.ended = self._outputs.printed(), time.time()
        run.error = None if error is None else CellError(name=type(error).__name__, value=str(error)[:1000])

    def _listen(self) -> None:
        """Hears what a cell prints. IPython itself replaces ``write`` for each cell, so that this is done for each."""
        self._stop_listening()
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            write = stream.write
            with contextlib.suppress(AttributeError):
                stream.write = self._heard(write, name)
                self._replaced.append((stream, stream.write, write))

    def _stop_listening(self) -> None:
        for stream, own, write in self._replaced:
            if stream.write is own:
                stream.write = write
        self._replaced.clear()

    def _heard(self, write: Callable[[str], int], name: str) -> Callable[[str], int]:
        def tell(text: str) -> int:
            self._outputs.take("stream", {"name": name, "text": text})
            return write(text)

        return tell

    def _shown(self, message: dict[str, Any]) -> dict[str, Any]:
        if message.get("msg_type") == "display_data":
            self._outputs.take("display_data", message.get("content"))
        return message
