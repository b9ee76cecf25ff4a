"""A small graded class on disk, and tutors' browsers on it, for tests of the review."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from bs4 import BeautifulSoup
from builders import SHA, dense, make_cell, make_evidence, make_figure, make_fit, make_model
from starlette.testclient import TestClient

from grader.marks import MarksFile, marks_path
from grader.records import (
    ExecutionSummary,
    GradedSubmission,
    HandIn,
    Judged,
    Measurements,
    People,
    RubricSummary,
    SectionMatch,
    Student,
    SubmissionSummary,
    Verdict,
)
from grader.review.cohort import Cohort
from grader.review.desk import Desk
from grader.review.routes import make_app
from grader.store import OutputFolder
from grader.verdicts import with_verdicts

HOME = "http://127.0.0.1:8700"
TUTORS = {"secret-of-kim": "kim", "secret-of-lee": "lee"}
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"

ANSWERS = {
    "ada-1": "The line is straight because there is no hidden layer, so it cannot follow the curves.",
    "bob-2": "The line is straight, because there is no hidden layer so it cannot follow the curves!",
    "cem-3": "The line is straight because there is a hidden layer, so it can follow the curves.",
    "dee-4": "We expected a curve and got a line. Perhaps more epochs would help the network to bend it.",
    "eve-5": "",
}


def verdicts(answer: str, accuracy: float) -> tuple[Verdict, ...]:
    """An accuracy that is required, what hangs on it, and an answer in words."""
    good = accuracy >= 0.9
    return (
        Verdict(
            criterion="ex1.accuracy",
            section="ex1",
            title="Test accuracy",
            outcome="passed" if good else "failed",
            earned=2.0 if good else 0.0,
            points=2.0,
            basis="verified",
            feedback=f"The test accuracy is {accuracy}; 0.9 was required.",
            yours=f"{accuracy}",
            cells=(1,),
            judged=Judged(what="The test accuracy", value=accuracy, lower=0.9),
            seen=f"{accuracy}".replace(".", ""),
        ),
        Verdict(
            criterion="ex1.curves",
            section="ex1",
            outcome="passed" if good else "blocked",
            earned=1.0 if good else 0.0,
            points=1.0,
            basis="static",
            feedback="" if good else 'This needs "Test accuracy", which was not met.',
            seen="cc",
        ),
        Verdict(
            criterion="ex2.discussion",
            section="ex2",
            title="Explanation",
            outcome="needs_review",
            cause="by_hand",
            earned=0.0,
            pending=2.0,
            points=2.0,
            basis="manual",
            cells=(2,) if answer else (),
            seen=f"{abs(hash(answer)):x}",
        ),
    )


def grade(name: str, answer: str, accuracy: float = 0.95) -> GradedSubmission:
    """The grade of one submission."""
    sums = ("points_earned", "points_pending", "points_possible", "bonus_earned", "bonus_pending", "bonus_possible")
    empty = GradedSubmission(
        submission=SubmissionSummary(id=name, file_name=f"{name}.ipynb", sha256=SHA),
        rubric=RubricSummary(assignment="week", title="Week", file_name="week.yaml", sha256=SHA),
        status="graded",
        execution=ExecutionSummary(),
        matching={
            "ex1": SectionMatch(section="ex1", title="Exercise 1", cells=(0, 1), model="m1", fits=("f1",)),
            "ex2": SectionMatch(section="ex2", title="Exercise 2", cells=(2,)),
        },
        **dict.fromkeys(sums, 0.0),
    )
    return with_verdicts(empty, verdicts(answer, accuracy))


def write_submission(output: OutputFolder, name: str, answer: str, *, accuracy: float = 0.95) -> None:
    """A graded submission with its evidence: a heading, a training with a figure, and the answer."""
    folder = output.submission(name)
    cells = (
        make_cell("# Exercise 1", kind="markdown"),
        make_cell("model.fit(x, y)", index=1, printed="done"),
        make_cell(answer, index=2, kind="markdown"),
    )
    model = make_model(dense(10, "softmax"), id="m1")
    png = folder.arrays.put(np.frombuffer(PNG, dtype=np.uint8))
    figures = (make_figure(cell=1, png=png),)
    folder.write(
        make_evidence(submission=name, cells=cells, models=(model,), fits=(make_fit("m1", cell=1),), figures=figures)
    )
    folder.write(Measurements(submission=name))
    folder.write(grade(name, answer, accuracy))
    folder.feedback_html.write_text("<p>page of the student</p>")


def write_class(folder: Path, answers: Mapping[str, str] = ANSWERS) -> OutputFolder:
    """A graded class; the accuracies fall from one submission to the next."""
    output = OutputFolder(folder)
    for number, (name, answer) in enumerate(answers.items()):
        write_submission(output, name, answer, accuracy=round(0.95 - 0.02 * number, 2))
    students = {f"s:{name}": Student(key=f"s:{name}", name=f"Name of {name}") for name in answers}
    hand_ins = {name: HandIn(file_name="a.ipynb", source="a.ipynb", students=(f"s:{name}",)) for name in answers}
    output.write_people(People(students=students, submissions=hand_ins))
    return output


class Browser:
    """A tutor's browser: it keeps cookies, and sends the forms of pages as they stand there."""

    def __init__(self, app: Any, tutor: str = "kim") -> None:
        self.client = TestClient(app, base_url=HOME, headers={"Origin": HOME})
        secret = next(secret for secret, name in TUTORS.items() if name == tutor)
        assert self.client.get(f"/enter/{secret}").status_code == 200
        self.page = BeautifulSoup("", "html.parser")

    def open(self, path: str) -> BeautifulSoup:
        """Opens a page."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        self.path = answer.url.path
        self.page = BeautifulSoup(answer.text, "html.parser")
        return self.page

    def send(self, does: str, *, form: str = "decide", without: str = "", **fields: str) -> Any:
        """Sends the first form to such an address: its hidden and ticked fields, and those given."""
        found = self.page.select_one(f'form[action$="{form}"]')
        assert found is not None
        inputs = found.select("input[type=hidden], input[type=checkbox][checked]")
        data: dict[str, list[str]] = {}
        for one in inputs:
            if not without or not str(one["value"]).startswith(without):
                data.setdefault(str(one["name"]), []).append(str(one["value"]))
        data |= {name: [value] for name, value in {"do": does, **fields}.items() if value}
        answer = self.client.post(str(found["action"]), data=data)
        self.path = answer.url.path
        self.page = BeautifulSoup(answer.text, "html.parser")
        return answer


class Room:
    """A graded class, its tutor's file, and browsers on one server."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.output = write_class(folder / "out")
        self.file = MarksFile(marks_path(self.output.folder))
        self.cohort = Cohort(self.output, **settings)
        self.cohort.refresh()
        self.desk = Desk(self.file)
        self.app = make_app(self.cohort, self.desk, tutors=TUTORS)

    def browser(self, tutor: str = "kim") -> Browser:
        """A new browser of a tutor."""
        return Browser(self.app, tutor)

    def given(self, criterion: str = "ex2.discussion") -> dict[str, float | None]:
        """What the file on disk says was given, by submission."""
        decisions = Desk(self.file).decisions()
        marks = {name: decisions.of(name).marks for name in decisions.submissions()}
        found = {name: [one for one in here if one.criterion == criterion] for name, here in marks.items()}
        return {name: here[0].earned(2.0) for name, here in found.items() if here}
