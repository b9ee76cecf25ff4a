"""Marks that are checked against what was graded before they are written down."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from grader.errors import StoreError, UsageError
from grader.marks.alike import all_failed_alike
from grader.marks.apply import unmarked
from grader.marks.effective import Decisions
from grader.marks.events import Event, EventKind
from grader.marks.file import MarksFile
from grader.records import GradedSubmission, Verdict
from grader.store import OutputFolder

COLUMNS = ("submission", "criterion", "points", "reason", "by", "time")
"""The columns of a table of marks; the first three are needed to read one in."""


@dataclass(frozen=True)
class Recorder:
    """Writes what one person decides on the submissions of an output folder.

    Attributes:
        by: Who.
    """

    output: OutputFolder
    file: MarksFile
    by: str

    def mark(
        self, submission: str, criterion: str, points: float, *, reason: str = "", internal: bool = False
    ) -> Event:
        """Gives points.

        Raises:
            UsageError: There is no such submission or criterion, or it has fewer points.
        """
        verdict = self._verdict(submission, criterion)
        if not 0 <= points <= verdict.points:
            raise UsageError(
                f"{submission}, {criterion}: {points:g} points were given.",
                expected=f"From 0 to {verdict.points:g}, which the rubric has for it.",
                fix="Give points within that, or change the rubric first and grade again.",
            )
        return self.decide(
            "mark",
            submission=submission,
            criterion=criterion,
            points=points,
            seen=verdict.seen,
            text=reason or None,
            internal=internal or None,
        )

    def reopen(self, submission: str, criterion: str) -> Event:
        """Asks for another look.

        Raises:
            UsageError: There is no such submission or criterion.
        """
        self._verdict(submission, criterion)
        return self.decide("outcome", submission=submission, criterion=criterion, outcome="needs_review")

    def comment(self, submission: str, text: str, *, criterion: str | None = None) -> Event:
        """Says something to the student.

        Raises:
            UsageError: There is no such submission or criterion.
        """
        if criterion is None:
            self._graded(submission)
        else:
            self._verdict(submission, criterion)
        return self.decide("comment", submission=submission, criterion=criterion, text=text)

    def failed_alike(self, submission: str, criterion: str) -> tuple[str, ...]:
        """The submissions of whose criterion the same was said, numbers aside, this one among them.

        Raises:
            UsageError: There is no such submission or criterion, or nothing was said of this one.
        """
        self._verdict(submission, criterion)
        grades = {name: self._graded(name) for name in submission_ids(self.output)}
        verdicts = {
            name: unmarked(one)
            for name, grade in grades.items()
            for one in grade.verdicts
            if one.criterion == criterion
        }
        found = next((group for group in all_failed_alike(verdicts) if submission in group), ())
        if not found:
            raise UsageError(
                f"{submission}, {criterion}: nothing was said of it that could be said of others.",
                expected="A criterion that lost points, or waits, with a feedback that says why.",
                fix="Comment on it alone, without --alike.",
            )
        return found

    def undo(self, event_id: str) -> Event:
        """Takes an event back.

        Args:
            event_id: Its id, or a beginning that no other event has.

        Raises:
            UsageError: There is no such event, or several.
        """
        found = [event.id for event in self.file.read() if event.id.startswith(event_id)]
        if len(found) != 1:
            raise UsageError(
                f"{event_id}: {len(found)} events have an id that starts so.",
                expected="The id of one event.",
                fix="See the ids with: grader marks list --history",
            )
        return self.decide("undo", of=found[0])

    def read_table(self, path: Path) -> list[Event]:
        """Makes a mark of each row of a CSV table in which points are given.

        Raises:
            UsageError: A row cannot be used; every such row is named, and nothing is written.
        """
        rows = _rows(path)
        events, problems = list[Event](), list[str]()
        for number, row in enumerate(rows, start=2):
            if not (row.get("points") or "").strip():
                continue
            try:
                points = float((row["points"] or "").replace(",", "."))
                submission, criterion = (row["submission"] or "").strip(), (row["criterion"] or "").strip()
                events.append(self.mark(submission, criterion, points, reason=(row.get("reason") or "").strip()))
            except UsageError as error:
                problems.append(f"{path}:{number}: {error}")
            except ValueError:
                problems.append(f"{path}:{number}: {row['points']!r} are no points; a number was expected.")
        if problems:
            raise UsageError("\n".join(problems), fix="Correct these rows; nothing of the table was taken over.")
        return events

    def decide(self, kind: EventKind, **fields: object) -> Event:
        """Makes an event of any kind, see `Event`.

        Raises:
            UsageError: Its fields do not go together.
        """
        try:
            return Event.model_validate({"by": self.by, "kind": kind, **fields})
        except ValidationError as error:
            raise UsageError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error

    def _graded(self, submission: str) -> GradedSubmission:
        return graded_submission(self.output, submission)

    def _verdict(self, submission: str, criterion: str) -> Verdict:
        verdicts = {verdict.criterion: verdict for verdict in self._graded(submission).verdicts}
        if criterion not in verdicts:
            raise UsageError(
                f"{criterion}: the rubric has no such criterion.",
                expected=f"One of {', '.join(verdicts)}.",
                fix=_close(criterion, verdicts),
            )
        return verdicts[criterion]


def graded_submission(output: OutputFolder, submission: str) -> GradedSubmission:
    """What a submission was graded.

    Raises:
        UsageError: There is no such submission.
    """
    graded = output.submission(submission).read_grade() if "/" not in submission and submission else None
    if graded is None:
        raise UsageError(
            f"{submission}: {output.folder} holds no grade of a submission of that id.",
            expected="An id as in the gradebook's column id.",
            fix=_close(submission, submission_ids(output)),
        )
    return graded


def submission_ids(output: OutputFolder) -> list[str]:
    """The ids of all submissions that the output folder holds a grade of."""
    return sorted(path.parent.name for path in (output.folder / "submissions").glob("[!.]*/grade.json"))


def marks_csv(output: OutputFolder, events: Sequence[Event], *, pending: bool) -> str:
    """A table of what people decided, which `Recorder.read_table` takes.

    Args:
        output: Where the grades are.
        events: Of the tutor's file.
        pending: Whether criteria that wait for a person get a row too, with no points yet.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    decisions = Decisions(events)
    for submission in dict.fromkeys((*submission_ids(output), *decisions.submissions())):
        graded = output.submission(submission).read_grade()
        verdicts = {} if graded is None else {verdict.criterion: verdict for verdict in graded.verdicts}
        marks = {mark.criterion: mark for mark in decisions.of(submission).marks}
        for criterion in dict.fromkeys((*verdicts, *marks)):
            mark, verdict = marks.get(criterion), verdicts.get(criterion)
            if mark is not None:
                points = _points_of(mark.points, verdict)
                given = "" if points is None else f"{points:g}"
                writer.writerow([submission, criterion, given, mark.text, mark.by, mark.time.isoformat()])
            elif pending and verdict is not None and verdict.pending:
                writer.writerow([submission, criterion, "", "", "", ""])
    return buffer.getvalue()


