"""What CI services are given: exit codes, JUnit, JSON, ready workflows, the hook that reads rubrics."""

from __future__ import annotations

import json
import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from grader.cli import EXIT_UNUSABLE, EXIT_VALIDATION_FAILED, main
from grader.execution.sandbox import fixes

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / "docs" / "ci").glob("*.yml"))
COMMAND = re.compile(r"\bgrader (check|validate) .*")
STATIC = ("check", "submissions/week09/low-accuracy.ipynb", "--rubric", "rubrics/week09.yaml", "--static")


def run(*arguments: str) -> Result:
    """The command with these arguments."""
    return CliRunner().invoke(main, list(arguments))


def test_the_json_holds_every_verdict_and_the_points():
    """And nothing else is printed."""
    told = json.loads(run(*STATIC, "--json").stdout)
    assert told["step"] == "static"
    assert {one["status"] for one in told["verdicts"]} == {"passed", "failed", "unknown"}
    sure = sum(one["at_most"] for one in told["verdicts"] if one["status"] != "unknown" and not one["bonus"])
    assert told["points"] == {"earned": sure, "possible": 50, "unknown": told["points"]["unknown"]}


def test_junit_has_a_case_for_each_criterion(tmp_path: Path):
    """What is unknown is skipped, with the reason."""
    file = tmp_path / "new" / "check.xml"
    told = json.loads(run(*STATIC, "--json", "--junit", str(file)).stdout)
    root = ET.fromstring(file.read_text())  # noqa: S314 - our own text
    assert len(root.findall(".//testcase")) == len(told["verdicts"])
    for status, tag in (("failed", "failure"), ("unknown", "skipped")):
        found = root.findall(f".//{tag}")
        assert len(found) == sum(one["status"] == status for one in told["verdicts"])
        assert all(one.get("message") for one in found)


def test_fewer_sure_points_than_asked_for_end_with_one():
    """As many are enough."""
    sure = json.loads(run(*STATIC, "--json").stdout)["points"]["earned"]
    assert run(*STATIC, "--min-points", str(sure)).exit_code == 0
    below = run(*STATIC, "--min-points", str(sure + 0.5))
    assert below.exit_code == EXIT_VALIDATION_FAILED
    assert f"{sure:g} points are sure" in below.stderr


def test_reading_rubrics_names_what_is_wrong_with_each(tmp_path: Path):
    """With file and line; one bad rubric hides no other."""
    bad = [tmp_path / f"{name}.yaml" for name in "ab"]
    for path in bad:
        path.write_text("assignment: x\nfoo: 1\n")
    told = run("validate", "--no-run", *map(str, bad), "rubrics/week09.yaml")
    assert told.exit_code == EXIT_UNUSABLE
    assert all(f"{path}:2: unknown key 'foo'" in told.stderr for path in bad)
    assert "rubrics/week09.yaml: 39 criteria, nothing wrong" in told.stdout


def commands(text: str) -> list[list[str]]:
    """The words of every command of ours."""
    return [shlex.split(found.group().partition("grader ")[2]) for found in COMMAND.finditer(text)]


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / ".pre-commit-hooks.yaml"], ids=lambda path: path.name)
def test_a_ready_file_calls_what_there_is(path: Path):
    """It is YAML, and its commands take these options."""
    text = path.read_text()
    assert yaml.safe_load(text)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = commands("\n".join(lines).replace("--no-run\n", "--no-run rubrics/week09.yaml\n"))
    assert found
    for name, *words in found:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        command.make_context(name, [word.replace("$MIN_POINTS", "1") for word in words])


def test_the_workflow_loads_the_profile_that_doctor_names():
    """Where AppArmor forbids user namespaces, bubblewrap works under its profile alone."""
    text = (ROOT / ".github/workflows/validate.yml").read_text()
    steps = yaml.safe_load(text)["jobs"]["validate"]["steps"]
    loading, using = (
        next(at for at, one in enumerate(steps) if word in one.get("run", ""))
        for word in ("apparmor_parser -r", "grader.bootstrap validate")
    )
    assert loading < using
    assert all(name in text for name in (fixes._PROFILE, fixes._EXTRA_PROFILE, "apparmor-profiles", "bubblewrap"))
