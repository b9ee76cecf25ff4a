"""Says what is installed in an environment: run by that environment's own Python, with Python's own library alone."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "ipykernel", "matplotlib", "scikit-learn", "seaborn")

_METADATA = ("*.dist-info", "*.egg-info")
_OWN = "grader-"
_CHECKS = "[grader.checks]"


def packages() -> dict[str, str]:
    """The packages that decide most figures, distribution to version: for people, and for calibrations."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def importable() -> list[str]:
    """Top-level names of all installed packages, by which they are imported."""
    # Python 3.9 and older, which is refused for its version, has no such function.
    return sorted(getattr(importlib.metadata, "packages_distributions", dict)())


def environment_digest() -> str:
    """A digest over the whole environment: every installed distribution with its version, Python and the platform."""
    python = (platform.python_implementation(), platform.python_version(), platform.system(), platform.machine())
    return hashlib.sha256(repr((python, distributions(map(Path, sys.path)))).encode()).hexdigest()


def distributions(folders: Iterable[Path]) -> list[str]:
    """Every distribution installed in some folders, as ``<name>-<version>``.

    Left out are grader and the packages of checks, which have digests of their own: no notebook is executed again
    because a check has changed.
    """
    # By the folders' names: reading the metadata of each takes half a second.
    found = {path for folder in folders for pattern in _METADATA for path in folder.glob(pattern)}
    return sorted({path.stem for path in found if not path.name.startswith(_OWN) and not _has_checks(path)})


def _has_checks(metadata: Path) -> bool:
    try:
        return _CHECKS in (metadata / "entry_points.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _facts() -> dict[str, Any]:
    return {
        "executable": sys.executable,
        "prefixes": sorted({sys.prefix, sys.base_prefix}),
        "folders": [path for path in sys.path if Path(path).is_dir()],
        "python": platform.python_version(),
        "packages": packages(),
        "importable": importable(),
        "digest": environment_digest(),
    }


if __name__ == "__main__":
    json.dump(_facts(), sys.stdout)
