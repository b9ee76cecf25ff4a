"""``grader environment``: the course's own environment, in which notebooks run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from grader.environment import StudentsEnvironment

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def environment() -> None:
    """Make the environment that notebooks run in, and add packages to it.

    A rubric names it (environment: ../environments/week09), or --python does. Without one notebooks run in the grader's
    own.
    """


@environment.command()
@_FOLDER
@click.option(
    "-r",
    "--requirement",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Every package with its version and hashes, as `uv pip compile --generate-hashes` or pip-compile write it. "
    "Without it the environment holds what the grader's own does, and can be added to.",
)
@click.option(
    "--python", metavar="NAME", help="The Python to make it of, such as python3.12. Default: the grader's own."
)
@json_option
def make(*, folder: Path, requirement: Path | None, python: str | None, as_json: bool) -> None:
    """Make a virtual environment in FOLDER."""
    from grader.environment.making import make as make_environment

    _show(make_environment(folder, requirements=requirement, python=python), as_json=as_json)


@environment.command()
@_FOLDER
@click.argument("packages", nargs=-1)
@click.option(
    "-r", "--requirement", type=click.Path(dir_okay=False, path_type=Path), help="A file of packages with hashes."
)
@json_option
def add(*, folder: Path, packages: tuple[str, ...], requirement: Path | None, as_json: bool) -> None:
    """Add PACKAGES (name or name==version) to the environment in FOLDER, and to nothing else.

    What was graded in it before is executed again by the next `grader grade`.
    """
    from grader.environment.making import add as add_packages

    _show(add_packages(folder, packages=packages, requirements=requirement), as_json=as_json)


@environment.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@json_option
def show(*, path: Path | None, as_json: bool) -> None:
    """Show what the environment at PATH (a folder, or an interpreter) holds, and whether notebooks can run in it.

    Without PATH, the grader's own.
    """
    from grader.environment.finding import check_own, environment_at

    _show(check_own() if path is None else environment_at(path), as_json=as_json)


def _show(found: StudentsEnvironment, *, as_json: bool) -> None:
    from grader.cli.answers import ShownEnvironment
    from grader.cli.terminal import console, print_json, table, tell

    if as_json:
        print_json(
            ShownEnvironment(
                python=found.python,
                executable=found.executable,
                packages=dict(found.packages),
                digest=found.digest,
                is_own=found.is_own,
            )
        )
        return
    to = console()
    tell(to, (f"Notebooks can run here: Python {found.python}", "bold"), f" ({found.executable})")
    table(to, ("package", "version"), list(found.packages.items()))
    tell(to, f"Digest of all that is installed: {found.digest[:16]}")
