"""``grader export``: hands back what was graded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.terminal import json_option

if TYPE_CHECKING:
    from grader.export import Rules

_EXIT_LEFT = 1
_TARGETS = ("moodle", "canvas", "blackboard", "brightspace", "gradescope", "nbgrader", "csv")


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--to", required=True, type=click.Choice(_TARGETS), help="The platform.")
@click.option(
    "--worksheet",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The table of the class that the platform exported (Moodle's grading worksheet, Canvas's or Brightspace's "
    "gradebook, Blackboard's full grade center). It is copied with the points filled in; all else stays byte for byte.",
)
@click.option("--column", metavar="HEADING", help="Which column of the worksheet takes the points. Default: found.")
@click.option(
    "--pending",
    type=click.Choice(["hold", "zero", "refuse"]),
    default="hold",
    show_default=True,
    help="Who still waits for a person: hold back their points and page, count what is pending as zero, or write "
    "nothing at all. The command says for whom.",
)
@click.option(
    "--bonus",
    type=click.Choice(["add", "leave"]),
    default="add",
    show_default=True,
    help="Whether bonus points are part of the grade.",
)
@click.option("--scale", is_flag=True, help="Convert the points where the platform's column has another maximum.")
@click.option(
    "--autograder",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="RUBRIC",
    help="For Gradescope: make an autograder as well, which grades by RUBRIC in Gradescope's own container.",
)
@click.option(
    "--tier",
    type=click.Choice(["3", "4"]),
    help="What holds a notebook in that container: 3, Landlock, or nothing is graded; 4, limits alone where no sandbox "
    "holds, for students whom you trust. Has to be said with --autograder.",
)
@click.option(
    "-o",
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write. Default: OUTPUT/export/PLATFORM.",
)
@click.option(
    "--marks",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The tutor's file, see grader marks. Default: OUTPUT.marks.jsonl.",
)
@json_option
def export(*, output: Path, to: Any, worksheet: Path | None, column: str | None, as_json: bool, **others: Any) -> None:
    """Hand back the points and pages in OUTPUT (the folder of grader grade), in the form that a platform takes.

    Students whose row is not certain are listed and left out, never guessed. Exit code 1 where there are any.
    """
    from grader.cli.answers import Exported
    from grader.cli.options import existing_file, marks_file
    from grader.cli.terminal import console, print_json, tell
    from grader.export import Request, Rules, hand_back
    from grader.store import OutputFolder

    autograder = others["autograder"]
    folder = others["folder"] or output / "export" / to
    rules: Rules = Rules(pending=others["pending"], bonus=others["bonus"], scale=others["scale"])
    outcome = hand_back(
        OutputFolder(output),
        marks_file(output, others["marks"]),
        Request(
            to=to,
            folder=folder,
            rules=rules,
            worksheet=worksheet,
            column=column,
            autograder=existing_file(autograder, what="a rubric") if autograder else None,
            tier=others["tier"],
        ),
    )
    if as_json:
        files, lines, left = tuple(outcome.files), outcome.lines, outcome.left
        print_json(Exported(platform=to, folder=str(folder), files=files, left=left, lines=lines))
    else:
        out = console()
        for line in outcome.lines:
            tell(out, line)
        tell(out, f"Written to {folder}: {', '.join(outcome.files)}.")
    if outcome.left:
        raise SystemExit(_EXIT_LEFT)
