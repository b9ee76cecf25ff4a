"""Gradescope's results, by the rules of its autograder specifications, and the two autograders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from builders import make_grade
from case_files import ROOT
from click.testing import CliRunner

from grader.cli import main
from grader.export.gradescope_results import results
from grader.export.in_container import main as in_container
from grader.export.rules import Rules
from grader.records import HandIn, People, SubmissionSummary, Verdict
from grader.rubric import load_rubric
from grader.store import OutputFolder

VISIBILITIES = {"visible", "hidden", "after_due_date", "after_published"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}


def verdict(name: str, **fields) -> Verdict:
    base = {"section": "ex1", "title": name, "outcome": "passed", "earned": 2.0, "points": 2.0, "basis": "verified"}
    return Verdict(criterion=f"ex1.{name}", **{**base, **fields})


MIXED = make_grade(
    verdict("good", expected="0.95", yours="0.97"),
    verdict("bad", outcome="failed", earned=0.0, next_step="Train longer."),
    verdict("open", outcome="needs_review", cause="by_hand", earned=0.0, pending=2.0, basis="manual"),
    verdict("secret", visibility="tutor"),
    points_earned=4.0,
    points_pending=2.0,
    points_possible=8.0,
)


def made(rules=Rules(), graded=MIXED):  # noqa: B008
    return results(graded, rules=rules, extra={})


def check_specification(found: dict) -> None:
    """What Gradescope asks of a ``results.json``."""
    assert isinstance(found["score"], float)
    assert {found["visibility"], found["stdout_visibility"]} <= VISIBILITIES
    assert {found["output_format"], found["test_output_format"], found["test_name_format"]} <= FORMATS
    for test in found["tests"]:
        assert set(test) <= {"score", "max_score", "status", "name", "number", "output", "tags", "visibility"}
        assert test["visibility"] in VISIBILITIES
        assert test.get("status", "passed") in {"passed", "failed"}
        assert all(isinstance(test[key], str) for key in ("name", "number", "output"))


def test_results_keep_to_the_specification():
    """Every key and value is one that it names."""
    check_specification(json.loads(json.dumps(made())))


def test_pending_points_are_not_yet_released():
    """The test has no score, and students see it when the grades are published; the rest they see now."""
    tests = {test["name"]: test for test in made()["tests"]}
    assert {name: test["visibility"] for name, test in tests.items()} == {
        "good": "visible",
        "bad": "visible",
        "open": "after_published",
        "secret": "hidden",
    }
    assert ("score" in tests["open"], tests["open"]["max_score"]) == (False, 2.0)
    assert "2 more are not decided yet" in made()["output"]


def test_pending_points_count_as_zero_where_that_is_said():
    """Then the test is as any other."""
    open_test = made(Rules(pending="zero"))["tests"][2]
    assert (open_test["score"], open_test["status"], open_test["visibility"]) == (0.0, "failed", "visible")


def test_what_is_for_tutors_alone_stays_away():
    """A manual criterion's expected answer stands beside it for the tutor, not for the student."""
    graded = make_grade(verdict("said", basis="manual", expected="because of the learning rate"))
    assert "learning rate" not in json.dumps(made(graded=graded))


def unpacked(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "out/export/gradescope" / name) as archive:
        for info in archive.infolist():
            path = Path(archive.extract(info, folder))
            path.chmod(info.external_attr >> 16)
    return folder


def export(tmp_path: Path, *options: str):
    return CliRunner().invoke(main, ["export", str(tmp_path / "out"), "--to", "gradescope", *options])


def test_every_submission_has_its_results(graded, tmp_path):
    """A row a student, a group's members each; one file for each submission, by the platform's number."""
    graded("gradescope")
    done = export(tmp_path)
    assert done.exit_code == 0, done.output
    rows = (tmp_path / "out/export/gradescope/grades.csv").read_text().splitlines()
    assert [row.split(",")[2:] for row in rows[1:]] == [
        ["a29@example.org", "1", "20", "Graded", "1"],
        ["a30@example.org", "1", "20", "Graded", "1"],
        ["a31@example.org", "2", "20", "Graded", "2"],
    ]
    folder = unpacked(tmp_path, "results.zip")
    found = json.loads((folder / "submission_2/results.json").read_text())
    check_specification(found)
    assert found["score"] == 2.0


