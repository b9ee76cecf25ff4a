"""Selects the files that were handed in, and says what lies beside each."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.errors import SubmissionError
from grader.intake.candidates import (
    Origin,
    holds_notebook,
    instead_of_notebooks,
    is_candidate,
    is_notebook,
    may_be_notebook,
    rank_instead,
    stem,
)
from grader.intake.listing import Owner, Parts
from grader.intake.tree import Placed, order
from grader.limits import MAX_FILE_BYTES, MAX_MEMBER_NAME_CHARACTERS
from grader.printed_text import well_formed
from grader.records import Student

_TOLD = 5
"""Names of other files that are told beside the one that stands for them."""

HandInKey = tuple[object, ...]


@dataclass(frozen=True)
class Selected:
    """A file that was handed in.

    Attributes:
        path: In the whole hand-in.
        inside: In its owner's part of it; without an owner, the same.
        beside: The files that belong to it, by their path from its folder.
        near: Of one of several notebooks in a folder, the files that may belong to it: those that it names do.
    """

    path: Parts
    placed: Placed
    owner: Owner | None
    inside: Parts
    origin: Origin
    beside: Mapping[str, Placed]
    near: Mapping[str, Placed]


def select(files: Mapping[Parts, Placed]) -> list[Selected]:
    """Every file that was handed in: notebooks, and where there is none, what was handed in instead."""
    notebooks = {path for path, one in files.items() if _is_notebook(path, one)}
    groups: dict[HandInKey, list[Parts]] = defaultdict(list)
    for path, one in files.items():
        groups[_hand_in(path, one)].append(path)
    is_export = any(one.owner is not None for one in files.values())
    chosen: list[Selected] = []
    for paths in groups.values():
        owner = files[paths[0]].owner
        if owner is None:
            taken = _unowned(paths, files, notebooks, is_export=is_export)
            chosen += [_selected(path, files, paths=paths, notebooks=notebooks) for path in taken]
        else:
            chosen += _owned(paths, files, notebooks)
    return sorted([*chosen, *_empty_archives(files, chosen)], key=lambda one: order(one.path))


def inside(path: Parts, owner: Owner) -> Parts:
    """A file's path within its owner's part of an export."""
    return path[owner.depth + 1 :] or (owner.file_name,)


def _is_notebook(path: Parts, one: Placed) -> bool:
    if (one.owner is not None and one.owner.instead) or (one.entry.path is not None and one.entry.path.is_dir()):
        return False
    name = path[-1] if one.owner is None else one.owner.file_name
    if is_notebook(path[-1]) or is_notebook(name):
        return True
    if not may_be_notebook(name) or (one.entry.size or 0) > MAX_FILE_BYTES:
        return False
    try:
        return holds_notebook(one.entry.read())
    except SubmissionError:
        return f"{'.ipynb'}." in name.lower()


def _hand_in(path: Parts, one: Placed) -> HandInKey:
    """What the files of one hand-in have in common: the export, its owner and the attempt; else the folder."""
    if one.owner is None:
        return ("folder", path[:-1])
    return ("owner", path[: one.owner.depth], one.owner.key, one.owner.attempt)


def _owned(paths: Sequence[Parts], files: Mapping[Parts, Placed], notebooks: set[Parts]) -> list[Selected]:
    """The notebooks of an owner, else what was handed in instead; copies of a group's members are one."""
    merged: dict[tuple[Parts, int | None], Parts] = {}
    students: dict[str, Student] = {}
    for path in paths:
        owner = files[path].owner
        if owner is not None:
            merged.setdefault((inside(path, owner), files[path].entry.size), path)
            students |= {student.key: student for student in owner.students}
    kept = list(merged.values())
    everybody = tuple(students[key] for key in sorted(students))
    taken = [path for path in kept if path in notebooks] or _instead(kept, files)
    made = [_selected(path, files, paths=kept, notebooks=notebooks) for path in taken]
    return [replace(one, owner=replace(one.owner, students=everybody)) for one in made if one.owner is not None]


def _instead(paths: Sequence[Parts], files: Mapping[Parts, Placed]) -> list[Parts]:
    """What stands for an owner without a notebook: of each document its most telling form, else one file."""

    def name(path: Parts) -> str:
        owner = files[path].owner
        return path[-1] if owner is None else owner.file_name

    def is_note(path: Parts) -> bool:
        owner = files[path].owner
        return owner is not None and bool(owner.instead)

    handed_in = sorted((path for path in paths if not is_note(path)), key=lambda path: rank_instead(name(path)))
    likely = [path for path in handed_in if is_candidate(name(path)) and not _is_emptied(path, paths, files)]
    by_stem: dict[str, Parts] = {}
    for path in likely:
        by_stem.setdefault(stem(name(path)), path)
    return list(by_stem.values()) or handed_in[:1] or list(paths[:1])


