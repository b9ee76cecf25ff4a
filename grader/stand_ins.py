"""Data sets at the original's size: the full ones where they are at hand, else stand-ins made of a sample.

A stand-in holds the sample's rows, repeated to the original's shape. Code that counts on the original's rows runs on it
as it would on the original; how well a model does on it says nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from grader.datasets import ORIGINALS, Arrays, DataSetFile, DataSets, cached_mnist, fingerprint, load
from grader.store import atomic_file, unwritable

HELD_OUT_FIFTHS = (4, 5)
"""Where the rows of a training part begin of which no copy stands before: a validation split takes the last rows, a
fifth at most in most courses."""


def at_full_size(data_sets: DataSets, *, folder: Path) -> DataSets:
    """The same data sets, each that is a sample replaced by the original or its stand-in.

    Args:
        data_sets: Those of a batch.
        folder: Where stand-ins are kept; one that is there already is not written again.
    """
    files = tuple(_at_full_size(file, folder=folder) for file in data_sets.files)
    return DataSets(choice="stand-in" if any(file.stand_in for file in files) else "full", files=files)


def full_size_names(data_sets: DataSets) -> dict[str, str]:
    """What `at_full_size` would take for each data set, by name: a fingerprint, or whose stand-in; makes none."""
    found = {}
    for file in data_sets.files:
        original = _original(file)
        found[file.name] = f"stand-in of {file.fingerprint}" if original is None else original.fingerprint
    return found


def stand_in(sample: Arrays, *, train_rows: int, test_rows: int) -> Arrays:
    """A sample's rows, repeated to so many.

    The last fifth of the training part repeats the last fifth of the sample's, each row's copies side by side, so that
    a validation part that is cut off there holds no row of the rest (but one at the cut). Test rows are copies of test
    rows.

    Args:
        sample: The four arrays.
        train_rows: Rows of the original's training part; a part that has as many already stays as it is.
        test_rows: Of its test part.
    """
    train = _training_rows(len(sample["x_train"]), wanted=train_rows)
    test = _in_turn(len(sample["x_test"]), wanted=test_rows)
    return {
        name: np.ascontiguousarray(sample[name][train if name.endswith("train") else test])
        for name in ("x_train", "y_train", "x_test", "y_test")
    }


def _training_rows(rows: int, *, wanted: int) -> npt.NDArray[np.intp]:
    """The number of the sample's row at each place, shape ``(wanted,)``."""
    part, whole = HELD_OUT_FIFTHS
    kept, before = rows * part // whole, wanted * part // whole
    if wanted <= rows or not kept:
        return _in_turn(rows, wanted=wanted)
    after = kept + np.arange(wanted - before) * (rows - kept) // (wanted - before)
    return np.concatenate([_in_turn(kept, wanted=before), after])


def _in_turn(rows: int, *, wanted: int) -> npt.NDArray[np.intp]:
    return np.arange(max(rows, wanted)) % rows


def _at_full_size(file: DataSetFile, *, folder: Path) -> DataSetFile:
    original = _original(file)
    if original is not None:
        return original
    _, train_rows, test_rows = ORIGINALS[file.name]
    arrays = stand_in(load(file), train_rows=train_rows, test_rows=test_rows)
    digest = fingerprint(arrays)
    path = folder / digest[:16] / f"{file.name}.npz"
    if not path.is_file():
        _write(path, arrays)
    return replace(
        file,
        path=path.resolve(),
        sample=False,
        stand_in=True,
        train_rows=len(arrays["x_train"]),
        test_rows=len(arrays["x_test"]),
        fingerprint=digest,
    )


def _original(file: DataSetFile) -> DataSetFile | None:
    """The full data set of that name: the file itself, or the one in a cache of this machine; texts stay themselves."""
    if not file.sample or file.are_texts:
        return file
    return cached_mnist() if file.name == "mnist" else None


def _write(path: Path, arrays: Arrays) -> None:
    """Writes a data set's file in one step: other workers may be making the same."""
    try:
        with atomic_file(path) as file:
            # Keyword names that are the arrays' own; nothing is compressed, so that a kernel reads it at once.
            np.savez(file, **arrays)  # type: ignore[arg-type]
    except OSError as error:
        raise unwritable(path, error) from error
