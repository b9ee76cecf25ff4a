"""Opens what `grader release` made, on the student's machine."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.errors import UsageError
from grader.rubric import Rubric, load_rubric
from grader.selfcheck.release import DATA_FOLDER, RUBRIC_NAME

MAX_RELEASE_BYTES = 512 * 2**20
"""Of all files of a release together; a larger one is none."""


@dataclass(frozen=True)
class Release:
    """A released rubric, and the folder of the data to try it on."""

    rubric: Rubric
    data: Path


@contextmanager
def open_release(path: Path) -> Iterator[Release]:
    """A release, for as long as it is needed.

    Args:
        path: The archive, or the folder that it was unpacked to.

    Raises:
        UsageError: It is none.
        RubricError: Its rubric was changed so that it cannot be read.
    """
    if path.is_dir():
        yield _in_folder(path, path)
        return
    with tempfile.TemporaryDirectory(prefix="grader-release-") as scratch:
        folder = Path(scratch)
        try:
            with path.open("rb") as file, zipfile.ZipFile(file) as archive:
                _unpack(archive, folder, path)
        except OSError as error:
            raise UsageError(f"{path}: it cannot be read ({error.strerror}).", fix="Check the path.") from error
        except zipfile.BadZipFile as error:
            raise _no_release(path) from error
        yield _in_folder(folder, path)


def _unpack(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    members = [one for one in archive.infolist() if not one.is_dir()]
    if sum(one.file_size for one in members) > MAX_RELEASE_BYTES:
        raise _no_release(path)
    for member in members:
        name = PurePosixPath(member.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in member.filename:
            raise _no_release(path)
        target = folder.joinpath(*name.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(member))


def _in_folder(folder: Path, path: Path) -> Release:
    rubric = folder / RUBRIC_NAME
    if not rubric.is_file():
        raise _no_release(path)
    return Release(load_rubric(rubric), folder / DATA_FOLDER)


def _no_release(path: Path) -> UsageError:
    return UsageError(
        f"{path}: this is no release of a rubric.",
        expected=f"The archive that grader release makes, with {RUBRIC_NAME} in it.",
        fix="Ask your tutor for it, or name a rubric with --rubric.",
    )
