"""``grader checks``: what a rubric can ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from rich.console import Console

    from grader.cli.answers import CheckParameter, ListedCheck
    from grader.judging.registry import CheckSpec


@click.command()
@click.option("--schema", is_flag=True, help="Print the JSON schema of rubrics, for editors, and nothing else.")
@json_option
def checks(*, schema: bool, as_json: bool) -> None:
    """List the checks that a rubric can use, with what they say must hold and the parameters that they take.

    Those of installed packages (entry point group grader.checks) are among them, and in the schema too.
    """
    from grader.cli.answers import ListedChecks
    from grader.cli.terminal import console, print_json
    from grader.errors import UsageError
    from grader.judging.registry import load_course_checks, registered
    from grader.rubric import schema_text

    failures = load_course_checks()
    specs = registered()
    if schema:
        click.echo(schema_text(specs), nl=False)
    elif as_json:
        print_json(ListedChecks(checks=tuple(map(_listed, specs.values()))))
    else:
        to = console()
        for spec in specs.values():
            _show(to, spec)
    if failures:
        raise UsageError("\n".join(str(failure.problem) for failure in failures))


def _show(to: Console, spec: CheckSpec) -> None:
    from grader.cli.terminal import tell

    package = "" if spec.package is None else f"  (package {spec.package})"
    tell(to, (spec.name, "bold"), f"  {spec.statement}", (package, "dim"))
    for one in _listed(spec).parameters:
        words = _default_words(spec, one)
        told = f" ({words})" if words else ""
        tell(to, "    ", (one.name, "cyan"), (told, "dim"), f": {one.description}" if one.description else "")
    to.print()


def _listed(spec: CheckSpec) -> ListedCheck:
    from grader.cli.answers import CheckParameter, ListedCheck

    fields = spec.params.model_fields
    return ListedCheck(
        name=spec.name,
        statement=spec.statement,
        package=None if spec.package is None else str(spec.package),
        parameters=tuple(
            CheckParameter(
                name=name,
                required=field.is_required(),
                default=None if field.is_required() else _default(spec, name),
                description=field.description or "",
            )
            for name, field in fields.items()
        ),
    )


def _default(spec: CheckSpec, name: str) -> Any:
    return spec.params.model_fields[name].get_default(call_default_factory=True, validated_data={})


def _default_words(spec: CheckSpec, one: CheckParameter) -> str:
    """What holds where a rubric does not give the parameter."""
    from grader.rubric.models import form_parameters

    if one.required:
        return "default: the section's" if one.name in form_parameters(spec.params) else "required"
    if one.default is None:
        return ""
    if isinstance(one.default, bool):
        return f"default: {str(one.default).lower()}"
    if isinstance(one.default, tuple):
        return f"default: {', '.join(map(str, one.default))}" if one.default else ""
    return f"default: {one.default}" if isinstance(one.default, int | float | str) else ""
