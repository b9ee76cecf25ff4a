"""Events as lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from grader.marks.effective import Decisions
from grader.marks.events import Event

_DECIDING = frozenset({"mark", "outcome", "apply"})


def counting(events: Sequence[Event]) -> tuple[Event, ...]:
    """Those that count: the last on the same thing, none that was taken back, and no claim of what is decided."""
    kept = Decisions(events).events
    last: dict[tuple[str, ...], Event] = {}
    for event in kept:
        kind = "mark" if event.kind == "outcome" else event.kind
        key = (kind, event.submission or "", event.criterion or "", event.student or "", event.item or "")
        last.pop(key, None)
        last[key] = event
    decided = {(event.submission, event.criterion) for event in last.values() if event.kind in _DECIDING}
    return tuple(
        event
        for event in last.values()
        if event.kind != "claim" or (event.on and (event.submission, event.criterion) not in decided)
    )


def described(event: Event) -> str:
    """An event as a line: short id, when, who, where, what."""
    where = ", ".join(part for part in (event.submission, event.criterion, event.student) if part)
    what = what_of(event)
    text = f" ({event.text})" if event.text else ""
    return f"{event.id[:8]}  {event.time:%Y-%m-%d %H:%M}  {event.by}: {where + ': ' if where else ''}{what}{text}"


def what_of(event: Event) -> str:
    """What was decided, in words, without where and why."""
    is_on = event.on is not False
    words = {
        "mark": f"{event.points or 0:g} points",
        "outcome": {"passed": "all points", "failed": "no points"}.get(event.outcome or "", "another look"),
        "comment": "comment",
        "item": f"item {event.item}" + (f", {event.points:+g} points" if event.points is not None else ""),
        "apply": f"item {event.item} {'given' if is_on else 'taken away'}",
        "claim": "works on it" if is_on else "no longer works on it",
        "excuse": "excused" if is_on else "no longer excused",
        "extension": f"until {event.until:%Y-%m-%d %H:%M} UTC" if event.until else "",
        "undo": f"takes back {(event.of or '')[:8]}",
    }
    return words[event.kind]
