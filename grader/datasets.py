"""The data sets that kernels get offline: the embedded sample, the full ones, or a folder of the tutor's own files.

A data set is one ``<name>.npz`` of four plain arrays under Keras's names: ``x_train``, ``y_train``, ``x_test``,
``y_test``. The kernel and the verifier are served the same file, read-only.

Texts of unequal length (``imdb.npz``, ``reuters.npz``) are in the form in which Keras keeps them, as pickled lists.
Keras's own loader reads them in the kernel; outside of it nothing of them is read but their number.
"""

from __future__ import annotations

import hashlib
import os
import re
import urllib.error
import urllib.request
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from grader.errors import MachineError, UsageError
from grader.limits import DOWNLOAD_TIMEOUT_SECONDS
from grader.records import DataChoice, DataSetUse
from grader.store import atomic_file

if TYPE_CHECKING:
    from rich.console import Console

Arrays = dict[str, npt.NDArray[Any]]

ARRAYS = ("x_train", "y_train", "x_test", "y_test")
"""What every data set's file must hold, in the order in which they are fingerprinted."""

SAMPLE = Path(__file__).parent / "data" / "mnist.npz"
"""The embedded sample; its provenance stands in the README beside it."""

MNIST_ADDRESS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
"""Where Keras itself takes MNIST from.

Source: keras/src/datasets/mnist.py.
"""

MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
"""Of the file at `MNIST_ADDRESS`.

Source: keras/src/datasets/mnist.py.
"""

MNIST_FINGERPRINT = "e5ea4841dd6fde90b155843179ce5756a4864227194eec7fb09d7cfc4cf702a5"
"""`fingerprint` of the full MNIST in its original order, however its file was compressed."""

ORIGINALS: dict[str, tuple[tuple[int, ...], int, int]] = {
    "mnist": ((28, 28), 60_000, 10_000),
    "fashion_mnist": ((28, 28), 60_000, 10_000),
    "cifar10": ((32, 32, 3), 50_000, 10_000),
    "cifar100": ((32, 32, 3), 50_000, 10_000),
    "boston_housing": ((13,), 404, 102),
    "california_housing": ((8,), 16_512, 4_128),
}
"""Keras's data sets of plain arrays: shape of one row, training rows, test rows.

Source: the docstrings and defaults of keras.datasets.
"""

TEXTS: dict[str, tuple[tuple[str, str], ...]] = {
    "imdb": (("x_train", "y_train"), ("x_test", "y_test")),
    "reuters": (("x", "y"),),
}
"""Keras's data sets of texts: the arrays of each part, texts and labels; of one part, the loader makes two.

Source: keras/src/datasets/imdb.py and reuters.py.
"""

_TEXTS_IN_ALL = {"imdb": 50_000, "reuters": 11_228}
_TEST_SHARE = 0.2
"""Source: the default ``test_split`` of keras.datasets.reuters.load_data."""

_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_HOW = "Each is an .npz file, named like Keras's module (mnist.npz), with x_train, y_train, x_test and y_test."


@dataclass(frozen=True, kw_only=True)
class DataSetFile:
    """One data set on disk, validated.

    Attributes:
        name: Keras's module name (``mnist``).
        path: The ``.npz`` file.
        sample: True where it has fewer rows than the original of that name.
        stand_in: True where it has the original's number of rows, made of a sample's.
        train_rows: Rows of the training part.
        test_rows: Rows of the test part.
        fingerprint: SHA-256 over the arrays' names, dtypes, shapes and bytes; the file's compression does not matter.
    """

    name: str
    path: Path
    sample: bool
    train_rows: int
    test_rows: int
    fingerprint: str
    stand_in: bool = False

    @property
    def are_texts(self) -> bool:
        """Whether its rows are texts of unequal length, which `load` does not read."""
        return self.name in TEXTS

    def use(self, *, loaded: bool = False) -> DataSetUse:
        """The record of it in evidence."""
        return DataSetUse(
            name=self.name,
            sample=self.sample,
            stand_in=self.stand_in,
            train_rows=self.train_rows,
            test_rows=self.test_rows,
            fingerprint=self.fingerprint,
            loaded=loaded,
        )


