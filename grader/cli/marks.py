"""``grader marks``: what tutors decide, in a file beside the output folder."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from rich.console import Console

    from grader.marks import Event
    from grader.marks.recording import Recorder

_EXIT_PROBLEMS = 1


@click.group()
def marks() -> None:
    """Write down what tutors decide: points, reasons, comments, extensions and excuses.

    The file lies beside the output folder (OUTPUT.marks.jsonl) and is only ever appended to. `grader grade` applies
    it at every run.
    """


_marks = click.option("--marks", type=click.Path(path_type=Path), help="The tutor's file. Default: OUTPUT.marks.jsonl.")
_by = click.option("--as", "by", metavar="NAME", envvar="GRADER_TUTOR", help="Who marks. Default: your login.")
_events_as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print the events as JSON, one a line, as they stand in the file."
)


def _on_output(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the output folder and the tutor's file as ``recorder``."""

    @functools.wraps(command)
    def with_recorder(*, output: Path, marks: Path | None, **others: Any) -> None:
        command(recorder=_recorder(output, marks=marks), **others)

    return click.argument("output", type=click.Path(path_type=Path))(_marks(with_recorder))


def _writes(command: Callable[..., list[Event]]) -> Callable[..., None]:
    """Writes down the events that a command makes with its ``recorder``, and shows them."""

    @functools.wraps(command)
    def writing(*, output: Path, marks: Path | None, by: str | None, as_json: bool, **others: Any) -> None:
        recorder = _recorder(output, marks=marks, by=by)
        events = command(recorder=recorder, **others)
        recorder.file.append(events)
        _show_written(recorder, events, as_json=as_json)

    return click.argument("output", type=click.Path(path_type=Path))(_marks(_by(_events_as_json(writing))))


def _recorder(output: Path, *, marks: Path | None, by: str | None = None) -> Recorder:
    import getpass

    from grader.errors import UsageError
    from grader.marks import MarksFile, marks_path
    from grader.marks.recording import Recorder
    from grader.store import OutputFolder

    if not output.is_dir():
        raise UsageError(
            f"{output}: there is no such folder.",
            expected="The output folder of grader grade.",
            fix="Grade first, or check the path.",
        )
    return Recorder(OutputFolder(output), MarksFile(marks or marks_path(output)), by or getpass.getuser())


@marks.command()
@_writes
@click.argument("submission")
@click.argument("criterion")
@click.argument("points", type=float)
@click.option("--reason", default="", help="For the student.")
@click.option("--internal", is_flag=True, help="The reason is for tutors alone.")
def add(
    *, recorder: Recorder, submission: str, criterion: str, points: float, reason: str, internal: bool
) -> list[Event]:
    """Give POINTS for a CRITERION of a SUBMISSION (ids as in the gradebook)."""
    return [recorder.mark(submission, criterion, points, reason=reason, internal=internal)]


@marks.command()
@_writes
@click.argument("submission")
@click.argument("text")
@click.option("--criterion", help="What the comment speaks of. Default: the whole submission.")
@click.option("--alike", is_flag=True, help="To all of whom the same was said on the criterion, numbers aside.")
@click.option("--yes", is_flag=True, help="With --alike: write it. Without, only show to whom.")
def comment(
    *, recorder: Recorder, submission: str, text: str, criterion: str | None, alike: bool, yes: bool
) -> list[Event]:
    """Say TEXT to the student of a SUBMISSION, with no points."""
    if not alike:
        return [recorder.comment(submission, text, criterion=criterion)]
    if criterion is None:
        raise click.UsageError("--alike needs --criterion: who failed alike did so on a criterion.")
    names = recorder.failed_alike(submission, criterion)
    if yes:
        return [recorder.comment(name, text, criterion=criterion) for name in names]
    for name in names:
        click.echo(name, err=True)
    click.echo(f"{len(names)} failed alike. Nothing is written yet: look at them, then add --yes.", err=True)
    return []


@marks.command()
@_writes
@click.argument("submission")
@click.argument("criterion")
def reopen(*, recorder: Recorder, submission: str, criterion: str) -> list[Event]:
    """Ask for another look by a tutor at a CRITERION; its points are pending until then."""
    return [recorder.reopen(submission, criterion)]


