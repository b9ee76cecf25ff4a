"""Paths of the machine that grades, taken out of what a student reads: they help nobody, and tell who ran it where."""

from __future__ import annotations

import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

INSIDE = "/run/nb"
"""Where a sandbox shows the harness's own files."""

JOB_FOLDER_PREFIX = "grader-job-"
"""How the temporary folder of a sandboxed job begins."""

_SHARED = frozenset({"/", "/usr", "/usr/local", "/home", "/home/student"})
"""Folders that every machine has, or every sandbox."""


_further: set[str] = {sys.prefix, sys.base_prefix}
"""Prefixes of the Pythons that this process knows to run."""


def without_machine_paths(text: str) -> str:
    """The text with each path of this machine cut to its meaningful end: ``.../site-packages/keras/losses.py``.

    The interpreter's environment, the folder of grader itself, the harness's files and the temporary folder of a job
    are ``...``, the home folder is ``~``.
    """
    if "/" not in text:
        return text
    paths, names = _paths()
    return paths.sub(lambda found: names.get(found[0]) or _of_job(found), text)


def _of_job(found: re.Match[str]) -> str:
    """What stands for the folder of a job, which may hold a file tree of its own: what follows is a path in that."""
    if found[0].endswith(INSIDE):
        return "..."
    return "" if found.string[found.end() : found.end() + 1] == "/" else "..."


def name_also(prefixes: Iterable[str]) -> None:
    """Has paths of another Python on this machine cut as well, from now on in this process.

    Args:
        prefixes: Where it and its packages are.
    """
    new = set(prefixes) - _further
    if new:
        _further.update(new)
        _paths.cache_clear()


@cache
def _paths() -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern of the paths, the longest first, and what stands for each."""
    names: dict[str, str] = {}
    for path, name in _named():
        for form in {path, _real(path)} - _SHARED:
            names.setdefault(form, name)
    own = "|".join(re.escape(path) for path in sorted(names, key=len, reverse=True))
    folders = "|".join(re.escape(form) for form in {tempfile.gettempdir(), _real(tempfile.gettempdir())})
    job = rf"(?:{folders})/{JOB_FOLDER_PREFIX}\w+(?:{INSIDE})?"
    # Or behind a colour of the terminal, which ends in a letter.
    begin = r"(?:(?<![\w.~-])|(?<=[\d\[]m))"
    return re.compile(rf"{begin}(?:{job}|{own})(?![\w-]|\.\w)"), names


def _named() -> Iterator[tuple[str, str]]:
    paths = sysconfig.get_paths()
    for key in ("purelib", "platlib"):
        yield paths[key], f".../{Path(paths[key]).name}"
    for key in ("stdlib", "platstdlib"):
        yield paths[key], f".../{Path(paths[key]).name}"
    for path in sorted(_further):
        for packages in sorted(Path(path).glob("lib/python3*/site-packages")):
            yield str(packages), f".../{packages.name}"
            yield str(packages.parent), f".../{packages.parent.name}"
    for path in (*sorted(_further), sys.exec_prefix, sys.base_exec_prefix):
        yield path, "..."
    yield str(Path(__file__).parents[1]), "..."
    yield INSIDE, "..."
    with suppress(RuntimeError):
        yield str(Path.home()), "~"
    project = Path(sys.prefix).parent
    if sys.prefix != sys.base_prefix and len(project.parts) > 2:
        # An environment mostly lies in the folder of the project that it is for, which may be on its path.
        yield str(project), "..."


def _real(path: str) -> str:
    return str(Path(path).resolve())
