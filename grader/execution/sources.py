"""What a stored execution depends on beside the notebook and the data: our own code, and the packages."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from functools import cache
from pathlib import Path

PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "ipykernel", "matplotlib", "scikit-learn", "seaborn")


@cache
def packages() -> dict[str, str]:
    """The students' environment, distribution to version, as far as it decides figures."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@cache
def harness_digest() -> str:
    """A digest over this package's source, Python's version and the packages: another one means to run again."""
    digest = hashlib.sha256(repr((platform.python_version(), packages())).encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
