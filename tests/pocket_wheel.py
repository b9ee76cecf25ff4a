"""A package that no environment has, as a file that pip installs without an index."""

from __future__ import annotations

import zipfile
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: pocket-numbers\nVersion: 1.5\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(folder: Path) -> Path:
    """A package of one module, which needs no index."""
    path = folder / "pocket_numbers-1.5-py3-none-any.whl"
    files = {"METADATA": METADATA, "WHEEL": WHEEL, "RECORD": ""}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pocket_numbers.py", "ANSWER = 42\n")
        for name, text in files.items():
            archive.writestr(f"pocket_numbers-1.5.dist-info/{name}", text)
    return path
