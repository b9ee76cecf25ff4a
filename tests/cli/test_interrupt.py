"""What an interrupted command says."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from case_files import ROOT
from whole_class import notebook


@pytest.mark.slow
def test_an_interrupted_batch_says_so_in_one_line(tmp_path: Path) -> None:
    """No traceback, nothing left but what is done, and the exit code of an interrupt."""
    (tmp_path / "hw.ipynb").write_text(notebook("while True:\n    pass"))
    rubric = ROOT / "rubrics" / "week09.yaml"
    words = ["grade", rubric, "hw.ipynb", "-o", "out", "--data", "sample"]
    command = [sys.executable, "-c", "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"]
    command[-1] += "from grader.cli import main; main(prog_name='grader')"
    with subprocess.Popen([*command, *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as batch:
        assert batch.stderr is not None
        while "Executing" not in (line := batch.stderr.readline()):
            assert line
        batch.send_signal(signal.SIGINT)
        said = batch.stderr.read()
    assert said == "Interrupted. What is done is kept; the same command continues from there.\n"
    assert (batch.returncode, (tmp_path / "out" / ".lock").exists()) == (130, False)
