"""``grader check`` in steps, and ``grader release``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import EXIT_UNUSABLE, main

NOTEBOOK = "submissions/week09/low-accuracy.ipynb"


def run(*arguments: str) -> Result:
    """The command with these arguments."""
    return CliRunner().invoke(main, list(arguments))


def test_a_release_checks_a_notebook_without_running_it(tmp_path: Path):
    """Unknown is said as unknown, and what the step cannot know is said."""
    archive = str(tmp_path / "week09.zip")
    made = run("release", "rubrics/week09.yaml", "-o", archive)
    assert made.exit_code == 0, made.output
    assert "kept back" in made.output
    checked = run("check", NOTEBOOK, "--release", archive, "--static")
    assert checked.exit_code == 0, checked.output
    assert "ex4.architecture" in checked.output.partition("\nMet: ")[2]
    assert "Nothing was run" in checked.output


def test_a_rubric_will_do_instead():
    """As tutors have it."""
    assert "ex4.trained" in run("check", NOTEBOOK, "--rubric", "rubrics/week09.yaml", "--static").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--static", "--quick"), "two steps"),
        (("--static", "--hints"), "whole trainings"),
        (("--rubric", "rubrics/week09.yaml", "--release", "x.zip"), "both name what is asked for"),
        (("--release", "pyproject.toml", "--static"), "no release of a rubric"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: tuple[str, ...], said: str):
    """With the exit code of bad usage."""
    result = run("check", NOTEBOOK, *arguments)
    assert result.exit_code == EXIT_UNUSABLE
    assert said in result.output
