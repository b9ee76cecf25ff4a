"""What is known of a class's submissions beside what they hold, and what follows from it for each of them."""

from __future__ import annotations

from dataclasses import dataclass

from grader.intake import HandedIn, LateRule
from grader.marks import Decisions
from grader.records import LateDeduction, People
from grader.store import OutputFolder
from grader.task import Task


@dataclass(frozen=True)
class Known:
    """What is known of a class's submissions.

    Attributes:
        late: What handing in late costs; None for nothing.
    """

    output: OutputFolder
    people: People
    decisions: Decisions
    late: LateRule | None = None

    def task(self, one: HandedIn) -> Task:
        """A submission that was handed in."""
        return Task(
            id=one.id,
            path=one.path,
            folder=self.output.submission(one.id),
            origin=one.origin,
            people=self.people.names(one.id),
            handed_in=self.people.handed_in(one.id),
            attachments=one.attachments,
            marks=self.decisions.of(one.id),
            late=self._late(one.id),
        )

    def stored_task(self, name: str) -> Task:
        """A submission as it is stored, where what was handed in is not looked at."""
        folder = self.output.submission(name)
        return Task(
            id=name,
            path=folder.executed_notebook,
            folder=folder,
            people=self.people.names(name),
            handed_in=self.people.handed_in(name),
            marks=self.decisions.of(name),
            late=self._late(name),
            is_given=False,
        )

    def _late(self, name: str) -> LateDeduction | None:
        found = self.people.submissions.get(name)
        return None if found is None or self.late is None else self.late.of(found)
