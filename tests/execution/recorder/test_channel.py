from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.execution.frames import FrameReader, Frames
from grader.execution.recorder import channel as channels
from grader.execution.recorder.channel import Channel, interrupts_wait
from grader.execution.recorder.wire import FIGURE, FIT, PREDICTION
from grader.store import ArrayStore


class Pipe:
    """A channel with its reader."""

    def __init__(self, folder: Path) -> None:
        reading, self.writing = os.pipe()
        self.store = ArrayStore(folder)
        self.reader = FrameReader(reading, self.store, max_bytes=2**28)
        self.channel = Channel(self.writing)
        self._frames: Frames | None = None

    def close(self) -> Frames:
        if self._frames is None:
            os.close(self.writing)
            self._frames = self.reader.close()
        return self._frames


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[Pipe]:
    made = Pipe(tmp_path)
    yield made
    made.close()


def test_records_arrive_in_order_with_numbers_of_every_kind(pipe: Pipe) -> None:
    """numpy's numbers and arrays, NaN and infinity go through as JSON."""
    pipe.channel.emit(FIT, {"id": "f1", "value": np.float32(0.5), "shape": np.array([1, 2])})
    pipe.channel.emit(FIGURE, {"limits": (float("inf"), 1)})
    assert pipe.close().records == (
        ("fit", {"id": "f1", "value": 0.5, "shape": [1, 2]}),
        ("figure", {"limits": [float("inf"), 1]}),
    )


def test_an_array_is_sent_once_and_read_back(pipe: Pipe) -> None:
    """Equal arrays have one name, under which the store has them."""
    array = np.arange(1000.0).reshape(10, 100)
    names = {pipe.channel.array(array), pipe.channel.array(array.copy())}
    frames = pipe.close()
    assert frames.refs == names
    assert (pipe.store.get(names.pop() or "") == array).all()


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([{}], dtype=object)])
def test_what_holds_no_numbers_has_no_name(pipe: Pipe, array: np.ndarray) -> None:
    """Objects and texts are never sent."""
    assert pipe.channel.array(array) is None
    assert pipe.close().refs == frozenset()


def test_a_large_array_is_left_out_with_a_word(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap of one array holds."""
    monkeypatch.setattr(channels, "MAX_ARRAY_BYTES", 100)
    assert pipe.channel.array(np.zeros(1000)) is None
    assert pipe.close().records == (("lost", {"cell": None, "text": "an array of 8000 bytes"}),)


def test_the_cap_of_all_arrays_holds(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the total, arrays are left out and records still go through."""
    monkeypatch.setattr(channels, "MAX_ARRAYS_BYTES", 1000)
    names = [pipe.channel.array(np.full(50, value)) for value in range(4)]
    pipe.channel.emit(FIT, {"id": "f1"})
    frames = pipe.close()
    assert names[-1] is None
    assert frames.records[-1] == ("fit", {"id": "f1"})


def test_a_loop_of_predictions_does_not_crowd_out_what_follows(pipe: Pipe) -> None:
    """Events of one kind are capped by the cell, fits never."""
    for number in range(channels.MAX_EVENTS_PER_CELL + 100):
        pipe.channel.emit(PREDICTION, {"seq": number})
    pipe.channel.emit(FIT, {"id": "f1"})
    kinds = [kind for kind, _ in pipe.close().records]
    assert kinds.count("prediction") == channels.MAX_EVENTS_PER_CELL
    assert kinds[-1] == "fit"


def test_a_note_is_said_once_a_cell(pipe: Pipe) -> None:
    """The same words come again for another cell only."""
    for pipe.channel.cell in (0, 0, 1):
        pipe.channel.note("pip is answered")
    assert [record["index"] for _, record in pipe.close().records] == [0, 1]


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_writes_nothing(pipe: Pipe) -> None:
    """Only the process that opened the channel is heard."""
    child = os.fork()
    if child == 0:
        pipe.channel.emit(FIT, {"id": "forged"})
        os._exit(0)
    os.waitpid(child, 0)
    pipe.channel.emit(FIT, {"id": "f1"})
    assert pipe.close().records == (("fit", {"id": "f1"}),)


def test_a_reader_that_is_gone_harms_nobody() -> None:
    """A broken pipe is no error of the student's."""
    reading, writing = os.pipe()
    channel = Channel(writing)
    os.close(reading)
    channel.emit(FIT, {"id": "f1"})
    channel.array(np.zeros(3))
    os.close(writing)


class _Odd:
    def __str__(self) -> str:
        raise RuntimeError("no words for it")


@pytest.mark.parametrize("value", [{1, "a"}, object(), {("k",): 1}, "\ud800", _Odd()])
def test_nothing_that_a_record_holds_raises(pipe: Pipe, value: object) -> None:
    """What is no JSON is put in words, or the record is left out."""
    pipe.channel.emit(FIT, {"id": "f1", "value": value})
    pipe.channel.emit(FIT, {"id": "f2"})
    assert ("fit", {"id": "f2"}) in pipe.close().records


def test_threads_do_not_mix_their_frames(pipe: Pipe) -> None:
    """Frames stay whole however many write."""

    def write() -> None:
        for number in range(100):
            pipe.channel.emit(FIT, {"number": number, "text": "t" * 5000})

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    frames = pipe.close()
    assert (len(frames.records), frames.notes) == (400, ())


def test_an_interrupt_waits_for_the_work_to_be_whole(take_interrupts: Callable[[Any], Any]) -> None:
    """The interrupt comes, but not in the middle."""
    take_interrupts(signal.default_int_handler)
    done = []

    def work() -> None:
        with interrupts_wait():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
