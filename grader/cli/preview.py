"""``grader preview``: what an edit of a rubric would do, before it is done."""

from __future__ import annotations

import os
from pathlib import Path

import click

from grader.cli.terminal import json_option


@click.command()
@click.argument("rubric", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(file_okay=False, path_type=Path))
@json_option
@click.option(
    "--page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page, such as OUTPUT/preview.html."
)
@click.option("--data", metavar="full|sample|FOLDER", help="As for grader grade.")
@click.option("--cell-timeout", type=click.FloatRange(min=1), help="As for grader grade.")
@click.option("--notebook-timeout", type=click.FloatRange(min=1), help="As for grader grade.")
@click.option("--memory", type=click.FloatRange(min=0.5), help="As for grader grade.")
@click.option("--python", metavar="PATH", help="As for grader grade.")
@click.option("--rerun-borderline", type=click.IntRange(min=0), default=0, metavar="K", help="As for grader grade.")
@click.option("--deadline", metavar="TIME", help="As for grader grade.")
@click.option(
    "--marks",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The tutor's file, see grader marks. Default: OUTPUT.marks.jsonl beside the output folder.",
)
def preview(  # noqa: PLR0913
    *,
    rubric: Path,
    output: Path,
    as_json: bool,
    page: Path | None,
    data: str | None,
    cell_timeout: float | None,
    notebook_timeout: float | None,
    memory: float | None,
    python: str | None,
    rerun_borderline: int,
    deadline: str | None,
    marks: Path | None,
) -> None:
    """Say what grading OUTPUT again by an edited RUBRIC would do: who moves, by how much, and across which line.

    Nothing is executed, and no grade is written. Give the options that you give to grader grade. Where the edit needs
    a new run (other data, limits, files), it says for which submissions it cannot tell.
    """
    from grader.cli.options import RunOptions, deadline_option, existing_file, existing_folder, marks_file
    from grader.cli.terminal import console, print_json, tell
    from grader.preview import preview as foresee
    from grader.report.preview import preview_text, render_preview
    from grader.rubric import load_rubric
    from grader.store import OutputFolder, write_atomically

    existing_folder(output, what="the output folder of grader grade")
    run = RunOptions(data, 1, cell_timeout, notebook_timeout, memory, cold=False, python=python, unprotected=False)
    found = foresee(
        run.settings(load_rubric(existing_file(rubric, what="a rubric")), quiet=as_json, reruns=rerun_borderline),
        output=OutputFolder(output),
        marks=marks_file(output, marks),
        deadline=deadline_option(deadline),
    )
    if page is not None:
        write_atomically(page, render_preview(found, output=os.path.relpath(output, page.parent)))
    if as_json:
        print_json(found)
    else:
        tell(console(), preview_text(found).rstrip())
