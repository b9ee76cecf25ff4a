"""What the events say in the end: the last one counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from grader.marks.events import Event
from grader.records import Record

_DECIDING = frozenset({"mark", "outcome", "apply"})


class Item(Record):
    """A named deduction or comment of a criterion.

    Attributes:
        points: What it adds to the criterion's points; negative for a deduction.
    """

    id: str
    text: str = ""
    points: float = 0.0


class Mark(Record):
    """What people decided on one criterion of one submission.

    Attributes:
        points: What was given; None where the items decide, or the outcome.
        outcome: ``needs_review`` asks for another look; None where points or items decide.
        items: Those that the submission was given since points last were, in the order in which they were made.
        text: The last reason, for the student.
        internal_text: The last reason that is for tutors alone.
        seen: Digest of what the person saw.
        event: Id of the event that decided.
    """

    criterion: str
    points: float | None = None
    outcome: str | None = None
    items: tuple[Item, ...] = ()
    text: str = ""
    internal_text: str = ""
    seen: str = ""
    by: str
    time: datetime
    event: str

    def earned(self, possible: float) -> float | None:
        """The points that follow, or None where another look is asked for."""
        if self.outcome is not None:
            return {"passed": possible, "failed": 0.0}.get(self.outcome)
        if self.points is not None:
            return self.points
        return min(possible, max(0.0, possible + sum(item.points for item in self.items)))


class MarksOfSubmission(Record):
    """What people decided on one submission.

    Attributes:
        marks: One a criterion that a person decided.
        comments: Texts for the student, criterion (empty for the whole) to text, the last of each.
    """

    marks: tuple[Mark, ...] = ()
    comments: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self.marks or self.comments)


NO_MARKS = MarksOfSubmission()


class Decisions:
    """What the events of a tutor's file say in the end."""

    def __init__(self, events: Sequence[Event]) -> None:
        undone = _undone(events)
        self.events = tuple(event for event in events if event.id not in undone and event.kind != "undo")
        self._by_submission: dict[str, list[Event]] = {}
        self._items: dict[str, dict[str, Item]] = {}
        for event in self.events:
            if event.submission is not None:
                self._by_submission.setdefault(event.submission, []).append(event)
            if event.kind == "item":
                self._note_item(event)

    def _note_item(self, event: Event) -> None:
        if event.criterion and event.item:
            known = self._items.setdefault(event.criterion, {})
            before = known.get(event.item, Item(id=event.item))
            text = before.text if event.text is None else event.text
            points = before.points if event.points is None else event.points
            known[event.item] = Item(id=event.item, text=text, points=points)

    def items(self, criterion: str) -> dict[str, Item]:
        """The items of a criterion as they were last worded, by id, in the order in which they were made."""
        return self._items.get(criterion, {})

    def of(self, submission: str) -> MarksOfSubmission:
        """What was decided on one submission."""
        here = self._by_submission.get(submission, [])
        criteria = dict.fromkeys(event.criterion for event in here if event.kind in _DECIDING and event.criterion)
        marks = tuple(self._mark(name, [event for event in here if event.criterion == name]) for name in criteria)
        comments = {
            event.criterion or "": event.text or "" for event in here if event.kind == "comment" and not event.internal
        }
        return MarksOfSubmission(marks=marks, comments={name: text for name, text in comments.items() if text})

    def about(self, submission: str) -> Sequence[Event]:
        """The events that speak of one submission, in the order of time."""
        return self._by_submission.get(submission, [])

    def submissions(self) -> tuple[str, ...]:
        """The submissions that any event speaks of."""
        return tuple(self._by_submission)

    def extensions(self) -> dict[str, datetime]:
        """The last deadline that was given to each student."""
        return {
            event.student: event.until
            for event in self.events
            if event.kind == "extension" and event.student is not None and event.until is not None
        }

    def excused(self) -> frozenset[str]:
        """The students who are free of the assignment."""
        last = {event.student: event.on for event in self.events if event.kind == "excuse" and event.student}
        return frozenset(student for student, on in last.items() if on and student is not None)

    def claims(self) -> dict[tuple[str, str], str]:
        """Who works on what: submission and criterion to the person."""
        last = {
            (event.submission or "", event.criterion or ""): event for event in self.events if event.kind == "claim"
        }
        return {key: event.by for key, event in last.items() if event.on}

    def _mark(self, criterion: str, events: Sequence[Event]) -> Mark:
        deciding = [event for event in events if event.kind in _DECIDING]
        last = deciding[-1]
        known = self.items(criterion)
        after_points = next((i for i, event in enumerate(reversed(deciding)) if event.kind != "apply"), len(deciding))
        on = {event.item: event.on for event in deciding[len(deciding) - after_points :]}
        texts = [event for event in deciding if event.kind in {"mark", "outcome"} and event.text]
        by_items = last.kind == "apply"
        return Mark(
            criterion=criterion,
            points=last.points if last.kind == "mark" else None,
            outcome=last.outcome,
            items=tuple(item for name, item in known.items() if on.get(name)) if by_items else (),
            text=next((event.text or "" for event in reversed(texts) if not event.internal), ""),
            internal_text=next((event.text or "" for event in reversed(texts) if event.internal), ""),
            seen=last.seen or "",
            by=last.by,
            time=last.time,
            event=last.id,
        )


def _undone(events: Iterable[Event]) -> frozenset[str]:
    """The ids of the events that were taken back; an undo may be undone itself."""
    undone: set[str] = set()
    for event in reversed(tuple(events)):
        if event.kind == "undo" and event.id not in undone and event.of is not None:
            undone.add(event.of)
    return frozenset(undone)
