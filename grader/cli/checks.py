"""``grader checks``: what a rubric can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from grader.judging.registry import CheckSpec


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON schema of rubrics, for editors, and nothing else.")
def checks(*, schema: bool) -> None:
    """List the checks that a rubric can use, with what they say must hold and the parameters that they take."""
    from rich.console import Console

    import grader.checks  # noqa: F401 - registers every check
    from grader.judging.registry import registered
    from grader.rubric import schema_text

    if schema:
        click.echo(schema_text(), nl=False)
        return
    console = Console()
    for spec in registered().values():
        console.print(f"[bold]{spec.name}[/bold]  {spec.statement}")
        if spec.params.model_fields:
            console.print(_parameters(spec))
        console.print()


def _parameters(spec: CheckSpec) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    for name, field in spec.params.model_fields.items():
        table.add_row(name, Text(_default(spec, name)), Text(field.description or ""))
    return table


def _default(spec: CheckSpec, name: str) -> str:
    """What holds where a rubric does not give the parameter."""
    field = spec.params.model_fields[name]
    if field.is_required():
        return "the section's" if name == "model" else "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, int | float | str) else "its defaults"
