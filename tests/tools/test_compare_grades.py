"""Two output folders differ where a mark does, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from builders import make_grade

TOOL = Path(__file__).parents[2] / "tools" / "compare_grades.py"


def write(folder: Path, **changes: Any) -> None:
    """One grade below an output folder."""
    place = folder / "submissions" / "one"
    place.mkdir(parents=True)
    grade = json.loads(make_grade().model_dump_json())
    grade["verdicts"][0].update(changes)
    (place / "grade.json").write_text(json.dumps(grade))


def compared(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What the tool says of the folders ``before`` and ``after``."""
    command = [sys.executable, str(TOOL), str(tmp_path / "before"), str(tmp_path / "after"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_wording_and_times_are_no_difference(tmp_path: Path) -> None:
    """Only marks are compared, unless texts are asked for."""
    write(tmp_path / "before", feedback="one")
    write(tmp_path / "after", feedback="another")
    assert compared(tmp_path).returncode == 0
    assert "feedback" in compared(tmp_path, "--texts").stdout


def test_a_mark_that_moved_is_named(tmp_path: Path) -> None:
    """With the submission, the criterion and both values."""
    write(tmp_path / "before", earned=2.0)
    write(tmp_path / "after", earned=1.0)
    result = compared(tmp_path)
    assert result.returncode == 1
    assert "earned | 2.0 | 1.0 |" in result.stdout


def test_a_new_name_of_a_value_is_none(tmp_path: Path) -> None:
    """A rename is said once, on the command line."""
    write(tmp_path / "before", cause="ours")
    write(tmp_path / "after", cause="infrastructure")
    assert compared(tmp_path).returncode == 1
    assert compared(tmp_path, "--renamed", "ours=infrastructure").returncode == 0


def test_a_submission_that_is_gone_is_named(tmp_path: Path) -> None:
    """Nothing vanishes without a word."""
    write(tmp_path / "before")
    (tmp_path / "after").mkdir()
    assert "| one | grade.json | there | missing |" in compared(tmp_path).stdout
