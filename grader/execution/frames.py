"""Reads the recorder's frames from its pipe, as hostile input: each frame is checked, none is trusted.

A thread drains the pipe so that the kernel never waits for the harness. What is broken, too deep, too large or forged
is left out and noted; valid frames are kept.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import select
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from grader.errors import UnwritableError
from grader.execution.recorder.channel import HEADER, MAGIC, MAX_ARRAY_BYTES, MAX_RECORD_BYTES
from grader.limits import (
    LAST_FRAMES_SECONDS,
    MAX_ARRAY_HEADER_CHARACTERS,
    MAX_BROKEN_FRAMES,
    MAX_JSON_DEPTH,
    MAX_JSON_TEXT_CHARACTERS,
    MAX_KIND_CHARACTERS,
    MAX_RECORDS,
    MAX_RECORDS_BYTES,
    MAX_WHOLE_NUMBER,
)
from grader.store import ArrayStore

_MAX_JSON_BYTES = MAX_RECORD_BYTES
_MAX_BLOB_BYTES = MAX_ARRAY_BYTES + 2**16
_READ_BYTES = 2**20
_PLAIN_KINDS = "biufc"


@dataclass(frozen=True)
class Frames:
    """What came through the pipe.

    Attributes:
        records: Kind and content, in the order of arrival; one that was sent again under its id keeps its first place,
            with its last content.
        refs: Names of the arrays that were sent and are stored.
        notes: What was left out, in words.
    """

    records: tuple[tuple[str, dict[str, Any]], ...] = ()
    refs: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


class _Broken(Exception):  # noqa: N818 - never leaves this module
    """A frame that cannot be read, so that its length is not known either."""


class FrameTaker:
    """Takes frames off a stream of bytes, as they come.

    Args:
        store: Where arrays are written.
        max_bytes: How much is kept; what comes after that is read and not kept.
    """

    def __init__(self, store: ArrayStore, *, max_bytes: int) -> None:
        self._store = store
        self._max_bytes = max_bytes
        self._kept_bytes = 0
        self._records_bytes = 0
        self._buffer = bytearray()
        self._full = False
        self._records: dict[object, tuple[str, dict[str, Any]]] = {}
        self._sizes: dict[object, int] = {}
        self._refs: set[str] = set()
        self._left_out: Counter[str] = Counter()
        self._unwritable: UnwritableError | None = None

    def frames(self) -> Frames:
        """What came, once all has been taken.

        Raises:
            UnwritableError: An array could not be written, as on a full disk.
        """
        if self._unwritable is not None:
            raise self._unwritable
        if self._buffer and not self._full:
            self._left_out["the last frame broke off"] += 1
        notes = (text if count == 1 else f"{text} ({count} times)" for text, count in self._left_out.items())
        return Frames(records=tuple(self._records.values()), refs=frozenset(self._refs), notes=tuple(notes))

    def take(self, octets: bytes) -> None:
        """Takes the next bytes."""
        if self._full:
            return
        self._buffer += octets
        try:
            while self._take_frame():
                pass
        except Exception as error:  # noqa: BLE001 - no forged frame may stop the draining
            self._give_up(f"a frame could not be read ({type(error).__name__})")

    def _take_frame(self) -> bool:
        """Takes one frame off the buffer; False where more bytes are needed."""
        if not self._find_start() or len(self._buffer) < HEADER.size:
            return False
        _, json_bytes, blob_bytes = HEADER.unpack_from(self._buffer)
        if json_bytes > _MAX_JSON_BYTES or blob_bytes > _MAX_BLOB_BYTES:
            self._skip_broken()
            return True
        length = HEADER.size + json_bytes + blob_bytes
        if len(self._buffer) < length:
            return False
        with memoryview(self._buffer) as view:
            text = bytes(view[HEADER.size : HEADER.size + json_bytes])
            blob = bytes(view[HEADER.size + json_bytes : length])
        try:
            content = _parsed(text)
        except _Broken:
            self._skip_broken()
            return True
        del self._buffer[:length]
        self._kept_bytes += length
        if self._kept_bytes > self._max_bytes:
            self._give_up(f"more than {self._max_bytes} bytes were recorded, and the rest is left out")
            return False
        self._keep(content, text=text, blob=blob)
        return True

    def _find_start(self) -> bool:
        if self._buffer.startswith(MAGIC[: len(self._buffer)]):
            return len(self._buffer) >= len(MAGIC)
        self._left_out["bytes between frames"] += 1
        start = self._buffer.find(MAGIC)
        # The first bytes of a frame may be the last of the buffer.
        del self._buffer[: start if start >= 0 else max(0, len(self._buffer) - len(MAGIC) + 1)]
        return start >= 0

    def _skip_broken(self) -> None:
        self._left_out["a broken frame"] += 1
        del self._buffer[: len(MAGIC)]
        if self._left_out["a broken frame"] > MAX_BROKEN_FRAMES:
            self._give_up("too many broken frames, and the rest is left out")

    def _give_up(self, why: str) -> None:
        self._full = True
        self._buffer.clear()
        self._left_out[why] += 1

    def _keep(self, content: dict[str, Any], *, text: bytes, blob: bytes) -> None:
        kind = content.get("kind")
        if kind == "array":
            self._keep_array(content.get("ref"), blob)
            return
        record = content.get("record")
        if not isinstance(kind, str) or len(kind) > MAX_KIND_CHARACTERS or not isinstance(record, dict) or blob:
            self._left_out["a frame that is no record"] += 1
            return
        try:
            record = _clean(record, MAX_JSON_DEPTH)
        except ValueError as error:
            self._left_out[f"a record that {error}"] += 1
            return
        identity = record.get("id")
        key: object = (kind, identity) if isinstance(identity, str) else len(self._sizes)
        self._records_bytes += len(text) - self._sizes.get(key, 0)
        self._sizes[key] = len(text)
        if len(self._sizes) > MAX_RECORDS or self._records_bytes > MAX_RECORDS_BYTES:
            self._give_up(
                f"more than {MAX_RECORDS} records or {MAX_RECORDS_BYTES} bytes of them, and the rest is left out"
            )
            return
        self._records[key] = (_clean(kind, 0), record)

    def _keep_array(self, ref: object, blob: bytes) -> None:
        name = hashlib.sha256(blob).hexdigest()
        if name in self._refs:
            return
        if ref != name or not _is_plain_array(blob):
            self._left_out["a forged or malformed array"] += 1
            return
        try:
            stored = self._store.put(np.load(io.BytesIO(blob), allow_pickle=False))
        except UnwritableError as error:
            # Evidence without this array would be taken for whole.
            self._unwritable = error
            self._give_up("an array could not be written")
            return
        except (ValueError, MemoryError) as error:
            self._left_out[f"an array that could not be stored ({type(error).__name__})"] += 1
            return
        if stored == name:
            self._refs.add(name)
        else:
            self._left_out["an array in an unusual form"] += 1


class FrameReader(FrameTaker):
    """Drains a pipe in a thread of its own, from when it is created.

    Args:
        descriptor: The reading end; `close` closes it.
        store: Where arrays are written.
        max_bytes: How much is kept; after that the pipe is drained and nothing more is kept.
    """

    def __init__(self, descriptor: int, store: ArrayStore, *, max_bytes: int) -> None:
        super().__init__(store, max_bytes=max_bytes)
        self._descriptor = descriptor
        self._stop = threading.Event()
        os.set_blocking(descriptor, False)
        self._thread = threading.Thread(target=self._drain, name="frames", daemon=True)
        self._thread.start()

    def close(self) -> Frames:
        """Ends the reading and returns what came; call it once every writer that matters has ended.

        Raises:
            UnwritableError: An array could not be written, as on a full disk.
        """
        self._stop.set()
        self._thread.join()
        os.close(self._descriptor)
        return self.frames()

    def _drain(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        deadline = math.inf
        while time.monotonic() < deadline:
            stopping = self._stop.is_set()
            if stopping and deadline == math.inf:
                deadline = time.monotonic() + LAST_FRAMES_SECONDS
            try:
                if not poll.poll(0 if stopping else 100):
                    if stopping:
                        return
                    continue
                octets = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                return
            if not octets:
                return
            self.take(octets)


def read_frames(path: Path, store: ArrayStore, *, max_bytes: int) -> Frames:
    """The frames of a file, as a process of one's own wrote them.

    Args:
        path: The file.
        store: Where arrays are written.
        max_bytes: How much is kept.
    """
    taker = FrameTaker(store, max_bytes=max_bytes)
    with path.open("rb") as file:
        while octets := file.read(_READ_BYTES):
            taker.take(octets)
    return taker.frames()


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Broken from error
    if not isinstance(content, dict):
        raise _Broken
    return content


def _clean(value: Any, depth: int) -> Any:
    """Makes every text writable as UTF-8 and short enough, and bounds depth and numbers.

    Raises:
        ValueError: It is nested too deep, or holds a whole number that no record needs.
    """
    if depth < 0:
        raise ValueError("is nested too deep")
    if isinstance(value, str):
        return value[:MAX_JSON_TEXT_CHARACTERS].encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, dict):
        return {_clean(key, 0): _clean(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    if isinstance(value, int) and abs(value) > MAX_WHOLE_NUMBER:
        raise ValueError("holds a number that is too large")
    return value


def _is_plain_array(blob: bytes) -> bool:
    """Whether the bytes are a ``.npy`` file of version 1.0 that holds plain numbers, as many as it says."""
    file = io.BytesIO(blob)
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            return False
        shape, _, dtype = np.lib.format.read_array_header_1_0(file, max_header_size=MAX_ARRAY_HEADER_CHARACTERS)
    except Exception:  # noqa: BLE001 - the header is parsed as a Python literal, which may fail in many ways
        return False
    if dtype.kind not in _PLAIN_KINDS or dtype.hasobject or any(size < 0 for size in shape):
        return False
    return math.prod(shape) * dtype.itemsize == len(blob) - file.tell()
