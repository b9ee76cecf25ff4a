"""``grader doctor``: what this machine can do, and a test of its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from grader.execution.sandbox import Detection

TIERS = {
    "1": "bubblewrap, by an ordinary user",
    "2": "bubblewrap, run by root as a dedicated user",
    "2b": "bubblewrap by root, the kernel as a dedicated user",
    "3": "Landlock and seccomp, without namespaces",
    "4": "none",
}
PACKAGES = ("tensorflow", "keras", "numpy", "ipykernel", "nbclient")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--cold", is_flag=True, help="Do not try whether kernels can be forked, which takes some seconds.")
def doctor(*, as_json: bool, cold: bool) -> None:
    """Show what this machine can do, and test its sandbox.

    A program that tries to get out is run in the sandbox. What it could not do is the proof of each property.
    """
    import json
    import sys

    from rich.console import Console

    from grader.cli import EXIT_UNUSABLE
    from grader.execution.sandbox import detect

    detection = detect()
    facts = {**_facts(detection), "starts": "not tried" if cold else _starts(detection)}
    if as_json:
        click.echo(json.dumps(facts, indent=1))
    else:
        _show(facts, detection, Console(highlight=False))
    if detection.sandbox is None:
        sys.exit(EXIT_UNUSABLE)


def _facts(detection: Detection) -> dict[str, Any]:
    import platform

    return {
        "sandbox": detection.sandbox is not None,
        "tier": detection.tier,
        "mechanism": TIERS[detection.tier],
        "bubblewrap": detection.sandbox.bubblewrap if detection.sandbox is not None else None,
        "limits": detection.limits_by,
        "lacks": detection.lacks,
        "fix": detection.fix,
        "properties": [vars(found) for found in detection.properties],
        "attempts": list(detection.attempts),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": _versions(),
        "compiled": _compiled("tensorflow"),
    }


def _starts(detection: Detection) -> str:
    """Whether kernels can be forked on this machine, tried in the same way as the sandbox."""
    import time

    from grader.execution.sandbox import SandboxChoice
    from grader.execution.warm import warmed

    if detection.sandbox is None:
        return "not tried: there is no sandbox"
    began = time.monotonic()
    with warmed(SandboxChoice(known=detection.sandbox)) as choice:
        why = choice.resolve().why_cold
    if why:
        return f"cold: {why}"
    return f"warm: forked from a process that imports the libraries once, in {time.monotonic() - began:.1f} s"


def _versions() -> dict[str, str | None]:
    """Versions by the installed metadata; nothing is imported for it. On some machines TensorFlow's name is longer."""
    from importlib import metadata

    found: dict[str, str | None] = {}
    for name in PACKAGES:
        found[name] = None
        for distribution in (name, f"{name}-cpu"):
            try:
                found[name] = metadata.version(distribution)
            except metadata.PackageNotFoundError:
                continue
            break
    return found


def _compiled(package: str) -> bool:
    """Whether a package's bytecode is there: a read-only sandbox can never write it, and compiles at each start."""
    import sys

    cache = _packages_folder() / package / "__pycache__"
    return any(cache.glob(f"*.{sys.implementation.cache_tag}.pyc"))


def _packages_folder() -> Path:
    import sysconfig
    from pathlib import Path

    return Path(sysconfig.get_path("purelib"))


def _show(facts: dict[str, Any], detection: Detection, console: Console) -> None:
    import sys

    from rich.markup import escape
    from rich.table import Table

    held = detection.sandbox is not None
    title = f"[bold {'green' if held else 'red'}]Sandbox: {facts['mechanism']}[/]"
    console.print(f"{title} (tier {facts['tier']})" if held else f"{title}; grading refuses without one")
    for attempt in detection.attempts:
        console.print(f"  [dim]tried: {escape(attempt)}[/]")
    properties = Table("", "property", "proof", box=None, pad_edge=False)
    for found in detection.properties:
        mark = "[green]yes[/]" if found.holds else "[red]no[/]"
        properties.add_row(mark, found.name, escape(found.proof))
    if detection.properties:
        console.print(properties)
    versions = ", ".join(f"{name} {version or 'missing'}" for name, version in facts["packages"].items())
    compile_all = f"{sys.executable} -m compileall -q {_packages_folder()}"
    rows = {
        "bubblewrap": facts["bubblewrap"] or "none",
        "limits enforced by": facts["limits"],
        "kernels start": facts["starts"],
        "python": f"{facts['python']} on {facts['system']}",
        "packages": versions,
        "bytecode": "present" if facts["compiled"] else f"missing: each kernel starts 10 s later. Run `{compile_all}`.",
        "lacks": facts["lacks"],
        "fix": facts["fix"],
    }
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in rows.items():
        if value:
            table.add_row(f"[bold]{name}[/]", escape(value))
    console.print(table)
