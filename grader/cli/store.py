"""``grader store``: what an output folder keeps, and what of it can go."""

from __future__ import annotations

from pathlib import Path

import click

_OUTPUT = click.argument("output", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def store() -> None:
    """Look at what OUTPUT, the folder of grader grade, keeps, and remove what is no longer wanted."""


@store.command("list")
@_OUTPUT
def list_command(output: Path) -> None:
    """List what is stored of each submission of OUTPUT, with its size."""
    from grader.batch import list_kept
    from grader.cli.display import show_kept
    from grader.store import OutputFolder

    show_kept(list_kept(OutputFolder(output)))


@store.command("prune")
@_OUTPUT
def prune_command(output: Path) -> None:
    """Remove from OUTPUT what no submission refers to.

    No evidence goes: only arrays that neither evidence nor measurements name, and files taken out of archives. Equal
    arrays of several submissions become one file.
    """
    from grader.batch import prune
    from grader.cli.display import size
    from grader.store import OutputFolder

    freed = prune(OutputFolder(output))
    click.echo(f"Removed {freed.files} file{'' if freed.files == 1 else 's'}, {size(freed.size_bytes)}.")


@store.command("forget")
@_OUTPUT
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--gone", is_flag=True, help="Also every submission that what was given last no longer held.")
def forget_command(output: Path, *, ids: tuple[str, ...], gone: bool) -> None:
    """Remove the submissions ID, an id each or the beginning of one, from OUTPUT, with all that is stored of them.

    The gradebook and the pages are written without them. What tutors decided stays in their file.
    """
    from grader.batch import forget
    from grader.errors import UsageError
    from grader.store import OutputFolder

    if not ids and not gone:
        raise UsageError(
            "forget: no submission is named.",
            expected="Ids, as gradebook.csv lists them, or --gone.",
            fix="Name what is to be removed.",
        )
    for name in forget(OutputFolder(output), ids, gone=gone):
        click.echo(f"{name}: forgotten")
