"""What the documents tell a reader to write works as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.judging.registry import CheckSpec

ROOT = Path(__file__).parents[1]
FILES = re.compile(r"^```\w+ (?P<path>\S+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
PAGE = (ROOT / "docs" / "add-a-check.md").read_text()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package with the page's files in it, and the builders of tests."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "grader", folder / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in FILES.findall(PAGE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copy(ROOT / "tests" / "builders.py", folder / "tests")
    return folder


def run(folder, *arguments):
    """What a Python in that folder prints."""
    # Options of the run that we are part of are not for the page's tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": f"{folder}{os.pathsep}{folder / 'tests'}", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_check_is_added_by_one_module_and_its_tests(copy):
    """The tests of the page pass, and nothing else was changed."""
    paths = [path for path, _ in FILES.findall(PAGE)]
    assert paths == ["grader/checks/model_size.py", "tests/checks/test_model_size.py", "rubrics/small.yaml"]
    assert re.search(r"^\d+ passed in", run(copy, "-m", "pytest", "-q", "tests/checks"), re.MULTILINE)


def test_the_added_check_is_listed_and_a_rubric_can_use_it(copy):
    """Without any other file."""
    assert "model_size  The section's model has no more weights than allowed." in run(copy, "-m", "grader", "checks")
    load = "from pathlib import Path; from grader.rubric import load_rubric; print(load_rubric(Path('{}')).criteria[1])"
    assert "smaller_than='ex1'" in run(copy, "-c", load.format("rubrics/small.yaml"))


def test_every_field_that_a_check_declares_is_explained():
    """In the table of the page."""
    declared = set(CheckSpec.__dataclass_fields__) - {"name", "params", "run", "statement"}
    assert declared == set(re.findall(r"^\| `(\w+)=", PAGE, re.MULTILINE))
