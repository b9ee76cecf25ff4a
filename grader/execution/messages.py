"""Receives a kernel's messages, and counts them before any is parsed.

Implements ZMTP 3.0, the protocol of ZeroMQ's sockets, over a local socket. libzmq is not used on this side: it ends the
whole process where a peer dies in the middle of a message (4.3.5, ``Assertion failed: !_more``), and keeps unread
messages without any limit of bytes.

Source: https://rfc.zeromq.org/spec/23/ (greeting, NULL mechanism, framing).
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from dataclasses import dataclass, field
from queue import Empty
from threading import Event
from typing import Any, Literal, cast

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.session import Session

from grader.execution.sandbox import Sandboxed

FLOOD_BYTES = 256 * 2**20
FLOOD_MESSAGES = 200_000
"""What a whole notebook may send; more is a flood, which ends the run."""

MAX_CONTENT_BYTES = 64 * 2**20
"""Larger content is not parsed; a note replaces it."""

TOO_LARGE = "[An output was too large and was left out by the grader.]\n"

GREETING_SECONDS = 60.0

_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
_MORE, _LONG, _COMMAND = 1, 2, 4


class ProtocolError(Exception):
    """What came is not a message."""


@dataclass
class Traffic:
    """What a kernel has sent so far, over all cells and channels."""

    messages: int = 0
    octets: int = 0
    flood: Event = field(default_factory=Event)

    def count(self, *, messages: int = 0, octets: int = 0) -> None:
        """Adds to the counts, and sets ``flood`` where they are too high."""
        self.messages += messages
        self.octets += octets
        if self.messages > FLOOD_MESSAGES or self.octets > FLOOD_BYTES:
            self.flood.set()


class _Wire(asyncio.Protocol):
    """One connection, in both directions. After a flood nothing more is kept."""

    def __init__(self, kind: Literal["DEALER", "SUB"], *, identity: bytes, traffic: Traffic) -> None:
        self.messages: deque[list[bytes]] = deque()
        self.arrived = asyncio.Event()
        self.greeted = asyncio.Event()
        self.lost: Exception | None = None
        self._kind = kind
        self._identity = identity
        self._traffic = traffic
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._write(_GREETING)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the kernel closed its socket"))

    def data_received(self, data: bytes) -> None:
        self._traffic.count(octets=len(data))
        if self.lost is not None or self._traffic.flood.is_set():
            self._buffer.clear()
            return
        self._buffer += data
        try:
            if not self.greeted.is_set():
                self._greet()
            while self.greeted.is_set() and self._take_frame():
                pass
        except ProtocolError as error:
            self._end(error)

    def send(self, parts: list[bytes]) -> None:
        """Sends a message of these parts."""
        last = len(parts) - 1
        self._write(b"".join(_frame(part, flags=_MORE if number < last else 0) for number, part in enumerate(parts)))

    def close(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _greet(self) -> None:
        if len(self._buffer) < len(_GREETING):
            return
        if self._buffer[0] != 0xFF or self._buffer[10] < 3:
            raise ProtocolError("the kernel's socket speaks an unknown protocol")
        del self._buffer[: len(_GREETING)]
        ready = b"\x05READY" + _property(b"Socket-Type", self._kind.encode())
        self._write(_frame(ready + _property(b"Identity", self._identity), flags=_COMMAND))
        if self._kind == "SUB":
            self._write(_frame(b"\x01", flags=0))
        self.greeted.set()

    def _take_frame(self) -> bool:
        """Takes one frame off the buffer; False where more bytes are needed."""
        if len(self._buffer) < 2:
            return False
        flags = self._buffer[0]
        start = 9 if flags & _LONG else 2
        if flags & ~(_MORE | _LONG | _COMMAND):
            raise ProtocolError(f"a frame has the unknown flags {flags}")
        if len(self._buffer) < start:
            return False
        size = struct.unpack_from(">Q", self._buffer, 1)[0] if flags & _LONG else self._buffer[1]
        if size > FLOOD_BYTES:
            self._traffic.count(octets=size)
            return False
        if len(self._buffer) < start + size:
            return False
        body = bytes(memoryview(self._buffer)[start : start + size])
        del self._buffer[: start + size]
        if not flags & _COMMAND:
            self._keep(body, is_last=not flags & _MORE)
        return True

    def _keep(self, part: bytes, *, is_last: bool) -> None:
        self._parts.append(part)
        if len(self._parts) > FLOOD_MESSAGES:
            raise ProtocolError("a message has parts without end")
        if is_last:
            self._traffic.count(messages=1)
            self.messages.append(self._parts)
            self._parts = []
            self.arrived.set()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _end(self, why: Exception) -> None:
        self.lost = self.lost or why
        self._buffer.clear()
        self.arrived.set()
        self.greeted.set()


class MessageChannel:
    """A channel as Jupyter's clients expect it: messages signed, counted and read one at a time."""

    def __init__(self, wire: _Wire, *, session: Session) -> None:
        self._wire = wire
        self._session = session
        self._answered: set[object] = set()

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message.

        Raises:
            Empty: None came in time.
            ProtocolError: What came is not a message of Jupyter's, or a second reply; other exceptions mean the same.
            ConnectionError: No more will come.
        """
        # Reading message after message must not keep the event loop from running anything else.
        await asyncio.sleep(0)
        if not self._wire.messages:
            await self._wait(timeout)
        return self._read(self._wire.messages.popleft())

    def send(self, message: dict[str, Any]) -> None:
        """Signs and sends a message."""
        self._wire.send(self._session.serialize(message))

    def is_alive(self) -> bool:
        """Whether it can be used."""
        return self._wire.lost is None

    def stop(self) -> None:
        """Closes it."""
        self._wire.close()

    async def _wait(self, timeout: float | None) -> None:
        self._wire.arrived.clear()
        if self._wire.lost is None:
            try:
                await asyncio.wait_for(self._wire.arrived.wait(), timeout)
            except TimeoutError:
                raise Empty from None
        if not self._wire.messages:
            raise self._wire.lost or Empty

    def _read(self, frames: list[bytes]) -> dict[str, Any]:
        _, parts = self._session.feed_identities(frames)
        message: dict[str, Any] = self._session.deserialize(parts, content=False)
        if not isinstance(message["parent_header"], dict):
            raise ProtocolError("a message has no parent")
        if message["msg_type"] == "execute_reply":
            self._note_answer(message["parent_header"].get("msg_id"))
        packed = message["content"]
        message["content"] = self._session.unpack(packed) if len(packed) <= MAX_CONTENT_BYTES else _left_out()
        return message

    def _note_answer(self, request: object) -> None:
        """Notes the reply to a request. A second one means that the student's code forged one, to hide an error."""
        if request in self._answered:
            raise ProtocolError("a cell was answered twice")
        self._answered.add(request)


