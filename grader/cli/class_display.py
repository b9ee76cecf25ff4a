"""A class that was graded, in the terminal and for programs: who needs a look first, then what there is to know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from grader.cli.terminal import Part, console, print_json, table, tell, title
from grader.judging.results import counted
from grader.records import GradedSubmission
from grader.report.labels import STATUSES
from grader.report.summary import summary
from grader.store import OutputFolder

if TYPE_CHECKING:
    from grader.batch import Capacity, Cohort
    from grader.batch.sample import Foretold
    from grader.marks import Event
    from grader.rubric import DataKind, Rubric
    from grader.task import Settings

_GROUPS = {
    "not_run": ("not run", "red"),
    "infrastructure": ("for a tutor to review because of the grading system", "yellow"),
    "needs_review": ("for a tutor to review", "cyan"),
    "graded": ("graded", "green"),
}
"""In the order in which they are shown; how their number is told, and a colour."""

_POINTS = ("earned", "pending", "of", "bonus")
_NAMED = 5


@dataclass(frozen=True)
class ClassAnswer:
    """What a command that grades a class says at its end.

    Attributes:
        output: The output folder.
        has_pages: Whether the class's pages stand in it; a part of a class has none.
        notes: What there is to know of the whole, a sentence or two each.
        sample: What a sample foretells of the class; None where none was asked for.
    """

    cohort: Cohort
    output: OutputFolder
    has_pages: bool = True
    notes: tuple[str, ...] = ()
    sample: Foretold | None = None

    @property
    def pages(self) -> Path | None:
        """The page to begin with."""
        return self.output.folder / "index.html" if self.has_pages else None

    def give(self, *, as_json: bool, verbose: bool = False) -> None:
        """Prints it, for programs or for people."""
        if as_json:
            self._print_json()
        else:
            self._show(console(), verbose=verbose)

    def _print_json(self) -> None:
        # The form of summary.json, of the submissions given now.
        found = summary(self.cohort.graded, people=self.output.read_people())
        more = {
            "output": str(self.output.folder),
            "pages": None if self.pages is None else str(self.pages),
            "executed": sorted(self.cohort.executed),
            "notes": list(self.notes),
            "sample": None if self.sample is None else asdict(self.sample),
        }
        print_json(json.dumps({**found, **more}, indent=1, ensure_ascii=False))

    def _show(self, to: Console, *, verbose: bool) -> None:
        order = list(_GROUPS)
        graded = sorted(self.cohort.graded, key=lambda one: order.index(_group(one)))
        heads = ("submission", "status", *_POINTS, *(("seconds", "harness") if verbose else ()))
        table(to, heads, [_row(one, verbose=verbose) for one in graded], numbers=heads[2:])
        counts = [(sum(_group(one) == group for one in graded), words) for group, (words, _) in _GROUPS.items()]
        told = ", ".join(f"{count} {words}" for count, words in counts if count)
        title(to, f"{counted(len(graded), 'submission')}{f': {told}' if told else ''}.")
        for note in self.notes:
            tell(to, (note, "yellow"), lead="* ")
        if self.sample is not None:
            _show_sample(to, self.sample, self.cohort)
        pages = "grader merge writes the pages, once all parts are there." if self.pages is None else str(self.pages)
        tell(to, f"Pages: {pages}")


def notes_of(graded: Sequence[GradedSubmission], *, why_cold: str = "") -> list[str]:
    """What a tutor should know of these submissions, the grading system's own failures first.

    Args:
        graded: All that were given.
        why_cold: Why kernels were started afresh, if that is so.
    """
    failed: dict[str, list[str]] = {}
    for one in graded:
        if _group(one) == "infrastructure":
            failed.setdefault(_what_failed(one), []).append(one.submission.id)
    notes = [f"{', '.join(ids)}: review is needed because of the grading system. {why}" for why, ids in failed.items()]
    cold = f"Each kernel imported its libraries itself: {why_cold}." if why_cold else ""
    return [*notes, *filter(None, (cold, _stale_marks(graded), _untimed(graded)))]


def hint_notes(graded: Iterable[GradedSubmission]) -> tuple[str, ...]:
    """What was proved to win back what submissions lost, a hint each."""
    return tuple(
        f"{one.submission.id}, {', '.join(hint.sections)}: {hint.text}" for one in graded for hint in one.hints
    )


def unmeasured_note(graded: Iterable[GradedSubmission], *, rubric: Rubric, data: DataKind) -> str:
    """The criteria that wait for a spread of the reference that was never measured, and how to measure it."""
    from grader.rubric import criteria_of_spread

    waiting = {verdict.criterion for one in graded for verdict in one.verdicts if verdict.cause == "infrastructure"}
    named = [name for name in criteria_of_spread(rubric) if name in waiting]
    if data in rubric.calibrations or not named:
        return ""
    return (
        f"{', '.join(named)}: the reference's spread was never measured on the {data} data, so a person must"
        f" decide. Measure it with: grader calibrate {rubric.path} --data {data}. Then grade again: what was"
        " executed is not executed again."
    )


def unapplied_note(events: Sequence[Event]) -> str:
    """How many decisions of tutors the parts of a class do not know yet, and what to do."""
    if not events:
        return ""
    of = sorted({event.submission or event.student or "the class" for event in events})
    named = f"{', '.join(of[:_NAMED])}{' and others' if len(of) > _NAMED else ''}"
    return (
        f"{counted(len(events), 'decision')} of tutors came after the parts were graded, on {named}. To apply them, "
        "run grader grade over the whole class with the merged folder as output, and the merged tutor's file: nothing "
        "is executed again."
    )


def show_beforehand(to: Console, settings: Settings, *, at_once: Capacity | None) -> None:
    """Prints what there is to know before a class is graded.

    What has changed since the reference's spread was measured, on which the bands of a rubric rest; and why fewer
    submissions run at a time than there are processors; ``at_once`` is None where they do not run on this machine.
    """
    from grader.reference.calibration_staleness import calibration_results

    for result in calibration_results(settings.rubric, settings.data_sets, settings.environment):
        if not result.passed and result.name != "exists":
            tell(to, (f"The reference's spread may no longer belong to this rubric. {result.text}", "yellow"))
    if at_once is not None and at_once.why:
        text = f"{counted(at_once.jobs, 'submission')} at a time: {at_once.why}. --jobs sets another number."
        tell(to, (text, "yellow"))


def _group(one: GradedSubmission) -> str:
    if one.status != "not_run" and any(verdict.cause == "infrastructure" for verdict in one.verdicts):
        return "infrastructure"
    return one.status


def _row(one: GradedSubmission, *, verbose: bool) -> list[Part]:
    points = (one.points_earned, one.points_pending, one.points_possible, one.bonus_earned)
    status = STATUSES[one.status] + (" (grading system)" if _group(one) == "infrastructure" else "")
    row: list[Part] = [one.submission.id, (status, _GROUPS[_group(one)][1]), *(f"{value:g}" for value in points)]
    if verbose:
        row += [f"{one.execution.seconds:.1f}", f"{one.execution.overhead_seconds:.2f}"]
    return row


def _show_sample(to: Console, told: Foretold, cohort: Cohort) -> None:
    title(to, f"What this sample of {len(cohort.graded)} of {counted(cohort.handed_in, 'submission')} foretells:")
    tell(to, f"criteria of which nobody earned a point: {', '.join(told.never_passed) or 'none'}", lead="* ")
    tell(to, f"sections whose heading nobody has: {', '.join(told.unused) or 'none'}", lead="* ")
    lacking = (f"{name} (needed by {count})" for name, count in told.lacking.items())
    tell(to, f"packages that the environment lacks: {', '.join(lacking) or 'none'}", lead="* ")
    if told.hours is not None:
        tell(to, f"executing the whole class takes about {told.hours:.2g} hours", lead="* ")


def _stale_marks(graded: Iterable[GradedSubmission]) -> str:
    stale = [
        f"{one.submission.id}, {verdict.criterion}"
        for one in graded
        for verdict in one.verdicts
        if verdict.mark is not None and verdict.mark.stale
    ]
    if not stale:
        return ""
    return (
        f"{counted(len(stale), 'mark')} of a tutor no longer fit what was handed in or measured, and wait to be given "
        f"again: {'; '.join(stale)}."
    )


def _untimed(graded: Iterable[GradedSubmission]) -> str:
    untimed = sum(one.late is not None and one.late.submitted is None for one in graded)
    if not untimed:
        return ""
    which = "1 submission was" if untimed == 1 else f"{untimed} submissions were"
    return (
        f"When {which} handed in is not known, so no points are taken off for being late. They are listed on the page."
    )


def _what_failed(one: GradedSubmission) -> str:
    return one.execution.detail or next((v.feedback for v in one.verdicts if v.cause == "infrastructure"), "")
