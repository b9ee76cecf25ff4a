"""Runs cells in a real kernel that the recorder watches, without a sandbox, and collects what it sent."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jupyter_client.manager import KernelManager

import grader.execution.recorder
from grader.execution.collect import Recording, collect
from grader.execution.frames import FrameReader, Frames
from grader.records import FigureRecord
from grader.store import ArrayStore

CELL_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class RecordedRun:
    """What a kernel showed and what its recorder sent.

    Attributes:
        printed: Streams, results and errors of each cell, as text.
        shown: Media types of what each cell displayed.
    """

    printed: tuple[str, ...]
    shown: tuple[tuple[str, ...], ...]
    frames: Frames
    recording: Recording
    store: ArrayStore

    def figures(self, cell: int) -> tuple[FigureRecord, ...]:
        """The figures of a cell."""
        return tuple(figure for figure in self.recording.figures if figure.cell == cell)


def run_cells(cells: list[str], folder: Path, *, seed: int = 7, inputs: tuple[str, ...] = ()) -> RecordedRun:
    """Runs every cell in one kernel, answering what it asks for; cell indices are places in the list."""
    library, work, data_sets = (folder / name for name in ("lib", "work", "data"))
    shutil.copytree(Path(grader.execution.recorder.__file__).parent, library / "recorder")
    work.mkdir()
    save_digits(data_sets)
    save_texts(data_sets)
    reading, writing = os.pipe()
    store = ArrayStore(folder / "arrays")
    reader = FrameReader(reading, store, max_bytes=2**28)
    manager = KernelManager()
    environment = {
        **os.environ,
        "GRADER_DATA_SETS": str(data_sets),
        "GRADER_INPUTS": json.dumps(inputs),
        "GRADER_RECORD_FD": str(writing),
        "GRADER_SEED": str(seed),
        "HOME": str(work),
        "KERAS_BACKEND": "tensorflow",
        "PYTHONPATH": str(library),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    arguments = ['--InteractiveShellApp.extensions=["recorder"]', "--HistoryManager.hist_file=:memory:"]
    with (folder / "kernel.log").open("wb") as log:
        manager.start_kernel(
            env=environment, cwd=str(work), pass_fds=(writing,), extra_arguments=arguments, stdout=log, stderr=log
        )
    os.close(writing)
    try:
        outputs = _outputs(manager, cells)
    finally:
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    frames = reader.close()
    assert any(kind == "start" for kind, _ in frames.records), (folder / "kernel.log").read_text()[-3000:]
    return RecordedRun(
        printed=tuple("".join(_text(kind, content) for kind, content in output) for output in outputs),
        shown=tuple(tuple(key for _, content in output for key in content.get("data", {})) for output in outputs),
        frames=frames,
        recording=collect(frames, cell_indices=range(len(cells))),
        store=store,
    )


def save_digits(folder: Path) -> None:
    """A data set with the form of MNIST and a hundred rows."""
    folder.mkdir()
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (100, 28, 28), np.uint8)
    labels = np.arange(100, dtype=np.uint8) % 10
    np.savez(folder / "mnist.npz", x_train=images[:80], y_train=labels[:80], x_test=images[80:], y_test=labels[80:])


def save_texts(folder: Path) -> None:
    """Texts of unequal length in the form in which Keras keeps them."""
    texts, labels = object_array([list(range(1, 2 + (7 * i) % 11)) for i in range(30)]), np.arange(30)
    np.savez(folder / "imdb.npz", x_train=texts[:20], y_train=labels[:20] % 2, x_test=texts[:9], y_test=labels[:9] % 2)
    np.savez(folder / "reuters.npz", x=texts, y=labels % 4)


def object_array(texts: list[list[int]]) -> Any:
    """An array of lists, shape ``(texts,)``."""
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


def _outputs(manager: KernelManager, cells: list[str]) -> list[list[tuple[str, dict[str, Any]]]]:
    client = manager.client()
    client.start_channels()
    found: list[list[tuple[str, dict[str, Any]]]] = []
    try:
        client.wait_for_ready(timeout=CELL_TIMEOUT_SECONDS)
        for cell in cells:
            output: list[tuple[str, dict[str, Any]]] = []
            client.execute_interactive(
                cell,
                output_hook=lambda message, output=output: output.append((message["msg_type"], message["content"])),
                timeout=CELL_TIMEOUT_SECONDS,
                allow_stdin=False,
            )
            found.append(output)
    finally:
        client.stop_channels()
    return found


def _text(kind: str, content: dict[str, Any]) -> str:
    if kind == "stream":
        return str(content["text"])
    if kind == "error":
        return f"{content['ename']}: {content['evalue']}\n"
    text = content.get("data", {}).get("text/plain")
    return "" if text is None else f"{text}\n"
