"""``grader validate``: rubrics and their reference solutions, for CI and for who writes them."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import run_options


@click.command()
@click.argument("rubrics", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="How many runs of the reference."
)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the findings as JUnit XML.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write them as JSON.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/reference"),
    show_default=True,
    help="Folder for the runs' evidence. Run again, only what is missing is run.",
)
@run_options
def validate(  # noqa: PLR0913
    *,
    rubrics: tuple[Path, ...],
    seeds: int,
    junit: Path | None,
    json_file: Path | None,
    output: Path,
    data: str | None,
    jobs: int | None,
    cell_timeout: float | None,
    notebook_timeout: float | None,
    memory: float | None,
    unprotected: bool,
) -> None:
    """Validate RUBRICS: their references earn every automatic point, and every criterion can be failed.

    Exit code 1 where something does not hold.
    """
    from grader.cli import EXIT_VALIDATION_FAILED
    from grader.cli.display import BatchDisplay, show_validation
    from grader.cli.options import choose_data, choose_sandbox, default_jobs, existing_file, run_limits
    from grader.pipeline import Settings
    from grader.reference.validate import validate as hold
    from grader.reference.validation import junit_xml, validations_json
    from grader.rubric import load_rubric
    from grader.store import OutputFolder, write_atomically

    loaded = [load_rubric(existing_file(path, what="a rubric, such as rubrics/week09.yaml")) for path in rubrics]
    data_sets = choose_data(data)
    sandbox = choose_sandbox(unprotected=unprotected)
    validations = []
    for rubric in loaded:
        limits = run_limits(
            rubric, data_sets=data_sets, cell_timeout=cell_timeout, notebook_timeout=notebook_timeout, memory=memory
        )
        settings = Settings(rubric=rubric, data_sets=data_sets, limits=limits, sandbox=sandbox)
        with BatchDisplay(quiet=False) as display:
            validation = hold(
                settings,
                seeds=range(1, seeds + 1),
                work=OutputFolder(output / rubric.assignment / data_sets.kind),
                jobs=jobs or default_jobs(),
                begin=display.begin,
                tell=display.tell,
            )
        show_validation(validation)
        validations.append(validation)
    if junit is not None:
        write_atomically(junit, junit_xml(validations))
    if json_file is not None:
        write_atomically(json_file, validations_json(validations))
    if any(validation.failures for validation in validations):
        raise SystemExit(EXIT_VALIDATION_FAILED)
