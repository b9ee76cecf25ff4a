"""The Python that runs inside: with what its ``sys.path`` needs, and nothing else of its surroundings."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PARTS = ("bin", "lib", "lib32", "lib64", "include", "share", "etc", "ssl", "pyvenv.cfg")
"""What of a prefix is shown. Not the prefix itself: an environment may have been made in the folder of a project."""


@dataclass(frozen=True)
class Interpreter:
    """Where a Python lives; plain data, which a worker can be told.

    Attributes:
        executable: As it is called, outside and inside.
        shown: Folders and files to show at their own paths, in an order in which none covers an earlier one.
        links: Symlinks on the way to the executable that lie elsewhere: path and target.
        hidden: Folders below the shown ones that must be empty inside.
    """

    executable: str
    shown: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]


@cache
def own_interpreter() -> Interpreter:
    """This process's own interpreter."""
    return interpreter_of(sys.executable, prefixes=(sys.prefix, sys.base_prefix))


def interpreter_of(executable: str, *, prefixes: Iterable[str], folders: Iterable[str] = ()) -> Interpreter:
    """An interpreter on this machine.

    Args:
        executable: Its absolute path.
        prefixes: Its ``sys.prefix`` and ``sys.base_prefix``.
        folders: What lies outside of them on its ``sys.path``.
    """
    both = sorted({form for prefix in prefixes for form in (prefix, str(_real(prefix)))})
    shown = [str(path) for prefix in both if not _in_usr(prefix) for path in _parts(Path(prefix))]
    links, last = _chain(Path(executable), shown=shown)
    for path in (last, *map(Path, folders)):
        if not _within(path, shown):
            shown.append(str(path))
    package = Path(__file__).resolve().parents[2]
    return Interpreter(
        executable=executable,
        shown=tuple(shown),
        links=tuple(links),
        hidden=(str(package),) if _within(package, shown) else (),
    )


def _real(path: str) -> Path:
    return Path(path).resolve()


def _parts(prefix: Path) -> list[Path]:
    return [prefix / part for part in PARTS if (prefix / part).exists()]


def _chain(path: Path, *, shown: list[str]) -> tuple[list[tuple[str, str]], Path]:
    links: list[tuple[str, str]] = []
    while path.is_symlink():
        target = path.readlink()
        if not _within(path, shown):
            links.append((str(path), str(target)))
        path = path.parent / target
    return links, _real(str(path))


def _within(path: Path, shown: list[str]) -> bool:
    return _in_usr(str(path)) or any(path.is_relative_to(folder) for folder in shown)


def _in_usr(path: str) -> bool:
    return path == "/" or Path(path).is_relative_to("/usr")