@dataclass(frozen=True, kw_only=True)
class DataSets:
    """The data sets of one batch, and how they were chosen."""

    choice: DataChoice
    files: tuple[DataSetFile, ...]

    @property
    def kind(self) -> Literal["full", "sample"]:
        """Which of a rubric's limits and calibrations hold: the sample's where there is nothing but samples."""
        return "sample" if all(file.sample for file in self.files) else "full"

    def get(self, name: str) -> DataSetFile | None:
        """The data set of that name, or None."""
        return next((file for file in self.files if file.name == name), None)

    def binds(self, folder: str) -> dict[str, Path]:
        """Paths inside a sandbox, ``<folder>/<name>.npz``, to the files: these alone, not what lies beside them."""
        return {f"{folder}/{file.name}.npz": file.path for file in self.files}


def resolve(choice: str | None, *, progress: Console | None = None) -> DataSets:
    """Finds the data sets that a choice names.

    Args:
        choice: ``sample`` (embedded), ``full`` (MNIST from our cache or Keras's, else downloaded), a folder of
            ``<name>.npz`` files or one such file; None for full where it is at hand, else the sample.
        progress: Where a download draws its bar; None for no bar.

    Raises:
        UsageError: The path is missing, or holds no data set or a broken one.
        MachineError: The full data set is not at hand and cannot be downloaded.
    """
    if choice == "sample":
        return DataSets(choice="sample", files=(_inspect(SAMPLE),))
    if choice in {None, "full"}:
        cached = cached_mnist()
        if cached is None and choice is None:
            return DataSets(choice="sample", files=(_inspect(SAMPLE),))
        return DataSets(choice="full", files=(cached or _inspect(_download_mnist(progress)),))
    return DataSets(choice="folder", files=_given(Path(choice or "").expanduser()))


def load(file: DataSetFile | Path) -> Arrays:
    """The four arrays of a data set's file.

    Raises:
        UsageError: The file is none, or not as it should be.
    """
    path = file if isinstance(file, Path) else file.path
    try:
        with path.open("rb") as opened:
            arrays = _read_arrays(np.load(opened, allow_pickle=False), path)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise _broken(path, f"it cannot be read as plain arrays ({error})") from error
    problem = _problem(path.stem, arrays)
    if problem:
        raise _broken(path, problem)
    return arrays


def fingerprint(arrays: Arrays) -> str:
    """SHA-256 over the names, dtypes, shapes and bytes of a data set's arrays."""
    digest = hashlib.sha256()
    for name in ARRAYS:
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _read_arrays(stored: Any, path: Path) -> Arrays:
    if not isinstance(stored, np.lib.npyio.NpzFile):
        raise _broken(path, "it holds one array with no name")
    missing = [name for name in ARRAYS if name not in stored.files]
    if missing:
        raise _broken(path, f"it has no {', '.join(missing)}, but {', '.join(stored.files) or 'nothing'}")
    return {name: np.asarray(stored[name]) for name in ARRAYS}


def _broken(path: Path, what: str) -> UsageError:
    return UsageError(f"{path}: {what}.", expected=_HOW, fix="Correct the file, or use --data sample.")


def _problem(name: str, arrays: Arrays) -> str | None:
    for key, array in arrays.items():
        if array.dtype.kind not in "biuf":
            return f"{key} holds {array.dtype}, not numbers"
        if array.ndim == 0 or array.shape[0] == 0:
            return f"{key} has no rows"
    for part in ("train", "test"):
        images, labels = len(arrays[f"x_{part}"]), len(arrays[f"y_{part}"])
        if images != labels:
            return f"x_{part} has {images} rows but y_{part} {labels}"
    row, test_row = arrays["x_train"].shape[1:], arrays["x_test"].shape[1:]
    if row != test_row:
        return f"a row of x_train has the shape {row}, one of x_test {test_row}"
    if name in ORIGINALS and row != ORIGINALS[name][0]:
        return f"a row of x_train has the shape {row}; Keras's {name} has {ORIGINALS[name][0]}"
    return None


def _inspect(path: Path) -> DataSetFile:
    if path.stem in TEXTS:
        return _inspect_texts(path)
    arrays = load(path)
    train, test = len(arrays["x_train"]), len(arrays["x_test"])
    _, full_train, full_test = ORIGINALS.get(path.stem, ((), 0, 0))
    return DataSetFile(
        name=path.stem,
        path=path.resolve(),
        sample=train < full_train or test < full_test,
        train_rows=train,
        test_rows=test,
        fingerprint=fingerprint(arrays),
    )


