"""Where tutors decide: each action becomes events of the tutor's file, checked against what the file says by then."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from grader.errors import UsageError
from grader.marks import Decisions, Event, EventKind, Mark, MarksFile
from grader.records import Verdict

DECIDING = frozenset({"mark", "outcome", "apply"})

HOLDS_FOR = timedelta(minutes=15)
"""So long after a tutor opened an answer it counts as held by them: longer than anybody reads one."""


class ConflictError(Exception):
    """Somebody else decided in the meantime; ``submissions`` names where."""

    def __init__(self, submissions: Sequence[str]) -> None:
        self.submissions = tuple(submissions)
        super().__init__(f"decided in the meantime: {', '.join(submissions)}")


@dataclass(frozen=True)
class Shown:
    """What a tutor had before them when they decided.

    Attributes:
        state: Id of the event that had decided by then; empty where none had.
        seen: Digest of the answer and the facts.
    """

    submission: str
    state: str
    seen: str


@dataclass(frozen=True)
class Pen:
    """Who decides, on which criterion, and what they had before them."""

    by: str
    criterion: str
    shown: tuple[Shown, ...]


@dataclass
class Desk:
    """The tutor's file, read where it has changed and written an action at a time."""

    file: MarksFile
    _state: object = None
    _decisions: Decisions = field(default_factory=lambda: Decisions(()))

    def decisions(self) -> Decisions:
        """What the file says now, those who write it elsewhere included.

        Raises:
            StoreError: A line of it is no event.
        """
        try:
            status = self.file.path.stat()
            state = (status.st_ino, status.st_mtime_ns, status.st_size)
        except OSError:
            state = None
        if state is None or state != self._state:
            self._decisions, self._state = Decisions(self.file.read()), state
        return self._decisions

    def mark(self, pen: Pen, points: float, *, text: str = "", internal: bool = False) -> None:
        """Gives points.

        Raises:
            ConflictError: Somebody decided since these answers were shown; nothing is written.
        """
        more = {"points": points, "text": text or None, "internal": (internal and bool(text)) or None}
        self._decide(pen, lambda _: _each(pen, "mark", more))

    def look_again(self, pen: Pen, *, text: str = "") -> None:
        """Asks for another look, by another tutor or later.

        Raises:
            ConflictError: As above.
        """
        more = {"outcome": "needs_review", "text": text or None, "internal": bool(text) or None}
        self._decide(pen, lambda _: _each(pen, "outcome", more))

    def comment(self, pen: Pen, text: str, *, internal: bool = False) -> None:
        """Says something to the students, without points; an empty text takes back what was said.

        Args:
            pen: To whom.
            text: What.
            internal: Whether it is for tutors alone.
        """
        time = datetime.now(UTC)
        common = {"by": pen.by, "kind": "comment", "time": time, "criterion": pen.criterion, "text": text}
        self.file.append(
            Event.model_validate({**common, "submission": one.submission, "internal": internal or None})
            for one in pen.shown
        )

    def toggle(self, pen: Pen, item: str) -> None:
        """Gives an item to those who lack it; where all have it, takes it from them.

        It is taken away by undoing that it was given: what was decided before holds again.

        Raises:
            ConflictError: As above.
            UsageError: The criterion has no such item.
        """

        def change(decisions: Decisions) -> list[Event]:
            if item not in decisions.items(pen.criterion):
                raise UsageError(f"{pen.criterion}: it has no item {item!r}.", fix="Go back, and load the page again.")
            having = [one for one in pen.shown if item in items_of(decisions, one.submission, pen.criterion)]
            if len(having) < len(pen.shown):
                lacking = Pen(pen.by, pen.criterion, tuple(one for one in pen.shown if one not in having))
                return _each(lacking, "apply", {"item": item, "on": True})
            return _taken_away(decisions, pen, item)

        self._decide(pen, change)

    def name_item(self, by: str, criterion: str, *, text: str, points: float, item: str | None = None) -> str:
        """Names a deduction or comment of a criterion, or changes one for all who have it; its id.

        Args:
            by: Who does.
            criterion: Of which.
            text: Its words, for the student.
            points: What it adds to the criterion's points; negative for a deduction.
            item: The one to change; a new one where None.
        """
        name = item or uuid.uuid4().hex[:8]
        event = Event(by=by, kind="item", criterion=criterion, item=name, text=text, points=points)
        self.file.append([event])
        return name

    def claim(self, by: str, criterion: str, submissions: Sequence[str]) -> None:
        """Says that a tutor works on these answers, and no longer on those before."""
        decisions = self.decisions()
        held = claims_of(decisions, by)
        wanted = {(name, criterion) for name in submissions}
        if wanted <= {(one.submission, one.criterion) for one in held if _is_open(decisions, one)}:
            return
        time = datetime.now(UTC)
        left = [claim for claim in held if (claim.submission, claim.criterion) not in wanted]
        changes = [(one.submission, one.criterion, False) for one in left if _is_open(decisions, one)]
        self.file.append(
            Event(by=by, kind="claim", time=time, submission=submission, criterion=name, on=on)
            for submission, name, on in (*changes, *((*pair, True) for pair in sorted(wanted)))
        )

    def undo(self, by: str) -> tuple[Event, ...]:
        """Takes back the last action of a tutor; the events of it, none where there is nothing left."""
        taken: list[Event] = []

        def change(events: tuple[Event, ...]) -> list[Event]:
            taken.extend(last_action(Decisions(events), by))
            time = datetime.now(UTC)
            return [Event(by=by, kind="undo", time=time, of=event.id) for event in taken]

        self.file.append_after(change)
        return tuple(taken)

    def _decide(self, pen: Pen, change: Callable[[Decisions], list[Event]]) -> None:
        def checked(events: tuple[Event, ...]) -> list[Event]:
            decisions = Decisions(events)
            changed = [
                one.submission for one in pen.shown if state_of(decisions, one.submission, pen.criterion) != one.state
            ]
            if changed:
                raise ConflictError(changed)
            return change(decisions)

        self.file.append_after(checked)


