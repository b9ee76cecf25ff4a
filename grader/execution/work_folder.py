"""The files that a notebook finds when it begins."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class WorkFolder:
    """What lies in a notebook's work folder, and what it sees elsewhere.

    Attributes:
        files: What is copied into the folder, by path there.
        links: Further paths there, each with the one in ``files`` that it leads to.
        elsewhere: What is shown outside of it, read-only, by absolute path; only where the sandbox has a tree of its
            own.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, Path] = field(default_factory=dict)

    def write(self, folder: Path) -> Path | None:
        """Makes the folder that is copied into the sandbox; None where there is nothing to copy."""
        if not self.files:
            return None
        for name, path in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
        for name, target in self.links.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(f"{'../' * name.count('/')}{target}")
        return folder
