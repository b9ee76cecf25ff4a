"""``grader validate``: rubrics checked against their reference solutions, for CI and for who writes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import RunOptions, run_options
from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from grader.cli.answers import ReadRubric
    from grader.cli.terminal import Part
    from grader.reference.mutation import MutationResult
    from grader.reference.validation import Validation
    from grader.rubric import Rubric
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
@json_option
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
    as_json: bool,
    output: Path,
    run: RunOptions,
) -> None:
    """Check that the reference solutions of RUBRICS earn every automatic point, and that every criterion can fail.

    Exit code 1 if one of them does not hold.
    """
    from grader.cli import EXIT_VALIDATION_FAILED
    from grader.cli.options import existing_file
    from grader.rubric import load_rubric

    if no_run:
        _read_only(rubrics, as_json=as_json)
        return
    if report is not None and not mutants:
        raise click.UsageError("--report is about mutants. Give --mutants as well.")
    loaded = [load_rubric(existing_file(path, what="a rubric, such as rubrics/week09.yaml")) for path in rubrics]
    validations: list[Validation] = []
    results: list[MutationResult] = []
    for settings in _settings(loaded, run):
        validation, result = _validated(settings, run, seeds=seeds, mutants=mutants, output=output)
        if not as_json:
            _show(validation, result)
        validations.append(validation)
        results += [result] if result is not None else []
    _write(validations, results, report=report, junit=junit)
    _conclude(validations, as_json=as_json)
    if any(validation.failures for validation in validations):
        raise SystemExit(EXIT_VALIDATION_FAILED)


def _read_only(rubrics: tuple[Path, ...], *, as_json: bool) -> None:
    """Reads every rubric; what is wrong with one does not hide what is wrong with the next.

    Raises:
        UsageError: Something is wrong.
    """
    from grader.cli.answers import ReadRubrics
    from grader.cli.terminal import console, print_json, tell
    from grader.errors import UsageError

    read = ReadRubrics(rubrics=tuple(map(_read, rubrics)))
    if as_json:
        print_json(read)
    for one in read.rubrics:
        if not (as_json or one.problem):
            tell(console(), f"{one.rubric}: {one.criteria} criteria, nothing wrong")
    wrong = [one.problem for one in read.rubrics if one.problem]
    if wrong:
        raise UsageError("\n".join(wrong))


def _read(path: Path) -> ReadRubric:
    from grader.cli.answers import ReadRubric
    from grader.cli.options import existing_file
    from grader.errors import GraderError
    from grader.rubric import load_rubric

    try:
        rubric = load_rubric(existing_file(path, what="a rubric, such as rubrics/week09.yaml"))
    except GraderError as error:
        problem = "\n  ".join(filter(None, (error.found, error.expected, error.fix)))
        return ReadRubric(rubric=str(path), problem=problem)
    return ReadRubric(rubric=str(path), criteria=len(rubric.criteria))


def _settings(rubrics: list[Rubric], run: RunOptions) -> list[Settings]:
    """With what each is validated; an environment that cannot be used is told of before anything runs."""
    from grader.task import Settings

    data_sets = run.data_sets()
    environments = [run.environment(rubric) for rubric in rubrics]
    return [
        Settings(
            rubric=rubric,
            data_sets=data_sets,
            limits=run.limits(rubric, data_sets.kind),
            sandbox=run.sandbox(environment),
            environment=environment,
        )
        for rubric, environment in zip(rubrics, environments, strict=True)
    ]


def _validated(
    settings: Settings, run: RunOptions, *, seeds: int, mutants: bool, output: Path
) -> tuple[Validation, MutationResult | None]:
    """Validates one rubric."""
    from grader.cli.display import BatchDisplay
    from grader.reference.mutation import run_mutants
    from grader.reference.validate import mutation_results
    from grader.reference.validate import validate as hold
    from grader.store import OutputFolder

    work = OutputFolder(output / settings.rubric.assignment / settings.data_sets.kind)
    jobs = run.capacity(settings.limits).jobs
    with BatchDisplay(quiet=False) as display:
        on_start, on_progress = display.on_start, display.on_progress
        validation = hold(
            settings, seeds=range(1, seeds + 1), work=work, jobs=jobs, on_start=on_start, on_progress=on_progress
        )
        if not mutants:
            return validation, None
        result = run_mutants(settings, work=work, jobs=jobs, on_start=on_start, on_progress=on_progress)
        return validation.with_results(mutation_results(result)), result


def _show(validation: Validation, mutation: MutationResult | None) -> None:
    """Prints every result that does not hold, and how many of each group do."""
    from grader.cli.terminal import console, table, tell, title
    from grader.reference.mutation import mutation_text

    to = console()
    title(to, f"{validation.rubric} on the {validation.data} data")
    for result in validation.failures:
        tell(to, (result.name, "bold"), lead=("- ", "red"))
        tell(to, result.text, lead="  ")
    rows: list[tuple[Part, ...]] = []
    for group in dict.fromkeys(result.group for result in validation.results):
        held = [result.passed for result in validation.results if result.group == group]
        words, style = ("hold", "green") if all(held) else ("DO NOT ALL HOLD", "red")
        rows.append((group, f"{sum(held)} of {len(held)}", (words, style)))
    table(to, ("group", "number", ""), rows, numbers=("number",))
    if mutation is not None:
        tell(to, mutation_text(mutation))


def _conclude(validations: list[Validation], *, as_json: bool) -> None:
    """Says in one line whether all rubrics hold."""
    from grader.cli.terminal import console, print_json, title
    from grader.judging.results import counted
    from grader.reference.validation import validations_json

    if as_json:
        print_json(validations_json(validations))
        return
    failing = [validation for validation in validations if validation.failures]
    failures = sum(len(validation.failures) for validation in failing)
    said = "All hold."
    if failing:
        do = "does" if failures == 1 else "do"
        said = f"{counted(failures, 'result')} {do} not hold, of {', '.join(one.rubric for one in failing)}."
    title(console(), said, style="bold red" if failing else "bold green")


def _write(
    validations: list[Validation], results: list[MutationResult], *, report: Path | None, junit: Path | None
) -> None:
    from grader.reference.mutation import mutation_markdown, mutation_table
    from grader.reference.validation import junit_xml
    from grader.store import write_atomically

    if report is not None:
        for result in results:
            write_atomically(report / f"mutation-{result.assignment}.md", mutation_markdown(result))
        write_atomically(report / "mutation.md", mutation_table(results))
    if junit is not None:
        write_atomically(junit, junit_xml(validations))
