"""Jobs and what they came to, as bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from case_files import ROOT

from grader.batch import Job
from grader.batch.parcels import data_of, keep_result, pack, pack_result, unpack
from grader.datasets import resolve
from grader.execution.sandbox import Sandbox, SandboxChoice
from grader.execution.watch import RunLimits
from grader.intake import Attachment
from grader.rubric import load_rubric
from grader.store import SubmissionFolder, digest_of
from grader.task import Settings, Task


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A submission with a file beside it, and a rubric with one that lies beside the rubric's folder."""
    for name in ("given/hw.ipynb", "given/points.csv", "data/rows.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"content of {name}")
    beside = tmp_path / "given/points.csv"
    rubric = load_rubric(ROOT / "rubrics/week09.yaml")
    settings = Settings(
        rubric=rubric.model_copy(update={"path": tmp_path / "rubrics/week09.yaml", "files": ("../data/rows.csv",)}),
        data_sets=resolve("sample"),
        limits=RunLimits(cell_timeout_seconds=1, notebook_timeout_seconds=2),
        sandbox=SandboxChoice(known=Sandbox(tier="1", bubblewrap="bwrap")),
    )
    attachment = Attachment("data/points.csv", beside, digest_of(beside), 7)
    folder = SubmissionFolder(tmp_path / "out" / "hw")
    return Job("grade", Task("hw", tmp_path / "given/hw.ipynb", folder, attachments=(attachment,)), settings)


def test_a_job_finds_all_that_it_reads_in_another_folder(job: Job, tmp_path: Path) -> None:
    """And is the same job: nothing that a stored result is of has changed."""
    there = unpack(pack(job), tmp_path / "there", data=data_of(job.settings))
    assert there.task.path.read_text() == "content of given/hw.ipynb"
    assert there.task.attachments[0].path.read_text() == "content of given/points.csv"
    assert {name: path.read_text() for name, path in there.settings.files.items()} == {
        "rows.csv": "content of data/rows.csv"
    }
    paths = [there.task.path, there.task.folder.folder, *there.settings.files.values()]
    assert [path for path in paths if not path.is_relative_to(tmp_path / "there")] == []
    assert there.settings.rubric_digest == job.settings.rubric_digest


def test_what_a_job_left_replaces_what_was_there(job: Job, tmp_path: Path) -> None:
    """Keys of before say nothing of what comes now."""
    there = SubmissionFolder(tmp_path / "there")
    there.write_key("execution", {"of": "now"})
    job.task.folder.write_key("execution", {"of": "before"})
    job.task.folder.write_key("page", {"of": "before"})
    keep_result(pack_result(there), job.task.folder)
    assert job.task.folder.read_key("execution") == {"of": "now"}
    assert job.task.folder.read_key("page") is None


@pytest.mark.parametrize("name", ["../grade.json", "/grade.json", "a/../../grade.json"])
def test_no_result_is_written_elsewhere(name: str, job: Job, tmp_path: Path) -> None:
    """Whatever a worker says."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "{}")
    with pytest.raises(ValueError, match="leads out of the folder"):
        keep_result(buffer.getvalue(), job.task.folder)
    assert list(tmp_path.rglob("grade.json")) == []
