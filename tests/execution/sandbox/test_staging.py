from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.execution.sandbox.staging import lent, readable_by_others, staged

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
UID = 61184


def test_ourselves_we_read_everything_in_place(tmp_path: Path) -> None:
    """Nothing is copied for a job that runs as we do."""
    (tmp_path / "x").write_text("x")
    with staged({"/x": tmp_path / "x"}, work=tmp_path, uid=None) as files:
        assert files.binds["/x"] == (tmp_path / "x").resolve()
        assert files.work == tmp_path


def test_a_closed_folder_above_makes_a_file_unreadable(tmp_path: Path) -> None:
    """Whatever the file's own mode is."""
    tmp_path.chmod(0o700)
    path = tmp_path / "x"
    path.write_text("x")
    path.chmod(0o644)
    assert not readable_by_others(path)


@as_root
def test_what_the_user_cannot_read_is_copied_and_goes_again(tmp_path: Path) -> None:
    """Only the user can read the copy, and nobody can change it."""
    tmp_path.chmod(0o700)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").write_text("x")
    os.mkfifo(tmp_path / "in" / "pipe")
    with staged({}, work=tmp_path / "in", uid=UID) as files:
        assert files.work is not None
        copy = files.work / "x"
        assert (copy.stat().st_uid, copy.stat().st_mode & 0o777) == (UID, 0o400)
        assert sorted(path.name for path in files.work.iterdir()) == ["x"]
    assert not copy.exists()


@as_root
def test_a_lent_folder_comes_back_with_all_that_is_in_it(tmp_path: Path) -> None:
    """Owner and mode are what they were."""
    before = tmp_path.stat()
    with lent([tmp_path], uid=UID):
        assert tmp_path.stat().st_uid == UID
        (tmp_path / "made").touch()
        os.chown(tmp_path / "made", UID, UID)
        tmp_path.chmod(0o777)
    assert (tmp_path.stat().st_uid, tmp_path.stat().st_mode) == (before.st_uid, before.st_mode)
    assert (tmp_path / "made").stat().st_uid == before.st_uid


@as_root
def test_a_folder_removed_meanwhile_is_no_error(tmp_path: Path) -> None:
    """Its owner removes it as soon as it has done its work."""
    folder = tmp_path / "s"
    folder.mkdir()
    with lent([folder], uid=UID):
        folder.rmdir()
