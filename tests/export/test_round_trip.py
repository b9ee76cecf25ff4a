"""A class that grade itself wrote goes back to its platform."""

from __future__ import annotations

from pathlib import Path

from case_files import ROOT
from click.testing import CliRunner

from grader.batch import grade_batch
from grader.cli import main
from grader.datasets import resolve
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.execution.watch import RunLimits
from grader.rubric import load_rubric
from grader.store import OutputFolder
from grader.task import Settings


def graded(folder: Path, output: OutputFolder) -> None:
    """Grades files that are no notebooks, for which no kernel is needed."""
    settings = Settings(
        rubric=load_rubric(ROOT / "rubrics/week09.yaml"),
        data_sets=resolve("sample"),
        limits=RunLimits(cell_timeout_seconds=1, notebook_timeout_seconds=2),
        sandbox=SandboxChoice(known=Sandbox(tier="1", bubblewrap="bwrap")),
    )
    ignore = {"on_start": lambda _: None, "on_progress": lambda _: None}
    grade_batch([folder], settings, output=output, jobs=1, again=False, **ignore)


def test_what_grade_wrote_is_handed_back(tmp_path):
    """Zeros of what is no notebook are held back, until they are said to count."""
    for number in (101, 102):
        path = tmp_path / f"class/Student A{number}_{number}_assignsubmission_file/hw.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    graded(tmp_path / "class", OutputFolder(tmp_path / "out"))
    before = "Identifier,Grade,Maximum grade\nParticipant 101,,50.00\nParticipant 102,,50.00\n"
    (tmp_path / "sheet.csv").write_text(before)
    export = ["export", str(tmp_path / "out"), "--to", "moodle", "--worksheet", str(tmp_path / "sheet.csv")]
    for options, after in (([], before), (["--pending", "zero"], before.replace(",,", ",0,"))):
        done = CliRunner().invoke(main, [*export, *options])
        assert (done.exit_code, "no notebook was handed in" in done.output) == (0, True), done.output
        assert (tmp_path / "out/export/moodle/sheet.csv").read_text() == after