def _points_of(given: float | None, verdict: Verdict | None) -> float | None:
    if given is not None or verdict is None or verdict.mark is None:
        return given
    return verdict.mark.earned


def problems_of(output: OutputFolder, events: Sequence[Event]) -> list[str]:
    """What does not fit: marks of unknown submissions and criteria, with too many points, or stale; a line each."""
    decisions = Decisions(events)
    problems = []
    for submission in decisions.submissions():
        graded = output.submission(submission).read_grade()
        marks = decisions.of(submission).marks
        if graded is None:
            problems.append(f"{submission}: {output.folder} holds no grade of it, and {_count(len(marks))} of it.")
            continue
        verdicts = {verdict.criterion: verdict for verdict in graded.verdicts}
        for mark in marks:
            verdict = verdicts.get(mark.criterion)
            given = None if verdict is None else mark.earned(verdict.points)
            if verdict is None:
                problems.append(f"{submission}, {mark.criterion}: the rubric has no such criterion any more.")
            elif given is not None and given > verdict.points:
                problems.append(
                    f"{submission}, {mark.criterion}: {given:g} points were given, and the rubric has "
                    f"{verdict.points:g} for it now."
                )
            elif mark.seen and mark.seen != verdict.seen:
                problems.append(
                    f"{submission}, {mark.criterion}: stale: the answer or what was measured has changed since "
                    f"{mark.by} gave {'another look' if given is None else f'{given:g} points'} on "
                    f"{mark.time:%Y-%m-%d}. Mark it again."
                )
    return problems


def _count(marks: int) -> str:
    return f"{marks} mark{'' if marks == 1 else 's'}"


def _rows(path: Path) -> list[dict[str, str | None]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: it cannot be read ({error}).", expected="A CSV file in UTF-8.") from error
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text.partition("\n")[0], delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    rows = list(csv.DictReader(io.StringIO(text), dialect=dialect))
    missing = [name for name in COLUMNS[:3] if rows and name not in rows[0]]
    if missing or not rows:
        raise UsageError(
            f"{path}: {'it has no rows' if not rows else 'it has no column ' + ', '.join(missing)}.",
            expected=f"A table with the columns {', '.join(COLUMNS[:3])}, and reason if you like.",
            fix="See one with: grader marks export OUT --pending",
        )
    return rows


def _close(name: str, known: Iterable[str] | Mapping[str, object]) -> str:
    found = difflib.get_close_matches(name, list(known), n=3)
    return f"Did you mean {' or '.join(found)}?" if found else "Check how it is written."
