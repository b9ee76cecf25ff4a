"""GitHub Classroom, and any folder of repositories: ``hw1-alee/hw.ipynb`` in repositories of one assignment.

The names of all repositories begin with the assignment's, then comes the login. The classroom's list of people,
``classroom_roster.csv``, may lie beside them.
"""

from __future__ import annotations

import re
from collections import defaultdict

from grader.intake.listing import Listing, Owner, Owners, Parts, Platform, common_start, plain_text
from grader.intake.tables import read_table
from grader.records import Student

_ROSTER_COLUMNS = {"identifier", "github_username"}
_BRANCH = re.compile(r"-(?:main|master)$")
_FOLDER_OF_ALL = "-submissions"


def owners(listing: Listing) -> Owners:
    """The login that the repository's name ends with."""
    lists = [path for path in listing.paths if path[-1].lower().endswith(".csv")]
    people: dict[str, Student] = {}
    for path in lists:
        people |= _people(listing.read(path))
    found: dict[Parts, Owner] = {}
    for scope, names in _repositories(listing, people).items():
        prefix = _prefix(scope, names, people)
        for path in listing.paths:
            depth = len(scope)
            if prefix is not None and len(path) > depth + 1 and path[:depth] == scope and path[depth] in names:
                login = plain_text(_BRANCH.sub("", path[depth])[len(prefix) :])
                student = people.get(login.lower(), Student(key=f"github:{login}", user_name=login))
                found[path] = Owner(f"github:{login}", (student,), path[-1], depth)
    return found


def _repositories(listing: Listing, people: dict[str, Student]) -> dict[Parts, set[str]]:
    """The names of the folders that are repositories, by where they lie."""
    found: dict[Parts, set[str]] = defaultdict(set)
    for repository in listing.repositories:
        if repository:
            found[repository[:-1]].add(repository[-1])
    for path in listing.paths:
        for depth in range(len(path) - 1):
            folder = path[depth]
            if any(_BRANCH.sub("", folder).lower().endswith(f"-{login}") for login in people):
                found[path[:depth]].add(folder)
            elif folder.endswith(_FOLDER_OF_ALL) and len(path) > depth + 2:
                found[path[: depth + 1]].add(path[depth + 1])
    return found


def _prefix(scope: Parts, names: set[str], people: dict[str, Student]) -> str | None:
    """The assignment's name and its hyphen, with which the names of all repositories begin; None where unknown."""
    if scope and scope[-1].endswith(_FOLDER_OF_ALL):
        start = scope[-1].removesuffix(_FOLDER_OF_ALL) + "-"
        if all(name.startswith(start) for name in names):
            return start
    plain = [_BRANCH.sub("", name) for name in names]
    listed = {name[: -len(login)] for name in plain for login in people if name.lower().endswith(f"-{login}")}
    if len(listed) == 1 and all(name.startswith(next(iter(listed))) for name in plain):
        return listed.pop()
    common = common_start(plain)
    return common[: common.rfind("-") + 1] or None


def _people(raw: bytes | None) -> dict[str, Student]:
    """The classroom's list, by login in lower case."""
    rows = [] if raw is None else read_table(raw)
    if not rows or not {cell.strip().lower() for cell in rows[0]} >= _ROSTER_COLUMNS:
        return {}
    head = [cell.strip().lower() for cell in rows[0]]
    found = {}
    for row in rows[1:]:
        values = dict(zip(head, map(plain_text, row), strict=False))
        if login := values.get("github_username"):
            identifier, name = values.get("identifier", ""), values.get("name", "")
            found[login.lower()] = Student(
                key=f"github:{login}",
                name=name or identifier,
                user_name=login,
                email=identifier if "@" in identifier else None,
                number=identifier if identifier.isalnum() and any(map(str.isdigit, identifier)) else None,
            )
    return found


PLATFORM = Platform("GitHub", owners, certain=False)
