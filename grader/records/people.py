"""Who handed in what. It stands beside the evidence, never in it: a partner or a number added later needs no run."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from grader.records.base import SCHEMA_VERSION, Record, SchemaVersion, Sha256
from grader.records.submission import Author

AssignedBy = Literal["platform", "roster", "notebook", "nothing"]


class Student(Record):
    """One student, as platforms, rosters and notebooks know them.

    Attributes:
        key: What tells this student from all others: a platform's id (``moodle:101``), a user name, an email address or
            a student number. Neither a file nor a label is part of it.
        name: What people call them; empty where that is hidden.
        platform_id: What the platform numbers them by.
        number: The student number, of the university.
    """

    key: str
    name: str = ""
    platform_id: str | None = None
    user_name: str | None = None
    email: str | None = None
    number: str | None = None

    @property
    def label(self) -> str:
        """What a page shows."""
        return self.name or self.user_name or self.email or self.key


class HandIn(Record):
    """Whose a submission is, and which of their attempts.

    Attributes:
        source: Where the file came from: its path, that in an archive behind the archive's.
        sha256: Of the file; None where it cannot be read.
        named: Whom the notebook itself names.
        named_by: What read that, as a digest of code and file: it is not read again.
        students: Their keys in `People.students`; several for a group, none where nobody could be assigned.
        group: The group's name, where the platform has one.
        group_key: What tells the group from others where its members are not known.
        attempt: Counted from 1; None where nobody is assigned.
        submitted: When, as the platform says.
        deadline: Until when it was due, for its owners; None where that is not known.
        late: Whether it came after the deadline, or the platform calls it late; None where neither is known.
        assigned_by: What said whose it is.
        tried: For one that could not be assigned: what was tried, a sentence each.
        counts: Whether this one of the student's attempts and files is the one that counts.
        why: Why it counts, or not; empty for the only one.
        left_out: Files handed in beside it that are not laid beside it, each with the reason.
        is_present: Whether what was given in the last run still held it.
    """

    file_name: str
    source: str
    sha256: Sha256 | None = None
    named: tuple[Author, ...] = ()
    named_by: str = ""
    platform: str = ""
    students: tuple[str, ...] = ()
    group: str | None = None
    group_key: str = ""
    attempt: int | None = None
    submitted: datetime | None = None
    deadline: datetime | None = None
    late: bool | None = None
    assigned_by: AssignedBy = "nothing"
    tried: tuple[str, ...] = ()
    counts: bool = True
    why: str = ""
    left_out: tuple[str, ...] = ()
    is_present: bool = True

    @property
    def owner(self) -> tuple[str, ...]:
        """What two hand-ins of the same student or group have in common; empty where nobody is known."""
        return tuple(sorted(self.students)) or ((self.group_key,) if self.group_key else ())


class People(Record):
    """``people.json``: every submission's people, and who handed in nothing.

    Attributes:
        students: By key.
        submissions: By the submission's id.
        without_submission: Keys of students on the roster who handed in nothing.
        counting: Which submission counts, by student; for a group without known members, by the group's key.
        attempts: Which attempt counts: the last or first before the deadline, or the one with the most points.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    students: dict[str, Student] = {}
    submissions: dict[str, HandIn] = {}
    without_submission: tuple[str, ...] = ()
    counting: dict[str, str] = {}
    attempts: Literal["last", "first", "best"] = "last"

    def names(self, submission: str) -> tuple[str, ...]:
        """What a page shows as the people of a submission; the group where its members are not known."""
        found = self.submissions.get(submission)
        if found is None:
            return ()
        names = tuple(self.students[key].label for key in found.students if key in self.students)
        return names or ((found.group,) if found.group else ())

    def handed_in(self, submission: str) -> str:
        """What a student's page says of the hand-in: when, which attempt, and when it was due; empty where unknown."""
        found = self.submissions.get(submission)
        if found is None:
            return ""
        said = [f"handed in {found.submitted:%Y-%m-%d %H:%M}"] if found.submitted is not None else []
        said += [f"attempt {found.attempt}"] if found.attempt is not None and found.attempt > 1 else []
        said += [f"due {found.deadline:%Y-%m-%d %H:%M}"] if found.deadline is not None else []
        return ", ".join([*said, *(["late"] if found.late else [])])


NOBODY = People()
"""Of a submission that came by no hand-in, such as the reference's."""
