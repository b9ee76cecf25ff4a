"""Archives of pages, and texts that are safe in file names and spreadsheets."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path

_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]+')
_MOST_CHARACTERS = 100
_MADE = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive, the first that the format knows: the same pages make the same archive."""


def safe_name(name: str) -> str:
    """A name that every system takes for a folder: one line, no path, no dot at either end."""
    plain = unicodedata.normalize("NFC", _UNSAFE.sub("-", name))
    return " ".join(plain.split())[:_MOST_CHARACTERS].strip(" .~") or "unnamed"


def zipped(files: Mapping[str, bytes | Path], *, executable: frozenset[str] = frozenset()) -> bytes:
    """A zip archive.

    Args:
        files: Path in the archive to content, or to the file that holds it.
        executable: Which of them may be run.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in sorted(files.items()):
            info = zipfile.ZipInfo(path, _MADE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (0o100755 if path in executable else 0o100644) << 16
            archive.writestr(info, content.read_bytes() if isinstance(content, Path) else content)
    return buffer.getvalue()
