"""``grader store``: what an output folder keeps, and what of it can go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.batch import Kept

_OUTPUT = click.argument("output", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def store() -> None:
    """Look at what OUTPUT, the folder of grader grade, keeps, and remove what is no longer wanted."""


@store.command("list")
@_OUTPUT
@json_option
def list_command(output: Path, *, as_json: bool) -> None:
    """List what is stored of each submission of OUTPUT, with its size."""
    from dataclasses import asdict

    from grader.batch import list_kept
    from grader.cli.answers import KeptSubmission, KeptSubmissions
    from grader.cli.terminal import print_json
    from grader.store import OutputFolder

    kept = list_kept(OutputFolder(output))
    if as_json:
        print_json(KeptSubmissions(submissions=tuple(KeptSubmission(**asdict(one)) for one in kept)))
    else:
        _show(kept)


def _show(kept: Sequence[Kept]) -> None:
    """Prints what is stored of each submission, and of all of them."""
    from grader.cli.terminal import console, table, tell
    from grader.judging.results import counted

    rows = [
        (
            one.id,
            "" if one.is_present else ("gone", "yellow"),
            size(one.total_bytes),
            size(one.own_bytes),
            size(one.unused_bytes),
            one.file_name,
            ", ".join(one.students),
        )
        for one in sorted(kept, key=lambda one: one.is_present)
    ]
    to, numbers = console(), ("size", "own", "unused")
    table(to, ("submission", "", *numbers, "file", "students"), rows, numbers=numbers)
    unused = sum(one.unused_bytes for one in kept)
    tell(to, f"{counted(len(kept), 'submission')}, {size(sum(one.total_bytes for one in kept))}.")
    if unused:
        tell(to, f"Nothing refers to {size(unused)} of it: grader store prune removes that.")
    if any(not one.is_present for one in kept):
        tell(to, "Those that are gone are no longer in what was given: grader store forget --gone removes them.")


def size(count: int) -> str:
    """Bytes for people: ``734 kB``, ``5.2 MB``."""
    amount, unit = next(((count / n, u) for n, u in ((10**9, "GB"), (10**6, "MB")) if count >= n), (count / 1000, "kB"))
    return f"{amount:.0f} {unit}" if unit == "kB" else f"{amount:.1f} {unit}"


@store.command("prune")
@_OUTPUT
@json_option
def prune_command(output: Path, *, as_json: bool) -> None:
    """Remove from OUTPUT what no submission refers to.

    No evidence goes: only arrays that neither evidence nor measurements name, and files taken out of archives. Equal
    arrays of several submissions become one file.
    """
    from grader.batch import prune
    from grader.cli.answers import Pruned
    from grader.cli.terminal import console, print_json, tell
    from grader.judging.results import counted
    from grader.store import OutputFolder

    freed = prune(OutputFolder(output))
    if as_json:
        print_json(Pruned(files=freed.files, size_bytes=freed.size_bytes))
    else:
        tell(console(), f"Removed {counted(freed.files, 'file')}, {size(freed.size_bytes)}.")


@store.command("forget")
@_OUTPUT
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--gone", is_flag=True, help="Also every submission that what was given last no longer held.")
@json_option
def forget_command(output: Path, *, ids: tuple[str, ...], gone: bool, as_json: bool) -> None:
    """Remove the submissions ID, an id each or the beginning of one, from OUTPUT, with all that is stored of them.

    The gradebook and the pages are written without them. What tutors decided stays in their file.
    """
    from grader.batch import forget
    from grader.cli.answers import Forgotten
    from grader.cli.terminal import console, print_json, tell
    from grader.errors import UsageError
    from grader.store import OutputFolder

    if not ids and not gone:
        raise UsageError(
            "forget: no submission is named.",
            expected="Ids, as gradebook.csv lists them, or --gone.",
            fix="Name what is to be removed.",
        )
    names = forget(OutputFolder(output), ids, gone=gone)
    if as_json:
        print_json(Forgotten(submissions=tuple(names)))
        return
    for name in names:
        tell(console(), f"{name}: forgotten")
    if not names:
        tell(console(), "Nothing to forget: what was given last held all that is stored.")
