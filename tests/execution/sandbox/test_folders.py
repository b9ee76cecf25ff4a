from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from grader.execution.sandbox.folders import PREFIX, _remove_abandoned, job_folder


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary folders of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_with_all_that_is_in_it(temporary: Path) -> None:
    """Links are removed, never followed."""
    (temporary / "kept").touch()
    with job_folder() as folder:
        assert folder.parent == temporary.resolve()
        (folder / "a").mkdir()
        (folder / "a" / "link").symlink_to(temporary / "kept")
    assert [path.name for path in temporary.iterdir()] == ["kept"]


def test_what_a_killed_grader_left_is_removed(temporary: Path) -> None:
    """It is old, and nobody holds it."""
    abandoned, young = temporary / f"{PREFIX}a", temporary / f"{PREFIX}b"
    for folder in (abandoned, young):
        (folder / "x").mkdir(parents=True)
    os.utime(abandoned, (0, 0))
    _remove_abandoned(-1)
    assert [path.name for path in temporary.iterdir()] == [young.name]


def test_a_folder_in_use_stays(temporary: Path) -> None:
    """However old it is."""
    with job_folder() as folder:
        os.utime(folder, (0, 0))
        _remove_abandoned(-2)
        assert folder.exists()


def test_a_link_of_that_name_is_nothing_of_ours(temporary: Path) -> None:
    """Somebody else may have put it there."""
    (temporary / "kept").mkdir()
    (temporary / f"{PREFIX}link").symlink_to(temporary / "kept")
    os.utime(temporary / f"{PREFIX}link", (0, 0), follow_symlinks=False)
    _remove_abandoned(-3)
    assert (temporary / "kept").is_dir()
