"""The names that older releases had and today's do not, from ``data/removed_names.json``.

``tools/removed_names.py`` writes that file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_TODAYS_FOLDERS = (
    (re.compile(r"^keras\._tf_keras\.keras\b"), "tensorflow.keras"),
    (re.compile(r"^keras\.(src|api)\b"), "keras"),
    (re.compile(r"^tensorflow\._api\.v2\b"), "tensorflow"),
)
_OTHER_NAMES = {
    "TensorFlowTrainer": ("Model", "Sequential"),
    "Trainer": ("Model", "Sequential"),
    "Functional": ("Model",),
    "NDFrame": ("DataFrame", "Series"),
}
"""Classes that messages name, and those that users know them by."""


@dataclass(frozen=True)
class Removed:
    """A name that is gone.

    Attributes:
        path: The name with its module, as users write it: ``numpy.product``; a class's member: ``DataFrame.append``.
        package: Top-level package that had it.
        last: The newest of the compared releases that had it.
        today: Where the same name stands today; empty where nowhere.
    """

    path: str
    package: str
    last: str
    today: str = ""


def imported_as(module: str) -> str:
    """The name under which users import a module that a message names."""
    for pattern, name in _TODAYS_FOLDERS:
        module = pattern.sub(name, module)
    return module


def removed_name(module: str, name: str) -> Removed | None:
    """A name of a module, or a module within it, that is gone; None for one that never was or still is."""
    for owner in _both_keras(imported_as(module)):
        if found := removed_module(f"{owner}.{name}"):
            return found
        entry = _part("names").get(owner, {})
        if last := _group_of(name, entry.get("last", {})):
            place = _group_of(name, entry.get("moved", {}))
            return Removed(f"{owner}.{name}", owner.split(".")[0], last, f"{place}.{name}" if place else "")
    return None


def removed_module(module: str) -> Removed | None:
    """A module that is gone."""
    for path in _both_keras(imported_as(module)):
        if entry := _part("modules").get(path):
            return Removed(path, path.split(".")[0], entry["last"])
    return None


def moved_from(module: str, name: str) -> str | None:
    """The module that holds today what was imported from one that is gone."""
    for path in _both_keras(imported_as(module)):
        if place := _group_of(name, _part("modules").get(path, {}).get("moved", {})):
            return place
    return None


def removed_member(owner: str, name: str) -> Removed | None:
    """A method or property of a class that is gone; the class is known by its bare name."""
    for key in _classes(owner):
        if last := _group_of(name, _part("members").get(key, {})):
            return Removed(f"{owner}.{name}", key.split(":")[0], last)
    return None


def removed_argument(function: str, name: str) -> Removed | None:
    """An argument that a function, a constructor (``Dense.__init__``) or a method (``Model.fit``) no longer takes."""
    owner, _, method = function.rpartition(".")
    keys = [f"{key}.{method}" for key in _classes(owner)] if owner else _functions().get(method, [])
    for key in keys:
        if last := _group_of(name, _part("arguments").get(key, {})):
            return Removed(f"{name}=", key.split(":")[0], last)
    return None


def is_estimator(name: str) -> bool:
    """Whether scikit-learn has a class of that name."""
    return name in _part("classes")["sklearn"].split()


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    text = resources.files("grader.attribution").joinpath("data/removed_names.json").read_text(encoding="utf-8")
    table: Mapping[str, Mapping[str, Any]] = json.loads(text)
    return table


def _part(name: str) -> Mapping[str, Any]:
    return _table()[name]


def _group_of(name: str, groups: Mapping[str, str]) -> str | None:
    return next((group for group, names in groups.items() if name in names.split()), None)


def _both_keras(module: str) -> Iterator[str]:
    """The module, and its namesake in tf.keras or Keras: messages name either for both."""
    yield module
    if module == "keras" or module.startswith("keras."):
        yield f"tensorflow.{module}"
    elif module.startswith("tensorflow.keras"):
        yield module.removeprefix("tensorflow.")


@cache
def _packages_of() -> Mapping[str, list[str]]:
    """Class name to the keys of the table that are about it."""
    found: dict[str, list[str]] = {}
    for part in ("members", "bases", "arguments"):
        for key in _part(part):
            package, _, path = key.partition(":")
            name = path.split(".")[0]
            if f"{package}:{name}" not in found.setdefault(name, []):
                found[name].append(f"{package}:{name}")
    return found


def _classes(name: str) -> list[str]:
    """The keys of a class and of those that it inherits from."""
    keys: list[str] = []
    for known in (name, *_OTHER_NAMES.get(name, ())):
        for key in _packages_of().get(known, ()):
            keys += [key, *_part("bases").get(key, "").split()]
    return list(dict.fromkeys(keys))


@cache
def _functions() -> Mapping[str, list[str]]:
    """Last name of a callable to its keys: a function, a class's constructor, methods of that name."""
    found: dict[str, list[str]] = {}
    for key in _part("arguments"):
        path = key.partition(":")[2].removesuffix(".__init__")
        found.setdefault(path.rpartition(".")[2], []).append(key)
    return found
