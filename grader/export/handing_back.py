"""The one way in: reads the class, asks the platform's module, and writes what it made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from grader.errors import UsageError
from grader.export import blackboard, brightspace, canvas, moodle, plain
from grader.export.autograder import ARCHIVE, SAID, ContainerTier, autograder
from grader.export.filling import export_worksheet
from grader.export.gradescope import export_gradescope
from grader.export.nbgrader import export_nbgrader
from grader.export.outcome import Outcome
from grader.export.platform import WorksheetPlatform
from grader.export.results import ClassResults, read_results
from grader.export.rules import Rules
from grader.marks import MarksFile
from grader.rubric import load_rubric
from grader.store import OutputFolder, write_atomically

Target = Literal["moodle", "canvas", "blackboard", "brightspace", "gradescope", "nbgrader", "csv"]
TARGETS: tuple[Target, ...] = get_args(Target)

_WORKSHEETS: dict[str, WorksheetPlatform] = {
    "moodle": moodle.PLATFORM,
    "canvas": canvas.PLATFORM,
    "blackboard": blackboard.PLATFORM,
    "brightspace": brightspace.PLATFORM,
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be handed back, and how.

    Attributes:
        to: The platform.
        folder: Where the files are written.
        rules: What is done with pending and bonus points.
        worksheet: The platform's own table.
        column: Which of its columns takes the points; None to find it.
        autograder: The rubric of an autograder that Gradescope runs in its own container; None for none.
        tier: The least that holds a notebook there.
    """

    to: Target
    folder: Path
    rules: Rules
    worksheet: Path | None = None
    column: str | None = None
    autograder: Path | None = None
    tier: ContainerTier | None = None


def hand_back(output: OutputFolder, marks: MarksFile, request: Request) -> Outcome:
    """Makes the files for a platform and writes them.

    Args:
        output: Of `grader grade`.
        marks: What people decided.
        request: What is wanted.

    Raises:
        UsageError: It cannot be done as it is asked for; nothing is written then.
        StoreError: A file cannot be written.
    """
    found = read_results(output, marks)
    outcome = _with_autograder(_made(found, request), request)
    for name in outcome.files:
        if request.worksheet is not None and (request.folder / name).resolve() == request.worksheet.resolve():
            raise UsageError(
                f"{request.worksheet}: the worksheet lies where the export would be written.",
                expected="Another folder, so that what was downloaded stays.",
                fix="Name it: -o FOLDER.",
            )
    for name, content in outcome.files.items():
        write_atomically(request.folder / name, content)
    return outcome


def _with_autograder(outcome: Outcome, request: Request) -> Outcome:
    """The same with an autograder for Gradescope's container, where one is asked for."""
    if request.autograder is None and request.tier is None:
        return outcome
    if request.to != "gradescope" or request.autograder is None or request.tier is None:
        raise UsageError(
            f"--to {request.to}: an autograder needs its rubric, and the tier of the sandbox that is enough for it.",
            expected="--to gradescope --autograder RUBRIC --tier 3 (Landlock holds a notebook in the container, or "
            "nothing is graded) or 4 (where nothing holds, a notebook is not contained).",
            fix="Give all of them, or leave --autograder and --tier out.",
        )
    archive = autograder(load_rubric(request.autograder), tier=request.tier)
    line = f"{ARCHIVE} grades by {request.autograder.name} in Gradescope's container: {SAID[request.tier]}"
    return replace(outcome, files={**outcome.files, ARCHIVE: archive}, lines=(*outcome.lines, line))


def _made(found: ClassResults, request: Request) -> Outcome:
    platform = _WORKSHEETS.get(request.to)
    if request.to == "csv" and request.worksheet is not None:
        platform = plain.PLATFORM
    if platform is not None:
        return export_worksheet(
            found, platform, rules=request.rules, worksheet=request.worksheet, column=request.column
        )
    if request.worksheet is not None or request.column is not None:
        raise UsageError(
            f"--to {request.to}: it takes no worksheet.",
            expected="No --worksheet and no --column.",
            fix="Leave them out, or use --to csv to fill any table of the class.",
        )
    if request.rules.scale:
        raise UsageError(
            f"--to {request.to}: there is no maximum to convert to.",
            expected="--scale with a worksheet that says how many points a column takes.",
            fix="Leave --scale out.",
        )
    if request.to == "gradescope":
        return export_gradescope(found, rules=request.rules)
    if request.to == "nbgrader":
        return export_nbgrader(found, rules=request.rules)
    return plain.export_table(found, rules=request.rules)