def _is_emptied(path: Parts, paths: Sequence[Parts], files: Mapping[Parts, Placed]) -> bool:
    """Whether an archive was opened, and something of what it holds may stand for it."""
    return files[path].is_opened and any(
        other[: len(path)] == path and other != path and is_candidate(other[-1]) for other in paths
    )


def _unowned(
    paths: Sequence[Parts], files: Mapping[Parts, Placed], notebooks: set[Parts], *, is_export: bool
) -> list[Parts]:
    """Notebooks, and what was handed in instead of one: at the top beside others, below it where a folder has none."""
    own = [path for path in paths if path in notebooks]
    others = [
        path
        for path in paths
        if path not in notebooks
        and not (is_export and path[-1].lower() == "index.html")
        and not (files[path].is_opened and any(path == other[: len(path)] for other in files if other != path))
    ]
    if paths[0][:-1]:
        return [*own, *([] if own else [path for path in others if is_candidate(path[-1])])]
    names = set(instead_of_notebooks((path[-1] for path in others), (path[-1] for path in own)))
    return [*own, *(path for path in others if path[-1] in names)]


def _empty_archives(files: Mapping[Parts, Placed], chosen: Sequence[Selected]) -> list[Selected]:
    """Archives of which nothing was chosen: nobody is missing from the list."""
    return [
        _selected(path, files, paths=(), notebooks=set())
        for path, one in files.items()
        if one.is_opened
        and one.owner is None
        and not any(other.path[: len(path)] == path for other in chosen)
        and not any(path[:depth] in files for depth in range(1, len(path)))
    ]


def _selected(path: Parts, files: Mapping[Parts, Placed], *, paths: Sequence[Parts], notebooks: set[Parts]) -> Selected:
    one = files[path]
    owner = one.owner
    file_name = unicodedata.normalize("NFC", well_formed(owner.file_name if owner else path[-1]))
    within = path if owner is None else inside(path, owner)
    problem = (owner.instead if owner else "") or one.problem
    if one.is_opened:
        problem = "No notebook is in the archive. It should hold files that end in .ipynb, at any depth."
    if owner is not None and path not in notebooks and not owner.instead:
        problem = problem and f"{problem}{_others(path, paths, files)}"
    beside = {} if path not in notebooks else _beside(path, files, paths=paths, notebooks=notebooks)
    near = {} if owner or beside or path not in notebooks else _near(path, files, notebooks)
    return Selected(path, one, owner, within, Origin(file_name[:MAX_MEMBER_NAME_CHARACTERS], problem), beside, near)


def _others(path: Parts, paths: Sequence[Parts], files: Mapping[Parts, Placed]) -> str:
    """What else was handed in, a sentence to be added."""
    names = [
        well_formed(other[-1])[:100]
        for other in paths
        if other[: len(path)] != path and (owner := files[other].owner) is not None and not owner.instead
    ]
    return f" Beside it: {', '.join(names[:_TOLD])}." if names else ""


def _beside(
    path: Parts, files: Mapping[Parts, Placed], *, paths: Sequence[Parts], notebooks: set[Parts]
) -> dict[str, Placed]:
    """The other files of the owner's hand-in, or of the largest folder around a notebook that holds no other."""
    owner = files[path].owner
    if owner is not None:
        folder = inside(path, owner)[:-1]
        others = {other: files[other] for other in paths if other != path and not files[other].is_opened}
        return {
            _from(folder, inside(other, one.owner)): one
            for other, one in others.items()
            if one.owner is not None and not one.owner.instead
        }
    top = len(path)
    while top > 0 and not any(other != path and other[: top - 1] == path[: top - 1] for other in notebooks):
        top -= 1
    return {
        _from(path[top:-1], other[top:]): one
        for other, one in files.items()
        if top < len(path) and other != path and other[:top] == path[:top] and one.owner is None and not one.is_opened
    }


def _near(path: Parts, files: Mapping[Parts, Placed], notebooks: set[Parts]) -> dict[str, Placed]:
    """Files in the folder of several notebooks, and in folders of it that hold none."""
    folder = path[:-1]
    at = len(folder)
    of_others = {other[: at + 1] for other in notebooks if len(other) > at + 1}
    return {
        "/".join(other[at:]): one
        for other, one in files.items()
        if other[:at] == folder
        and other not in notebooks
        and other[: at + 1] not in of_others
        and one.owner is None
        and not one.is_opened
        and (not is_candidate(other[-1]) or other[-1].endswith(".py"))
    }


def _from(folder: Parts, path: Parts) -> str:
    """A path from a folder where it lies below it, else from the hand-in's top."""
    return "/".join(path[len(folder) :] if path[: len(folder)] == folder else path)
