"""The other end of the Keras recorder: a channel in memory, and cells that are functions."""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from grader import records
from grader.execution.recorder.wire import Kind

RECORD_TYPES: dict[str, type[records.Record]] = {
    "model": records.ModelRecord,
    "compile": records.CompileRecord,
    "fit": records.FitRecord,
    "evaluation": records.EvaluationRecord,
    "prediction": records.PredictionRecord,
    "weights_set": records.WeightsSetRecord,
}


class MemoryChannel:
    """Keeps what the recorder sends, as the harness would read it."""

    def __init__(self) -> None:
        self.cell: int | None = None
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.failures: list[str] = []
        self._seq = 0

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def emit(self, kind: Kind[Any], record: Mapping[str, Any]) -> None:
        self.sent.append((kind.name, json.loads(json.dumps(record))))

    def array(self, array: Any) -> str:
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.asarray(array), version=(1, 0), allow_pickle=False)
        ref = hashlib.sha256(buffer.getvalue()).hexdigest()
        self.arrays[ref] = np.array(array)
        return ref

    def note(self, text: str) -> None:
        self.failures.append(text)

    lost = note


class Cell:
    """What one cell left: validated records, the last of each id."""

    def __init__(
        self, channel: MemoryChannel, names: dict[str, Any], *, first: int, error: BaseException | None
    ) -> None:
        self.channel, self.error = channel, error
        self.sent = channel.sent[first:]
        self.names = names

    def all(self, kind: str) -> list[Any]:
        """Every record of a kind, as it was sent."""
        return [RECORD_TYPES[kind].model_validate(content) for sent, content in self.sent if sent == kind]

    def of(self, kind: str) -> list[Any]:
        """The last record of each id (or every one, of kinds without)."""
        found = self.all(kind)
        return list({getattr(record, "id", number): record for number, record in enumerate(found)}.values())

    def one(self, kind: str) -> Any:
        """The only record of a kind."""
        (record,) = self.of(kind)
        return record

    @property
    def weights(self) -> dict[str, list[np.ndarray]]:
        """Every weight state that was sent so far."""
        states = [content for kind, content in self.channel.sent if kind == "weights"]
        return {state["digest"]: [self.channel.arrays[ref] for ref in state["arrays"]] for state in states}


class Kernel:
    """Runs functions as cells under the recorder."""

    def __init__(self) -> None:
        from grader.execution.recorder import summary, training

        self.channel = MemoryChannel()
        self.names: dict[str, Any] = {}
        self._summary, self._training = summary, training
        training.install(self.channel)

    def cell(self, body: Callable[[dict[str, Any]], object], *, number: int | None = None) -> Cell:
        """Runs a cell, which may raise; its variables live in the dictionary that it is given."""
        self.channel.cell = (self.channel.cell or 0) + 1 if number is None else number
        first, error = len(self.channel.sent), None
        # Summaries have one channel in a process, and tests in between may have named theirs.
        self._summary.install(self.channel)
        self._training.begin_cell()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                body(self.names)
            except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001 - a cell may raise anything
                error = raised
            self._training.end_of_cell(self.names)
        # Keras's own warnings are for students.
        self.channel.failures += [str(each) for each in warned if "recorder" in Path(each.filename).parts[:-1]]
        return Cell(self.channel, dict(self.names), first=first, error=error)
