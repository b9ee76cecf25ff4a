"""A notebook that needs a package more is run after an environment got it, and the grader's own did not."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from pocket_wheel import wheel

from grader.datasets import resolve
from grader.environment.making import add, make
from grader.execution.execute import ExecutionSettings, execute
from grader.execution.sandbox import Sandbox, SandboxChoice, interpreter_of
from grader.execution.watch import RunLimits
from grader.intake import read_submission
from grader.store import SubmissionFolder


@pytest.mark.slow
def test_a_package_of_the_course_is_there_in_its_kernels(sandbox: Sandbox, tmp_path: Path) -> None:
    """And the evidence says which environment that was."""
    make(tmp_path / "course", requirements=None, python=None)
    course = add(tmp_path / "course", packages=[str(wheel(tmp_path))], requirements=None)
    cell = nbformat.v4.new_code_cell("import pocket_numbers, sys\nprint(pocket_numbers.ANSWER, sys.executable)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "some.ipynb")
    submission, document = read_submission(tmp_path / "some.ipynb", sandbox=SandboxChoice(known=sandbox))
    assert document is not None
    python = interpreter_of(course.executable, prefixes=course.prefixes, folders=course.folders)
    settings = ExecutionSettings(
        sandbox=SandboxChoice(python=python, unprotected=True).resolve(),
        environment=course,
        data_sets=resolve("sample"),
        limits=RunLimits(cell_timeout_seconds=60, notebook_timeout_seconds=120),
    )
    into = SubmissionFolder(tmp_path / "out")
    evidence = execute(submission, document, folder=into, settings=settings, on_cell=lambda *_: None)
    assert evidence.execution.reason is None, evidence.execution.detail
    assert evidence.cells[0].printed.startswith("42 ")
    ran_in = evidence.environment
    assert (ran_in.is_own, ran_in.digest, ran_in.left_out) == (False, course.digest, ())
