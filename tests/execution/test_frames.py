from __future__ import annotations

import hashlib
import io
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UnwritableError
from grader.execution import frames as framing
from grader.execution.collect import collect
from grader.execution.frames import FrameReader, Frames
from grader.execution.recorder.channel import Channel, descriptor_from_environment
from grader.limits import MAX_JSON_TEXT_CHARACTERS
from grader.store import ArrayStore

Reader = Callable[..., Frames]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Sends octets through a pipe and returns what was kept of them."""

    def send(*parts: bytes, max_bytes: int = 2**26) -> Frames:
        reading, writing = os.pipe()
        reader = FrameReader(reading, ArrayStore(tmp_path), max_bytes=max_bytes)
        with os.fdopen(writing, "wb") as file:
            for part in parts:
                file.write(part)
        return reader.close()

    return send


def frame(content: Any, blob: bytes = b"", *, magic: bytes = b"GRF1") -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack(">4sIQ", magic, len(text), len(blob)) + text + blob


def record(kind: str = "fit", **content: Any) -> bytes:
    return frame({"kind": kind, "record": content})


def npy(array: np.ndarray, version: tuple[int, int] = (1, 0)) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


def array_frame(blob: bytes, ref: str | None = None) -> bytes:
    return frame({"kind": "array", "ref": ref or hashlib.sha256(blob).hexdigest()}, blob)


GOOD = record(id="good")
KEPT = ("fit", {"id": "good"})


def forged_header(header: str, data: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def test_records_and_arrays_are_kept(read: Reader, tmp_path: Path) -> None:
    """What is whole arrives, and an array reads back from the store."""
    blob = npy(np.arange(5.0))
    found = read(array_frame(blob), GOOD)
    assert (found.records, found.notes) == ((KEPT,), ())
    assert ArrayStore(tmp_path).get(*found.refs).tolist() == [0, 1, 2, 3, 4]


def test_a_record_sent_again_replaces_the_one_before(read: Reader) -> None:
    """The last content stands at the first place; records without an id are all kept."""
    found = read(record(id="f1", n=1), record("model", id="f1"), record(n=2), record(n=2), record(id="f1", n=3))
    assert [content.get("n") for _, content in found.records] == [3, None, 2, 2]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"no frame at all",
        b"GRF1",
        b"GRF1" * 1000,
        b"\x00" * 100_000,
        frame(b"{"),
        frame(b"[1, 2]"),
        frame(b"\xff\xfe"),
        frame(b"[" * 200_000),
        frame(b'{"kind": "x", "record": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        frame(b'{"n": ' + b"9" * 5000 + b"}"),
        frame({"kind": "fit", "record": {}}, magic=b"GRF2"),
        struct.pack(">4sIQ", b"GRF1", 2**32 - 1, 2**64 - 1),
        struct.pack(">4sIQ", b"GRF1", 10, 2**40),
        frame({"kind": 5, "record": {}}),
        frame({"kind": "x" * 1000, "record": {}}),
        frame({"kind": "fit", "record": []}),
        frame({"kind": "fit"}),
        frame({}),
        frame({"kind": "fit", "record": {}}, b"a blob that no record has"),
        record(big=10**300),
        record(
            deep=[
                [
                    [
                        [
                            [
                                [
                                    [
                                        [
                                            [
                                                [
                                                    [
                                                        [
                                                            [
                                                                [
                                                                    [
                                                                        [
                                                                            [
                                                                                [
                                                                                    [
                                                                                        [
                                                                                            [
                                                                                                [
                                                                                                    [
                                                                                                        [
                                                                                                            [
                                                                                                                [
                                                                                                                    [
                                                                                                                        [
                                                                                                                            [
                                                                                                                                [
                                                                                                                                    [
                                                                                                                                        [
                                                                                                                                            [
                                                                                                                                                [
                                                                                                                                                    [
                                                                                                                                                        [
                                                                                                                                                            [
                                                                                                                                                                [
                                                                                                                                                                    [
                                                                                                                                                                        [
                                                                                                                                                                            [
                                                                                                                                                                                [
                                                                                                                                                                                    [
                                                                                                                                                                                        [
                                                                                                                                                                                            [
                                                                                                                                                                                                [
                                                                                                                                                                                                    [
                                                                                                                                                                                                        [
                                                                                                                                                                                                            [
                                                                                                                                                                                                                [
                                                                                                                                                                                                                    [
                                                                                                                                                                                                                        [
                                                                                                                                                                                                                            [
                                                                                                                                                                                                                                [
                                                                                                                                                                                                                                    [
                                                                                                                                                                                                                                        [
                                                                                                                                                                                                                                            [
                                                                                                                                                                                                                                                [
                                                                                                                                                                                                                                                    [
                                                                                                                                                                                                                                                        [
                                                                                                                                                                                                                                                            [
                                                                                                                                                                                                                                                                [
                                                                                                                                                                                                                                                                    [
                                                                                                                                                                                                                                                                        [
                                                                                                                                                                                                                                                                            1
                                                                                                                                                                                                                                                                        ]
                                                                                                                                                                                                                                                                    ]
                                                                                                                                                                                                                                                                ]
                                                                                                                                                                                                                                                            ]
                                                                                                                                                                                                                                                        ]
                                                                                                                                                                                                                                                    ]
                                                                                                                                                                                                                                                ]
                                                                                                                                                                                                                                            ]
                                                                                                                                                                                                                                        ]
                                                                                                                                                                                                                                    ]
                                                                                                                                                                                                                                ]
                                                                                                                                                                                                                            ]
                                                                                                                                                                                                                        ]
                                                                                                                                                                                                                    ]
                                                                                                                                                                                                                ]
                                                                                                                                                                                                            ]
                                                                                                                                                                                                        ]
                                                                                                                                                                                                    ]
                                                                                                                                                                                                ]
                                                                                                                                                                                            ]
                                                                                                                                                                                        ]
                                                                                                                                                                                    ]
                                                                                                                                                                                ]
                                                                                                                                                                            ]
                                                                                                                                                                        ]
                                                                                                                                                                    ]
                                                                                                                                                                ]
                                                                                                                                                            ]
                                                                                                                                                        ]
                                                                                                                                                    ]
                                                                                                                                                ]
                                                                                                                                            ]
                                                                                                                                        ]
                                                                                                                                    ]
                                                                                                                                ]
                                                                                                                            ]
                                                                                                                        ]
                                                                                                                    ]
                                                                                                                ]
                                                                                                            ]
                                                                                                        ]
                                                                                                    ]
                                                                                                ]
                                                                                            ]
                                                                                        ]
                                                                                    ]
                                                                                ]
                                                                            ]
                                                                        ]
                                                                    ]
                                                                ]
                                                            ]
                                                        ]
                                                    ]
                                                ]
                                            ]
                                        ]
                                    ]
                                ]
                            ]
                        ]
                    ]
                ]
            ]
        ),
    ],
)
def test_rubbish_is_left_out_and_what_follows_is_kept(read: Reader, rubbish: bytes) -> None:
    """Garbage, truncation, absurd lengths, deep or odd JSON: a note, and the next frame stands."""
    found = read(GOOD, rubbish, record(id="after"))
    assert found.records == (KEPT, ("fit", {"id": "after"}))
    assert found.notes


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"no array",
        npy(np.zeros(3))[:-1],
        npy(np.zeros(3)) + b"\x00",
        npy(np.zeros(3), version=(2, 0)),
        npy(np.array(["text"])),
        npy(np.zeros(2, "M8[s]")),
        npy(np.zeros(2, [("a", "f4")])),
        forged_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"\x00" * 8),
        forged_header("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,), }"),
        forged_header("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4611686018427387904), }"),
        forged_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
        forged_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", b"\x00" * 8),
        forged_header("{" * 100),
        forged_header("{'descr': '<f8',   'fortran_order': False, 'shape': (1,), }", b"\x00" * 8),
    ],
)
def test_a_malformed_array_is_never_stored(read: Reader, tmp_path: Path, blob: bytes) -> None:
    """Objects, absurd shapes, other lengths, other versions: the name stays unknown."""
    found = read(array_frame(blob), GOOD)
    assert (found.refs, found.records) == (frozenset(), (KEPT,))
    assert found.notes


def test_an_array_under_a_forged_name_is_never_stored(read: Reader, tmp_path: Path) -> None:
    """The name is computed here, not believed; it can name no other file."""
    blob = npy(np.zeros(3))
    found = read(array_frame(blob, "0" * 64), array_frame(blob, "../../evil"), GOOD)
    assert (found.refs, list(tmp_path.iterdir()), found.records) == (frozenset(), [], (KEPT,))


def test_an_array_that_cannot_be_written_is_no_smaller_evidence(tmp_path: Path) -> None:
    """On a full disk the run fails because of us; what it left must not pass for all that was recorded."""
    (tmp_path / "arrays").write_text("a file where the folder should be")
    reading, writing = os.pipe()
    reader = FrameReader(reading, ArrayStore(tmp_path / "arrays"), max_bytes=2**26)
    with os.fdopen(writing, "wb") as file:
        file.write(array_frame(npy(np.zeros(3))) + GOOD)
    with pytest.raises(UnwritableError, match="cannot be written"):
        reader.close()


def test_texts_can_be_written_and_are_not_endless(read: Reader) -> None:
    """A lone surrogate becomes a question mark, and a long text is cut."""
    found = read(record(**{"id": "x\ud800", "k\udfff": "y" * 200_000}))
    ((_, content),) = found.records
    assert set(content) == {"id", "k?"}
    assert len(content["k?"]) == MAX_JSON_TEXT_CHARACTERS


def test_past_the_cap_everything_is_drained_and_nothing_kept(read: Reader) -> None:
    """The writer never waits; what came before the cap stays."""
    flood = [record(n=number, text="t" * 10_000) for number in range(500)]
    found = read(GOOD, *flood, max_bytes=100_000)
    assert found.records[0] == KEPT
    assert len(found.records) <= 11
    assert any("more than 100000 bytes" in note for note in found.notes)


def test_too_many_records_are_left_out(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their number is capped, as their bytes are; replacing one over and over counts once."""
    monkeypatch.setattr(framing, "MAX_RECORDS", 5)
    found = read(*(record(id="f1", n=number) for number in range(20)), *(record(n=number) for number in range(20)))
    assert len(found.records) == 5
    assert found.records[0][1]["n"] == 19


