"""Which of grader's own modules a result hangs on, by their imports, and a digest over their text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""The package itself."""

_FOR_TYPES_ALONE = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|[ \t]*\n)+", re.MULTILINE)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<dots>\.*)(?P<of>[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]+)"
    r"|import[ \t]+(?P<module>[\w.]+))",
    re.MULTILINE,
)

Parts = tuple[str, ...]
"""A module by its names below the package."""


@dataclass(frozen=True)
class _Import:
    """One import of a module of the package: ``names`` maps what it is called here to its name there."""

    dots: int
    parts: Parts
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Source:
    sha256: str
    imports: tuple[_Import, ...]


def code_digest(*roots: str, package: Path = PACKAGE) -> str:
    """A digest over modules and all that they import of the package, to any depth.

    An import of a name that a package only hands on (``from grader.records import Evidence``) counts as one of the
    module that the name comes from. What is imported for type checkers alone does not count.

    Args:
        roots: Below the package, such as ``verification.verify``; of a package every file counts, templates too.
        package: The folder of `grader`.
    """
    digest = hashlib.sha256()
    for path in sorted(code_of(*roots, package=package)):
        digest.update(f"{path.relative_to(package).as_posix()} {_source(path).sha256}\n".encode())
    return digest.hexdigest()


@cache
def own_digest(*roots: str) -> str:
    """The `code_digest` of this very package, whose files are taken to stay as they are while it runs."""
    return code_digest(*roots)


def code_of(*roots: str, package: Path = PACKAGE) -> frozenset[Path]:
    """The files that `code_digest` is over.

    Raises:
        FileNotFoundError: There is no such root.
    """
    waiting = [path for root in roots for path in _files(package.joinpath(*root.split(".")))]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for one in _source(path).imports:
            waiting += _imported(one, path, package=package)
    return frozenset(found)


def _files(root: Path) -> list[Path]:
    if root.is_dir():
        return [path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    if not root.with_suffix(".py").is_file():
        raise FileNotFoundError(f"{root}: there is no such module of grader")
    return [root.with_suffix(".py")]


def _imported(one: _Import, path: Path, *, package: Path) -> Iterator[Path]:
    """The files that an import in a file comes down to."""
    base = _base(one, path, package=package)
    if not one.names:
        yield from _module(base, package=package)
    for _, name in one.names:
        yield from _origin(base, name, package=package)


def _origin(parts: Parts, name: str, *, package: Path) -> Iterator[Path]:
    """The file in which a name of a module is made: a submodule, or the one that the package takes it from."""
    submodule = list(_module((*parts, name), package=package))
    if submodule:
        yield from submodule
        return
    for file in _module(parts, package=package):
        if file.name == "__init__.py":
            for one in _source(file).imports:
                for here, there in one.names:
                    if here == name:
                        yield from _origin(_base(one, file, package=package), there, package=package)
                        return
        yield file


def _base(one: _Import, path: Path, *, package: Path) -> Parts:
    if not one.dots:
        return one.parts
    folder = path.relative_to(package).parts[: -one.dots]
    return (*folder, *one.parts)


def _module(parts: Parts, *, package: Path) -> Iterator[Path]:
    where = package.joinpath(*parts)
    yield from (path for path in (where.with_suffix(".py"), where / "__init__.py") if parts and path.is_file())


def _source(path: Path) -> _Source:
    status = path.stat()
    return _read(path, status.st_mtime_ns, status.st_size)


@cache
def _read(path: Path, modified: int, size: int) -> _Source:  # noqa: ARG001 - what the cache goes by
    raw = path.read_bytes()
    text = raw.decode("utf-8") if path.suffix == ".py" else ""
    return _Source(hashlib.sha256(raw).hexdigest(), tuple(_imports(_FOR_TYPES_ALONE.sub("", text))))


def _imports(text: str) -> Iterator[_Import]:
    for found in _IMPORT.finditer(text):
        dots, of = len(found["dots"] or ""), found["of"] or found["module"] or ""
        head, *parts = of.split(".")
        if dots:
            parts = of.split(".") if of else []
        elif head != PACKAGE.name:
            continue
        yield _Import(dots, tuple(parts), tuple(_names(found["names"] or "")))


def _names(text: str) -> Iterator[tuple[str, str]]:
    without_comments = re.sub(r"#[^\n]*", "", text).strip("() \t\n")
    for item in without_comments.split(","):
        words = item.split()
        if words:
            yield words[-1], words[0]
