"""Serves data sets without a network: Keras's from the harness's folder; every other download fails at once."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from .channel import Channel
from .imports import after_import
from .wire import DATA_SET, DataSet

Parts = tuple[tuple[npt.NDArray[Any], npt.NDArray[Any]], tuple[npt.NDArray[Any], npt.NDArray[Any]]]

KERAS_DATA_SETS = (
    "mnist",
    "fashion_mnist",
    "cifar10",
    "cifar100",
    "imdb",
    "reuters",
    "boston_housing",
    "california_housing",
)
_OPENML_MNIST = 554


class ServedDataSets:
    """The data sets that this kernel can load."""

    def __init__(self, folder: Path | None, channel: Channel) -> None:
        self.folder = folder
        self.channel = channel

    def path(self, name: str) -> Path | None:
        """The file of a data set, or None."""
        path = None if self.folder is None else self.folder / f"{name}.npz"
        return path if path is not None and path.is_file() else None

    def load(self, name: str) -> Parts:
        """Fresh arrays, as Keras returns them.

        Raises:
            ConnectionError: The data set is not there.
        """
        path = self.path(name)
        if path is None:
            raise self.unavailable(name)
        with np.load(path, allow_pickle=False) as file:
            x_train, y_train, x_test, y_test = (file[key] for key in ("x_train", "y_train", "x_test", "y_test"))
        self.note_loaded(name)
        return (x_train, y_train), (x_test, y_test)

    def note_loaded(self, name: str) -> None:
        """Notes that a data set was loaded."""
        self.channel.emit(DATA_SET, DataSet(name=name))

    def unavailable(self, what: str) -> ConnectionError:
        """The error of a download that is impossible here."""
        return ConnectionError(
            f"URL fetch failure: '{what}' is not at hand; notebooks are graded without a network, "
            "and nothing can be downloaded."
        )


def install(served: ServedDataSets) -> None:
    """Replaces Keras's loaders and downloads, and scikit-learn's once it is imported."""
    files = importlib.import_module("keras.src.utils.file_utils")
    offline = _offline_get_file(files.get_file, served)
    for name in KERAS_DATA_SETS:
        module = importlib.import_module(f"keras.src.datasets.{name}")
        module.__dict__["get_file"] = _offline_get_file(files.get_file, served, data_set=name)
        if served.path(name) is not None:
            _replace(module.load_data, _loader(module.load_data, served=served, name=name))
    _replace(files.get_file, offline)
    after_import("sklearn.datasets", functools.partial(_serve_openml, served=served))


def _loader(original: Callable[..., Any], *, served: ServedDataSets, name: str) -> Callable[..., Parts]:
    @functools.wraps(original)
    def load_data(*_: Any, **__: Any) -> Parts:
        return served.load(name)

    return load_data


def _offline_get_file(
    original: Callable[..., Any], served: ServedDataSets, *, data_set: str = ""
) -> Callable[..., str]:
    @functools.wraps(original)
    def get_file(fname: Any = None, origin: Any = None, *arguments: Any, **options: Any) -> str:
        if str(origin or "").startswith("file:"):
            return str(original(fname, origin, *arguments, **options))
        wanted = Path(str(fname or origin or "")).name
        path = served.path(wanted.removesuffix(".npz"))
        if path is None or not wanted.endswith(".npz"):
            raise served.unavailable(data_set or wanted)
        served.note_loaded(path.stem)
        return str(path)

    return get_file


def _replace(original: object, replacement: object) -> None:
    """Replaces a function wherever one of Keras's modules exports it, under any name."""
    for module in list(sys.modules.values()):
        names = vars(module) if isinstance(module, ModuleType) and module.__name__.startswith("keras") else {}
        for name in [name for name, value in names.items() if value is original]:
            setattr(module, name, replacement)


def _serve_openml(datasets: ModuleType, *, served: ServedDataSets) -> None:
    original = datasets.fetch_openml

    @functools.wraps(original)
    def fetch_openml(name: str | None = None, **options: Any) -> Any:
        wanted = str(name or options.get("data_id"))
        if wanted.lower() not in {"mnist_784", str(_OPENML_MNIST)} or served.path("mnist") is None:
            raise served.unavailable(wanted)
        return _as_openml(served.load("mnist"), options)

    def fetch_remote(remote: Any, *_: Any, **__: Any) -> Any:
        raise served.unavailable(str(getattr(remote, "filename", remote)))

    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("sklearn.datasets"):
            for attribute, replacement in (("fetch_openml", fetch_openml), ("_fetch_remote", fetch_remote)):
                if hasattr(module, attribute):
                    setattr(module, attribute, replacement)


def _as_openml(parts: Parts, options: dict[str, Any]) -> Any:
    """MNIST as OpenML has it: training and test rows in one table of whole numbers, classes as text."""
    # Loaded here: a notebook that uses scikit-learn has loaded these already.
    import pandas as pd  # noqa: PLC0415
    from sklearn.utils import Bunch  # noqa: PLC0415

    (x_train, y_train), (x_test, y_test) = parts
    values = np.concatenate([x_train, x_test]).reshape(len(x_train) + len(x_test), -1).astype(np.int64)
    classes = np.concatenate([y_train, y_test]).astype(str).astype(object)
    names = [f"pixel{index + 1}" for index in range(values.shape[1])]
    data: Any = values
    target: Any = classes
    frame = None
    if options.get("as_frame", "auto") in {True, "auto"}:
        data = pd.DataFrame(values, columns=names)
        target = pd.Series(pd.Categorical(classes), name="class")
        frame = data.assign(**{"class": target})
    if options.get("return_X_y"):
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=names,
        target_names=["class"],
        DESCR="MNIST, from the data set that this notebook is graded with.",
        details={"id": str(_OPENML_MNIST), "name": "mnist_784", "version": "1"},
        categories=None,
        url=f"https://www.openml.org/d/{_OPENML_MNIST}",
    )
