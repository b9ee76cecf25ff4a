r"""Lays files beside a notebook: what was handed in with it, and the rubric's, also under the paths that it names.

Notebooks come from other machines: ``/content/drive/MyDrive/course/points.csv`` and ``..\data\points.csv`` mean the
``points.csv`` that was handed in. Where a notebook names such a path, the file is shown there; nothing that it calls is
changed.
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TypeVar

from grader.cell_code import parse
from grader.execution.work_folder import WorkFolder
from grader.limits import MAX_SHOWN_ELSEWHERE
from grader.records import Cell

T = TypeVar("T")

WORK = "/home/student/work"
"""Where a notebook runs, as it sees it."""

_FOREIGN = re.compile(r"/(?:content|kaggle|gdrive|drive|mnt|dbfs|workspaces?|data|datasets|Users|home)(?:/|$)")
"""Roots that machines for notebooks have and the sandbox has not; ``/home`` but for the notebook's own."""

_DRIVE = re.compile(r"(?:^|/)(?:My ?Drive|drive)(?:/|$)", re.IGNORECASE)
_QUOTED = re.compile(r"""(?P<quote>["'])(?P<text>[^"'\n]{1,300})(?P=quote)|(?<=\s)(?P<bare>[\w./~-]+/[\w.-]+)""")
_MODULES = (".py", ".pyc", ".so", ".pyd")
_CONFIGURATION = re.compile(r"(?:ipython|jupyter)\w*config", re.IGNORECASE)


def lay(cells: Iterable[Cell], handed_in: Mapping[str, Path], everybodys: Mapping[str, Path]) -> WorkFolder:
    """The files of a notebook, where it looks for them.

    Args:
        cells: Of the notebook.
        handed_in: What lies beside it, by path from its folder.
        everybodys: The rubric's files; where both have one, the rubric's counts.
    """
    work = {name: path for name, path in {**handed_in, **everybodys}.items() if not takes_the_place_of_a_module(name)}
    work = _without_clashes(work)
    by_name: dict[str, str] = {}
    for name in sorted(work, key=lambda name: (name.count("/"), name not in everybodys)):
        for known in (PurePosixPath(name).name, _plain(name)):
            by_name.setdefault(known, name)
    links: dict[str, str] = {}
    elsewhere: dict[str, Path] = {}
    for text in dict.fromkeys(_paths(cells)) if work else ():
        for wanted, name in _wanted(text, work, by_name):
            inside = posixpath.normpath(posixpath.join(WORK, wanted))
            if inside.startswith(f"{WORK}/"):
                links.setdefault(inside.removeprefix(f"{WORK}/"), name)
            elif len(elsewhere) < MAX_SHOWN_ELSEWHERE and _may_be_shown(inside):
                elsewhere.setdefault(inside, work[name])
    return WorkFolder(work, _free(links, work), _without_clashes(elsewhere))


def takes_the_place_of_a_module(name: str) -> bool:
    """Whether a file would be imported in place of an installed module, or read as a program's configuration."""
    first = name.split("/", 1)[0]
    stem = first.split(".")[0]
    own = {"sitecustomize", "usercustomize", "recorder", "ipykernel_launcher"}
    is_module = "/" in name or first.endswith(_MODULES)
    is_taken = stem in own or stem in sys.stdlib_module_names or stem in packages_distributions()
    is_package = "/" in name and not name.endswith(_MODULES)
    return bool(_CONFIGURATION.match(first)) or (is_module and is_taken and not is_package)


def _paths(cells: Iterable[Cell]) -> Iterator[str]:
    """The texts of the code that may be paths."""
    for cell in cells:
        if cell.kind != "code":
            continue
        tree = parse(cell.source)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) <= 300:
                yield node.value
        for found in _QUOTED.finditer(cell.source):
            yield found["text"] or found["bare"]


def _wanted(text: str, work: Mapping[str, Path], by_name: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The paths that a text of the code may mean, each with the file that is meant."""
    if "\0" in text or "\n" in text or text.startswith(("http://", "https://", "gs://", "s3://")):
        return
    path = text.replace("~", "/home/student", 1) if text.startswith("~/") else text
    name = PureWindowsPath(path).name
    meant = by_name.get(name) or by_name.get(_plain(name))
    if meant is not None:
        yield path, meant
        if "\\" in path and ":" not in path:
            yield path.replace("\\", "/"), meant
    elif (_FOREIGN.match(path) or _DRIVE.search(path)) and "." not in name:
        # A folder to which names are added later: all files stand in it.
        for one in work:
            yield posixpath.join(path, one), one
            yield posixpath.join(path, PurePosixPath(one).name), one


def _plain(name: str) -> str:
    """A file's name in lower case, without what browsers and platforms add to a copy of it."""
    path = PurePosixPath(name)
    return re.sub(r"(?:\s*\(\d+\)|-\d{1,2})$", "", path.stem).lower() + path.suffix.lower()


def _may_be_shown(path: str) -> bool:
    own = path.startswith("/home/student/")
    return (bool(_FOREIGN.match(path)) or own) and not path.startswith("/home/student/.") and path != "/home/student"


def _free(links: Mapping[str, str], work: Mapping[str, Path]) -> dict[str, str]:
    """The links that stand in no file's way."""
    folders = {str(parent) for name in work for parent in PurePosixPath(name).parents}
    kept = {
        link: name
        for link, name in links.items()
        if link not in work
        and link not in folders
        and not any(str(parent) in work for parent in PurePosixPath(link).parents)
        and all(len(part.encode(errors="replace")) < 256 for part in link.split("/"))
        and not takes_the_place_of_a_module(link)
    }
    return {link: kept[link] for link in _without_clashes(kept)}


def _without_clashes(files: Mapping[str, T]) -> dict[str, T]:
    """Files none of which is another's folder."""
    return {
        name: one
        for name, one in files.items()
        if not any(str(parent) in files for parent in PurePosixPath(name).parents)
    }