def _inspect_texts(path: Path) -> DataSetFile:
    """A data set of texts, of which the headers of its arrays are read, and nothing is unpickled."""
    parts, digest, rows = TEXTS[path.stem], hashlib.sha256(), []
    try:
        with zipfile.ZipFile(path) as archive:
            missing = {f"{name}.npy" for part in parts for name in part} - set(archive.namelist())
            if missing:
                raise _broken(path, f"it has no {', '.join(sorted(missing))}")
            for names in parts:
                sizes = []
                for name in names:
                    with archive.open(f"{name}.npy") as member:
                        sizes.append(_rows_in_header(member))
                    with archive.open(f"{name}.npy") as member:
                        digest.update(f"{name} {hashlib.file_digest(member, 'sha256').hexdigest()}".encode())  # type: ignore[arg-type]
                if sizes[0] != sizes[1] or not sizes[0]:
                    raise _broken(path, f"{names[0]} has {sizes[0]} texts, and {names[1]} {sizes[1]} labels")
                rows.append(sizes[0])
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise _broken(path, f"it cannot be read as Keras's {path.stem} ({error})") from error
    train = rows[0] if len(rows) > 1 else int(rows[0] * (1 - _TEST_SHARE))
    return DataSetFile(
        name=path.stem,
        path=path.resolve(),
        sample=sum(rows) < _TEXTS_IN_ALL[path.stem],
        train_rows=train,
        test_rows=sum(rows) - train,
        fingerprint=digest.hexdigest(),
    )


def _rows_in_header(member: IO[bytes]) -> int:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
    shape, _, _ = read(member)
    return int(shape[0]) if shape else 0


def _given(path: Path) -> tuple[DataSetFile, ...]:
    if path.is_file():
        return (_inspect(path),)
    if not path.is_dir():
        raise UsageError(
            f"--data {path}: there is no such file or folder.",
            expected="Expected full, sample, a folder of data sets, or one data set's file.",
            fix="Correct the path, or use --data sample.",
        )
    candidates = [file for file in sorted(path.glob("*.npz")) if file.is_file() and _NAME.fullmatch(file.stem)]
    found = tuple(_inspect(file) for file in candidates if file.stem in {*ORIGINALS, *TEXTS} or _has_arrays(file))
    if not found:
        raise UsageError(
            f"--data {path}: no data set is in this folder.", expected=_HOW, fix="Put one there, or use --data sample."
        )
    return found


def _has_arrays(path: Path) -> bool:
    """Whether a file under a name of its own means to be a data set; other archives of a folder are none of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {f"{name}.npy" for name in ARRAYS} <= set(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _cache_folders() -> tuple[Path, ...]:
    """Our own cache, then Keras's; none where there is no home."""
    folders: list[Path] = []
    with suppress(RuntimeError):
        folders.append(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grader" / "datasets")
    with suppress(RuntimeError):
        folders.append(Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets")
    return tuple(folders)


def cached_mnist() -> DataSetFile | None:
    """The full MNIST of a cache on this machine, or None."""
    for folder in _cache_folders():
        try:
            file = _inspect(folder / "mnist.npz")
        except UsageError:
            continue
        if file.fingerprint == MNIST_FINGERPRINT or _sha256(file.path) == MNIST_SHA256:
            return file
    return None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _download_mnist(progress: Console | None) -> Path:
    folders = _cache_folders()
    if not folders:
        raise MachineError(
            "There is no home folder to keep the full MNIST in.",
            expected="HOME or XDG_CACHE_HOME must name a folder.",
            fix="Set one of them, give the data by --data FOLDER, or use --data sample.",
        )
    target = folders[0] / "mnist.npz"
    try:
        with atomic_file(target) as file:
            _fetch(file, progress)
    except (OSError, urllib.error.URLError) as error:
        raise MachineError(
            f"The full MNIST could not be downloaded from {MNIST_ADDRESS} to {target.parent} ({error}).",
            expected="11 MB over HTTPS, and a folder that can be written.",
            fix="Give it by --data FOLDER (a folder with mnist.npz), or use --data sample.",
        ) from error
    return target


def _fetch(file: IO[bytes], progress: Console | None) -> None:
    digest = hashlib.sha256()
    with urllib.request.urlopen(MNIST_ADDRESS, timeout=DOWNLOAD_TIMEOUT_SECONDS) as answer:
        total = int(answer.headers.get("Content-Length") or 0) or None
        for block in _with_bar(iter(lambda: answer.read(1 << 16), b""), total=total, progress=progress):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != MNIST_SHA256:
        raise OSError(f"its SHA-256 is {digest.hexdigest()}, where {MNIST_SHA256} was expected")


def _with_bar(blocks: Any, *, total: int | None, progress: Console | None) -> Any:
    if progress is None:
        yield from blocks
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=progress) as bar:
        task = bar.add_task("Downloading MNIST", total=total)
        for block in blocks:
            yield block
            bar.advance(task, len(block))
