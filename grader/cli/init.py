"""``grader init``: a first rubric from a reference notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import RunOptions, run_options
from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from grader.reference.draft import Written


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The rubric to write. Default: rubrics/ASSIGNMENT.yaml.",
)
@click.option(
    "--assignment",
    help="The assignment's name. Default: the rubric's file name, else that of the notebook or its folder.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=3),
    default=3,
    show_default=True,
    help="Number of runs, each with its own random seed.",
)
@click.option(
    "--runs",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/reference"),
    show_default=True,
    help="Folder for the runs' evidence. Runs that are there already are not repeated.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing rubric and calibration.")
@run_options
@json_option
def init(
    *,
    notebook: Path,
    output: Path | None,
    assignment: str | None,
    seeds: int,
    runs: Path,
    force: bool,
    run: RunOptions,
    as_json: bool,
) -> None:
    """Run NOTEBOOK, a reference solution, several times, and draft a rubric from what the runs show.

    Sections come from its headings; criteria from every model, training, evaluation and figure; bands from how much the
    figures vary from run to run. The reference passes the draft. Its comments say what to adjust, such as the points.
    """
    from grader.cli.display import BatchDisplay
    from grader.cli.options import existing_file
    from grader.reference.draft import DraftRequest, assignment_name, draft_rubric

    existing_file(notebook, what="a reference notebook")
    name = assignment_name(assignment, output=output, notebook=notebook)
    request = DraftRequest(
        notebook=notebook,
        output=output or Path("rubrics") / f"{name}.yaml",
        assignment=name,
        seeds=seeds,
        work=runs,
        overwrite=force,
        environment=run.course_python,
    )
    environment = run.environment()
    data_sets = run.data_sets()
    limits = run.limits(request.bare_rubric(data_sets.kind), data_sets.kind)
    with BatchDisplay(quiet=False) as display:
        written = draft_rubric(
            request,
            data_sets=data_sets,
            limits=limits,
            sandbox=run.sandbox(environment),
            environment=environment,
            jobs=run.capacity(limits).jobs,
            on_start=display.on_start,
            on_progress=display.on_progress,
        )
    _show(written, as_json=as_json)


def _show(written: Written, *, as_json: bool) -> None:
    from grader.cli.answers import DraftedRubric, DraftedSection
    from grader.cli.terminal import console, print_json, table, tell

    rubric = written.rubric
    sections = tuple(
        DraftedSection(
            section=one.id,
            title=one.title,
            points=one.points,
            bonus=one.bonus,
            checks=tuple(criterion.check for criterion in one.criteria),
        )
        for one in rubric.sections
    )
    made = DraftedRubric(
        rubric=str(rubric.path),
        calibration=str(written.calibration),
        data=written.data,
        sections=sections,
        left_out=written.draft.left_out,
    )
    if as_json:
        print_json(made)
        return
    to = console()
    for text in made.left_out:
        tell(to, (text, "yellow"), lead="* ")
    rows = [
        (one.section, f"{one.points:g}{' (bonus)' if one.bonus else ''}", ", ".join(one.checks)) for one in sections
    ]
    table(to, ("section", "points", "checks"), rows)
    tell(to, f"Written: {made.rubric} and {made.calibration}")
    tell(to, "Next: edit it (its comments say what to adjust), then")
    tell(to, f"  grader validate {made.rubric} --data {made.data}")
    tell(to, f"  grader grade {made.rubric} SUBMISSIONS -o out")
