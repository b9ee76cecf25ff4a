"""Collects a cell's outputs, capped as they arrive; nothing here trusts the shape of a message."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from itertools import chain, groupby
from typing import Any

from nbformat import NotebookNode, from_dict

from grader.limits import MAX_OUTPUT_CHARACTERS, MAX_TAIL_BYTES, MAX_TRACEBACK_CHARACTERS
from grader.machine_paths import without_machine_paths
from grader.printed_text import capped, result_text, shown, well_formed
from grader.records import CellError

FIRST_CHARACTERS, LAST_CHARACTERS = 2**20, 15 * 2**20
FIRST_PIECES, LAST_PIECES = 2_000, 18_000
"""What is kept of a cell's output: its start, and its end, where results are printed."""

TRUNCATED = "\n[A part of this cell's output was cut out by the grader.]\n"

OUTPUT_KINDS = frozenset({"stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"})
"""Kinds of messages that `CellOutputs` takes."""

_TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex")
_KEPT_TYPES = (*_TEXTS, "image/png", "image/jpeg", "application/json")


class CellOutputs:
    """The outputs of one cell in the order of their arrival. Of too many the middle is left out, with a note."""

    def __init__(self) -> None:
        self._first: list[dict[str, Any]] = []
        self._last: deque[dict[str, Any]] = deque()
        self._first_characters = 0
        self._last_characters = 0
        self._clear_next = False
        self.truncated = False

    def take(self, kind: str, content: object) -> None:
        """Takes one message's content."""
        if not isinstance(content, dict):
            return
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._clear()
            return
        if self._clear_next:
            self._clear()
        if kind == "stream":
            self._take_stream(content)
        elif kind == "error":
            self._add({"kind": "error", **_error_parts(content)}, size=MAX_TRACEBACK_CHARACTERS)
        else:
            self._take_display(kind, content)

    def _clear(self) -> None:
        self._clear_next = self.truncated = False
        self._first, self._last = [], deque()
        self._first_characters = self._last_characters = 0

    def _take_stream(self, content: dict[str, Any]) -> None:
        text = content.get("text")
        if isinstance(text, str) and text:
            name = "stderr" if content.get("name") == "stderr" else "stdout"
            text = self._capped(without_machine_paths(text))
            self._add({"kind": "stream", "name": name, "text": text}, size=len(text))

    def _take_display(self, kind: str, content: dict[str, Any]) -> None:
        data = content.get("data")
        if not isinstance(data, dict):
            return
        given = {name: value for name in _KEPT_TYPES if isinstance(value := data.get(name), str)}
        kept = {
            name: self._capped(without_machine_paths(value)) if name in _TEXTS else value
            for name, value in given.items()
            if name in _TEXTS or len(value) <= MAX_OUTPUT_CHARACTERS
        }
        self.truncated = self.truncated or len(kept) < len(given)
        size = sum(map(len, kept.values()))
        self._add({"kind": "result" if kind == "execute_result" else "display", "data": kept}, size=size)

    def _capped(self, text: str) -> str:
        self.truncated = self.truncated or len(text) > MAX_OUTPUT_CHARACTERS
        return capped(text, most=MAX_OUTPUT_CHARACTERS)

    def _add(self, output: dict[str, Any], *, size: int) -> None:
        output["size"] = size
        fits = self._first_characters + size <= FIRST_CHARACTERS and len(self._first) < FIRST_PIECES
        if fits and not self._last:
            self._first.append(output)
            self._first_characters += size
            return
        self._last.append(output)
        self._last_characters += size
        while self._last_characters > LAST_CHARACTERS or len(self._last) > LAST_PIECES:
            self.truncated = True
            self._last_characters -= self._last.popleft()["size"]

    def _joined(self) -> Iterator[dict[str, Any]]:
        """The outputs, streams that follow each other joined."""
        note = [{"kind": "stream", "name": "stdout", "text": TRUNCATED}] if self.truncated else []
        pieces = chain(self._first, note, self._last)
        for (kind, name), group in groupby(pieces, key=lambda output: (output["kind"], output.get("name"))):
            if kind == "stream":
                text = without_machine_paths("".join(output["text"] for output in group))
                yield {"kind": kind, "name": name, "text": text}
            else:
                yield from group

    def as_notebook(self) -> list[NotebookNode]:
        """The outputs in the form of nbformat 4, lone surrogates replaced."""
        made: list[NotebookNode] = []
        for output in self._joined():
            if output["kind"] == "stream":
                text = well_formed(output["text"])
                made.append(from_dict({"output_type": "stream", "name": output["name"], "text": text}))
            elif output["kind"] == "error":
                parts = {key: output[key] for key in ("ename", "evalue", "traceback")}
                made.append(from_dict({"output_type": "error", **parts}))
            else:
                data = {name: well_formed(value) for name, value in output["data"].items()}
                made.append(from_dict({"output_type": "display_data", "metadata": {}, "data": data}))
        return made

    def printed(self) -> str:
        """What a reader sees as text: stdout and results. stderr is left out; it never influences a mark."""
        parts: list[str] = []
        for output in self._joined():
            if output["kind"] == "stream" and output["name"] == "stdout":
                parts.append(output["text"])
            elif output["kind"] in {"result", "display"}:
                data = output["data"]
                plain, html = data.get("text/plain", ""), data.get("text/html", "")
                text = result_text(plain, html) if "image/png" not in data else ""
                parts.append(data.get("text/markdown") or data.get("text/latex") or text)
        return shown("\n".join(part for part in parts if part))

    def error(self, reply: dict[str, Any] | None) -> CellError:
        """What the cell raised, from its output or else from the reply."""
        parts = next((output for output in reversed([*self._first, *self._last]) if output["kind"] == "error"), None)
        if parts is None:
            content = (reply or {}).get("content")
            parts = _error_parts(content if isinstance(content, dict) else {})
        traceback = shown("\n".join(parts["traceback"]))
        return CellError(name=parts["ename"], value=parts["evalue"], traceback=traceback)


