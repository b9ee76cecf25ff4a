"""What one cell puts out, capped as it arrives: nothing here trusts the shape of a message."""

from __future__ import annotations

import os
import threading
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from grader.printed import shown, well_formed
from grader.records import CellError

MAX_TEXT_CHARACTERS = 1_000_000
MAX_DISPLAYS = 200
MAX_DISPLAY_BYTES = 8 * 2**20
MAX_TRACEBACK_CHARACTERS = 20_000
MAX_TAIL_BYTES = 2000
TRUNCATED = "\n[The rest of this cell's output was cut off by the grader.]\n"

_KEPT_TYPES = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "application/json")


class CellOutputs:
    """The outputs of one cell in the order of their arrival, streams joined, within caps."""

    def __init__(self) -> None:
        self._outputs: list[dict[str, Any]] = []
        self._characters = 0
        self._displays = 0
        self._clear_next = False
        self.truncated = False

    def take(self, kind: str, content: object) -> int:
        """Takes one message's content.

        Returns:
            Its size, in bytes (roughly: characters), whether it was kept or not.
        """
        if not isinstance(content, dict):
            return 1
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._outputs.clear()
            return 1
        if self._clear_next:
            self._outputs.clear()
            self._clear_next = False
        if kind == "stream":
            return self._take_stream(content)
        if kind == "error":
            self._outputs.append({"kind": "error", **_error_parts(content)})
            return sum(len(str(part)) for part in content.values())
        return self._take_display(kind, content)

    def _take_stream(self, content: dict[str, Any]) -> int:
        text = content.get("text")
        if not isinstance(text, str):
            return 1
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        kept = self._within_cap(text)
        last = self._outputs[-1] if self._outputs else None
        if last is not None and last["kind"] == "stream" and last["name"] == name:
            last["parts"].append(kept)
        elif kept:
            self._outputs.append({"kind": "stream", "name": name, "parts": [kept]})
        return len(text)

    def _take_display(self, kind: str, content: dict[str, Any]) -> int:
        data = content.get("data")
        if not isinstance(data, dict):
            return 1
        size = sum(len(value) for value in data.values() if isinstance(value, str))
        self._displays += 1
        if self._displays > MAX_DISPLAYS or size > MAX_DISPLAY_BYTES:
            self.truncated = True
            return size
        kept = {name: value for name in _KEPT_TYPES if isinstance(value := data.get(name), str)}
        for name in ("text/plain", "text/html"):
            if name in kept:
                kept[name] = self._within_cap(kept[name])
        self._outputs.append({"kind": "result" if kind == "execute_result" else "display", "data": kept})
        return size

    def _within_cap(self, text: str) -> str:
        room = MAX_TEXT_CHARACTERS - self._characters
        self._characters += len(text)
        if len(text) <= room:
            return text
        first = not self.truncated
        self.truncated = True
        return text[: max(0, room)] + (TRUNCATED if first else "")

    def as_notebook(self) -> list[NotebookNode]:
        """The outputs as nbformat 4 knows them, lone surrogates replaced."""
        made: list[NotebookNode] = []
        for output in self._outputs:
            if output["kind"] == "stream":
                made.append(new_output("stream", name=output["name"], text=well_formed("".join(output["parts"]))))
            elif output["kind"] == "error":
                parts = {key: output[key] for key in ("ename", "evalue", "traceback")}
                made.append(new_output("error", **parts))
            else:
                data = {name: well_formed(value) for name, value in output["data"].items()}
                made.append(new_output("display_data", data=data))
        return made

    def printed(self) -> str:
        """What a reader sees as text: stdout and results. stderr is left out; it never influences a mark."""
        parts: list[str] = []
        for output in self._outputs:
            if output["kind"] == "stream" and output["name"] == "stdout":
                parts.append("".join(output["parts"]))
            elif output["kind"] in {"result", "display"}:
                data = output["data"]
                text = data.get("text/plain", "") if "image/png" not in data else ""
                parts.append(data.get("text/markdown") or data.get("text/latex") or text)
        return shown("\n".join(part for part in parts if part))

    def error(self, reply: dict[str, Any] | None) -> CellError:
        """What the cell raised, from its output or else from the reply."""
        parts = next((output for output in reversed(self._outputs) if output["kind"] == "error"), None)
        if parts is None:
            content = (reply or {}).get("content")
            parts = _error_parts(content if isinstance(content, dict) else {})
        traceback = shown("\n".join(parts["traceback"]))
        return CellError(name=parts["ename"], value=parts["evalue"], traceback=traceback)


class TailPipe:
    """A pipe for what a kernel writes past its cells: drained for ever, its end kept for when the kernel dies."""

    def __init__(self) -> None:
        self._reading, self.descriptor = os.pipe()
        self._kept = b""
        threading.Thread(target=self._drain, name="kernel-log", daemon=True).start()

    def close_writing(self) -> None:
        """Closes our own writing end, so that the pipe ends with the kernel."""
        os.close(self.descriptor)

    def tail(self) -> str:
        """The last that came."""
        return well_formed(self._kept.decode(errors="replace"))

    def _drain(self) -> None:
        while data := os.read(self._reading, 65_536):
            self._kept = (self._kept + data)[-MAX_TAIL_BYTES:]
        os.close(self._reading)


def _error_parts(content: dict[str, Any]) -> dict[str, Any]:
    traceback = content.get("traceback")
    lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
    text = "\n".join(lines)
    if len(text) > MAX_TRACEBACK_CHARACTERS:
        text = text[:2000] + "\n[...]\n" + text[-(MAX_TRACEBACK_CHARACTERS - 2000) :]
    return {
        "ename": well_formed(str(content.get("ename", "Error")))[:200],
        "evalue": well_formed(str(content.get("evalue", "")))[:5000],
        "traceback": well_formed(text).split("\n") if text else [],
    }
