"""What a student reads holds no path of the machine that grades."""

from __future__ import annotations

import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import machine_paths
from grader.machine_paths import name_also, without_machine_paths

PACKAGES = sysconfig.get_paths()["purelib"]
STANDARD = sysconfig.get_paths()["stdlib"]
ROOT = Path(__file__).parents[1]
JOB = f"{tempfile.gettempdir()}/grader-job-a1_b2"


@pytest.fixture(autouse=True)
def looked_for_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The paths that a process keeps may have been found while another test had moved them."""
    monkeypatch.setattr(machine_paths, "_further", set(machine_paths._further))
    machine_paths._paths.cache_clear()
    yield
    machine_paths._paths.cache_clear()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"{PACKAGES}/keras/losses.py", ".../site-packages/keras/losses.py"),
        (f"{STANDARD}/json/decoder.py", f".../{Path(STANDARD).name}/json/decoder.py"),
        (f"{sys.prefix}/bin/python", ".../bin/python"),
        (f"{ROOT}/grader/limits.py", ".../grader/limits.py"),
        ("/run/nb/lib/recorder/fits.py", ".../lib/recorder/fits.py"),
        (f"{JOB}/home/student/work/points.csv", "/home/student/work/points.csv"),
        (f"{JOB}/run/nb/lib/recorder/fits.py", ".../lib/recorder/fits.py"),
        (JOB, "..."),
    ],
)
def test_a_path_of_the_machine_keeps_what_says_something(path: str, shown: str) -> None:
    """In a traceback, in quotes and at the end of a sentence."""
    for text in ("File {}:12, in call", "'{}'", "See {}.", "({})", "\x1b[32m{}\x1b[39m"):
        assert without_machine_paths(text.format(path)) == text.format(shown)


@pytest.mark.parametrize(
    "text",
    ["/content/points.csv", "/usr/bin/python", "/tmp/a.csv", "1/2", "https://example.org/run/nb", "/run/nbx", "a/b/c"],
)
def test_other_paths_stay(text: str) -> None:
    """What a student wrote, and what every machine has."""
    assert without_machine_paths(f"No such file: {text}") == f"No such file: {text}"


def test_the_home_folder_is_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a user's name."""
    monkeypatch.setenv("HOME", "/srv/people/anna")
    assert without_machine_paths("/srv/people/anna/x.py") == "~/x.py"


def test_paths_of_the_courses_own_python_are_cut_too(tmp_path: Path) -> None:
    """From the moment that it is known."""
    packages = tmp_path / "course" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    assert str(packages) in without_machine_paths(f"{packages}/keras/losses.py")
    name_also([str(tmp_path / "course")])
    assert without_machine_paths(f"{packages}/keras/losses.py") == ".../site-packages/keras/losses.py"
    assert without_machine_paths(f"{tmp_path}/course/bin/python") == ".../bin/python"
