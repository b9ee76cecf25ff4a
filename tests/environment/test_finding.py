"""An environment is asked what it holds, and refused with the reason where notebooks cannot be graded in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from grader.environment import own_environment
from grader.environment.finding import check_own, environment_at, problem_of
from grader.errors import UsageError

PACKAGES = {"tensorflow": "2.16.2", "keras": "3.3.3", "ipykernel": "7.0.0", "matplotlib": "3.9.0", "numpy": "1.26.4"}


def made(folder: Path, *, python: str = "3.12.1", without: str = "", **packages: str) -> Path:
    """A folder whose Python says that it holds this."""
    held = {name: version for name, version in {**PACKAGES, **packages}.items() if name != without}
    said = {"executable": str(folder / "bin/python"), "prefixes": ["/usr"], "folders": [], "python": python}
    answer = {**said, "packages": held, "importable": ["keras"], "digest": "ab"}
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    (folder / "bin" / "python").chmod(0o755)
    return folder


def test_a_folder_and_its_interpreter_are_the_same(tmp_path: Path) -> None:
    """Of either a path may be given."""
    folder = made(tmp_path / "course")
    found = environment_at(folder)
    assert found == environment_at(folder / "bin" / "python")
    assert (found.python, found.packages["keras"], found.importable, found.is_own) == (
        "3.12.1",
        "3.3.3",
        ("keras",),
        False,
    )


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ({"keras": "2.15.0"}, ("it holds keras 2.15.0.", "newer versions")),
        ({"tensorflow": "2.15.1"}, ("it holds tensorflow 2.15.1.", "newer versions")),
        ({"without": "ipykernel"}, ("it lacks ipykernel.", "grader environment add {folder} ipykernel")),
        ({"without": "tensorflow"}, ("it lacks tensorflow.", "grader environment add {folder} tensorflow")),
        ({"python": "3.10.2"}, ("it is of Python 3.10.2.", "--python python3.12")),
        ({"python": "3.14.0"}, ("it is of Python 3.14.0.", "--python python3.12")),
    ],
)
def test_what_is_too_old_or_missing_is_named(held: dict[str, str], said: tuple[str, str], tmp_path: Path) -> None:
    """With what to do."""
    folder = made(tmp_path / "course", **held)
    with pytest.raises(UsageError) as raised:
        environment_at(folder)
    assert said[0] in raised.value.found
    assert "Python 3.11 to 3.13 with tensorflow 2.16, keras 3," in raised.value.expected
    assert said[1].format(folder=folder) in raised.value.fix


def test_either_distribution_of_tensorflow_will_do(tmp_path: Path) -> None:
    """The one for processors alone is called otherwise."""
    folder = made(tmp_path / "course", without="tensorflow", **{"tensorflow-cpu": "2.20.0rc0"})
    assert problem_of(environment_at(folder)) == ""


def test_what_is_no_python_is_refused(tmp_path: Path) -> None:
    """A path without one, and a program that is none."""
    with pytest.raises(UsageError, match="there is no Python"):
        environment_at(tmp_path)
    with pytest.raises(UsageError, match="it does not run as a Python"):
        environment_at(Path("/bin/echo"))


def test_our_own_environment_can_be_graded_in() -> None:
    """It holds what students use as well."""
    assert check_own() is own_environment()
    assert (own_environment().executable, own_environment().is_own) == (sys.executable, True)
