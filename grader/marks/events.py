"""One line of the tutor's file: what one person decided at one time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from grader.records import Record

EVENT_VERSION: Final = 1
"""The version of the events on disk. A newer one is refused, never guessed at."""

EventKind = Literal["mark", "outcome", "excuse", "extension", "comment", "item", "apply", "claim", "undo"]

_NEEDED: dict[str, frozenset[str]] = {
    "mark": frozenset({"submission", "criterion", "points"}),
    "outcome": frozenset({"submission", "criterion", "outcome"}),
    "comment": frozenset({"submission", "text"}),
    "item": frozenset({"criterion", "item"}),
    "apply": frozenset({"submission", "criterion", "item", "on"}),
    "claim": frozenset({"submission", "criterion", "on"}),
    "excuse": frozenset({"student", "on"}),
    "extension": frozenset({"student", "until"}),
    "undo": frozenset({"of"}),
}
_ALLOWED: dict[str, frozenset[str]] = {
    "mark": frozenset({"text", "seen", "internal"}),
    "outcome": frozenset({"text", "seen", "internal"}),
    "comment": frozenset({"criterion", "internal"}),
    "item": frozenset({"text", "points"}),
    "apply": frozenset({"seen"}),
    "claim": frozenset(),
    "excuse": frozenset({"text"}),
    "extension": frozenset({"text"}),
    "undo": frozenset(),
}
_HEAD = frozenset({"version", "id", "time", "by", "kind"})


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


Time = Annotated[AwareDatetime, AfterValidator(_utc)]


class Event(Record):
    """What one person decided at one time; a field that its kind does not use is not given.

    Attributes:
        id: Unique, hexadecimal.
        time: In UTC; a file is read in the order of time, then id.
        by: Who decided.
        kind: ``mark`` gives points; ``outcome`` gives all points (``passed``), none (``failed``) or asks for another
            look (``needs_review``); ``comment`` says something to the student; ``item`` names a deduction or comment
            of a criterion, and changes it for all who have it; ``apply`` gives an item to a submission or takes it
            away; ``claim`` says who works on what; ``excuse`` frees a student of the assignment; ``extension`` gives a
            student another deadline; ``undo`` takes an event back.
        points: Of a mark, from 0 to the criterion's; of an item, what it adds to the criterion's points (negative).
        text: The reason, comment or item's words.
        internal: Whether the text is for tutors alone.
        seen: Digest of the answer and the facts that the person saw, see `grader.marks.seen`; empty where unknown.
        item: Id of the item, unique in its criterion.
        on: Whether an item, a claim or an excuse is given (or taken away).
        of: Id of the event that is taken back.
    """

    version: Literal[1] = EVENT_VERSION
    id: str = Field(default_factory=lambda: uuid.uuid4().hex, min_length=1)
    time: Time = Field(default_factory=lambda: datetime.now(UTC))
    by: str = Field(min_length=1)
    kind: EventKind
    submission: str | None = None
    criterion: str | None = None
    student: str | None = None
    points: float | None = Field(default=None, allow_inf_nan=False)
    outcome: Literal["passed", "failed", "needs_review"] | None = None
    text: str | None = None
    internal: bool | None = None
    seen: str | None = None
    item: str | None = None
    on: bool | None = None
    until: Time | None = None
    of: str | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        given = {name for name, value in self if value is not None} - _HEAD
        missing = _NEEDED[self.kind] - given
        if missing:
            raise ValueError(f"an event of kind {self.kind!r} needs {', '.join(sorted(missing))}")
        strange = given - _NEEDED[self.kind] - _ALLOWED[self.kind]
        if strange:
            raise ValueError(f"an event of kind {self.kind!r} has no {', '.join(sorted(strange))}")
        if self.kind == "mark" and self.points is not None and self.points < 0:
            raise ValueError("a mark's points are not negative")
        return self

    def line(self) -> str:
        """The event as a line of the file, with its line end."""
        return self.model_dump_json(exclude_none=True) + "\n"

    @property
    def order(self) -> tuple[datetime, str]:
        """What events are sorted by: a file that git merged says the same, whatever its lines' order."""
        return self.time, self.id
