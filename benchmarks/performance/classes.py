"""Re-grading a class after an edit of its rubric, how that grows with the class, and what the pages cost."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

from performance.copies import make_class
from performance.measured import GRADER, ROOT, folder_bytes, measure

from grader.report.feedback import render_feedback
from grader.report.pages import write_cohort
from grader.rubric import Rubric, load_rubric
from grader.run_data import curves_on
from grader.store import OutputFolder, SubmissionFolder

WEEK = "week09"
NOTEBOOK = ROOT / "submissions" / WEEK / "full-marks-sequential.ipynb"
CRITERION = "ex4.accuracy"
"""Its line is moved by the edits: every page shows it."""


def edited_rubric(folder: Path) -> Path:
    """A copy of the rubric, with what belongs to it, that may be edited.

    Args:
        folder: Where; what was there of an earlier run is replaced.
    """
    for name in ("rubrics", "reference"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(ROOT / name, folder / name)
    return folder / "rubrics" / f"{WEEK}.yaml"


def edit(rubric: Path, *, number: int) -> None:
    """Changes one criterion: its points stay, what it asks of its figure is written anew.

    Args:
        rubric: The file.
        number: Tells this edit from others.
    """
    text = rubric.read_text(encoding="utf-8")
    begin = text.index(f"- id: {CRITERION}")
    end = text.index("\n\n", begin)
    part = re.sub(r"params:.*", f"params: {{min: 0.{500 + number}}}", text[begin:end], flags=re.DOTALL)
    rubric.write_text(text[:begin] + part + text[end:], encoding="utf-8")


def run_once(work: Path, *, data: str) -> SubmissionFolder:
    """The run that a class is copied from: real, of this very code, and made once a work folder."""
    output = OutputFolder(work / "source" / "out")
    if not output.folder.is_dir():
        measure(_grade(edited_rubric(work / "source"), NOTEBOOK, output.folder, data=data), log=work / "source.log")
    (only,) = (output.folder / "submissions").iterdir()
    return SubmissionFolder(only)


def class_costs(count: int, *, source: SubmissionFolder, work: Path, data: str) -> dict[str, Any]:
    """Grades a class of copies, then again unchanged, and after an edit; what each took.

    Args:
        count: How many submissions.
        source: The run that they are copied from.
        work: Where the class is made; it is removed afterwards.
        data: The data that it ran on.
    """
    folder = work / f"class-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    rubric = edited_rubric(folder / "edited")
    make_class(count, source=source, notebook=NOTEBOOK, rubric=rubric, to=folder / "of", data=data)
    command = _grade(rubric, folder / "of" / "in", folder / "of" / "out", data=data)
    costs: dict[str, Any] = {"count": count}
    costs["first"] = measure(command, log=folder / "first.log").plain()
    costs["unchanged"] = measure(command, log=folder / "unchanged.log").plain()
    edit(rubric, number=1)
    costs["edited"] = measure(command, log=folder / "edited.log").plain()
    edit(rubric, number=2)
    costs["edited again"] = measure(command, log=folder / "edited-again.log").plain()
    costs["disk_bytes"] = folder_bytes(folder / "of" / "out") / count
    costs["of_pages_bytes"] = sum(path.stat().st_size for path in folder.rglob("feedback.html")) / count
    costs["cohort_page_bytes"] = (folder / "of" / "out" / "index.html").stat().st_size
    costs["pages"] = _page_costs(OutputFolder(folder / "of" / "out"), load_rubric(rubric))
    shutil.rmtree(folder)
    return costs


def _grade(rubric: Path, submissions: Path, output: Path, *, data: str) -> list[str]:
    return [*GRADER, "grade", str(rubric), str(submissions), "-o", str(output), "--data", data, "-q"]


def _page_costs(output: OutputFolder, rubric: Rubric) -> dict[str, float]:
    """CPU seconds of a student's page with its pictures stored, and of the tutor's pages."""
    folders = [SubmissionFolder(path) for path in sorted((output.folder / "submissions").iterdir())]
    grades = [grade for grade in (folder.read_grade() for folder in folders) if grade is not None]
    curves = curves_on(rubric, grades[0].data)
    render_feedback(grades[0], folder=folders[0], curves=curves)
    began = time.process_time()
    for grade, folder in list(zip(grades, folders, strict=True))[:10]:
        render_feedback(grade, folder=folder, curves=curves)
    one = (time.process_time() - began) / min(10, len(grades))
    began = time.process_time()
    write_cohort(grades, output=output)
    return {"student_cpu_seconds": one, "cohort_cpu_seconds": time.process_time() - began}