def _each(pen: Pen, kind: EventKind, fields: Mapping[str, object]) -> list[Event]:
    """One event for each answer, all of one time: they are one action."""
    time = datetime.now(UTC)
    common = {"by": pen.by, "kind": kind, "criterion": pen.criterion, "time": time, **fields}
    return [
        Event.model_validate({**common, "submission": one.submission, "seen": one.seen or None}) for one in pen.shown
    ]


def _taken_away(decisions: Decisions, pen: Pen, item: str) -> list[Event]:
    """Undoes that an item was given."""
    time = datetime.now(UTC)
    here = {one.submission for one in pen.shown}
    given = [
        event.id
        for event in decisions.events
        if (event.kind, event.criterion, event.item, event.on) == ("apply", pen.criterion, item, True)
        and event.submission in here
    ]
    return [Event(by=pen.by, kind="undo", time=time, of=of) for of in given]


def mark_of(decisions: Decisions, submission: str, criterion: str) -> Mark | None:
    """What people decided on one answer."""
    return next((one for one in decisions.of(submission).marks if one.criterion == criterion), None)


def state_of(decisions: Decisions, submission: str, criterion: str) -> str:
    """Id of the event that decides an answer; empty where none does."""
    mark = mark_of(decisions, submission, criterion)
    return "" if mark is None else mark.event


def items_of(decisions: Decisions, submission: str, criterion: str) -> frozenset[str]:
    """Ids of the items that an answer has, where they decide."""
    mark = mark_of(decisions, submission, criterion)
    return frozenset() if mark is None else frozenset(item.id for item in mark.items)


def last_action(decisions: Decisions, by: str) -> tuple[Event, ...]:
    """The events of a tutor's last action that holds.

    An item that others have by now stays: without it, what they gave would count as full points.
    """
    mine = [event for event in decisions.events if event.by == by and event.kind in DECIDING | {"comment", "item"}]
    if not mine:
        return ()
    last = [event for event in mine if event.time == mine[-1].time]
    taken = {event.id for event in last}
    used = {
        (event.criterion, event.item) for event in decisions.events if event.kind == "apply" and event.id not in taken
    }
    return tuple(event for event in last if event.kind != "item" or (event.criterion, event.item) not in used)


def claims_of(decisions: Decisions, by: str | None = None) -> list[Event]:
    """Who works on what: the last claim of each answer, of one person or of all."""
    last = {(event.submission, event.criterion): event for event in decisions.events if event.kind == "claim"}
    return [event for event in last.values() if event.on and (by is None or event.by == by)]


def holders(decisions: Decisions, *, now: datetime) -> dict[tuple[str, str], str]:
    """Who has an answer open and has not decided yet: submission and criterion to the person."""
    return {
        (event.submission or "", event.criterion or ""): event.by
        for event in claims_of(decisions)
        if now - event.time < HOLDS_FOR and _is_open(decisions, event)
    }


def _is_open(decisions: Decisions, claim: Event) -> bool:
    """Whether nothing was decided since somebody said that they work on it."""
    mark = mark_of(decisions, claim.submission or "", claim.criterion or "")
    return mark is None or mark.time < claim.time


def deciders(decisions: Decisions, submission: str, criterion: str) -> tuple[str, ...]:
    """Everybody who decided on an answer."""
    here = (event for event in decisions.about(submission) if event.criterion == criterion and event.kind in DECIDING)
    return tuple(dict.fromkeys(event.by for event in here))


def opinions(decisions: Decisions, submission: str, verdict: Verdict) -> dict[str, float | None]:
    """What each person gave for an answer, the last of each; None for another look.

    Args:
        decisions: Of the tutor's file.
        submission: Of which.
        verdict: As it was judged without people.
    """
    items = [event for event in decisions.events if event.kind == "item"]
    found: dict[str, float | None] = {}
    for person in deciders(decisions, submission, verdict.criterion):
        own = Decisions([*items, *(event for event in decisions.about(submission) if event.by == person)])
        mark = mark_of(own, submission, verdict.criterion)
        if mark is not None:
            found[person] = mark.earned(verdict.points)
    return found
