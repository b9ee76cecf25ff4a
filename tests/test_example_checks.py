"""A course's own checks, built and installed as a package, judge a notebook."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

EXAMPLE = Path(__file__).parent / "example_checks"
RUBRIC = """
assignment: words
title: Words
points: {core: 3}
sections:
  - id: ex1
    title: "Exercise 1: Print"
    criteria:
      - {id: ex1.word, points: 1, check: printed_word, params: {word: hello}}
      - {id: ex1.other, points: 2, check: printed_word, params: {word: goodbye}}
"""


def install(site):
    """Builds the example's wheel and unpacks it, which is all that installing it does."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(site)]
    subprocess.run(build, cwd=EXAMPLE, check=True, capture_output=True)
    with zipfile.ZipFile(next(site.glob("*.whl"))) as wheel:
        wheel.extractall(site)


@pytest.mark.slow
def test_an_installed_package_s_checks_grade(tmp_path):
    """In the workers too, and the grade names the package."""
    site = tmp_path / "site"
    install(site)
    cells = [nbformat.v4.new_markdown_cell("## Exercise 1: Print"), nbformat.v4.new_code_cell("print('hello')")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    (tmp_path / "words.yaml").write_text(RUBRIC)
    command = [sys.executable, "-m", "grader", "grade", "words.yaml", "a.ipynb", "-o", "out", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{EXAMPLE.parents[1]}"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    grade = json.loads(next(tmp_path.glob("out/submissions/*/grade.json")).read_text())
    assert [verdict["outcome"] for verdict in grade["verdicts"]] == ["passed", "failed"]
    assert grade["rubric"]["check_packages"] == {"example-checks": "1.2"}
