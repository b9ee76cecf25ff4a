"""The steps of the self-check: reading, a quick run, a full run, each in the student's own Python."""

from __future__ import annotations

from pathlib import Path

from grader.errors import UsageError
from grader.intake import read_submission
from grader.records import HintLevel
from grader.rubric import Rubric
from grader.selfcheck.static import check_static
from grader.selfcheck.stored import run_remarks
from grader.selfcheck.verdicts import Report, Step


def check_here(
    notebook: Path, rubric: Rubric, *, step: Step, data: str | None = None, hints: HintLevel = "off"
) -> Report:
    """Checks a notebook of one's own, on any system, without a sandbox.

    Args:
        notebook: The file.
        rubric: A tutor's, or a released one.
        step: ``static`` runs nothing, ``quick`` trains for a few epochs on the sample, ``full`` runs all.
        data: As ``--data`` says it; None for the data at hand.
        hints: How much is told of edits that a full run proves.

    Raises:
        UsageError: The file is no notebook.
        MachineError: This Python has no TensorFlow with Keras 3.
    """
    submission, node = read_submission(notebook)
    if submission.problem is not None or node is None:
        raise UsageError(f"{notebook}: {submission.problem}", expected="A notebook, the file that ends in .ipynb.")
    if step == "static":
        report = check_static(rubric, submission)
    else:
        from grader.selfcheck.running import check_by_running  # noqa: PLC0415 - reading needs no kernel

        report = check_by_running(rubric, submission, node, is_quick=step == "quick", data=data, hints=hints)
    return report.model_copy(update={"remarks": (*run_remarks(notebook), *report.remarks)})
