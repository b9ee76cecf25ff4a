"""What ``grader store`` says, and its exit codes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.records import Evidence
from grader.store import OutputFolder, held


@pytest.fixture
def output(tmp_path: Path) -> OutputFolder:
    """One submission with an array that nothing refers to."""
    output = OutputFolder(tmp_path / "out")
    folder = output.submission("hw-00000001")
    folder.write(Evidence(submission="hw-00000001", file_name="hw.ipynb", sha256="0" * 64))
    folder.arrays.put(np.arange(10_000))
    return output


def store(*words: object) -> Result:
    return CliRunner().invoke(main, ["store", *map(str, words)], env={"COLUMNS": "120"})


def test_sizes_are_listed_and_unused_arrays_pruned(output: OutputFolder) -> None:
    """Each command says what the next one would do."""
    told = store("list", output.folder).output
    assert "hw-00000001" in told
    assert "Nothing refers to 80 kB of it: grader store prune removes that." in told
    assert store("prune", output.folder).output == "Removed 1 file, 80 kB.\n"
    assert "Nothing refers" not in store("list", output.folder).output


def test_a_submission_is_forgotten_by_the_beginning_of_its_id(output: OutputFolder) -> None:
    """And the folder is still one of ours."""
    assert store("forget", output.folder, "hw").output == "hw-00000001: forgotten\n"
    assert output.stored() == []
    assert store("list", output.folder).exit_code == 0


def test_what_cannot_be_done_is_told_with_exit_code_2(output: OutputFolder, tmp_path: Path) -> None:
    """No submission named, no output folder, somebody else at work."""
    assert store("forget", output.folder).exit_code == 2
    assert "no output folder of grader" in " ".join(store("list", tmp_path / "none").output.split())
    with held(output.folder):
        refused = store("prune", output.folder)
    assert (refused.exit_code, f"process {os.getpid()} on" in refused.output) == (2, True)
