"""``grader checks``: what a rubric can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from grader.judging.registry import CheckSpec


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON schema of rubrics, for editors, and nothing else.")
def checks(*, schema: bool) -> None:
    """List the checks that a rubric can use, with what they say must hold and the parameters that they take.

    Those of installed packages (entry point group grader.checks) are among them, and in the schema too.
    """
    from grader.errors import UsageError
    from grader.judging.registry import load_course_checks, registered
    from grader.rubric import schema_text

    failures = load_course_checks()
    if schema:
        click.echo(schema_text(registered()), nl=False)
    else:
        _show(registered().values())
    if failures:
        raise UsageError("\n".join(str(failure.problem) for failure in failures))


def _show(specs: Iterable[CheckSpec]) -> None:
    from rich.console import Console

    console = Console()
    for spec in specs:
        package = "" if spec.package is None else f"  [dim](package {spec.package})[/dim]"
        console.print(f"[bold]{spec.name}[/bold]  {spec.statement}{package}")
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
    from grader.rubric.models import form_parameters

    field = spec.params.model_fields[name]
    if field.is_required():
        return "the section's" if name in form_parameters(spec.params) else "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value) if isinstance(value, int | float | str) else "its defaults"
