"""The tutor's file on disk: appended to, never rewritten."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from grader.errors import StoreError
from grader.marks.events import Event
from grader.store import unwritable

_MERGE_RULE = "*.marks.jsonl merge=union"


def marks_path(output: Path) -> Path:
    """Where the tutor's file of an output folder is, where no other is named: beside it."""
    return output.with_name(output.name + ".marks.jsonl") if output.name else output.resolve().parent / "marks.jsonl"


@dataclass(frozen=True)
class MarksFile:
    """One tutor's file."""

    path: Path

    def read(self) -> tuple[Event, ...]:
        """Every event in the order of time, then id; an event that stands there twice counts once.

        A last line that was cut off as it was written is left out: its writer was told that it failed.

        Raises:
            StoreError: A line is no event; each is named. Nothing is skipped, for a mark would be lost.
        """
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unreadable(self.path, [error.strerror or str(error)]) from error
        events: dict[str, Event] = {}
        problems = []
        lines = raw.split(b"\n")
        for number, line in enumerate(lines, start=1):
            is_cut_off = number == len(lines)
            if not line.strip():
                continue
            try:
                event = _event(line)
            except ValidationError as error:
                if not is_cut_off:
                    problems.append(f"line {number}: {_what(error)}")
                continue
            if events.setdefault(event.id, event) != event:
                problems.append(f"line {number}: another event has the id {event.id} already")
        if problems:
            raise _unreadable(self.path, problems)
        return tuple(sorted(events.values(), key=lambda event: event.order))

    def append(self, events: Iterable[Event]) -> None:
        """Writes events at the end, all or none of them, and sees them to the disk.

        Several programs may append at once.

        Raises:
            StoreError: The file cannot be written.
        """
        lines = "".join(event.line() for event in events).encode()
        if lines:
            self._write(lambda: lines)

    def append_after(self, decide: Callable[[tuple[Event, ...]], Iterable[Event]]) -> None:
        """Writes what follows from the events that stand there; nobody else writes in between.

        Args:
            decide: Makes the new events of those there; nothing is written where it raises.

        Raises:
            StoreError: The file cannot be read or written.
        """
        self._write(lambda: "".join(event.line() for event in decide(self.read())).encode())

    def _write(self, make: Callable[[], bytes]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Loaded here: what marks mean for a grade is worked out on systems that have none of it.
            import fcntl  # noqa: PLC0415

            is_new = not self.path.exists()
            with self.path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                size = _without_cut_off_line(file)
                lines = make()
                try:
                    file.write(lines)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(size)
                    raise
            if is_new:
                _set_merge_rule(self.path.parent)
        except OSError as error:
            raise unwritable(self.path, error) from error


def _without_cut_off_line(file: IO[bytes]) -> int:
    """Ends the last line, or takes it away where its writer was killed within it; the size then."""
    file.seek(0)
    lines = file.read().split(b"\n")
    last = lines[-1]
    size = file.seek(0, os.SEEK_END)
    if not last.strip():
        return size
    if _is_event(last):
        return size + file.write(b"\n")
    return file.truncate(size - len(last))


@lru_cache(maxsize=2**15)
def _event(line: bytes) -> Event:
    """The event of a line; a file that grew by one is read again after each press of a tutor's key."""
    return Event.model_validate_json(line)


def _is_event(line: bytes) -> bool:
    try:
        Event.model_validate_json(line)
    except ValidationError:
        return False
    return True


def _set_merge_rule(folder: Path) -> None:
    """Lets git keep both tutors' lines where it merges their files."""
    attributes = folder / ".gitattributes"
    there = attributes.read_text(encoding="utf-8") if attributes.exists() else ""
    if _MERGE_RULE not in there.splitlines():
        start = "" if not there or there.endswith("\n") else "\n"
        with attributes.open("a", encoding="utf-8") as file:
            file.write(f"{start}{_MERGE_RULE}\n")


def _what(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"].removeprefix("Value error, ")


def _unreadable(path: Path, problems: list[str]) -> StoreError:
    return StoreError(
        "\n".join(f"{path}: {problem}." for problem in problems),
        expected="One event a line, as grader marks writes them.",
        fix="Correct or take out these lines (git may have left conflict marks); until then nothing is graded, so that "
        "no mark is lost.",
    )
