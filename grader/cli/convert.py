"""``grader convert``: a printed notebook as a notebook."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.terminal import json_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The notebook to write.",
)
@click.option(
    "--unprotected",
    is_flag=True,
    help="Read it without a sandbox if this machine offers none. Only for files that you trust like your own.",
)
@json_option
def convert(*, file: Path, output: Path, unprotected: bool, as_json: bool) -> None:
    """Read a notebook back from FILE: nbconvert's PDF or HTML of it, or a script with lines `# %%`.

    This is what `grade` makes of such a file. A cell whose code FILE does not show wholly is named, and says so in its
    metadata (grader: unsure).
    """
    import nbformat

    from grader.cli.answers import Converted
    from grader.cli.options import existing_file
    from grader.cli.terminal import console, print_json, tell
    from grader.errors import UsageError
    from grader.execution.sandbox import SandboxChoice
    from grader.intake.printed import as_notebook
    from grader.judging.results import counted

    file = existing_file(file, what="a PDF, a web page or a script")
    if output.exists():
        raise UsageError(f"{output}: this file is there already.", fix="Name another one, or remove it first.")
    notebook, notes = as_notebook(file, sandbox=SandboxChoice(unprotected=unprotected).resolve())
    nbformat.write(notebook, output)
    code = sum(cell.cell_type == "code" for cell in notebook.cells)
    if as_json:
        made = Converted(notebook=str(output), cells=len(notebook.cells), code_cells=code, notes=tuple(notes))
        print_json(made)
        return
    to = console()
    for note in notes:
        tell(to, note, lead="* ")
    tell(to, f"{output}: {counted(len(notebook.cells), 'cell')}, {code} of them code.")
