"""Serves data sets without a network: Keras's from the harness's folder; every other download fails at once."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

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

_TABLES = frozenset({"boston_housing", "california_housing"})
"""Data sets of one table, which Keras's own loader shuffles and splits as it is asked."""

_TEXTS = frozenset({"imdb", "reuters"})
"""Data sets of texts, which Keras's own loader numbers, cuts and splits as it is asked."""

_SHUFFLED_BY = 113
"""The seed by which a table's rows were shuffled before they were split.

Source: the defaults of ``load_data`` in keras/src/datasets/boston_housing.py and california_housing.py.
"""

_COARSE_LABELS = 20
"""CIFAR-100 has so many coarse labels, and a hundred fine ones."""


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

    def load_as_asked(self, name: str, asked: dict[str, Any]) -> Parts:
        """Fresh arrays, as Keras returns them for arguments other than its defaults.

        Args:
            name: Of the data set, no table and no texts.
            asked: Those arguments.

        Raises:
            ConnectionError: The data set is not at hand, or not in the form that was asked for.
        """
        (x_train, y_train), (x_test, y_test) = self.load(name)
        coarse = asked.pop("label_mode", "fine") == "coarse" if name == "cifar100" else None
        if coarse is not None and coarse != (int(y_train.max(initial=0)) < _COARSE_LABELS):
            raise self.unavailable(f"{name} with {'coarse' if coarse else 'fine'} labels")
        if asked:
            raise self.unavailable(f"{name} with {', '.join(f'{key}={value!r}' for key, value in asked.items())}")
        return (x_train, y_train), (x_test, y_test)

    def table(self, name: str) -> Path:
        """A file of a table's rows in the order that they have before Keras's loader shuffles and splits them."""
        (x_train, y_train), (x_test, y_test) = self.load(name)
        shuffled = {"x": np.concatenate([x_train, x_test]), "y": np.concatenate([y_train, y_test])}
        order = np.arange(len(shuffled["x"]))
        np.random.RandomState(_SHUFFLED_BY).shuffle(order)
        path = Path(tempfile.mkdtemp()) / f"{name}.npz"
        np.savez(path, x=shuffled["x"][np.argsort(order)], y=shuffled["y"][np.argsort(order)])
        return path

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
            if name in _TEXTS:
                module.__dict__["get_file"] = _text_file(offline, served, name=name)
                continue
            if name in _TABLES:
                module.__dict__["get_file"] = lambda *_, name=name, **__: str(served.table(name))
            _replace(module.load_data, _loader(module.load_data, served=served, name=name))
    _replace(files.get_file, offline)
    after_import("sklearn.datasets", functools.partial(_serve_openml, served=served))


def _loader(original: Callable[..., Any], *, served: ServedDataSets, name: str) -> Callable[..., Parts]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def load_data(*arguments: Any, **options: Any) -> Parts:
        try:
            asked = signature.bind(*arguments, **options).arguments
        except TypeError:
            # In Keras's own words.
            return cast("Parts", original(*arguments, **options))
        # Where Keras keeps its file is of no concern here.
        asked.pop("path", None)
        asked = {key: value for key, value in asked.items() if value != signature.parameters[key].default}
        if not asked and name != "cifar100":
            return served.load(name)
        if name in _TABLES or asked.get("label_mode", "coarse") not in {"coarse", "fine"}:
            return cast("Parts", original(*arguments, **options))
        return served.load_as_asked(name, asked)

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


def _text_file(offline: Callable[..., str], served: ServedDataSets, *, name: str) -> Callable[..., str]:
    """The file of texts for Keras's own loader, whatever name the notebook gives it; an index of words is not here."""

    def get_file(fname: Any = None, origin: Any = None, *arguments: Any, **options: Any) -> str:
        path = served.path(name)
        if path is None or not str(origin or "").endswith(f"/{name}.npz"):
            return offline(fname, origin, *arguments, **options)
        served.note_loaded(name)
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
