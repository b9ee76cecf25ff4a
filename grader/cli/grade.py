"""``grader grade``: a batch of submissions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from grader.cli.options import RunOptions, class_options, run_options
from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from grader.batch import Capacity, Scheduler, Shard
    from grader.cli.class_display import ClassAnswer
    from grader.intake import Class
    from grader.marks import MarksFile
    from grader.task import Settings


class _Wanted(TypedDict):
    """What of a class is to be graded, see `grader.batch.grade_batch`."""

    about: Class
    again: bool | tuple[str, ...]
    marks: MarksFile
    sample_of: int | None
    shard: Shard | None
    scheduler: Scheduler | None


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
@class_options
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
    help="Say which change of a student's own call wins back what it cost, where repeating the training with it proves "
    "it. For you: what students are told of it, the rubric says (hints: off, location, direction or edit).",
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
    "--scheduler",
    metavar="ADDRESS",
    help="Execute notebooks on a Dask cluster, such as tcp://host:8786, or tls://host:8786 with certificates.",
)
@click.option(
    "--tls-ca",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The certificate that the cluster's are signed by. Default of all three: Dask's own configuration.",
)
@click.option("--tls-cert", type=click.Path(dir_okay=False, path_type=Path), help="Our certificate for the cluster.")
@click.option("--tls-key", type=click.Path(dir_okay=False, path_type=Path), help="The key of that certificate.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show the time of each submission, and the part that grader itself took."
)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing but errors.")
@json_option
def grade(  # noqa: PLR0913
    *,
    rubric: Path,
    submissions: tuple[Path, ...],
    output: Path,
    about: Class,
    run: RunOptions,
    replay: float,
    rerun_borderline: int,
    hints: bool,
    marks: Path | None,
    again: tuple[str, ...],
    sample_of: int | None,
    shard: str | None,
    scheduler: str | None,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    verbose: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Grade SUBMISSIONS (notebooks, folders of them, or archives) by RUBRIC.

    Exports of learning platforms may be given as archives or unpacked. What is graded is added to OUTPUT, which is the
    class's: earlier submissions stay.

    Writes OUTPUT/index.html, gradebook.csv and summary.json for the tutor, and for each submission
    OUTPUT/submissions/<id>/feedback.html and grade.json.
    """
    from grader.cli import EXIT_INFRASTRUCTURE
    from grader.cli.class_display import show_beforehand
    from grader.cli.options import cluster_options, existing_file, marks_file
    from grader.cli.terminal import console
    from grader.rubric import load_rubric

    loaded = load_rubric(existing_file(rubric, what="a rubric, such as rubrics/week09.yaml"))
    wanted: _Wanted = {
        "about": about,
        "again": again == ("all",) or again,
        "marks": marks_file(output, marks),
        "sample_of": sample_of,
        "shard": _part(shard, sample_of=sample_of),
        "scheduler": cluster_options(scheduler, ca=tls_ca, cert=tls_cert, key=tls_key),
    }
    settings = run.settings(loaded, quiet=quiet, replay_share=replay, reruns=rerun_borderline, hints=hints)
    at_once = run.capacity(settings.limits)
    show_beforehand(
        console(stderr=True, quiet=quiet), settings, at_once=at_once if wanted["scheduler"] is None else None
    )
    answer = _graded(submissions, settings, output=output, at_once=at_once, quiet=quiet, **wanted)
    if as_json or not quiet:
        answer.give(as_json=as_json, verbose=verbose)
    if answer.cohort.need_review_of_infrastructure:
        raise SystemExit(EXIT_INFRASTRUCTURE)


def _part(shard: str | None, *, sample_of: int | None) -> Shard | None:
    """The part of the submissions that is graded; None for all.

    Raises:
        UsageError: It is none, or a sample is wanted as well.
    """
    from grader.batch import Shard
    from grader.errors import UsageError

    if shard is not None and sample_of is not None:
        raise UsageError("--shard and --sample-of: a part is no whole class.", fix="Give one of them.")
    return None if shard is None else Shard.parse(shard)


def _graded(
    submissions: tuple[Path, ...],
    settings: Settings,
    *,
    output: Path,
    at_once: Capacity,
    quiet: bool,
    **wanted: Unpack[_Wanted],
) -> ClassAnswer:
    """Grades them; with what there is to say at the end."""
    from dataclasses import replace

    from grader.batch import grade_batch
    from grader.batch.sample import foretell
    from grader.cli.class_display import ClassAnswer, hint_notes, notes_of, unmeasured_note
    from grader.cli.display import BatchDisplay
    from grader.store import OutputFolder

    folder, rubric = OutputFolder(output), settings.rubric
    with BatchDisplay(quiet=quiet) as display:
        if wanted["scheduler"] is not None:
            wanted["scheduler"] = replace(wanted["scheduler"], on_notice=display.on_notice)
        on_start, on_progress = display.on_start, display.on_progress
        cohort = grade_batch(
            submissions,
            settings,
            output=folder,
            jobs=at_once.jobs,
            spare=at_once.spare,
            on_start=on_start,
            on_progress=on_progress,
            **wanted,
        )
    told = None
    if wanted["sample_of"] is not None:
        told = foretell(cohort.graded, rubric, output=folder, handed_in=cohort.handed_in, jobs=at_once.jobs)
    unmeasured = unmeasured_note(cohort.graded, rubric=rubric, data=settings.data_sets.kind)
    notes = (*notes_of(cohort.graded, why_cold=cohort.why_cold), *filter(None, [unmeasured]))
    notes += hint_notes(cohort.graded) if settings.hints else ()
    return ClassAnswer(cohort, folder, has_pages=wanted["shard"] is None, notes=notes, sample=told)
