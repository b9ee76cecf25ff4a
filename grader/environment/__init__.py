"""The students' environment: the Python, and the packages, in which their notebooks run and their models are rebuilt.

It is the grader's own, or a virtual environment of the course's. `facts` says what one holds, `finding` whether it can
be used, and `making` makes one and adds packages to it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from grader.environment import facts


@dataclass(frozen=True, kw_only=True)
class StudentsEnvironment:
    """An environment; plain data, which a worker can be told.

    Attributes:
        executable: Its Python.
        prefixes: Its ``sys.prefix`` and ``sys.base_prefix``.
        folders: Its ``sys.path``.
        python: Version of Python.
        packages: The packages that decide most figures, distribution to version.
        importable: See `importable_in`.
        digest: Over every installed distribution with its version, Python and the platform.
        is_own: Whether it is the grader's own.
    """

    executable: str
    prefixes: tuple[str, ...]
    folders: tuple[str, ...]
    python: str
    packages: Mapping[str, str]
    importable: tuple[str, ...] = ()
    digest: str
    is_own: bool = False


@cache
def own_environment() -> StudentsEnvironment:
    """What is installed beside the grader, in this very Python."""
    return StudentsEnvironment(
        executable=sys.executable,
        prefixes=(sys.prefix, sys.base_prefix),
        folders=tuple(sys.path),
        python=".".join(map(str, sys.version_info[:3])),
        packages=facts.packages(),
        digest=facts.environment_digest(),
        is_own=True,
    )


def importable_in(environment: StudentsEnvironment) -> tuple[str, ...]:
    """Top-level names of all installed packages; of our own it takes half a second, and who re-grades needs none."""
    return _own_importable() if environment.is_own else environment.importable


@cache
def _own_importable() -> tuple[str, ...]:
    return tuple(facts.importable())
