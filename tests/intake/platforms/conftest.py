"""Exports of platforms, as archives and unpacked: both must say the same."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.intake import HandedIn, collect_submissions

Row = tuple[str, str, list[str]]
"""The key of who handed it in, the file's own name, and the names that the export knows."""


def _as_archive(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _as_folder(path: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(content)
    return path


def _row(one: HandedIn) -> Row:
    if one.owner is None:
        return "", one.file_name, []
    return one.owner.key, one.file_name, [student.name for student in one.owner.students]


@pytest.fixture(params=[_as_archive, _as_folder])
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[dict[str, str]], list[HandedIn]]:
    """What is found in an export of these files, name to content."""
    return lambda files: collect_submissions([request.param(tmp_path / "a.zip", files)], unpack_to=tmp_path / "out")


@pytest.fixture
def collect(export: Callable[[dict[str, str]], list[HandedIn]]) -> Callable[..., list[Row]]:
    """What is found in an export of these names; ``yml="..."`` gives the content of files of that ending."""

    def _collect(*names: str, **contents: str) -> list[Row]:
        return [_row(one) for one in export({name: contents.get(Path(name).suffix[1:], "{}") for name in names})]

    return _collect
