"""Asks the installed libraries which names of older releases they still have, and where the others stand today."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import pkgutil
import re
import types
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from removed_names_old import PASSED_OVER, PRIVATE, Surface

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

PACKAGES = {"scikit-learn": "sklearn", "tensorflow-cpu": "tensorflow"}
"""Import names of distributions that are called otherwise."""

EXPIRED = object()
"""What a name gives that raises when it is asked for."""

NEVER_MOVED = {"numpy.ma", "numpy.matlib", "tensorflow.compat", "keras.random", "tensorflow.keras.random"}
"""Modules whose names are no successors of names elsewhere."""


CALLED_BY_KERAS = re.compile(r"call|build|get_config|compute_\w+|get_updates|get_gradients|__call__|from_config")
"""Methods that users of a layer do not call: their arguments are not told."""


class Gone:
    """What was found to be gone, while the releases are read newest first."""

    def __init__(self) -> None:
        self.compared: dict[str, list[str]] = {}
        self.modules: dict[str, dict[str, Any]] = {}
        self.names: dict[str, dict[str, tuple[str, str | None]]] = {}
        self.members: dict[str, dict[str, str]] = {}
        self.arguments: dict[str, dict[str, str]] = {}
        self.bases: dict[str, list[str]] = {}
        self.inherited: set[tuple[str, str]] = set()
        self.seen: set[tuple[str, ...]] = set()

    def is_new(self, *key: str) -> bool:
        """Whether no newer release asked this; asks it."""
        new = key not in self.seen
        self.seen.add(key)
        return new

    def read(self, surface: Surface) -> None:
        """Compares one release with today."""
        for module, names in surface.names.items():
            if not exists(module):
                self._gone_module(module, names, surface=surface)
            elif load(module) is not None:
                for name, (kind, place) in names.items():
                    self._name(module, name, kind=kind, place=place, surface=surface)

    def _gone_module(self, module: str, names: dict[str, tuple[str, str]], *, surface: Surface) -> None:
        entry = self.modules.setdefault(module, {"last": surface.version, "moved": {}})
        for name, (kind, place) in names.items():
            if place := successor(module, name, kind=kind, taken=surface.taken(kind, place)):
                entry["moved"].setdefault(name, place)

    def _name(self, module: str, name: str, *, kind: str, place: str, surface: Surface) -> None:
        there = attribute(module, name)
        if there is EXPIRED:
            if self.is_new("name", module, name):
                now = successor(module, name, kind=kind, taken=surface.taken(kind, place))
                self.names.setdefault(module, {})[name] = (surface.version, now)
            return
        self.seen.add(("name", module, name))
        key = f"{str(getattr(there, '__module__', None) or module).split('.')[0]}:{name}"
        if kind == "class" and inspect.isclass(there) and self.is_new("class", key, surface.version, place):
            self._class(key, there, members=surface.classes[place], version=surface.version)
        elif kind == "function" and callable(there):
            self._arguments(key, there, names=surface.functions[place], version=surface.version)

    def _class(self, key: str, there: type, *, members: dict[str, tuple[str, list[str]]], version: str) -> None:
        package = key.partition(":")[0]
        self.bases[key] = [f"{package}:{base.__name__}" for base in there.__mro__[1:-1]]
        for name, (kind, names) in members.items():
            if name == "__init__" or has_member(there, name):
                self.seen.add(("member", key, name))
                method = there if name == "__init__" else getattr(there, name, None)
                if names and callable(method) and not CALLED_BY_KERAS.fullmatch(name):
                    self._arguments(f"{key}.{name}", method, names=names, version=version)
            elif self.is_new("member", key, name) and kind != "attribute":
                self.members.setdefault(key, {})[name] = version

    def _arguments(self, key: str, there: Any, *, names: list[str], version: str) -> None:
        today = parameters(there)
        for name in names if today is not None else ():
            if name in today:
                self.seen.add(("argument", key, name))
            elif self.is_new("argument", key, name):
                self.arguments.setdefault(key, {})[name] = version

    def hoist(self) -> None:
        """Keeps what a class shares with one that it inherits from at that one alone."""
        for key, bases in self.bases.items():
            for name in list(self.members.get(key, ())):
                if any(name in self.members.get(base, {}) for base in bases if base != key):
                    self.inherited.add((key, name))
        for key, name in self.inherited:
            del self.members[key][name]
        self.members = {key: names for key, names in self.members.items() if names}
        for key in [key for key in self.arguments if "." in key and not key.endswith(".__init__")]:
            owner, _, method = key.partition(".")
            for base in self.bases.get(owner, ()):
                if self.arguments[key] == self.arguments.get(f"{base}.{method}") and base != owner:
                    self.arguments[key] = {}
        self.arguments = {key: names for key, names in self.arguments.items() if names}
        kept = {*self.members, *(key.partition(".")[0] for key in self.arguments)}
        self.bases = {
            key: held for key, bases in self.bases.items() if (held := [b for b in bases if b in kept and b != key])
        }


def compare(surfaces: Iterable[tuple[str, Surface]]) -> Gone:
    """Compares releases with today, the newest of each distribution first."""
    gone = Gone()
    for distribution, surface in surfaces:
        gone.read(surface)
        versions = gone.compared.setdefault(PACKAGES.get(distribution, distribution), [])
        versions += [surface.version] if versions else [importlib.metadata.version(distribution), surface.version]
    return gone


@cache
def exists(module: str) -> bool:
    """Whether today's installation has the module, importable on this machine or not."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return isinstance(load(module), types.ModuleType)