@marks.command()
@_writes
@click.argument("student")
@click.argument("until", type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]))
@click.option("--reason", help="For tutors.")
def extend(*, recorder: Recorder, student: str, until: datetime, reason: str | None) -> list[Event]:
    """Give a STUDENT (key as in people.json) another deadline, UNTIL, in local time."""
    return [recorder.decide("extension", student=student, until=until.astimezone(), text=reason)]


@marks.command()
@_writes
@click.argument("student")
@click.option("--off", is_flag=True, help="Take the excuse back.")
@click.option("--reason", help="For tutors.")
def excuse(*, recorder: Recorder, student: str, off: bool, reason: str | None) -> list[Event]:
    """Free a STUDENT (key as in people.json) of this assignment."""
    return [recorder.decide("excuse", student=student, on=not off, text=reason)]


@marks.command()
@_writes
@click.argument("event")
def undo(*, recorder: Recorder, event: str) -> list[Event]:
    """Take an EVENT back (its id, or the beginning of it)."""
    return [recorder.undo(event)]


@marks.command(name="list")
@_on_output
@click.option("--submission", help="Of this one alone.")
@click.option("--history", is_flag=True, help="Every event, not the last ones alone.")
@_events_as_json
def list_events(*, recorder: Recorder, submission: str | None, history: bool, as_json: bool) -> None:
    """Show what was decided, by whom and when; as JSON every event."""
    from grader.cli.terminal import console, print_json, tell
    from grader.judging.results import counted
    from grader.marks.listing import counting

    events = recorder.file.read()
    shown = events if history or as_json else counting(events)
    chosen = [event for event in shown if submission is None or event.submission == submission]
    if as_json:
        print_json("".join(event.line() for event in chosen))
        return
    to = console()
    for event in chosen:
        _show(to, event)
    tell(to, f"{recorder.file.path}: {counted(len(events), 'event')}.")


@marks.command()
@_on_output
@json_option
def check(*, recorder: Recorder, as_json: bool) -> None:
    """Say which marks fit no longer: stale ones, unknown submissions or criteria, too many points.

    Exit code 1 where there are any.
    """
    from grader.cli.answers import CheckedMarks
    from grader.cli.terminal import console, print_json, tell
    from grader.judging.results import counted
    from grader.marks.recording import problems_of

    events = recorder.file.read()
    problems = problems_of(recorder.output, events)
    if as_json:
        print_json(CheckedMarks(file=str(recorder.file.path), events=len(events), problems=tuple(problems)))
    else:
        to = console()
        for problem in problems:
            tell(to, problem, lead=("- ", "red"))
        fit = "all fit" if not problems else f"{counted(len(problems), 'mark')} fit no longer"
        tell(to, f"{recorder.file.path}: {counted(len(events), 'event')}, {fit}.")
    if problems:
        raise SystemExit(_EXIT_PROBLEMS)


@marks.command(name="import")
@_writes
@click.argument("table", type=click.Path(path_type=Path))
def import_table(*, recorder: Recorder, table: Path) -> list[Event]:
    """Take marks from a CSV TABLE with the columns submission, criterion, points, and reason.

    Rows without points are left out. A table with a row that cannot be used is refused as a whole.
    """
    return recorder.read_table(table)


@marks.command()
@_on_output
@click.option("--pending", is_flag=True, help="With a row for each criterion that waits for a tutor.")
@click.option("-t", "--to", "table", type=click.Path(path_type=Path), help="Write there. Default: the terminal.")
def export(*, recorder: Recorder, pending: bool, table: Path | None) -> None:
    """Write marks as a CSV table, which `grader marks import` takes."""
    from grader.marks.recording import marks_csv
    from grader.store import write_atomically

    text = marks_csv(recorder.output, recorder.file.read(), pending=pending)
    if table is None:
        click.echo(text, nl=False)
    else:
        write_atomically(table, text)


def _show_written(recorder: Recorder, events: list[Event], *, as_json: bool) -> None:
    from grader.cli.terminal import console, print_json, tell
    from grader.judging.results import counted

    if as_json:
        print_json("".join(event.line() for event in events))
        return
    if not events:
        return
    to = console()
    for event in events:
        _show(to, event)
    tell(to, f"Written to {recorder.file.path} ({counted(len(events), 'event')}). Run grader grade again to apply.")


def _show(to: Console, event: Event) -> None:
    from grader.cli.terminal import tell
    from grader.marks.listing import described

    tell(to, described(event), lead="* ")
