"""``grader marks``: what tutors decide, in a file beside the output folder."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from grader.marks import Event
    from grader.marks.recording import Recorder

_EXIT_PROBLEMS = 1


@click.group()
def marks() -> None:
    """Write down what tutors decide: points, reasons, comments, extensions and excuses.

    The file lies beside the output folder (OUTPUT.marks.jsonl) and is only ever appended to. `grader grade` applies
    it at every run.
    """


def _on_output(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the output folder and the tutor's file as ``recorder``."""

    @functools.wraps(command)
    def with_recorder(*, output: Path, marks: Path | None, by: str | None = None, **others: Any) -> None:
        command(recorder=_recorder(output, marks=marks, by=by), **others)

    with_recorder = click.option(
        "--marks", type=click.Path(path_type=Path), help="The tutor's file. Default: OUTPUT.marks.jsonl."
    )(with_recorder)
    return click.argument("output", type=click.Path(path_type=Path))(with_recorder)


def _recorder(output: Path, *, marks: Path | None, by: str | None) -> Recorder:
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


_by = click.option("--as", "by", metavar="NAME", envvar="GRADER_TUTOR", help="Who marks. Default: your login.")


@marks.command()
@_on_output
@click.argument("submission")
@click.argument("criterion")
@click.argument("points", type=float)
@click.option("--reason", default="", help="For the student.")
@click.option("--internal", is_flag=True, help="The reason is for tutors alone.")
@_by
def add(*, recorder: Recorder, submission: str, criterion: str, points: float, reason: str, internal: bool) -> None:
    """Give POINTS for a CRITERION of a SUBMISSION (ids as in the gradebook)."""
    _append(recorder, [recorder.mark(submission, criterion, points, reason=reason, internal=internal)])


@marks.command()
@_on_output
@click.argument("submission")
@click.argument("text")
@click.option("--criterion", help="What the comment speaks of. Default: the whole submission.")
@click.option("--alike", is_flag=True, help="To all of whom the same was said on the criterion, numbers aside.")
@click.option("--yes", is_flag=True, help="With --alike: write it. Without, only show to whom.")
@_by
def comment(*, recorder: Recorder, submission: str, text: str, criterion: str | None, alike: bool, yes: bool) -> None:
    """Say TEXT to the student of a SUBMISSION, with no points."""
    if not alike:
        _append(recorder, [recorder.comment(submission, text, criterion=criterion)])
        return
    if criterion is None:
        raise click.UsageError("--alike needs --criterion: who failed alike did so on a criterion.")
    names = recorder.failed_alike(submission, criterion)
    if yes:
        _append(recorder, [recorder.comment(name, text, criterion=criterion) for name in names])
        return
    for name in names:
        click.echo(name)
    click.echo(f"{len(names)} failed alike. Nothing is written yet: look at them, then add --yes.")


@marks.command()
@_on_output
@click.argument("submission")
@click.argument("criterion")
@_by
def reopen(*, recorder: Recorder, submission: str, criterion: str) -> None:
    """Ask for another look by a tutor at a CRITERION; its points are pending until then."""
    _append(recorder, [recorder.reopen(submission, criterion)])


@marks.command()
@_on_output
@click.argument("student")
@click.argument("until", type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"]))
@click.option("--reason", help="For tutors.")
@_by
def extend(*, recorder: Recorder, student: str, until: datetime, reason: str | None) -> None:
    """Give a STUDENT (key as in people.json) another deadline, UNTIL, in local time."""
    _append(recorder, [recorder.decide("extension", student=student, until=until.astimezone(), text=reason)])


@marks.command()
@_on_output
@click.argument("student")
@click.option("--off", is_flag=True, help="Take the excuse back.")
@click.option("--reason", help="For tutors.")
@_by
def excuse(*, recorder: Recorder, student: str, off: bool, reason: str | None) -> None:
    """Free a STUDENT (key as in people.json) of this assignment."""
    _append(recorder, [recorder.decide("excuse", student=student, on=not off, text=reason)])


@marks.command()
@_on_output
@click.argument("event")
@_by
def undo(*, recorder: Recorder, event: str) -> None:
    """Take an EVENT back (its id, or the beginning of it)."""
    _append(recorder, [recorder.undo(event)])


@marks.command(name="list")
@_on_output
@click.option("--submission", help="Of this one alone.")
@click.option("--history", is_flag=True, help="Every event, not the last ones alone.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON, one a line.")
def list_events(*, recorder: Recorder, submission: str | None, history: bool, as_json: bool) -> None:
    """Show what was decided, by whom and when."""
    from grader.marks.listing import counting

    events = recorder.file.read()
    shown = events if history or as_json else counting(events)
    for event in shown:
        if submission is None or event.submission == submission:
            click.echo(event.line() if as_json else _described(event), nl=not as_json)
    if not as_json:
        click.echo(f"{recorder.file.path}: {len(events)} event{'' if len(events) == 1 else 's'}.")


@marks.command()
@_on_output
def check(*, recorder: Recorder) -> None:
    """Say which marks fit no longer: stale ones, unknown submissions or criteria, too many points.

    Exit code 1 where there are any.
    """
    from grader.marks.recording import problems_of

    events = recorder.file.read()
    problems = problems_of(recorder.output, events)
    for problem in problems:
        click.echo(problem)
    if problems:
        raise SystemExit(_EXIT_PROBLEMS)
    click.echo(f"{recorder.file.path}: {len(events)} event{'' if len(events) == 1 else 's'}, all fit.")


@marks.command(name="import")
@_on_output
@click.argument("table", type=click.Path(path_type=Path))
@_by
def import_table(*, recorder: Recorder, table: Path) -> None:
    """Take marks from a CSV TABLE with the columns submission, criterion, points, and reason.

    Rows without points are left out. A table with a row that cannot be used is refused as a whole.
    """
    _append(recorder, recorder.read_table(table))


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


def _append(recorder: Recorder, events: list[Event]) -> None:
    recorder.file.append(events)
    for event in events:
        click.echo(_described(event))
    click.echo(
        f"Written to {recorder.file.path} ({len(events)} event{'' if len(events) == 1 else 's'}). "
        "Run grader grade again to apply."
    )


def _described(event: Event) -> str:
    from grader.marks.listing import described

    return described(event)
