"""``grader check``: one notebook, for its author."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import RunOptions, run_options

RUBRICS = Path("rubrics")


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option(
    "--rubric",
    type=click.Path(path_type=Path),
    help="The rubric. Default: the one below ./rubrics whose headings fit the notebook best.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to keep the page and the evidence in. Default: nothing is kept.",
)
@run_options
def check(
    *,
    notebook: Path,
    rubric: Path | None,
    output: Path | None,
    run: RunOptions,
) -> None:
    """Check one NOTEBOOK before it is handed in: verdicts in the terminal, with what to do next."""
    import tempfile

    from grader.batch import grade_batch
    from grader.cli import EXIT_INFRASTRUCTURE
    from grader.cli.display import BatchDisplay, show_verdicts
    from grader.cli.options import existing_file
    from grader.environment import own_environment
    from grader.errors import UsageError
    from grader.intake import read_submission
    from grader.matching import best_rubric
    from grader.rubric import load_rubric
    from grader.store import OutputFolder

    notebook = existing_file(notebook, what="a notebook").resolve()
    if notebook.suffix.lower() == ".zip":
        raise UsageError(
            f"{notebook}: this is an archive.",
            expected="One notebook.",
            fix="Unpack it first, or grade all of it with grader grade.",
        )
    if rubric is None:
        submission, _ = read_submission(notebook, sandbox=run.sandbox(own_environment()))
        chosen, why = best_rubric(submission.cells, folder=RUBRICS)
        click.echo(f"Rubric: {chosen} ({why})")
        rubric = chosen
    loaded = load_rubric(existing_file(rubric, what="a rubric, such as rubrics/week09.yaml"))
    with tempfile.TemporaryDirectory(prefix="grader-check-") as scratch, BatchDisplay(quiet=False) as display:
        cohort = grade_batch(
            [notebook],
            run.settings(loaded),
            output=OutputFolder(output or Path(scratch)),
            jobs=1,
            again=False,
            on_start=display.on_start,
            on_progress=display.on_progress,
            about=None,
        )
    (graded,) = cohort.graded
    show_verdicts(graded)
    if output is not None:
        click.echo(f"Page: {output / 'submissions' / graded.submission.id / 'feedback.html'}")
    if cohort.need_review_of_infrastructure:
        raise SystemExit(EXIT_INFRASTRUCTURE)
