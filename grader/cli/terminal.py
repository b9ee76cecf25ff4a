"""How every command prints: wrapped at the terminal's width, coloured where it can be, and in words in any case.

Rich decides on colour: it obeys ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM``. Where nothing says how wide the output is,
as in a pipe or a log, no line is wrapped, so that a search finds a whole sentence. ``COLUMNS`` sets a width everywhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pydantic import BaseModel

UNWRAPPED = 100_000
"""Columns of what is no terminal: more than any line takes."""

Part = str | Text | tuple[str, str]
"""Words, or words with a style."""

json_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else; see docs/json.md."
)


def console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Where a command prints: its results, or what it says beside them."""
    made = Console(stderr=stderr, quiet=quiet, highlight=False, markup=False, emoji=False)
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        width = int(columns)
    elif not made.file.isatty():
        width = UNWRAPPED
    else:
        # Rich takes every plain terminal (TERM=dumb) for one of 80 columns.
        width = shutil.get_terminal_size().columns if made.is_dumb_terminal else made.width
    made.width, made.height = width, made.height
    return made


def phrase(*parts: Part) -> Text:
    """Words with their styles. Control characters of what others wrote are shown, never obeyed."""
    return Text.assemble(*(part if isinstance(part, Text) else _shown(part) for part in parts))


def tell(to: Console, *parts: Part, lead: Part = "") -> None:
    """Prints a paragraph; where it takes several lines, they hang under the first.

    Args:
        to: Where.
        parts: What it says. Lines of it keep how far they are indented.
        lead: What stands before it, and is not wrapped: a sign, a bullet, points.
    """
    before = phrase(lead)
    room = to.width - before.cell_len
    if before and room < to.width / 2:
        parts, before, room = (before, *parts), Text(), to.width
    for number, line in enumerate(phrase(*parts).split("\n", allow_blank=True) or [Text()]):
        body = line[len(line) - len(line.plain.lstrip(" ")) :] if line.plain.strip() else Text()
        indent = before if before and not number else Text(" " * (before.cell_len + len(line) - len(body)))
        hanging = " " * (before.cell_len if before else indent.cell_len + 2)
        # A path or an address that is longer than a line is left whole, so that it can be copied.
        body.overflow = "ignore"
        first, *rest = body.wrap(to, max(to.width - len(hanging), 1)) or [Text()]
        for start, words in ((indent, first), *((Text(hanging), one) for one in rest)):
            shown = Text.assemble(start, words)
            shown.rstrip()
            to.print(shown, soft_wrap=True)


def title(to: Console, text: str, *, style: str = "bold") -> None:
    """Prints what stands above a group, with an empty line before it."""
    to.print()
    tell(to, (text, style))


def table(to: Console, heads: Sequence[str], rows: Sequence[Sequence[Part]], *, numbers: Iterable[str] = ()) -> None:
    """Prints rows in columns, but for those that are empty in every row.

    Where the columns are wider than the terminal, each row is a paragraph with named values.

    Args:
        to: Where.
        heads: The columns' names.
        rows: A cell a column.
        numbers: The columns that are aligned on the right.
    """
    cells = [[phrase(cell) for cell in row] for row in rows]
    kept = [index for index in range(len(heads)) if not cells or any(row[index] for row in cells)]
    heads, cells = [heads[index] for index in kept], [[row[index] for index in kept] for row in cells]
    widths = [max(len(head), *(row[index].cell_len for row in cells), 0) for index, head in enumerate(heads)]
    if sum(widths) + 2 * (len(heads) - 1) > to.width:
        for row in cells:
            tell(to, Text.assemble(row[0], style="bold"))
            values = [Text.assemble(f"{head} ", cell) for head, cell in zip(heads[1:], row[1:], strict=True) if cell]
            tell(to, Text("    "), Text(", ").join(values))
        return
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in heads:
        grid.add_column(head, justify="right" if head in set(numbers) else "left", no_wrap=True)
    for row in cells:
        grid.add_row(*row)
    to.print(grid)


def print_json(answer: BaseModel | str) -> None:
    """Prints what a program reads, alone on the standard output."""
    text = (answer if isinstance(answer, str) else answer.model_dump_json(indent=1)).rstrip("\n")
    click.echo(text, nl=bool(text))


def _shown(part: str | tuple[str, str]) -> Any:
    words, *style = (part,) if isinstance(part, str) else part
    plain = "".join(one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in words)
    return (plain, *style) if style else plain