def test_the_results_are_handed_out_by_number(graded, tmp_path):
    """A submission that is not among them gets none: Gradescope shows a failed autograder, and no 0."""
    graded("gradescope")
    export(tmp_path)
    folder = unpacked(tmp_path, "results.zip")
    home = tmp_path / "autograder"
    (home / "results").mkdir(parents=True)
    folder.rename(home / "source")
    script = (home / "source/run_autograder").read_text().replace("/autograder", str(home))
    codes = []
    for number in (2, 7):
        (home / "results/results.json").unlink(missing_ok=True)
        (home / "submission_metadata.json").write_text(json.dumps({"id": number}))
        codes.append(subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode)
        codes.append((home / "results/results.json").exists())
    assert codes == [0, True, 1, False]


def test_results_with_pending_points_are_not_released(graded, tmp_path):
    """By default: no test and no total is seen before the grades are published; the page and the row are held back."""
    graded("gradescope", change=lambda _name, _people: {"points_pending": 1.0})
    assert "points and page (--pending hold): 3" in export(tmp_path).output
    assert len((tmp_path / "out/export/gradescope/grades.csv").read_text().splitlines()) == 1
    found = json.loads((unpacked(tmp_path, "results.zip") / "submission_2/results.json").read_text())
    check_specification(found)
    assert {found["visibility"], *(test["visibility"] for test in found["tests"])} == {"after_published"}


def test_what_is_no_notebook_has_no_results(graded, tmp_path):
    """Nobody judged it; it is named."""
    graded("gradescope", change=lambda _name, _people: {"status": "not_run"})
    assert "no notebook was handed in" in export(tmp_path).output
    assert {path.name for path in unpacked(tmp_path, "results.zip").iterdir()} == {
        *("setup.sh", "run_autograder", "README.txt")
    }


def test_an_autograder_needs_its_tier(graded, tmp_path):
    """Nobody's notebook runs uncontained because nobody said otherwise."""
    graded("gradescope")
    done = export(tmp_path, "--autograder", str(ROOT / "rubrics/week09.yaml"))
    assert (done.exit_code, (tmp_path / "out/export").exists()) == (2, False)
    assert "--tier 3" in done.output


@pytest.mark.parametrize(
    ("tier", "option", "said"),
    [
        ("3", "-q\n", "nothing is graded"),
        ("4", "--unprotected", "A NOTEBOOK IS NOT CONTAINED"),
    ],
)
def test_an_autograder_says_its_tier_and_grades_by_its_rubric(tier, *, option, said, graded, tmp_path):
    """At the archive's root stand the two scripts; the rubric loads from it, and the reference is not in it."""
    graded("gradescope")
    done = export(tmp_path, "--autograder", str(ROOT / "rubrics/week09.yaml"), "--tier", tier)
    assert done.exit_code == 0, done.output
    folder = unpacked(tmp_path, "autograder.zip")
    assert load_rubric(folder / "assignment/rubrics/week09.yaml").assignment == "week09"
    assert not list(folder.rglob("reference.ipynb"))
    assert all(os.access(folder / name, os.X_OK) for name in ("setup.sh", "run_autograder"))
    run = (folder / "run_autograder").read_text()
    assert (f"Tier {tier}" in run, option in run) == (True, True)
    assert said in (folder / "README.txt").read_text()


def test_the_scripts_are_bash(graded, tmp_path):
    """And the archive's code is the whole package, which imports there."""
    graded("gradescope")
    export(tmp_path, "--autograder", str(ROOT / "rubrics/week10.yaml"), "--tier", "3")
    folder = unpacked(tmp_path, "autograder.zip")
    for name in ("setup.sh", "run_autograder"):
        assert subprocess.run(["/bin/bash", "-n", str(folder / name)], check=False).returncode == 0
    command = [sys.executable, "-m", "grader.export.in_container", "--help"]
    assert subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0


def test_the_container_takes_the_notebook_with_the_most_points(tmp_path):
    """Of several, and says so; after a run that did not grade there is no results.json."""
    output = OutputFolder(tmp_path / "graded")
    people = People(submissions={name: HandIn(file_name=name, source=name) for name in ("a", "b")})
    output.write_people(people)
    for name, points in (("a", 1.0), ("b", 3.0)):
        submission = SubmissionSummary(id=name, file_name=f"{name}.ipynb", sha256="0" * 64)
        output.submission(name).write(make_grade(submission=submission, points_earned=points))
    assert in_container([str(tmp_path / "graded"), str(tmp_path / "no"), "--exit-code", "2"]) == 1
    assert in_container([str(tmp_path / "graded"), str(tmp_path / "results"), "--exit-code", "3"]) == 0
    found = json.loads((tmp_path / "results/results.json").read_text())
    assert (found["score"], found["extra_data"]["submission"], (tmp_path / "no").exists()) == (3.0, "b", False)
    assert "b.ipynb was graded, and counts among those handed in (a.ipynb)" in found["output"]
