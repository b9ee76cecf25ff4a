"""Who handed in what: `People` of what was found, joined with the roster, beside what was known before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from grader.intake.candidates import HandedIn, stem
from grader.intake.ids import IN_ARCHIVE
from grader.intake.naming import slug
from grader.intake.notebooks import named_authors
from grader.intake.platforms import otter
from grader.intake.roster import Listed, Roster
from grader.intake.times import instant
from grader.printed_text import well_formed
from grader.records import Author, HandIn, People, Student
from grader.store import digest_of, own_digest

Attempts = Literal["last", "first", "best"]
"""Which of a student's attempts counts: the last or first before the deadline, or the one with the most points."""


@dataclass(frozen=True)
class Class:
    """What is known of a class beside what it handed in.

    Attributes:
        deadline: After it a hand-in is late; None where lateness is what the platform says.
        attempts: Which attempt counts.
        extensions: Later deadlines, by student.
        grace: So long after its deadline nothing is late.
    """

    roster: Roster | None = None
    deadline: datetime | None = None
    grace: timedelta = timedelta()
    attempts: Attempts = "last"
    extensions: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class _Assigned:
    """Whose a file is, and what says so."""

    students: tuple[Student, ...] = ()
    by: Literal["platform", "roster", "notebook", "nothing"] = "nothing"
    tried: tuple[str, ...] = ()
    listed: tuple[Listed, ...] = ()


def people_of(found: Sequence[HandedIn], before: People, *, roots: Sequence[Path], about: Class) -> People:
    """Everybody of a class, with what was handed in now and before.

    Args:
        found: What was handed in now.
        before: What earlier runs knew; what is not given now stays.
        roots: The files, folders and archives that were given now: what they no longer hold is marked.
        about: The roster, and what lateness is.
    """
    students = dict(before.students)
    submissions: dict[str, HandIn] = {}
    for name, earlier in before.submissions.items():
        keys, whose = _rejoined(earlier, before, about.roster)
        students |= {student.key: student for student in whose}
        is_present = earlier.is_present and not _was_in(earlier, roots)
        due = _due(keys or earlier.owner, about)
        late = _late(earlier.submitted, due, about, otherwise=earlier.late)
        known = {"students": keys, "is_present": is_present, "deadline": due, "late": late}
        submissions[name] = earlier.model_copy(update=known)
    for one in found:
        hand_in, whose = _hand_in(one, before.submissions.get(one.id), about)
        students |= {student.key: student for student in whose}
        submissions[one.id] = hand_in
    submissions = _numbered(submissions)
    listed = about.roster.people if about.roster is not None else ()
    students |= {one.student.key: one.student for one in listed}
    handed_in = {key for one in submissions.values() for key in one.students}
    without = (
        tuple(one.student.key for one in listed if one.student.key not in handed_in)
        if about.roster is not None
        else tuple(key for key in before.without_submission if key not in handed_in)
    )
    used = {key: student for key, student in students.items() if key in handed_in or key in without}
    return People(students=used, submissions=submissions, without_submission=without)


def counting(people: People, earned: Mapping[str, float | None], attempts: Attempts) -> People:
    """The same with the submission that counts for each student.

    The last (or first) before the deadline that holds a notebook counts, among those handed in together the one with
    the most points.

    Args:
        people: Everybody.
        earned: The points of each submission that was graded; None where it is no notebook.
        attempts: Which counts.
    """
    by_owner: dict[str, list[str]] = {}
    for name, one in people.submissions.items():
        for key in one.owner:
            by_owner.setdefault(key, []).append(name)
    chosen = {
        key: max(
            names, key=lambda name: _rank(name, people.submissions[name], earned=earned.get(name), attempts=attempts)
        )
        for key, names in by_owner.items()
    }
    rivals: dict[str, set[str]] = {}
    for names in by_owner.values():
        for name in names:
            rivals.setdefault(name, set()).update(other for other in names if other != name)
    counted = set(chosen.values())
    submissions = {
        name: one.model_copy(update=_why(name, one, sorted(rivals.get(name, ())), counted=counted, attempts=attempts))
        for name, one in people.submissions.items()
    }
    return people.model_copy(update={"submissions": submissions, "counting": chosen, "attempts": attempts})


