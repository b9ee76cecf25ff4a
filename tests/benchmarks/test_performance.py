"""What the benchmark gives every grader is the same work, and its edit changes one criterion alone."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "benchmarks")]

from performance import measured  # noqa: E402
from performance.classes import CRITERION, edit, edited_rubric  # noqa: E402
from performance.measured import CommandFailedError, folder_bytes, measure  # noqa: E402
from performance.notebooks import ASSERTS, submission, trainings  # noqa: E402
from performance.page import page, with_page  # noqa: E402

from grader.rubric import load_rubric  # noqa: E402


def fits(code: str) -> list[str]:
    """The trainings in a program, in order."""
    calls = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    return sorted(
        ast.unparse(call) for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "fit"
    )


def test_the_floor_is_every_training_and_no_more() -> None:
    """No evaluation, no prediction and no drawing; the layers that a loop adds are there."""
    notebook = submission(3, offline=True)
    whole = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    floor = trainings(notebook)
    assert fits(floor) == fits(whole)
    assert len(fits(floor)) == 6
    assert "Dropout(0.2)" in floor
    assert not any(f".{name}(" in floor for name in ("evaluate", "predict", "show"))


def test_each_copy_has_a_seed_of_its_own() -> None:
    """And is the same notebook otherwise, with nothing for a terminal in it."""
    first, second = (submission(seed, offline=False) for seed in (1, 2))
    differing = [one.source for one, other in zip(first.cells, second.cells, strict=True) if one.source != other.source]
    assert differing == ["tf.keras.utils.set_random_seed(1)"]
    assert not any(cell.source.startswith(("%", "!", "pip ")) for cell in first.cells)


def test_the_asserts_are_python() -> None:
    """Each stands in a cell of its own."""
    assert all(isinstance(ast.parse(code).body[-1], ast.Assert) for code in ASSERTS.values())


def test_an_edit_changes_one_criterion(tmp_path: Path) -> None:
    """The rubric stays valid, and the next edit asks for another figure."""
    path = edited_rubric(tmp_path)
    before = load_rubric(path)
    edit(path, number=1)
    edit(path, number=2)
    pairs = zip(before.criteria, load_rubric(path).criteria, strict=True)
    assert [one.id for one, other in pairs if one != other] == [CRITERION]


def and_told(look: Callable[..., tuple[int, int]], path: Path) -> Callable[..., tuple[int, int]]:
    """The same look, which makes a file once it has seen 100 MB."""

    def told(*arguments: Any) -> tuple[int, int]:
        found = look(*arguments)
        if found[0] > 10**8:
            path.touch()
        return found

    return told


def test_a_command_is_measured_with_what_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its children's memory counts as well."""
    seen = tmp_path / "seen"
    monkeypatch.setattr(measured, "_look", and_told(measured._look, seen))
    # It goes on until it was looked at, however late that is.
    child = f"import os, time\nheld = bytearray(10**8)\nwhile not os.path.exists({str(seen)!r}): time.sleep(0.01)"
    cost = measure([sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"])
    assert cost.memory_bytes > 10**8 >= cost.memory_bytes - cost.process_bytes
    assert cost.wall_seconds >= cost.cpu_seconds > 0


def test_a_command_that_fails_is_no_measurement() -> None:
    """It would be the quickest of all."""
    with pytest.raises(CommandFailedError, match="exit code 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"])


def test_what_was_not_measured_is_left_out_of_the_page(tmp_path: Path) -> None:
    """The machine is always named."""
    (tmp_path / "some").write_bytes(b"x" * 5000)
    assert folder_bytes(tmp_path) >= 5000
    text = page({})
    assert "Machine:" in text
    assert "###" not in text


def test_the_page_stands_after_what_was_written_by_hand() -> None:
    """And takes the place of an earlier one."""
    once = with_page("# Performance\n\nBy hand.\n", page({}))
    assert once.startswith("# Performance\n\nBy hand.\n\n<!--")
    assert with_page(once, page({})) == once
