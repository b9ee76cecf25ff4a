"""Writes records and arrays to the harness as frames on a pipe, the only way out of the kernel.

A frame is a header of 16 bytes (``GRF1``, the length of the JSON as uint32, the length of the blob as uint64, big
endian), the JSON as UTF-8, the blob. Only an ``array`` frame has a blob: a ``.npy`` file of version 1.0, sent once.
Nothing here raises an exception into the student's program.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import signal
import struct
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import numpy as np
import numpy.typing as npt

from .wire import ARRAY_NAMED, CELL, COMPILE, EVALUATION, FIGURE, LOST, PREDICTION, Cell, Kind, Lost, R

HEADER = struct.Struct(">4sIQ")
MAGIC = b"GRF1"

MAX_ARRAY_BYTES = 64 * 2**20
MAX_ARRAYS_BYTES = 2**30
MAX_RECORD_BYTES = 4 * 2**20
MAX_RECORDS_BYTES = 256 * 2**20
MAX_EVENTS_PER_CELL = 1000
"""Of one kind. A loop that predicts point by point must not crowd out what comes after it."""

_COUNTED = frozenset({PREDICTION, EVALUATION, FIGURE, ARRAY_NAMED, COMPILE})


def descriptor_from_environment() -> int:
    """Where frames go: the pipe, or on one's own machine the file, that the environment names and then no more.

    Raises:
        KeyError: Neither is named.
    """
    path = os.environ.pop("GRADER_RECORD_FILE", "")
    if path:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0))
    return int(os.environ.pop("GRADER_RECORD_FD"))


class Channel:
    """Sends records and arrays to the harness, from the process that opened it alone.

    Args:
        descriptor: The writing end of a pipe, or a file; children do not inherit it.

    Attributes:
        cell: Ordinal of the cell that runs, None outside of cells.
    """

    def __init__(self, descriptor: int) -> None:
        self.cell: int | None = None
        self._descriptor = descriptor
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._seq = itertools.count(1)
        self._waiting: deque[bytes | memoryview] = deque()
        self._writing = False
        self._broken = False
        self._sent: set[str] = set()
        self._arrays_bytes = 0
        self._records_bytes = 0
        self._events: Counter[tuple[str, int | None]] = Counter()
        self._noted: set[tuple[str, int | None]] = set()
        os.set_inheritable(descriptor, False)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave_to_parent)

    def next_seq(self) -> int:
        """A number that grows over the whole run."""
        return next(self._seq)

    def emit(self, kind: Kind[R], record: R) -> None:
        """Sends one record; one that cannot be sent is left out and noted."""
        try:
            if self._is_too_many(kind):
                self.lost(f"more than {MAX_EVENTS_PER_CELL} records of {kind.name} in one cell")
                return
            text = _json({"kind": kind.name, "record": record})
            if len(text) > MAX_RECORD_BYTES or self._records_bytes + len(text) > MAX_RECORDS_BYTES:
                self.lost(f"a record of {kind.name} was too large")
                return
            self._records_bytes += len(text)
            self._send(HEADER.pack(MAGIC, len(text), 0) + text)
        except Exception as error:  # noqa: BLE001 - the recorder never makes a student's program fail
            self.lost(f"a record of {kind.name} could not be sent ({type(error).__name__})")

    def array(self, array: npt.ArrayLike) -> str | None:
        """Sends an array once.

        Returns:
            Its name, the SHA-256 of its ``.npy`` file; None where it holds no plain numbers or is too large.
        """
        try:
            return self._array(_plain(np.asarray(array)))
        except Exception:  # noqa: BLE001 - as above
            return None

    def note(self, text: str) -> None:
        """Sends, once a cell, what was done for the cell that runs."""
        if self._is_new(text):
            self.emit(CELL, Cell(index=self.cell, notes=[text]))

    def lost(self, text: str) -> None:
        """Sends, once a cell, what a cap left out."""
        if self._is_new(text):
            self.emit(LOST, Lost(cell=self.cell, text=text))

    def _is_new(self, text: str) -> bool:
        noted = (text, self.cell)
        if noted in self._noted or len(self._noted) > MAX_EVENTS_PER_CELL:
            return False
        self._noted.add(noted)
        return True

    def _is_too_many(self, kind: Kind[Any]) -> bool:
        if kind not in _COUNTED:
            return False
        self._events[kind.name, self.cell] += 1
        return self._events[kind.name, self.cell] > MAX_EVENTS_PER_CELL

    def _array(self, array: npt.NDArray[Any]) -> str | None:
        if array.nbytes > MAX_ARRAY_BYTES:
            self.lost(f"an array of {array.nbytes} bytes")
            return None
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
        blob = buffer.getbuffer()
        ref = hashlib.sha256(blob).hexdigest()
        with self._lock:
            if ref in self._sent:
                return ref
            if self._arrays_bytes + len(blob) > MAX_ARRAYS_BYTES:
                self.lost(f"more than {MAX_ARRAYS_BYTES} bytes of arrays")
                return None
            self._sent.add(ref)
            self._arrays_bytes += len(blob)
            text = _json({"kind": "array", "ref": ref})
            self._send(HEADER.pack(MAGIC, len(text), len(blob)) + text, blob)
        return ref

    def _send(self, *parts: bytes | memoryview) -> None:
        with self._lock:
            self._waiting.extend(parts)
            # A finaliser may send in the middle of a frame of the same thread: its frame waits for its turn.
            if self._writing:
                return
            self._writing = True
            try:
                with interrupts_wait():
                    while self._waiting:
                        self._write(self._waiting.popleft())
            finally:
                self._writing = False

    def _write(self, part: bytes | memoryview) -> None:
        rest = memoryview(part)
        while rest and not self._broken and os.getpid() == self._process:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                self._broken = True

    def _leave_to_parent(self) -> None:
        self._broken = True
        self._lock = threading.RLock()
        self._waiting.clear()
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


@contextlib.contextmanager
def interrupts_wait() -> Iterator[None]:
    """Delays an interrupt until the work inside is complete: half a frame would make those after it unreadable."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[tuple[int, FrameType | None]] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: caught.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous if previous is not None else signal.SIG_DFL)
        if caught and callable(previous):
            previous(*caught[0])


def _plain(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if array.dtype.kind in "biufc":
        return array
    # numpy's format knows neither bfloat16 nor similar types.
    return array.astype(np.float32)


def _json(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, default=_as_plain, skipkeys=True)
    return text.encode("utf-8", errors="replace")


def _as_plain(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