@cache
def load(module: str) -> Any:
    """The module, imported; None where that fails."""
    try:
        return importlib.import_module(module)
    except BaseException:  # noqa: BLE001  # a backend may end the process where its library is missing
        return None


def attribute(module: str, name: str) -> Any:
    """A module's name today; EXPIRED where there is none."""
    there = load(module)
    try:
        return getattr(there, name)
    except (AttributeError, ImportError, RuntimeError):
        return load(f"{module}.{name}") or EXPIRED


@cache
def _text_of(cls: type) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""


def has_member(cls: type, name: str) -> bool:
    """Whether a class has the method or attribute, or sets it on its objects."""
    try:
        if hasattr(cls, name):
            return True
    except Exception:  # noqa: BLE001  # a descriptor of the class may raise anything
        return True
    if re.fullmatch(r"set_\w+_request", name):  # scikit-learn makes these on demand
        return True
    return any(re.search(rf"\bself\.{name}\s*(:[^=\n]+)?=", _text_of(base)) for base in cls.__mro__)


def parameters(there: Any) -> set[str] | None:
    """The names of a callable's arguments today; None where they cannot be asked."""
    try:
        names = set(inspect.signature(there).parameters)
    except (ValueError, TypeError, NameError):
        return None
    return None if names == {"args", "kwargs"} else names


@cache
def _index(package: str) -> dict[str, list[tuple[int, str, Any]]]:
    """Today's public functions, classes and modules of a package: name to identity, dotted place and object."""
    found: dict[str, list[tuple[int, str, Any]]] = {}
    for path in _walk(package):
        module = load(path)
        listed = getattr(module, "__all__", None)
        for name in sorted(dir(module)):
            if name.startswith("_") or (listed and name not in listed):
                continue
            there = attribute(path, name)
            if callable(there) and str(getattr(there, "__module__", "")).split(".")[0] in {
                package,
                "keras",
                "tensorflow",
                "numpy",
            }:
                found.setdefault(name, []).append((id(there), f"{path}.{name}", there))
    return found


def _is_private(module: str) -> bool:
    return bool(PRIVATE.search(module) or (PASSED_OVER.search(module) and not module.startswith("scipy.")))