def _why(name: str, one: HandIn, rivals: Sequence[str], *, counted: set[str], attempts: Attempts) -> dict[str, object]:
    if not rivals:
        return {"counts": True, "why": ""}
    if name in counted or not one.owner:
        return {
            "counts": True,
            "why": f"Of {len(rivals) + 1} files of this student it is the one that counts ({attempts}).",
        }
    instead = next((other for other in rivals if other in counted), rivals[0])
    return {"counts": False, "why": f"{instead} counts instead ({attempts})."}


def _rank(name: str, one: HandIn, *, earned: float | None, attempts: Attempts) -> tuple[float | str, ...]:
    """Orders the submissions of one student: the greatest counts."""
    usable = (float(one.is_present), float(earned is not None), float(one.late is not True))
    points = -1.0 if earned is None else earned
    when = _order(one)
    if attempts == "best":
        return (*usable[:2], points, when, name)
    return (*usable, when if attempts == "last" else -when, points, name)


def _order(one: HandIn) -> float:
    if one.submitted is not None:
        return instant(one.submitted)
    return float(one.attempt or 0)


def _was_in(one: HandIn, roots: Sequence[Path]) -> bool:
    outer = one.source.partition(IN_ARCHIVE)[0]
    return any(outer == str(root.absolute()) or outer.startswith(f"{root.absolute()}/") for root in roots)


def _hand_in(one: HandedIn, before: HandIn | None, about: Class) -> tuple[HandIn, tuple[Student, ...]]:
    sha256 = digest_of(one.path) or None
    named_by = f"{own_digest('intake.notebooks')[:16]} {sha256}"
    named = before.named if before is not None and before.named_by == named_by else named_authors(one.path)
    whose = _assigned(one, named, about.roster)
    owner = one.owner
    submitted = owner.submitted if owner is not None else None
    submitted = submitted or next((row.submitted for row in whose.listed if row.submitted), None)
    submitted = submitted or otter.time_of(one.inside)
    students = tuple(student.key for student in whose.students)
    group_key = owner.key if owner is not None and not owner.students else ""
    due = _due(students or (group_key,), about)
    made = HandIn(
        file_name=well_formed(one.file_name),
        source=one.source,
        sha256=sha256,
        named=named,
        named_by=named_by,
        platform=one.platform,
        students=students,
        group=owner.group if owner is not None else None,
        group_key=group_key,
        attempt=owner.number if owner is not None else None,
        submitted=submitted,
        deadline=due,
        late=_late(submitted, due, about, otherwise=owner.late if owner is not None else None),
        assigned_by=whose.by,
        tried=whose.tried,
        left_out=one.left_out,
    )
    return made, whose.students


def _due(owner: Sequence[str], about: Class) -> datetime | None:
    """The latest deadline of those whose a hand-in is; None where none is known."""
    own = [about.extensions[key] for key in owner if key in about.extensions]
    return max([*own, *([about.deadline] if about.deadline is not None else [])], key=instant, default=None)


def _late(submitted: datetime | None, due: datetime | None, about: Class, *, otherwise: bool | None) -> bool | None:
    """Whether a hand-in came after the deadline and its grace; else what the platform says."""
    if due is None or submitted is None:
        return otherwise
    return instant(submitted) > instant(due) + about.grace.total_seconds()