class TailPipe:
    """A pipe for what a kernel writes outside of its cells: drained, its last part kept in case the kernel dies."""

    def __init__(self) -> None:
        self._reading, self.descriptor = os.pipe()
        self._kept = b""
        threading.Thread(target=self._drain, name="kernel-log", daemon=True).start()

    def close_writing(self) -> None:
        """Closes the harness's own writing end, so that the pipe ends with the kernel."""
        os.close(self.descriptor)

    def tail(self) -> str:
        """The last that came."""
        return without_machine_paths(well_formed(self._kept.decode(errors="replace")))

    def _drain(self) -> None:
        while data := os.read(self._reading, 65_536):
            self._kept = (self._kept + data)[-MAX_TAIL_BYTES:]
        os.close(self._reading)


def _error_parts(content: dict[str, Any]) -> dict[str, Any]:
    traceback = content.get("traceback")
    lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
    text = capped(without_machine_paths("\n".join(lines)), most=MAX_TRACEBACK_CHARACTERS)
    name, value = (given if isinstance(given := content.get(key), str) else "" for key in ("ename", "evalue"))
    value = without_machine_paths(value)
    return {
        "ename": well_formed(name[:200]) or "Error",
        "evalue": well_formed(value[:5000]),
        "traceback": well_formed(text).split("\n") if text else [],
    }


def asks_for_the_end(reply: Any) -> bool:
    """Whether a cell asked the kernel to end (``exit()``, a restart): it does so a moment after its reply.

    Args:
        reply: To the execution of the cell, as the kernel sent it.
    """
    content = reply.get("content") if isinstance(reply, dict) else None
    payload = content.get("payload") if isinstance(content, dict) else None
    said = [item for item in payload if isinstance(item, dict)] if isinstance(payload, list) else []
    return any(item.get("source") == "ask_exit" and not item.get("keepkernel") for item in said)
