"""What an output folder keeps: listed, pruned, forgotten."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from whole_class import notebook, zipped

from grader.batch import Kept, forget, list_kept, prune
from grader.errors import HeldError, UsageError
from grader.intake import Class, collect_submissions, people_of
from grader.records import Evidence
from grader.rubric import Rubric
from grader.store import OutputFolder, held
from grader.verdicts import graded_submission

RUBRIC = Rubric.model_validate({"assignment": "some", "title": "Some", "points": {"core": 0}})


@pytest.fixture
def output(tmp_path: Path) -> OutputFolder:
    """A class of two, handed in as an archive; both trained the same, and one run left an array too many."""
    output = OutputFolder(tmp_path / "out")
    archive = tmp_path / "class.zip"
    archive.write_bytes(zipped({"a/hw.ipynb": notebook("1"), "b/hw.ipynb": notebook("2"), "b/points.csv": "x\n"}))
    found = collect_submissions([archive], unpack_to=output.unpacked)
    people = people_of(found, output.read_people(), roots=[archive], about=Class())
    output.write_people(people)
    for one in found:
        folder = output.submission(one.id)
        name = folder.arrays.put(np.arange(1000))
        evidence = Evidence(submission=one.id, file_name="hw.ipynb", sha256="0" * 64, weights={"w": (name,)})
        folder.write(evidence)
        summary = {"id": one.id, "file_name": "hw.ipynb", "sha256": "0" * 64}
        graded = graded_submission(RUBRIC, (), submission=summary, evidence=evidence, matching={}, advice=())  # type: ignore[arg-type]
        folder.write(graded)
    folder.arrays.put(np.arange(500))
    return output


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def unused(kept: list[Kept]) -> list[int]:
    return [one.unused_bytes for one in kept]


def test_what_is_stored_is_listed_with_its_size(output: OutputFolder) -> None:
    """And how much of it nothing refers to."""
    kept = list_kept(output)
    assert [one.file_name for one in kept] == ["hw.ipynb"] * 2
    assert unused(kept) == [0, 128 + 500 * 8]
    assert all(one.total_bytes == one.own_bytes > 8000 for one in kept)


def test_pruning_takes_what_nothing_refers_to(output: OutputFolder) -> None:
    """Evidence stays, and equal arrays of two submissions become one file."""
    freed = prune(output)
    assert (freed.files, freed.size_bytes) == (2, 128 + 4000 + 128 + 8000)
    kept = list_kept(output)
    assert unused(kept) == [0, 0]
    assert all(one.own_bytes < 2000 < one.total_bytes for one in kept)
    assert prune(output).files == 0
    for one in kept:
        folder = output.submission(one.id)
        assert folder.arrays.broken(folder.arrays.names()) == frozenset()


def test_pruning_keeps_what_submissions_come_from(output: OutputFolder) -> None:
    """The files of archives, while a submission is of them; else they go."""
    before = files(output.unpacked)
    assert len(before) == 3
    other = output.unpacked / "another-00000000" / "x.ipynb"
    other.parent.mkdir()
    other.write_text("{}")
    prune(output)
    assert files(output.unpacked) == before


def test_what_is_forgotten_is_gone_everywhere(output: OutputFolder) -> None:
    """Its folder, its files from the archive, its row; the other stays."""
    first, second = (one.id for one in list_kept(output))
    assert forget(output, [second]) == [second]
    assert output.stored() == [first]
    assert list(output.read_people().submissions) == [first]
    rows = csv.DictReader((output.folder / "gradebook.csv").read_text().splitlines())
    assert [row["id"] for row in rows] == [first]
    assert len(files(output.unpacked)) == 1


def test_what_is_not_there_cannot_be_forgotten(output: OutputFolder, tmp_path: Path) -> None:
    """Nor in a folder that is none of ours, nor while somebody is at work there."""
    before = files(output.folder)
    with pytest.raises(UsageError, match="forget other: no submission has this id"):
        forget(output, ["other"])
    with held(output.folder), pytest.raises(HeldError):
        forget(output, [], gone=True)
    assert files(output.folder) == before
    with pytest.raises(UsageError, match="no output folder of grader"):
        list_kept(OutputFolder(tmp_path))
