"""``grader grade``: a batch of submissions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from grader.cli.options import RunOptions, run_options

if TYPE_CHECKING:
    from grader.batch import Cohort
    from grader.rubric import Rubric
    from grader.store import OutputFolder


@click.command()
@click.argument("rubric", type=click.Path(path_type=Path))
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the pages, the gradebook and the evidence. Run again, only what changed is done.",
)
@click.option(
    "--roster",
    type=click.Path(path_type=Path),
    help="The list of the class as CSV, or the worksheet or gradebook that the platform exported: joins what exports "
    "call people, and says who handed in nothing.",
)
@click.option(
    "--roster-column",
    multiple=True,
    metavar="KIND=HEADING",
    help="Which column of the roster holds what, where that is not found: name, first, last, email, number, user, id, "
    "group or submitted; a heading, or the column's number from 1.",
)
@click.option("--deadline", metavar="TIME", help="When it was due, such as 2026-01-31T23:59; later hand-ins are late.")
@click.option(
    "--attempts",
    type=click.Choice(["last", "first", "best"]),
    default="last",
    show_default=True,
    help="Which of a student's attempts counts: the last or first before the deadline, or the best.",
)
@run_options
@click.option(
    "--replay",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of the trainings to repeat outside, bit for bit. Trainings with an integrity finding always are.",
)
@click.option(
    "--rerun-borderline",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="K",
    help="Run a submission with a figure near its line under K more seeds, and decide by the median.",
)
@click.option(
    "--hints",
    is_flag=True,
    help="Say which change of a student's own call mends what it cost, where repeating the training with it proves it. "
    "For you: what students are told of it, the rubric says (hints: off, location, direction or edit).",
)
@click.option(
    "--marks",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The tutor's file, see grader marks. Default: OUTPUT.marks.jsonl beside the output folder.",
)
@click.option(
    "--again",
    multiple=True,
    metavar="ID|all",
    help="Execute this submission again, whatever the output folder holds: its id, or the beginning of it. May be "
    "given several times; all is every submission.",
)
@click.option(
    "--sample-of",
    type=click.IntRange(min=1),
    metavar="N",
    help="A dry run before the whole class: grade the N submissions that differ most in code and headings, and say "
    "what that foretells. The same command without it grades the others.",
)
@click.option(
    "--shard",
    metavar="K/N",
    help="Grade the part K of N of what is given, into a folder of its own; grader merge puts the parts together.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Show the time of each submission, and the part that grader itself took."
)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing but errors.")
def grade(  # noqa: PLR0913
    *,
    rubric: Path,
    submissions: tuple[Path, ...],
    output: Path,
    roster: Path | None,
    roster_column: tuple[str, ...],
    deadline: str | None,
    attempts: Literal["last", "first", "best"],
    run: RunOptions,
    replay: float,
    rerun_borderline: int,
    hints: bool,
    marks: Path | None,
    again: tuple[str, ...],
    sample_of: int | None,
    shard: str | None,
    verbose: bool,
    quiet: bool,
) -> None:
    """Grade SUBMISSIONS (notebooks, folders of them, or archives) by RUBRIC.

    Exports of learning platforms may be given as archives or unpacked. What is graded is added to OUTPUT, which is the
    class's: earlier submissions stay.

    Writes OUTPUT/index.html, gradebook.csv and summary.json for the tutor, and for each submission
    OUTPUT/submissions/<id>/feedback.html and grade.json.
    """
    from grader.batch import Shard, grade_batch
    from grader.cli import EXIT_INFRASTRUCTURE
    from grader.cli.display import BatchDisplay, show_capacity, show_hints, show_stale, show_summary, show_unmeasured
    from grader.cli.options import class_options, existing_file
    from grader.errors import UsageError
    from grader.marks import MarksFile, marks_path
    from grader.rubric import load_rubric
    from grader.store import OutputFolder

    loaded = load_rubric(existing_file(rubric, what="a rubric, such as rubrics/week09.yaml"))
    part = None if shard is None else Shard.parse(shard)
    if part is not None and sample_of is not None:
        raise UsageError("--shard and --sample-of: a part is no whole class.", fix="Give one of them.")
    about = class_options(roster, columns=roster_column, deadline=deadline, attempts=attempts)
    settings = run.settings(loaded, quiet=quiet, replay_share=replay, reruns=rerun_borderline, hints=hints)
    at_once = run.capacity(settings.limits)
    if not quiet:
        show_stale(loaded, settings.data_sets, settings.environment)
        show_capacity(at_once)
    with BatchDisplay(quiet=quiet) as display:
        cohort = grade_batch(
            submissions,
            settings,
            output=OutputFolder(output),
            jobs=at_once.jobs,
            again=again == ("all",) or again,
            marks=MarksFile(existing_file(marks, what="a tutor's file") if marks else marks_path(output)),
            on_start=display.on_start,
            on_progress=display.on_progress,
            about=about,
            sample_of=sample_of,
            shard=part,
        )
    if not quiet:
        show_summary(cohort, output=output if part is None else None, verbose=verbose)
        if hints:
            show_hints(cohort.graded)
        show_unmeasured(cohort.graded, rubric=loaded, data=settings.data_sets.kind)
        if sample_of is not None:
            _show_sample(cohort, loaded, output=OutputFolder(output), jobs=at_once.jobs)
    if cohort.need_review_of_infrastructure:
        raise SystemExit(EXIT_INFRASTRUCTURE)


def _show_sample(cohort: Cohort, rubric: Rubric, *, output: OutputFolder, jobs: int) -> None:
    """What the sample foretells of the class, one line for each kind of it."""
    from grader.batch.sample import foretell

    told = foretell(cohort.graded, rubric, output=output, handed_in=cohort.handed_in, jobs=jobs)
    click.echo(f"A sample of {len(cohort.graded)} of {cohort.handed_in} submissions:")
    click.echo(f"  criteria of which nobody earned a point: {', '.join(told.never_passed) or 'none'}")
    click.echo(f"  sections whose heading nobody has: {', '.join(told.unused) or 'none'}")
    lacking = (f"{name} (needed by {count})" for name, count in told.lacking.items())
    click.echo(f"  packages that the environment lacks: {', '.join(lacking) or 'none'}")
    if told.hours is not None:
        click.echo(f"  executing the whole class takes about {told.hours:.2g} hours, {jobs} at a time")
