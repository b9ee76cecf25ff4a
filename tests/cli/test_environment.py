"""``grader environment``, and which environment a command takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import EXIT_UNUSABLE, main
from grader.cli.options import RunOptions
from grader.environment import own_environment
from grader.errors import UsageError
from grader.rubric import load_rubric

ROOT = Path(__file__).parents[2]


def options(python: str | None) -> RunOptions:
    """Of a command with ``--python``."""
    limits = {"cell_timeout": None, "notebook_timeout": None, "memory": None}
    return RunOptions(data=None, jobs=1, cold=False, unprotected=False, python=python, **limits)


def test_our_own_environment_is_shown() -> None:
    """Python, the packages that decide most figures, and the digest that is in each key."""
    shown = CliRunner().invoke(main, ["environment", "show"]).output
    own = own_environment()
    assert own.python in shown
    assert own.digest[:16] in shown
    assert all(name in shown and version in shown for name, version in own.packages.items())


def test_a_path_without_a_python_ends_with_what_to_do(tmp_path: Path) -> None:
    """Before anything runs."""
    told = CliRunner().invoke(main, ["environment", "show", str(tmp_path)])
    assert told.exit_code == EXIT_UNUSABLE
    assert "grader environment make" in told.output


def test_the_command_goes_before_the_rubric(tmp_path: Path) -> None:
    """And without either notebooks run in the grader's own."""
    rubric = load_rubric(ROOT / "rubrics" / "week09.yaml")
    course = rubric.model_copy(update={"environment": "nowhere"})
    assert options(None).environment(rubric) is own_environment()
    assert options("own").environment(course) is own_environment()
    with pytest.raises(UsageError, match="rubrics/nowhere: there is no Python"):
        options(None).environment(course)
    with pytest.raises(UsageError, match="other: there is no Python"):
        options(str(tmp_path / "other")).environment(course)


def test_a_sandbox_is_of_the_environments_python() -> None:
    """Of our own it needs no word."""
    assert options(None).sandbox(own_environment()).python is None


def test_what_a_draft_names_is_what_the_command_did() -> None:
    """The grader's own has no name."""
    assert [options(given).course_python for given in (None, "own", "env")] == [None, None, Path("env")]