def _assigned(one: HandedIn, named: tuple[Author, ...], roster: Roster | None) -> _Assigned:
    owner = one.owner
    if owner is None:
        return _by_names(one, named, roster)
    if not owner.students:
        members = roster.in_group(owner.group or "") if roster is not None else ()
        return _Assigned(tuple(row.student for row in members), "platform", listed=members)
    listed = [None if roster is None else roster.find(student) for student in owner.students]
    students = tuple(_joined(student, row) for student, row in zip(owner.students, listed, strict=True))
    found = tuple(row for row in listed if row is not None)
    if owner.group and roster is not None:
        students += tuple(row.student for row in roster.in_group(owner.group) if row not in found)
    return _Assigned(students, "platform", listed=found)


def _joined(student: Student, row: Listed | None) -> Student:
    """What an export calls a student, with what the roster knows besides; the roster's key is the student's."""
    if row is None:
        return student
    known = {name: value for name, value in student.model_dump().items() if value}
    listed = {name: value for name, value in row.student.model_dump().items() if value}
    return Student(**{**known, **listed})


def _by_names(one: HandedIn, named: tuple[Author, ...], roster: Roster | None) -> _Assigned:
    """Whose a file of no platform is: by its name, the folders around it and whom the notebook names."""
    path = well_formed("/".join(one.inside))
    tried = [f"Its path, {path!r}, is of no platform's form."]
    if roster is None:
        if named:
            return _Assigned(tuple(map(_author, named)), "notebook")
        tried += ["The notebook names nobody, and there is no roster to look its names up in."]
        return _Assigned(tried=tuple(tried))
    by_path = roster.in_text(" ".join((*one.inside[:-1], stem(one.inside[-1]))))
    rows = [(author, roster.find_author(author)) for author in named]
    by_notebook = tuple(row for _, row in rows if row is not None)
    keys = {row.student.key for row in by_notebook}
    if by_path and by_notebook and keys.isdisjoint(row.student.key for row in by_path):
        said = (
            " and ".join(row.student.label for row in by_path),
            " and ".join(row.student.label for row in by_notebook),
        )
        return _Assigned(tried=(*tried, f"Its path names {said[0]}, the notebook {said[1]}."))
    if by_notebook:
        everybody = {row.student.key: row for row in (*by_notebook, *by_path)}
        others = tuple(_author(author) for author, row in rows if row is None)
        students = (*(row.student for row in everybody.values()), *others)
        return _Assigned(students, "roster", listed=tuple(everybody.values()))
    if by_path:
        return _Assigned(tuple(row.student for row in by_path), "roster", listed=by_path)
    tried.append("No number, user name, email address or full name of the roster stands in it.")
    names = ", ".join(author.name for author in named)
    tried.append(
        f"The notebook names {names}: not found on the roster, or more than once."
        if names
        else "The notebook names nobody."
    )
    return _Assigned(tried=tuple(tried))


def _author(author: Author) -> Student:
    """A student of whom only a notebook speaks."""
    key = author.student_id or f"name:{slug(author.name)}"
    return Student(key=key, name=author.name, number=author.student_id)


def _rejoined(one: HandIn, before: People, roster: Roster | None) -> tuple[tuple[str, ...], tuple[Student, ...]]:
    """The students of an earlier hand-in as the roster of today knows them."""
    students = [before.students[key] for key in one.students if key in before.students]
    joined = tuple(_joined(student, roster.find(student) if roster is not None else None) for student in students)
    return tuple(student.key for student in joined), joined


def _numbered(submissions: Mapping[str, HandIn]) -> dict[str, HandIn]:
    """With each hand-in's number among the attempts of its students: what was handed in together has the same."""
    by_owner: dict[tuple[str, ...], list[str]] = {}
    for name, one in submissions.items():
        if one.owner:
            by_owner.setdefault(one.owner, []).append(name)
    numbered = dict(submissions)
    for names in by_owner.values():
        times = sorted({instant(time) for name in names if (time := submissions[name].submitted) is not None})
        for name in names:
            one = submissions[name]
            number = times.index(instant(one.submitted)) + 1 if one.submitted is not None else (one.attempt or 1)
            numbered[name] = one.model_copy(update={"attempt": number})
    return numbered
