"""Keeps the printing of deep tracebacks quick: IPython asks every loaded module for each frame, several times over."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any
from unittest import mock

MOST_FRAMES = 100
"""Of a longer traceback the middle is left out: a kernel prints every frame of it."""


def install(shell: Any) -> None:
    """Makes the shell's tracebacks quick; of those that are not deep, every line stays as it is."""
    original = shell.InteractiveTB.get_records

    @functools.wraps(original)
    def get_records(etb: TracebackType, *arguments: Any, **options: Any) -> Any:
        with _remembering_modules():
            return original(_shortened(etb), *arguments, **options)

    shell.InteractiveTB.get_records = get_records


@contextmanager
def _remembering_modules() -> Iterator[None]:
    """Lets `inspect.getmodule` search the modules once for each file: of a frame, it goes by the file alone."""
    original: Callable[..., Any] = inspect.getmodule
    known: dict[tuple[str, str | None], Any] = {}

    def getmodule(item: Any, _filename: str | None = None) -> Any:
        code = item.f_code if isinstance(item, FrameType) else item
        if not inspect.iscode(code):
            return original(item, _filename)
        key = (code.co_filename, _filename)
        if key not in known:
            known[key] = original(item, _filename)
        return known[key]

    with mock.patch.object(inspect, "getmodule", getmodule):
        yield


def _shortened(traceback: TracebackType) -> TracebackType:
    """The traceback, or its first and last frames where there are more than `MOST_FRAMES`."""
    entries: list[TracebackType] = []
    entry: TracebackType | None = traceback
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    if len(entries) <= MOST_FRAMES:
        return traceback
    half = MOST_FRAMES // 2
    short: TracebackType | None = None
    for kept in reversed([*entries[:half], *entries[-half:]]):
        short = TracebackType(short, kept.tb_frame, kept.tb_lasti, kept.tb_lineno)
    return short or traceback
