"""``grader grade``: a batch of submissions."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import RunOptions, run_options


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
    "--marks",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The tutor's file, see grader marks. Default: OUTPUT.marks.jsonl beside the output folder.",
)
@click.option("--again", is_flag=True, help="Execute every submission again, whatever the output folder holds.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show the time of each submission, and the part that grader itself took."
)
@click.option("-q", "--quiet", is_flag=True, help="Show nothing but errors.")
def grade(  # noqa: PLR0913
    *,
    rubric: Path,
    submissions: tuple[Path, ...],
    output: Path,
    run: RunOptions,
    replay: float,
    rerun_borderline: int,
    marks: Path | None,
    again: bool,
    verbose: bool,
    quiet: bool,
) -> None:
    """Grade SUBMISSIONS (notebooks, folders of them, or zip archives) by RUBRIC.

    Exports of Moodle, Canvas, Blackboard and Gradescope may be given as archives or unpacked.

    Writes OUTPUT/index.html, gradebook.csv and summary.json for the tutor, and for each submission
    OUTPUT/submissions/<id>/feedback.html and grade.json.
    """
    from grader.batch import grade_batch
    from grader.cli import EXIT_INFRASTRUCTURE
    from grader.cli.display import BatchDisplay, show_stale, show_summary, show_unmeasured
    from grader.cli.options import existing_file
    from grader.marks import MarksFile, marks_path
    from grader.rubric import load_rubric
    from grader.store import OutputFolder

    loaded = load_rubric(existing_file(rubric, what="a rubric, such as rubrics/week09.yaml"))
    settings = run.settings(loaded, quiet=quiet, replay_share=replay, reruns=rerun_borderline)
    if not quiet:
        show_stale(loaded, settings.data_sets)
    with BatchDisplay(quiet=quiet) as display:
        cohort = grade_batch(
            submissions,
            settings,
            output=OutputFolder(output),
            jobs=run.jobs,
            again=again,
            marks=MarksFile(existing_file(marks, what="a tutor's file") if marks else marks_path(output)),
            on_start=display.on_start,
            on_progress=display.on_progress,
        )
    if not quiet:
        show_summary(cohort, output=output, verbose=verbose)
        show_unmeasured(cohort.graded, rubric=loaded, data=settings.data_sets.kind)
    if cohort.need_review_of_infrastructure:
        raise SystemExit(EXIT_INFRASTRUCTURE)
