"""A class of week 9 as it stands in an output folder after it was graded: synthetic evidence, no kernel."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import yaml
from builders import make_calibration, make_measurement
from rubric_edits import Plain
from worksheet import SECTIONS, Worksheet

from grader import pipeline
from grader.batch import Known
from grader.cli.options import run_limits
from grader.datasets import resolve
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.intake import late_rule
from grader.marks import Decisions, MarksFile, marks_path
from grader.records import GradedSubmission, HandIn, Measurements, People, Student
from grader.rubric import Rubric, load_rubric
from grader.stage_keys import StageKeys
from grader.store import OutputFolder
from grader.task import Settings

ROOT = Path(__file__).parents[1]
RUBRIC = ROOT / "rubrics" / "week09.yaml"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def without(*left_out: str) -> list[str]:
    return [section for section in SECTIONS if section not in left_out]


HANDED_IN: dict[str, tuple[Iterable[str], float]] = {
    "all": (SECTIONS, 0.91),
    "worse": (SECTIONS, 0.85),
    "no-depth": (without("deep", "dropout"), 0.91),
    "no-words": (without("stop"), 0.90),
    "half": (without("mnist", "ex4", "ex5", "ex6", "stop", "deep", "dropout"), 0.0),
}
"""Submission to the sections that it answers, and the test accuracy of its models."""


def edited(folder: Path, change: Callable[[Plain], object] = lambda _: None) -> Rubric:
    """Week 9's rubric with an edit, and with a spread of the reference that the class is held against."""
    spread = make_calibration(ex4__test_accuracy=(0.90, 0.91, 0.92, 0.91), ex6__test_accuracy=(0.90, 0.91, 0.92, 0.91))
    return written(folder, change).model_copy(update={"calibrations": {"sample": spread, "full": spread}})


def written(folder: Path, change: Callable[[Plain], object]) -> Rubric:
    """Week 9's rubric with an edit, read from its own file; points are declared as they add up."""
    text = RUBRIC.read_text().replace("../reference", str(ROOT / "reference"))
    plain = yaml.safe_load(text)
    change(plain)
    for name, bonus in (("core", False), ("extra", True)):
        chosen = [one for one in plain["sections"] if bool(one.get("bonus")) is bonus]
        plain["points"][name] = sum(criterion["points"] for one in chosen for criterion in one["criteria"])
    path = folder / RUBRIC.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(plain, sort_keys=False))
    return load_rubric(path)


@dataclass
class StoredClass:
    """An output folder whose submissions were graded, with what they were graded by."""

    output: OutputFolder
    settings: Settings

    def copied(self, folder: Path) -> StoredClass:
        """The same in another folder, to be changed there."""
        shutil.copytree(self.output.folder, folder / "out")
        shutil.copytree(self.path("all").parent, folder / "in")
        return replace(self, output=OutputFolder(folder / "out"))

    @property
    def marks(self) -> MarksFile:
        return MarksFile(marks_path(self.output.folder))

    def under(self, rubric: Rubric) -> Settings:
        """With what is graded by another rubric."""
        return replace(self.settings, rubric=rubric)

    def grade(self, rubric: Rubric) -> dict[str, GradedSubmission]:
        """What grading all of it again leaves on disk."""
        known = self.known(rubric)
        for name in known.people.submissions:
            task = replace(known.stored_task(name), is_given=True, path=self.path(name))
            if name == "picture":
                pipeline.grade(task, self.under(rubric), core=None, on_progress=lambda _: None)
            else:
                pipeline.regrade(task, self.under(rubric), on_progress=lambda _: None)
        return self.grades()

    def known(self, rubric: Rubric) -> Known:
        decisions = Decisions(self.marks.read())
        rule = late_rule(rubric, deadline=None, decisions=decisions)
        return Known(self.output, self.output.read_people(), decisions, rule)

    def grades(self) -> dict[str, GradedSubmission]:
        """What is on disk."""
        found = {name: self.output.submission(name).read_grade() for name in self.output.read_people().submissions}
        return {name: one for name, one in found.items() if one is not None}

    def path(self, name: str) -> Path:
        return self.output.folder.with_name("in") / f"{name}.ipynb"


def plain_settings(rubric: Rubric) -> Settings:
    """The sample, and the rubric's limits."""
    return Settings(
        rubric=rubric,
        data_sets=resolve("sample"),
        limits=run_limits(rubric, data="sample", cell_timeout=None, notebook_timeout=None, memory=None),
        sandbox=SandboxChoice(known=Sandbox(tier="1", bubblewrap="bwrap")),
    )


def stored_class(folder: Path) -> StoredClass:
    """The class, graded by the rubric as it is."""
    settings = plain_settings(edited(folder / "rubrics"))
    made = StoredClass(OutputFolder(folder / "out"), settings)
    made.path("all").parent.mkdir()
    made.output.folder.mkdir()
    for number, name in enumerate((*HANDED_IN, "picture")):
        made.path(name).write_text("{}" if name == "picture" else f'{{"cells": {number}}}')
    names = [*HANDED_IN, "picture"]
    made.output.write_people(
        People(
            students={name: Student(key=name, name=f"Student {name}") for name in names},
            submissions={
                name: HandIn(file_name=f"{name}.ipynb", source=str(made.path(name)), students=(name,), submitted=NOON)
                for name in names
            },
        )
    )
    for name, (sections, accuracy) in HANDED_IN.items():
        _keep(made, name, sections, accuracy=accuracy)
    made.grade(settings.rubric)
    return made


def _keep(made: StoredClass, name: str, sections: Iterable[str], *, accuracy: float) -> None:
    """Puts a submission's evidence and measurements in its place, with their keys, as if it had just been executed."""
    book = Worksheet().write(sections)
    task = replace(made.known(made.settings.rubric).stored_task(name), is_given=True, path=made.path(name))
    folder, keys = task.folder, StageKeys(task, made.settings)
    for array in book.store.arrays.values():
        folder.arrays.put(array)
    evidence = book.evidence(submission=name, file_name=f"{name}.ipynb")
    measured = tuple(
        make_measurement(probe, weights=fit.weights_after, model=fit.model, fit=fit.id, accuracy=accuracy, loss=0.3)
        for fit in book.fits
        for probe in ("train", "validation", "test")
    )
    measurements = Measurements(submission=name, measured=measured)
    folder.write(evidence)
    keys.keep_execution(evidence)
    folder.write(measurements)
    keys.keep_verification(measurements)
    keys.keep_replays(())
