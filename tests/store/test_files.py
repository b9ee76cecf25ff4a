"""Atomic writes, and digests of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.store import digest_of, write_atomically


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
