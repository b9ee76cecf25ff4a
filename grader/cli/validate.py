"""``grader validate``: rubrics checked against their reference solutions, for CI and for who writes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import RunOptions, run_options

if TYPE_CHECKING:
    from grader.reference.mutation import MutationResult
    from grader.reference.validation import Validation
    from grader.store import OutputFolder
    from grader.task import Settings


@click.command()
@click.argument("rubrics", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Number of runs of the reference."
)
@click.option(
    "--mutants",
    is_flag=True,
    help="Also change the reference, once for each fault or equivalent way to write it, and see whether the rubric "
    "judges each as it should. Takes as long as some tens of submissions.",
)
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --mutants: folder for mutation-ASSIGNMENT.md, with every change and the score of each criterion, and "
    "mutation.md, with the totals.",
)
@click.option("--no-run", is_flag=True, help="Only read RUBRICS and say what is wrong with them: about a second.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the results as JUnit XML.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write them as JSON.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/reference"),
    show_default=True,
    help="Folder for the runs' evidence. Runs that are there already are not repeated.",
)
@run_options
def validate(  # noqa: PLR0913
    *,
    rubrics: tuple[Path, ...],
    seeds: int,
    mutants: bool,
    report: Path | None,
    no_run: bool,
    junit: Path | None,
    json_file: Path | None,
    output: Path,
    run: RunOptions,
) -> None:
    """Check that the reference solutions of RUBRICS earn every automatic point, and that every criterion can fail.

    Exit code 1 if one of them does not hold.
    """
    from grader.cli import EXIT_VALIDATION_FAILED
    from grader.cli.options import existing_file
    from grader.rubric import load_rubric
    from grader.store import OutputFolder
    from grader.task import Settings

    if no_run:
        _read_only(rubrics)
        return
    if report is not None and not mutants:
        raise click.UsageError("--report is about mutants. Give --mutants as well.")
    loaded = [load_rubric(existing_file(path, what="a rubric, such as rubrics/week09.yaml")) for path in rubrics]
    data_sets = run.data_sets()
    environments = [run.environment(rubric) for rubric in loaded]
    validations: list[Validation] = []
    results: list[MutationResult] = []
    for rubric, environment in zip(loaded, environments, strict=True):
        limits = run.limits(rubric, data_sets.kind)
        settings = Settings(
            rubric=rubric,
            data_sets=data_sets,
            limits=limits,
            sandbox=run.sandbox(environment),
            environment=environment,
        )
        work = OutputFolder(output / rubric.assignment / data_sets.kind)
        validation, result = _validated(
            settings, seeds=seeds, mutants=mutants, work=work, jobs=run.capacity(settings.limits).jobs
        )
        validations.append(validation)
        results += [result] if result is not None else []
    _write(validations, results, report=report, junit=junit, json_file=json_file)
    if any(validation.failures for validation in validations):
        raise SystemExit(EXIT_VALIDATION_FAILED)


def _read_only(rubrics: tuple[Path, ...]) -> None:
    """Reads every rubric; what is wrong with one does not hide what is wrong with the next.

    Raises:
        UsageError: Something is wrong.
    """
    from grader.cli.options import existing_file
    from grader.errors import GraderError, UsageError
    from grader.rubric import load_rubric

    wrong: list[str] = []
    for path in rubrics:
        try:
            rubric = load_rubric(existing_file(path, what="a rubric, such as rubrics/week09.yaml"))
        except GraderError as error:
            wrong.append("\n  ".join(filter(None, (error.found, error.expected, error.fix))))
        else:
            click.echo(f"{path}: {len(rubric.criteria)} criteria, nothing wrong")
    if wrong:
        raise UsageError("\n".join(wrong))


def _validated(
    settings: Settings, *, seeds: int, mutants: bool, work: OutputFolder, jobs: int
) -> tuple[Validation, MutationResult | None]:
    """Validates one rubric and shows what came of it."""
    from grader.cli.display import BatchDisplay, show_validation
    from grader.reference.mutation import mutation_text, run_mutants
    from grader.reference.validate import mutation_results
    from grader.reference.validate import validate as hold

    result = None
    with BatchDisplay(quiet=False) as display:
        on_start, on_progress = display.on_start, display.on_progress
        validation = hold(
            settings, seeds=range(1, seeds + 1), work=work, jobs=jobs, on_start=on_start, on_progress=on_progress
        )
        if mutants:
            result = run_mutants(settings, work=work, jobs=jobs, on_start=on_start, on_progress=on_progress)
            validation = validation.with_results(mutation_results(result))
    show_validation(validation)
    if result is not None:
        click.echo(mutation_text(result))
    return validation, result


def _write(
    validations: list[Validation],
    results: list[MutationResult],
    *,
    report: Path | None,
    junit: Path | None,
    json_file: Path | None,
) -> None:
    from grader.reference.mutation import mutation_markdown, mutation_table
    from grader.reference.validation import junit_xml, validations_json
    from grader.store import write_atomically

    if report is not None:
        for result in results:
            write_atomically(report / f"mutation-{result.assignment}.md", mutation_markdown(result))
        write_atomically(report / "mutation.md", mutation_table(results))
    if junit is not None:
        write_atomically(junit, junit_xml(validations))
    if json_file is not None:
        write_atomically(json_file, validations_json(validations))
