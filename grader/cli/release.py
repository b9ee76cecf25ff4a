"""``grader release``: what students are given of a rubric."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.terminal import json_option


@click.command()
@click.argument("rubric", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The archive to write. Default: ASSIGNMENT.zip.",
)
@json_option
def release(*, rubric: Path, output: Path | None, as_json: bool) -> None:
    """Make the archive by which students check their notebooks: RUBRIC without what is hidden, and a sample of data."""
    from grader.cli.answers import Released
    from grader.cli.options import existing_file
    from grader.cli.terminal import console, print_json, tell
    from grader.rubric import load_rubric
    from grader.selfcheck.release import release as write

    loaded = load_rubric(existing_file(rubric, what="a rubric, such as rubrics/week09.yaml"))
    target = output or Path(f"{loaded.assignment}.zip")
    kept_back = write(loaded, target)
    if as_json:
        print_json(Released(archive=str(target), kept_back=kept_back))
        return
    to = console()
    tell(to, f"{target}: for students, with grader check NOTEBOOK --release {target.name}")
    for what in kept_back:
        tell(to, f"  kept back: {what}")
