"""The parts of a class that were graded apart, put together: what one run over all of it would have written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise

from grader.batch.jobs import read_rubric
from grader.batch.shards import ShardRecord, read_shard
from grader.batch.stored import write_class
from grader.errors import UsageError
from grader.judging.results import first_of
from grader.marks import Decisions, Event, MarksFile, marks_path
from grader.records import GradedSubmission, People
from grader.report.sources import ClassSources
from grader.store import OutputFolder, SubmissionFolder, copy_atomically, held

_NAMED = 5
"""Names that an error lists."""


@dataclass(frozen=True)
class Merged:
    """What putting parts together came to.

    Attributes:
        graded: One grade a submission, in the order of their ids.
        unapplied: Tutors' decisions that the grades do not know yet.
    """

    graded: tuple[GradedSubmission, ...]
    unapplied: tuple[Event, ...] = ()


@dataclass(frozen=True)
class _Part:
    """One part, as it stands on the disk."""

    output: OutputFolder
    record: ShardRecord
    people: People

    def __str__(self) -> str:
        return f"{self.output.folder} ({self.record.shard})"

    def grades(self) -> dict[str, GradedSubmission | None]:
        """The grades of its submissions, those included that are graded no more."""
        names = [name for name in self.people.submissions if self.record.shard.holds(name)]
        return {name: self.output.submission(name).read_grade() for name in names}


def merge(shards: Sequence[OutputFolder], output: OutputFolder, *, marks: MarksFile | None = None) -> Merged:
    """Puts the parts of a class together, with its gradebook, summary and pages. Nothing is executed or judged.

    Args:
        shards: The output folders of all parts, in any order.
        output: Where the class is written; what an earlier merge wrote there is replaced.
        marks: The tutor's file of the class, to which the parts' own are added; None for the one beside `output`.

    Raises:
        UsageError: A part is missing, given twice, not finished, or graded with or from something else than another.
        HeldError: Another process is at work in one of the folders.
        UnwritableError: The output folder cannot be written.
    """
    output.make()
    with ExitStack() as stack:
        if any(one.folder.resolve() == output.folder.resolve() for one in shards):
            raise _mistake(f"{output.folder}: this is one of the parts", fix="Name another folder with -o.")
        parts = _read_parts(shards)
        for folder in dict.fromkeys((*(part.output.folder for part in parts), output.folder)):
            stack.enter_context(held(folder))
        # Read once more: what is held cannot change any more.
        parts = _read_parts(shards)
        people = parts[0].people
        _check_place(output, people)
        grades = _check_grades(parts)
        marks = MarksFile(marks_path(output.folder)) if marks is None else marks
        events = _all_events(parts, marks)
        output.remove_parts()
        for part in parts:
            for name in part.grades().keys() & set(part.output.stored()):
                _copy(part.output.submission(name), output.submission(name))
        sources = ClassSources(output, read_rubric(parts[0].record.rubric), Decisions(events).events)
        write_class(grades.values(), people, sources=sources, output=output, attempts=parts[0].record.attempts)
    ordered = tuple(grades[name] for name in sorted(grades))
    return Merged(ordered, tuple(event for event in events if _is_unknown(event, parts)))


def _read_parts(shards: Sequence[OutputFolder]) -> list[_Part]:
    """The parts in their order, which together are one class."""
    parts = []
    for output in shards:
        record = read_shard(output)
        if record is None:
            raise _mistake(
                f"{output.folder}: this is no part of a class",
                expected="Folders that grader grade --shard has written.",
                fix="Check the path.",
            )
        if not record.is_finished:
            raise _mistake(
                f"{output.folder} ({record.shard}): its last run did not come to its end",
                fix="Run the same command again: it continues from there.",
            )
        parts.append(_Part(output, record, output.read_people()))
    parts.sort(key=lambda part: part.record.number)
    _check_numbers(parts)
    for part in parts[1:]:
        _check_like(parts[0], part)
    return parts


def _check_numbers(parts: Sequence[_Part]) -> None:
    of = parts[0].record.of
    for before, part in pairwise(parts):
        if part.record.of != before.record.of:
            raise _mistake(f"{before} and {part} are parts of different divisions", fix="Give those of one division.")
        if part.record.number == before.record.number:
            raise _mistake(f"{before} and {part} are the same part", fix="Give each part once.")
    missing = sorted(set(range(1, of + 1)) - {part.record.number for part in parts})
    if missing:
        named = ", ".join(f"{number}/{of}" for number in missing)
        raise _mistake(f"{named}: not among the folders that were given", fix="Give the folders of all parts.")


def _check_like(first: _Part, part: _Part) -> None:
    """Holds two parts against each other: what they were graded with, and of which class."""
    names = dict.fromkeys((*first.record.made_with, *part.record.made_with))
    differing = [name for name in names if first.record.made_with.get(name) != part.record.made_with.get(name)]
    if differing:
        raise _mistake(
            f"{first} and {part} were not graded alike. What differs: {', '.join(differing)}",
            fix="Grade one of them again with what the other was graded with; what can be kept is not executed again.",
        )
    seen, also_seen = _told(first.people), _told(part.people)
    if seen == also_seen:
        return
    named = [name for name in dict.fromkeys((*seen, *also_seen)) if seen.get(name) != also_seen.get(name)]
    raise _mistake(
        f"{first} and {part} were not given the same submissions, roster, deadline or extensions. What differs: "
        f"{first_of(named, at_most=_NAMED)}",
        expected="Every part is given all that was handed in, and takes its own of it.",
        fix="Run both again with the same submissions and options; what was executed is not executed again.",
    )


def _told(people: People) -> dict[str, object]:
    """What two parts must say alike of a class; where its files lie may differ, and what counts is not known yet."""
    submissions = people.submissions.items()
    apart = {"source", "counts", "why"}
    return {
        **{name: one.model_dump(exclude=apart) for name, one in submissions},
        "the list of students": people.model_dump(exclude={"submissions", "counting", "attempts"}),
        "the order of submissions": list(people.submissions),
    }


def _check_place(output: OutputFolder, people: People) -> None:
    strange = sorted(set(output.stored()) - people.submissions.keys())
    if strange or read_shard(output) is not None:
        what = first_of(strange, at_most=_NAMED) or "a part of a class"
        raise _mistake(
            f"{output.folder}: something else stands in this folder already: {what}",
            expected="A new folder, or that of an earlier merge of the same class.",
            fix="Name another with -o.",
        )


def _check_grades(parts: Sequence[_Part]) -> dict[str, GradedSubmission]:
    """The grades of all, in the order in which they were first handed in."""
    found: dict[str, GradedSubmission] = {}
    for part in parts:
        grades = part.grades()
        strange = [name for name in part.output.stored() if name not in grades]
        if strange:
            raise _mistake(
                f"{part} holds submissions of another part: {first_of(strange, at_most=_NAMED)}",
                fix="Remove them there with grader store forget, or grade this part again into a new folder.",
            )
        lost = [name for name, one in grades.items() if one is None and part.people.submissions[name].is_present]
        if lost:
            raise _mistake(
                f"{part} has no grade that can be read of {first_of(lost, at_most=_NAMED)}",
                fix="Grade this part again; only what is missing is done.",
            )
        found |= {name: one for name, one in grades.items() if one is not None and _is_of(one, part)}
    return {name: found[name] for name in parts[0].people.submissions if name in found}


def _is_of(graded: GradedSubmission, part: _Part) -> bool:
    return graded.rubric.assignment == part.record.assignment


def _all_events(parts: Iterable[_Part], marks: MarksFile) -> tuple[Event, ...]:
    """Every decision that stands in the class's file or in a part's; those of the parts are added to the class's."""
    events = {event.id: event for part in parts for event in MarksFile(marks_path(part.output.folder)).read()}
    marks.append_after(lambda known: [event for key, event in events.items() if key not in {one.id for one in known}])
    return marks.read()


def _is_unknown(event: Event, parts: Iterable[_Part]) -> bool:
    """Whether a part has grades that an event may concern, and did not know it; who works on what concerns none."""
    return event.kind != "claim" and any(
        event.id not in part.record.events and (event.submission is None or part.record.shard.holds(event.submission))
        for part in parts
    )


def _copy(source: SubmissionFolder, target: SubmissionFolder) -> None:
    """Puts all that is stored of a submission into a second place."""
    target.remove()
    for path in source.files():
        copy_atomically(path, target.folder / path.relative_to(source.folder))


def _mistake(found: str, *, fix: str, expected: str = "") -> UsageError:
    return UsageError(f"{found}.", expected=expected, fix=fix)
