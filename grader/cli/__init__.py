"""The command line: one module a command, each parsing, calling one function and choosing an exit code."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterable
from typing import Any

import click

from grader import __version__
from grader.errors import GraderError

EXIT_VALIDATION_FAILED = 1
EXIT_UNUSABLE = 2
EXIT_INFRASTRUCTURE = 3
EXIT_INTERRUPTED = 130

_NARROW = 60
"""Columns of a terminal below which two columns of text are one too many."""

_COMMANDS = {
    "grade": "Grade submissions and write their pages, the gradebook and a summary.",
    "merge": "Put the parts of a class together that were graded apart.",
    "check": "Check one notebook and show its verdicts in the terminal.",
    "release": "Make what students check their notebooks by, without what is hidden.",
    "convert": "Read a notebook back from its PDF, its web page or its script.",
    "preview": "Say what an edit of a rubric would do to the grades.",
    "store": "List, prune and forget what an output folder keeps.",
    "review": "Mark submissions in the browser, one criterion across all students.",
    "marks": "Write down what tutors decide, and look at it.",
    "export": "Hand back points and pages to a learning platform.",
    "init": "Draft a rubric from a reference notebook.",
    "checks": "List the checks that a rubric can use.",
    "environment": "Make the environment that notebooks run in.",
    "doctor": "Show what this machine can do, and test its sandbox.",
    "validate": "Check rubrics against their reference solutions.",
    "calibrate": "Measure how much a reference solution varies from run to run.",
}


class _Help(click.HelpFormatter):
    """Help that can be read in 40 columns: there an option's text stands below it, not in what is left beside it."""

    def __init__(self, width: int | None = None, max_width: int | None = None) -> None:
        columns = shutil.get_terminal_size().columns - 1
        super().__init__(width=width or min(columns, max_width or columns))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl(rows, col_max if self.width >= _NARROW else 4, col_spacing)


class _Context(click.Context):
    formatter_class = _Help


class _Commands(click.Group):
    """Loads a command's module when it is called, so that ``--help`` is quick. A `GraderError` gives exit code 2."""

    context_class = _Context

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"grader.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        for one in (command, *getattr(command, "commands", {}).values()):
            one.context_class = _Context
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GraderError as error:
            _show_error(error)
            sys.exit(EXIT_UNUSABLE)
        except KeyboardInterrupt:
            from grader.cli.terminal import console, tell

            said = "Interrupted. What is done is kept; the same command continues from there."
            tell(console(stderr=True), said)
            sys.exit(EXIT_INTERRUPTED)


def _show_error(error: GraderError) -> None:
    """What was found; what was expected; what to do: a paragraph each."""
    from grader.cli.terminal import console, phrase, tell

    to = console(stderr=True)
    found, *others = (part for part in (error.found, error.expected, error.fix) if part)
    tell(to, phrase(("error:", "bold red"), f" {found}"))
    for part in others:
        tell(to, "  ", part)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 graded, 1 a validation failed or points lack, 2 bad usage, rubric or machine, "
    "3 some submission needs review because of a problem of the grading system.",
)
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade student notebooks that train Keras models.

    Notebooks run in sandboxed kernels and leave evidence; a rubric judges the evidence.
    """
