"""The output folder: atomic writes, and nothing read back that is not plain."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from grader.errors import StoreError
from grader.records import Measurement, Measurements
from grader.store import ArrayStore, OutputFolder, SubmissionFolder, write_atomically


def test_an_equal_array_is_stored_once(tmp_path: Path) -> None:
    """Arrays are named by their content."""
    store = ArrayStore(tmp_path)
    first, second = store.put(np.arange(3)), store.put(np.arange(3))
    assert first == second
    assert len(list(tmp_path.iterdir())) == 1
    assert store.get(first).tolist() == [0, 1, 2]


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    """Nothing of a submission is ever unpickled."""
    (tmp_path / f"{'a' * 64}.npy").write_bytes(pickle.dumps({"x": 1}))
    with pytest.raises(StoreError, match="not a stored array"):
        ArrayStore(tmp_path).get("a" * 64)


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


def test_records_come_back_equal(tmp_path: Path) -> None:
    """NaN and infinities survive JSON."""
    folder = SubmissionFolder(tmp_path)
    measured = Measurement(model="m1", weights="w1", probe="test", loss=float("inf"))
    measurements = Measurements(submission="a", measured=(measured,))
    folder.write(measurements)
    assert folder.read_measurements() == measurements


def test_a_broken_record_is_none(tmp_path: Path) -> None:
    """What cannot be read is made again."""
    folder = SubmissionFolder(tmp_path)
    write_atomically(folder.evidence_json, "{")
    assert folder.read_evidence() is None


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """With the path, the system's reason and what to do."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError) as caught:
        OutputFolder(tmp_path / "file" / "out").make()
    assert str(tmp_path / "file" / "out") in caught.value.found
    assert "Not a directory" in caught.value.found
    assert "Name another folder" in caught.value.fix


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    """Nothing but what is asked for is written there."""
    OutputFolder(tmp_path / "some" / "out").make()
    assert list((tmp_path / "some" / "out").iterdir()) == []