def _walk(package: str) -> Iterator[str]:
    """The public modules of a package today: those in its folders, and those that its modules hold."""
    waiting, seen = [package], set()
    while waiting:
        path = waiting.pop(0)
        module = load(path)
        if path in seen or not isinstance(module, types.ModuleType):
            continue
        seen.add(path)
        yield path
        inner = {name for name in dir(module) if isinstance(attribute(path, name), types.ModuleType)}
        for name in sorted(inner):
            held = attribute(path, name)
            if held.__name__.split(".")[0] != package.partition(".")[0] and package != "tensorflow":
                inner.discard(name)
        if hasattr(module, "__path__") and package != "tensorflow":
            inner |= {info.name for info in pkgutil.iter_modules(module.__path__)}
        for name in sorted(inner):
            deeper = f"{path}.{name}"
            if (
                not _is_private(deeper)
                and deeper not in NEVER_MOVED
                and deeper.count(".") < 4
                and (not deeper.startswith("tensorflow.keras") or package == "tensorflow.keras")
            ):
                waiting.append(deeper)


def successor(module: str, name: str, *, kind: str, taken: set[str]) -> str | None:
    """Where the same name stands today in its library, if it is one thing there; None otherwise.

    Args:
        module: Where it stood.
        name: The name.
        kind: ``function`` or ``class``; for others there is no successor.
        taken: The arguments that it took: a function that shares none is another thing of the same name.
    """
    if kind not in {"function", "class"}:
        return None
    parts = module.split(".")
    package = "tensorflow.keras" if parts[:2] == ["tensorflow", "keras"] else parts[0]
    places = [place for place in _index(package).get(name, ()) if (kind != "class" or inspect.isclass(place[2]))]
    today = parameters(places[0][2]) if places else None
    is_same = not taken or not today or bool(taken & today)
    if is_same and len({place[0] for place in places}) == 1:
        own = f"{places[0][2].__module__}.{name}"
        return min(
            (place[1] for place in places), key=lambda place: (place != own, place.count("."), len(place), place)
        )
    legacy = "tensorflow.compat.v1." + ".".join([*parts[1:], name])
    if package == "tensorflow" and attribute(*legacy.rsplit(".", 1)) is not EXPIRED:
        return legacy
    return None


def write(gone: Gone, target: Path) -> None:
    """Writes what is gone, sorted, a line for each module, class or callable."""
    modules = {name: entry for name, entry in gone.modules.items() if _is_told(name, entry, gone=gone)}
    estimators = sorted(name for key in gone.bases for package, _, name in [key.partition(":")] if package == "sklearn")
    gone.hoist()
    parts: dict[str, dict[str, Any]] = {
        "compared": gone.compared,
        "modules": {
            name: {"last": entry["last"], "moved": _grouped(entry["moved"])} for name, entry in modules.items()
        },
        "names": {name: _split(entries) for name, entries in gone.names.items()},
        "classes": {"sklearn": " ".join(estimators)},
        "bases": {name: " ".join(bases) for name, bases in gone.bases.items()},
        "members": {name: _grouped(entries) for name, entries in gone.members.items()},
        "arguments": {name: _grouped(entries) for name, entries in gone.arguments.items()},
    }
    lines = []
    for part, entries in parts.items():
        rows = [f"{json.dumps(key)}: {json.dumps(entries[key], sort_keys=True)}" for key in sorted(entries)]
        lines.append(f'"{part}": {{\n' + ",\n".join(rows) + "\n}")
        print(part, len(rows), sum(map(len, rows)), flush=True)
    target.parent.mkdir(exist_ok=True)
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _grouped(entries: dict[str, str]) -> dict[str, str]:
    """Names by their version, or by the module that holds them today, as words in one text."""
    groups: dict[str, list[str]] = {}
    for name in sorted(entries):
        groups.setdefault(entries[name].removesuffix(f".{name}"), []).append(name)
    return {group: " ".join(names) for group, names in groups.items()}


def _split(entries: dict[str, tuple[str, str | None]]) -> dict[str, dict[str, str]]:
    moved = _grouped({name: place for name, (_, place) in entries.items() if place})
    return {
        "last": _grouped({name: last for name, (last, _) in entries.items()}),
        **({"moved": moved} if moved else {}),
    }


def _is_told(name: str, entry: dict[str, Any], *, gone: Gone) -> bool:
    """Whether a message can name the module, or a cell may import a name from it that stands elsewhere today."""
    return bool(entry["moved"]) or name.rpartition(".")[0] not in gone.modules
