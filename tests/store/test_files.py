"""Atomic writes, and digests of files."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from grader.errors import UnwritableError
from grader.store import digest_of, write_atomically
from grader.store.files import copy_atomically, remove_parts


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """A reader sees the old content or the new, and no temporary file stays."""
    path = tmp_path / "x.json"
    write_atomically(path, "old")
    with pytest.raises(TypeError):
        write_atomically(path, 5)  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_lone_surrogates_can_be_written(tmp_path: Path) -> None:
    """A student's text may hold them."""
    write_atomically(tmp_path / "x", "a\ud800b")
    assert (tmp_path / "x").read_text() == "a?b"


def test_a_digest_follows_the_file(tmp_path: Path) -> None:
    """Written anew it has another one; where nothing is, it is empty."""
    path = tmp_path / "x"
    assert not digest_of(path)
    write_atomically(path, "a")
    first = digest_of(path)
    write_atomically(path, "b")
    assert digest_of(path) not in {first, ""}


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The error says where and what to do, and no part of the new one stays."""
    path = tmp_path / "x.json"
    write_atomically(path, "old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(UnwritableError, match=r"x\.json: it cannot be written"):
            write_atomically(path, b"0" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])


def test_parts_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    """At any depth, and nothing else."""
    program = "import os, sys\nfrom pathlib import Path\nfrom grader.store import atomic_file\n"
    program += (
        "with atomic_file(Path(sys.argv[1])) as file:\n    file.write(b'half')\n    file.flush()\n    os._exit(9)"
    )
    path = tmp_path / "a" / "x.json"
    subprocess.run([sys.executable, "-c", program, path], check=False)
    kept = tmp_path / ".hidden.json"
    kept.write_text("")
    assert [part.name[:8] for part in path.parent.iterdir()] == [".x.json."]
    assert remove_parts(tmp_path) == 1
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [kept]


def test_a_file_in_two_places_is_replaced_in_one(tmp_path: Path) -> None:
    """Equal files may be one on the disk, and nobody notices."""
    first, second = tmp_path / "a" / "x", tmp_path / "b" / "x"
    write_atomically(first, "old")
    copy_atomically(first, second)
    assert first.samefile(second)
    write_atomically(second, "new")
    assert (first.read_text(), second.read_text()) == ("old", "new")
