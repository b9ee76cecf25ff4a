"""``grader release``: what students are given of a rubric."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("rubric", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The archive to write. Default: ASSIGNMENT.zip.",
)
def release(*, rubric: Path, output: Path | None) -> None:
    """Make the archive by which students check their notebooks: RUBRIC without what is hidden, and a sample of data."""
    from grader.cli.options import existing_file
    from grader.rubric import load_rubric
    from grader.selfcheck.release import release as write

    loaded = load_rubric(existing_file(rubric, what="a rubric, such as rubrics/week09.yaml"))
    target = output or Path(f"{loaded.assignment}.zip")
    kept_back = write(loaded, target)
    click.echo(f"{target}: for students, with grader check NOTEBOOK --release {target.name}")
    for what in kept_back:
        click.echo(f"  kept back: {what}")