class KernelClient(AsyncKernelClient):  # type: ignore[misc]
    """A client with these channels, whose kernel is alive as long as its sandbox is.

    The channels for control and input are not connected: nothing would read them.
    """

    allow_stdin = False

    def __init__(self, sandboxed: Sandboxed, connection: dict[str, Any]) -> None:
        super().__init__()
        self.sandboxed = sandboxed
        self.load_connection_info(connection)

    async def open(self, traffic: Traffic) -> None:
        """Connects the two channels."""
        shell, iopub = f"{self.ip}-{self.shell_port}", f"{self.ip}-{self.iopub_port}"
        self._shell_channel = await connect(shell, "DEALER", session=self.session, traffic=traffic)
        self._iopub_channel = await connect(iopub, "SUB", session=self.session, traffic=traffic)

    def close(self) -> None:
        """Closes what is connected."""
        for channel in (self._shell_channel, self._iopub_channel):
            if channel is not None:
                channel.stop()

    async def _async_is_alive(self) -> bool:
        return self.sandboxed.poll() is None

    is_alive = _async_is_alive


async def connect(path: str, kind: Literal["DEALER", "SUB"], *, session: Session, traffic: Traffic) -> MessageChannel:
    """Connects to one of a kernel's sockets.

    Raises:
        OSError: It cannot be reached.
    """
    loop = asyncio.get_running_loop()
    identity = session.bsession if kind == "DEALER" else b""
    _, wire = await loop.create_unix_connection(lambda: _Wire(kind, identity=identity, traffic=traffic), path)
    # What is sent before the greeting would be read as a part of it.
    await asyncio.wait_for(wire.greeted.wait(), GREETING_SECONDS)
    return MessageChannel(wire, session=session)


def _frame(body: bytes, *, flags: int) -> bytes:
    if len(body) < 256:
        return bytes((flags, len(body))) + body
    return struct.pack(">BQ", flags | _LONG, len(body)) + body


def _property(name: bytes, value: bytes) -> bytes:
    return bytes((len(name),)) + name + struct.pack(">I", len(value)) + value


def _left_out() -> dict[str, Any]:
    """Content that replaces one that is too large, in an output of any kind or the reply to a cell that raised."""
    return {
        "name": "stdout",
        "text": TOO_LARGE,
        "data": {"text/plain": TOO_LARGE},
        "metadata": {},
        "status": "error",
        "ename": "Error",
        "evalue": TOO_LARGE,
        "traceback": [],
    }
