"""Plain arrays by content, each a ``.npy`` file, never a pickle."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from grader.errors import BrokenError
from grader.limits import MAX_STORED_ARRAY_BYTES
from grader.records import ArrayRef
from grader.store.files import copy_atomically, link_atomically, see_to_disk, write_atomically

_ENDING = ".npy"


class ArrayStore:
    """Plain arrays by content, one ``.npy`` file each.

    What a power cut leaves of an array is noticed when it is read; `keep` sees arrays to the disk before something that
    has to outlast one names them.

    Attributes:
        met_broken: Whether `get` was asked for an array that is lost or broken, whatever became of the error.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.met_broken = False

    def put(self, array: npt.NDArray[Any]) -> ArrayRef:
        """Stores an array and returns its name; an equal array is stored once, and a broken file of it made whole.

        Raises:
            ValueError: It holds Python objects.
            UnwritableError: The disk is full, or does not let us.
        """
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(array), allow_pickle=False)
        raw = buffer.getvalue()
        name = hashlib.sha256(raw).hexdigest()
        path = self._path(name)
        if not _holds(path, raw):
            write_atomically(path, raw, to_disk=False)
        return name

    def keep(self, refs: Iterable[ArrayRef]) -> None:
        """Sees these arrays to the disk, those that are here.

        Raises:
            UnwritableError: The disk does not take them.
        """
        see_to_disk(self.folder, [f"{ref}{_ENDING}" for ref in refs])

    def get(self, ref: ArrayRef) -> npt.NDArray[Any]:
        """Reads an array back, where the file still holds what was stored.

        Raises:
            BrokenError: The file is missing, too large, changed, or no plain array.
        """
        try:
            return self._read(ref)
        except BrokenError:
            self.met_broken = True
            raise

    def _read(self, ref: ArrayRef) -> npt.NDArray[Any]:
        path = self._path(ref)
        try:
            size = path.stat().st_size
            if size > MAX_STORED_ARRAY_BYTES:
                raise _broken(path, f"{size} bytes, where at most {MAX_STORED_ARRAY_BYTES} are stored")
            raw = path.read_bytes()
            if hashlib.sha256(raw).hexdigest() != ref:
                raise _broken(path, f"its {size} bytes are not those that were stored")
            loaded: npt.NDArray[Any] = np.load(io.BytesIO(raw), allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise _broken(path, str(error)) from error
        return loaded

    def has(self, ref: ArrayRef | None) -> bool:
        """Whether the array is here."""
        return ref is not None and self._path(ref).is_file()

    def sizes(self, refs: Iterable[ArrayRef]) -> dict[ArrayRef, int]:
        """The size of each array's file, in bytes; those that are not here are left out."""
        # Hundreds of arrays a submission are asked for at every run: no path is made for each.
        folder = f"{self.folder}{os.sep}"
        found = {}
        for ref in refs:
            with contextlib.suppress(OSError):
                found[ref] = os.stat(f"{folder}{ref}{_ENDING}").st_size  # noqa: PTH116
        return found

    def have_sizes(self, sizes: Mapping[ArrayRef, int]) -> bool:
        """Whether these arrays are here in their sizes: none is lost or cut off, and nothing is read for that."""
        return self.sizes(sizes) == dict(sizes)

    def broken(self, refs: Iterable[ArrayRef]) -> frozenset[ArrayRef]:
        """Those of these arrays that are lost, or do not hold what was stored; each file is read."""
        return frozenset(ref for ref in refs if not self._is_whole(ref))

    def names(self) -> frozenset[ArrayRef]:
        """The arrays that are here."""
        return frozenset(path.stem for path in self.folder.glob(f"*{_ENDING}"))

    def keep_only(self, refs: Collection[ArrayRef]) -> int:
        """Removes all other arrays; says how many bytes they took."""
        others = self.names().difference(refs)
        freed = sum(self.sizes(others).values())
        for ref in others:
            self._path(ref).unlink(missing_ok=True)
        return freed

    def take(self, refs: Iterable[ArrayRef], source: ArrayStore) -> None:
        """Takes arrays over from another store; the two share their files where the file system can do that.

        Raises:
            UnwritableError: The disk is full, or does not let us.
        """
        for ref in refs:
            if not self._is_whole(ref):
                self._path(ref).unlink(missing_ok=True)
                copy_atomically(source._path(ref), self._path(ref))

    def share(self, ref: ArrayRef, source: ArrayStore) -> None:
        """Has an array of both stores be one file, where it is not already, and both are whole."""
        own, other = self._path(ref), source._path(ref)
        if not own.samefile(other) and not self.broken([ref]) and not source.broken([ref]):
            link_atomically(other, own)

    def _is_whole(self, ref: ArrayRef) -> bool:
        try:
            return hashlib.sha256(self._path(ref).read_bytes()).hexdigest() == ref
        except OSError:
            return False

    def _path(self, ref: ArrayRef) -> Path:
        return self.folder / f"{ref}{_ENDING}"


def _holds(path: Path, raw: bytes) -> bool:
    try:
        return path.stat().st_size == len(raw) and path.read_bytes() == raw
    except OSError:
        return False


def _broken(path: Path, what: str) -> BrokenError:
    return BrokenError(
        f"{path}: not a stored array ({what}).",
        fix="Grade this submission again: its notebook is then executed again, and the array written anew.",
    )
