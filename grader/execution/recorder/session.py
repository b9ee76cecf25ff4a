"""Starts the recording in a kernel, and records each cell's start and end."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from . import figures, preamble, printing, served, summary, tracebacks, typed
from .channel import Channel, descriptor_from_environment, interrupts_wait
from .namespace import Namespace
from .shell import Transformers
from .wire import CELL, START, Cell, Start

_THREADS = 1
"""With one thread, training is repeatable bit for bit, and costs less processor time."""


@dataclass(frozen=True)
class Settings:
    """What the harness set for this kernel.

    Attributes:
        descriptor: Where frames are written.
        seed: For every random generator, before the first cell.
        data_sets: Folder of ``<name>.npz`` files; None for none.
        inputs: What is answered where a cell asks for typing, in order.
    """

    descriptor: int
    seed: int
    data_sets: Path | None
    inputs: tuple[str, ...] = ()


def take_settings() -> Settings:
    """Reads the harness's environment variables and removes them, so that the student's code sees none.

    Raises:
        KeyError: The kernel was not started by the harness.
    """
    folder = os.environ.pop("GRADER_DATA_SETS", "")
    settings = Settings(
        descriptor=descriptor_from_environment(),
        seed=int(os.environ.pop("GRADER_SEED", "0")),
        data_sets=Path(folder) if folder else None,
        inputs=tuple(json.loads(os.environ.pop("GRADER_INPUTS", "[]"))),
    )
    library = str(Path(__file__).parent.parent)
    if os.environ.get("PYTHONPATH") == library:
        del os.environ["PYTHONPATH"]
    return settings


def start(shell: Any) -> Session:
    """Puts every hook in place.

    The `Start` record is sent last: a kernel without it was never recorded in full. The random generators are seeded
    when the first cell starts.
    """
    settings = take_settings()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    channel = Channel(settings.descriptor)
    summary.install(channel)
    figure_recorder = figures.install(channel)
    keras = _load_keras()
    training = importlib.import_module(".training", __package__)
    left_out = training.install(channel)
    preamble.install(shell, channel)
    printing.install()
    tracebacks.install(shell)
    typed.install(shell, settings.inputs)
    served.install(served.ServedDataSets(settings.data_sets, channel))
    # As in Jupyter, a notebook may import modules of its own folder, but none in place of an installed package.
    sys.path.append("")
    # IPython takes a random number for a tip whenever a client asks about the kernel, which happens at any time.
    shell.enable_tip = False
    shell.observe(partial(_ask_exit, shell), names="exit_now")
    session = Session(
        shell, channel, observers=(training, figure_recorder), seed=partial(keras.utils.set_random_seed, settings.seed)
    )
    shell.events.register("pre_run_cell", session.begin_cell)
    shell.events.register("post_run_cell", session.end_of_cell)
    channel.emit(START, Start(left_out=left_out))
    return session


class Session:
    """Counts the cells as they run, and calls each observer at their start and end."""

    def __init__(self, shell: Any, channel: Channel, *, observers: tuple[Any, ...], seed: Callable[[], None]) -> None:
        self.shell = shell
        self.channel = channel
        self.observers = (*observers, Namespace(channel, hidden=[*shell.user_ns_hidden, *shell.user_ns]))
        self.transformers = Transformers(shell)
        self.seed = seed
        self.ordinal = -1
        self._request: object = None
        self._within = 0

    def begin_cell(self, info: Any) -> None:
        """A cell starts; what a cell runs itself through IPython counts as part of that cell."""
        if not info.store_history:
            return
        request = self._current_request()
        if request is not None and request == self._request:
            self._within += 1
            return
        self._request, self._within = request, 0
        with interrupts_wait():
            self.ordinal += 1
            self.channel.cell = self.ordinal
            rewritten = self._call(self.transformers.rewrote, info)
            self.channel.emit(CELL, Cell(index=self.ordinal, started=time.time(), rewritten=rewritten is not False))
            for observer in self.observers:
                self._call(observer.begin_cell)
            if self.ordinal == 0:
                self._call(self.seed)

    def end_of_cell(self, result: Any) -> None:
        """A cell has ended, with an exception or without: what it left is recorded."""
        if not result.info.store_history or self.channel.cell is None:
            return
        if self._within:
            self._within -= 1
            return
        with interrupts_wait():
            for observer in self.observers:
                self._call(observer.end_of_cell, self.shell.user_ns)
            self.channel.emit(CELL, Cell(index=self.ordinal, ended=time.time()))
            self.channel.cell = None

    def _current_request(self) -> object:
        with contextlib.suppress(Exception):
            return self.shell.get_parent()["header"]["msg_id"]
        return None

    def _call(self, observer: Any, *arguments: Any) -> Any:
        try:
            return observer(*arguments)
        except Exception as error:  # noqa: BLE001 - a student's objects may raise whatever they like
            self.channel.lost(f"something that could not be looked at ({type(error).__name__}: {error})"[:300])
            return None


def _ask_exit(shell: Any, change: Any) -> None:
    """Tells the driver with the cell's reply that the kernel is about to end, as ``exit()`` itself does."""
    if change["new"]:
        shell.payload_manager.write_payload({"source": "ask_exit", "keepkernel": False})


def _load_keras() -> Any:
    tensorflow = importlib.import_module("tensorflow")
    tensorflow.config.threading.set_intra_op_parallelism_threads(_THREADS)
    tensorflow.config.threading.set_inter_op_parallelism_threads(_THREADS)
    tensorflow.get_logger().setLevel("ERROR")
    return importlib.import_module("keras")
