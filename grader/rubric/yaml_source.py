"""YAML read as plain data, with the line of every key and value; nothing is executed, expanded or guessed.

Anchors and aliases are refused: a few lines of them can unfold into gigabytes, and a rubric is read by people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from grader.limits import MAX_RUBRIC_BYTES, MAX_RUBRIC_DEPTH, MAX_RUBRIC_VALUES

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys and positions from the top."""

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is there: a rubric is read in a tenth of the time."""

_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null"))


@dataclass
class Source:
    """What a file says.

    Attributes:
        data: Mappings, lists and plain values; None where nothing could be read.
        lines: The line of each value, and of each key of a mapping, from 1.
        problems: Line and text of what is wrong with the YAML.
        is_complete: Whether it was read to its end.
    """

    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)
    is_complete: bool = False

    def line(self, path: KeyPath) -> int:
        """The line of a value, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_source(raw: bytes) -> Source:
    """Reads one YAML document. Never raises: what is wrong stands in ``problems``."""
    source = Source()
    if len(raw) > MAX_RUBRIC_BYTES:
        source.problems.append((1, f"the file has {len(raw):,} bytes; a rubric has at most {MAX_RUBRIC_BYTES:,}."))
        return source
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        source.problems.append((line, f"byte {error.start} is no UTF-8. Save the file as UTF-8."))
        return source
    reader = _Reader(source)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            reader.take(event)
            if reader.is_stopped:
                break
        source.is_complete = not reader.is_stopped
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        what = error.problem or error.context or "it cannot be read"
        source.problems.append((line, f"no YAML: {what}. Check the indentation, quotes and colons of this line."))
    except (yaml.YAMLError, RecursionError) as error:
        source.problems.append((1, f"no YAML: {str(error).splitlines()[0]}. Save the file as plain text."))
    if source.data is None and not source.problems:
        source.problems.append((1, "the file is empty. Start from another rubric, or see the schema."))
    return source


@dataclass
class _Frame:
    """A mapping or list that is being read."""

    container: dict[str, Any] | list[Any]
    path: KeyPath
    key: str | None = None


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.stack: list[_Frame] = []
        self.count = 0
        self.documents = 0
        self.is_stopped = False
        # Only asked what a plain word means (a number, true, null); it never sees the text.
        self.resolver: Any = yaml.SafeLoader("")

    def take(self, event: yaml.Event) -> None:
        """Takes the next event of the parser."""
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    self._stop(line, "a second document begins. A rubric is one document, without another '---'.")
            case yaml.AliasEvent():
                self._stop(line, f"an alias (*{event.anchor}). Write the values out; rubrics have no aliases.")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open({} if isinstance(event, yaml.MappingStartEvent) else [], line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.stack.pop()
            case yaml.ScalarEvent():
                self._scalar(event, line)

    def _open(self, container: dict[str, Any] | list[Any], line: int) -> None:
        if len(self.stack) >= MAX_RUBRIC_DEPTH:
            self._stop(line, f"values are nested more than {MAX_RUBRIC_DEPTH} deep. No part of a rubric is.")
            return
        if self._expects_key():
            self._stop(line, "a key that is a list or mapping. Keys are words.")
            return
        path = self._place(container, line)
        self.stack.append(_Frame(container, path))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if self._expects_key():
            frame = self.stack[-1]
            frame.key = event.value
            if isinstance(frame.container, dict) and event.value in frame.container:
                self.source.problems.append((line, f"the key {event.value!r} stands here twice. Keep one of them."))
            self.source.lines[(*frame.path, event.value)] = line
            return
        self._place(self._value(event, line), line)

    def _expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].container, dict) and self.stack[-1].key is None

    def _place(self, value: Any, line: int) -> KeyPath:
        self.count += 1
        if self.count > MAX_RUBRIC_VALUES:
            self._stop(line, f"more than {MAX_RUBRIC_VALUES:,} values. No rubric has so many.")
        if not self.stack:
            self.source.data = value
            self.source.lines[()] = line
            return ()
        frame = self.stack[-1]
        if isinstance(frame.container, list):
            path: KeyPath = (*frame.path, len(frame.container))
            frame.container.append(value)
        else:
            path = (*frame.path, frame.key or "")
            frame.container[frame.key or ""] = value
            frame.key = None
        self.source.lines.setdefault(path, line)
        return path

    def _value(self, event: yaml.ScalarEvent, line: int) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag not in _PLAIN_TAGS:
            # A date or the like is the text that it is written as.
            if event.tag is not None:
                shown = event.tag.replace("tag:yaml.org,2002:", "!!")
                self.source.problems.append((line, f"the tag {shown!r}. Values of a rubric are plain: drop the tag."))
            return event.value
        try:
            return self.resolver.construct_object(yaml.ScalarNode(tag, event.value))
        except (yaml.YAMLError, ValueError):
            self.source.problems.append(
                (line, f"{event.value[:40]!r} is no value of {tag.rpartition(':')[2]}. Quote it.")
            )
            return event.value

    def _stop(self, line: int, text: str) -> None:
        self.is_stopped = True
        self.source.problems.append((line, text))
