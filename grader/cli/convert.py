"""``grader convert``: a printed notebook as a notebook."""

from __future__ import annotations

from pathlib import Path

import click


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
def convert(*, file: Path, output: Path, unprotected: bool) -> None:
    """Read a notebook back from FILE: nbconvert's PDF or HTML of it, or a script with lines `# %%`.

    This is what `grade` makes of such a file. A cell whose code FILE does not show wholly is named, and says so in its
    metadata (grader: unsure).
    """
    import nbformat

    from grader.cli.options import existing_file
    from grader.errors import UsageError
    from grader.execution.sandbox import SandboxChoice
    from grader.intake.printed import as_notebook

    file = existing_file(file, what="a PDF, a web page or a script")
    if output.exists():
        raise UsageError(f"{output}: this file is there already.", fix="Name another one, or remove it first.")
    notebook, notes = as_notebook(file, sandbox=SandboxChoice(unprotected=unprotected).resolve())
    nbformat.write(notebook, output)
    code = sum(cell.cell_type == "code" for cell in notebook.cells)
    click.echo("\n".join([f"{output}: {len(notebook.cells)} cells, {code} of them code.", *notes]))
