from __future__ import annotations

import pytest
from ipykernel.iostream import OutStream

from grader.execution.recorder import printing


class Stream(OutStream):
    """A stream of a kernel that counts what was asked of it."""

    def __init__(self) -> None:
        self.flushes = 0

    def flush(self) -> None:
        self.flushes += 1

    def close(self) -> None:
        pass


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setattr(OutStream, "write", lambda _, string: len(string))
    printing.install()
    return Stream()


def test_who_prints_little_never_waits(stream: Stream) -> None:
    """An honest notebook runs as it would without us."""
    assert [stream.write("loss: 0.1\n") for _ in range(1000)] == [10] * 1000
    assert stream.flushes == 0


def test_who_prints_without_end_waits_until_it_is_sent(stream: Stream) -> None:
    """So it meets the limit of output before that of memory."""
    for _ in range(1000):
        stream.write("x" * 100_000)
    assert stream.flushes == 100_000 * 1000 // (printing.WAITING_CHARACTERS + 100_000)