def test_records_that_grow_when_sent_again_are_counted(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept in memory is bounded, however it came."""
    monkeypatch.setattr(framing, "MAX_RECORDS_BYTES", 10_000)
    found = read(
        *(record(id=f"f{number}") for number in range(5)), *(record(id=f"f{n}", t="t" * 4000) for n in range(5))
    )
    assert sum(len(content.get("t", "")) for _, content in found.records) <= 10_000


def test_too_many_broken_frames_end_the_keeping(read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe of rubbish does not keep us busy for ever."""
    monkeypatch.setattr(framing, "MAX_BROKEN_FRAMES", 3)
    found = read(GOOD, *[frame(b"{")] * 10, record(id="after"))
    assert found.records == (KEPT,)


def test_a_frame_that_breaks_off_is_said_to(read: Reader) -> None:
    """A kernel that dies in the middle of a record keeps those before it."""
    found = read(GOOD, GOOD[:-3])
    assert (found.records, found.notes) == ((KEPT,), ("the last frame broke off",))


def test_closing_does_not_wait_for_a_writer_that_lives_on(tmp_path: Path) -> None:
    """What is in the pipe is taken, and that is all."""
    reading, writing = os.pipe()
    reader = FrameReader(reading, ArrayStore(tmp_path), max_bytes=2**20)
    os.write(writing, GOOD)
    assert reader.close().records == (KEPT,)
    os.close(writing)


@st.composite
def spoiled_streams(draw: st.DrawFn) -> bytes:
    """A good stream in which bytes were changed, cut out or put in."""
    stream = bytearray(GOOD + array_frame(npy(np.arange(50.0))) + record("figure", axes=[{"title": "t"}]) + GOOD)
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(stream)))
        stream[place : place + draw(st.integers(0, 40))] = draw(st.binary(max_size=40))
    return bytes(stream)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=spoiled_streams())
def test_no_stream_raises_and_what_is_kept_is_collected(read: Reader, stream: bytes) -> None:
    """However a stream is spoiled, reading it ends, and collecting what is left raises nothing."""
    found = read(stream, record(id="after"))
    assert all(isinstance(content, dict) for _, content in found.records)
    collect(found, cell_indices=[0])


def test_a_file_of_frames_is_read_like_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As the recorder writes it where there is no pipe to give to a kernel."""
    monkeypatch.setenv("GRADER_RECORD_FILE", str(tmp_path / "frames"))
    descriptor = descriptor_from_environment()
    channel = Channel(descriptor)
    ref = channel.array(np.arange(3))
    channel.lost("something")
    os.close(descriptor)
    found = framing.read_frames(tmp_path / "frames", ArrayStore(tmp_path / "arrays"), max_bytes=2**20)
    assert ([kind for kind, _ in found.records], found.refs, found.notes) == (["lost"], {ref}, ())
    assert "GRADER_RECORD_FILE" not in os.environ
