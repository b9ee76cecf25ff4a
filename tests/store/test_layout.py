"""The output folder: its layout, and nothing read back that is not of this version."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from grader.errors import StoreError
from grader.records import Evidence, Measurement, Measurements
from grader.store import OutputFolder, SubmissionFolder, write_atomically


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


def test_arrays_are_on_the_disk_before_a_record_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one at a time as they are stored, and with the names of their folder: no power cut leaves them out."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    folder = SubmissionFolder(tmp_path)
    (tmp_path / "evidence" / "arrays").mkdir(parents=True)
    refs = [folder.arrays.put(np.arange(number)) for number in (3, 4)]
    assert synced == []
    measured = Measurement(model="m1", weights="w1", probe="region", predictions=refs[0], inputs=refs[1])
    folder.write(Measurements(submission="a", measured=(measured,)))
    arrays = [(folder.arrays.folder / f"{ref}.npy").stat().st_ino for ref in refs]
    assert (set(synced[:2]), synced[2]) == (set(arrays), folder.arrays.folder.stat().st_ino)
    assert synced[3] == folder.measurements_json.stat().st_ino


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


OLDER_GRADE = {
    "schema_version": 1,
    "submission": {"id": "a", "file_name": "a.ipynb", "sha256": "0" * 64},
    "rubric": {"assignment": "some", "title": "Some", "file_name": "some.yaml", "sha256": "0" * 64},
    "status": "needs_review",
    "execution": {"reason": None},
    "points_earned": 0.0,
    "points_pending": 1.0,
    "points_possible": 1.0,
    "bonus_earned": 0.0,
    "bonus_pending": 0.0,
    "bonus_possible": 0.0,
}
"""As version 1 wrote it."""


def test_a_grade_of_an_older_version_is_not_read(tmp_path: Path) -> None:
    """It would mean something else: the cause that was called ``ours`` has another name now."""
    folder = SubmissionFolder(tmp_path)
    write_atomically(folder.grade_json, json.dumps(OLDER_GRADE))
    assert folder.read_grade() is None
    write_atomically(folder.grade_json, json.dumps({**OLDER_GRADE, "schema_version": 3}))
    assert folder.read_grade() is not None


def test_evidence_of_an_older_version_is_refused_by_name(tmp_path: Path) -> None:
    """With what was found, what was expected and what to do."""
    folder = SubmissionFolder(tmp_path)
    folder.write(Measurements(submission="a"))
    folder.write(Evidence(submission="a", file_name="a.ipynb", sha256="0" * 64))
    folder.stored_evidence()
    plain = json.loads(folder.evidence_json.read_text())
    write_atomically(folder.evidence_json, json.dumps({**plain, "schema_version": 1}))
    with pytest.raises(StoreError, match=r"evidence.json: it is of schema version 1.*schema version 3.*once more"):
        folder.stored_evidence()


def test_keys_are_forgotten_by_stage(tmp_path: Path) -> None:
    """A broken one counts as none."""
    folder = SubmissionFolder(tmp_path)
    folder.write_key("execution", {"a": 1})
    folder.write_key("replay", {"a": 1})
    folder.forget(["replay"])
    assert (folder.read_key("execution"), folder.read_key("replay")) == ({"a": 1}, None)
    folder.key_file("execution").write_text("{")
    assert folder.read_key("execution") is None
