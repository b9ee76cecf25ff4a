"""Plain arrays by content, each a ``.npy`` file, never a pickle."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.errors import StoreError
from grader.limits import MAX_STORED_ARRAY_BYTES
from grader.records import ArrayRef
from grader.store.files import write_atomically


class ArrayStore:
    """Plain arrays by content, one ``.npy`` file each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, array: npt.NDArray[Any]) -> ArrayRef:
        """Stores an array and returns its name; an equal array is stored once.

        Raises:
            ValueError: It holds Python objects.
        """
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(array), allow_pickle=False)
        raw = buffer.getvalue()
        name = hashlib.sha256(raw).hexdigest()
        path = self.folder / f"{name}.npy"
        if not path.exists():
            write_atomically(path, raw)
        return name

    def get(self, ref: ArrayRef) -> npt.NDArray[Any]:
        """Reads an array back.

        Raises:
            StoreError: The file is missing, too large, or no plain array.
        """
        path = self.folder / f"{ref}.npy"
        try:
            if path.stat().st_size > MAX_STORED_ARRAY_BYTES:
                raise StoreError(f"{path}: more than {MAX_STORED_ARRAY_BYTES} bytes.")
            loaded: npt.NDArray[Any] = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise StoreError(
                f"{path}: not a stored array ({error}).",
                fix="Delete the submission's folder and grade again.",
            ) from error
        return loaded

    def has(self, ref: ArrayRef | None) -> bool:
        """Whether the array is here."""
        return ref is not None and (self.folder / f"{ref}.npy").is_file()
