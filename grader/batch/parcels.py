"""A job with all that it reads, and what it came to, as bytes: for a machine that sees none of our files."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from grader.batch.jobs import Job, read_job
from grader.datasets import DataSets
from grader.store import SubmissionFolder, write_atomically
from grader.task import Settings

_JOB, _NOTEBOOK, _RUBRIC = "job.json", "notebook", "rubric"


def pack(job: Job) -> bytes:
    """A job with its notebook, what lies beside it and the rubric's files; without the data sets, see `data_of`."""
    task, rubric = job.task, job.settings.rubric
    files = {f"{_NOTEBOOK}/{task.path.name}": task.path}
    files |= {f"attached/{one.sha256}": one.path for one in task.attachments}
    # So deep that a path such as ../data/points.csv stays within the folder.
    laid = {os.path.relpath(path, rubric.path.parent): path for path in job.settings.files.values()}
    files |= {_within_rubric(name, _depth(laid)): path for name, path in laid.items()}
    return _zipped({name: path.read_bytes() for name, path in files.items()} | {_JOB: _said(job, _depth(laid))})


def data_of(settings: Settings) -> dict[str, Path]:
    """The files of the data sets, by what tells their content apart."""
    return {file.fingerprint: file.path for file in settings.data_sets.files}


def unpack(parcel: bytes, folder: Path, *, data: Mapping[str, Path]) -> Job:
    """The job of a parcel, which reads and writes in a folder of this machine.

    Args:
        parcel: As `pack` made it.
        folder: An empty one.
        data: The data sets' files on this machine, by fingerprint.
    """
    _write(parcel, folder)
    said = json.loads((folder / _JOB).read_bytes())
    job = read_job(said["job"])
    task, settings = job.task, job.settings
    rubric = settings.rubric.model_copy(
        update={"path": folder / _within_rubric(settings.rubric.path.name, said["depth"])}
    )
    files = tuple(replace(file, path=data[file.fingerprint]) for file in settings.data_sets.files)
    attachments = tuple(replace(one, path=folder / "attached" / one.sha256) for one in task.attachments)
    return Job(
        job.step,
        replace(
            task,
            path=folder / _NOTEBOOK / task.path.name,
            folder=SubmissionFolder(folder / "out" / task.id),
            attachments=attachments,
            equal_run=None,
        ),
        replace(settings, rubric=rubric, data_sets=DataSets(choice=settings.data_sets.choice, files=files)),
    )


def pack_result(folder: SubmissionFolder) -> bytes:
    """All that a job left in its folder, keys last."""
    return _zipped({path.relative_to(folder.folder).as_posix(): path.read_bytes() for path in folder.files()})


def keep_result(parcel: bytes, folder: SubmissionFolder) -> None:
    """Puts what a job left into the place of its submission, in the order of the parcel: keys last.

    Raises:
        ValueError: A name leads out of the folder.
        UnwritableError: The folder cannot be written.
    """
    folder.forget_all()
    _write(parcel, folder.folder)


def _said(job: Job, depth: int) -> bytes:
    return json.dumps({"job": job.text(), "depth": depth}).encode()


def _depth(names: Iterable[str]) -> int:
    return max((Path(name).parts.count("..") for name in names), default=0)


def _within_rubric(name: str, depth: int) -> str:
    return os.path.normpath(Path(_RUBRIC, *["d"] * depth, name))


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _write(parcel: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(parcel)) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise ValueError(f"{name!r} leads out of the folder")
            write_atomically(folder / path, archive.read(name))
