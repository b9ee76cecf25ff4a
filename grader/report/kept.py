"""What pages are made of and takes long to make, kept in files named after what it is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from grader.store import write_atomically

VERSION = "5"
"""Part of every name: raise it when what is made changes."""


def kept(folder: Path, *, key: object, suffix: str, make: Callable[[], bytes]) -> bytes:
    """The bytes of a file, which is made where it is not there yet.

    Args:
        folder: Where such files are.
        key: What the file is made of; anything that JSON can hold.
        suffix: Of its name, without the dot.
        make: Makes it.
    """
    name = hashlib.sha256(json.dumps([VERSION, key]).encode()).hexdigest()[:32]
    path = folder / f"{name}.{suffix}"
    try:
        return path.read_bytes()
    except OSError:
        made = make()
        write_atomically(path, made)
        return made
