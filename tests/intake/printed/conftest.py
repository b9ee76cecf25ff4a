"""Prints of every sample submission, made by nbconvert 7.17 with XeLaTeX and Chromium; see README.md here."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

ARCHIVE = Path(__file__).with_name("prints.tar.xz")


@pytest.fixture(scope="session")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the prints, ``<assignment>/<name>.<form>``."""
    folder = tmp_path_factory.mktemp("prints")
    with tarfile.open(ARCHIVE) as archive:
        # Python before 3.11.4 has no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(folder)  # noqa: S202 - our own archive
    return folder
