"""Finds the cause of each cell's error from what the run recorded: a package, the network, an old API."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader.attribution.causes import Cause
from grader.attribution.packages import missing_package, own_modules
from grader.attribution.removed_apis import removed_api
from grader.cell_code import parse
from grader.cell_names import names_in
from grader.records import CellError, CellRun, Evidence

_NETWORK = re.compile(
    r"name resolution|Name or service not known|nodename nor servname|getaddrinfo|gaierror|Failed to resolve"
    r"|Network is unreachable|No route to host|URL fetch failure|urlopen error|Max retries exceeded|NewConnectionError"
    r"|Cannot connect to host|Could not resolve host|connect to '?https?://|Failed to establish a new connection"
)
_FETCHES = re.compile(r"^\s*[!%]?\s*(?:wget|curl|gdown|kaggle|git\s+clone|aria2c|gsutil|aws\s+s3)\b", re.MULTILINE)
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_LINE = re.compile(r"^\s*Cell In\s?\[\d+\], line (\d+)\s*$", re.MULTILINE)
_TIMED_LINE = re.compile(r"^\s*File <timed exec>:(\d+)(?:, in <module>)?\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Diagnosis:
    """What the cells of a run suffered from, by index of the cell.

    Attributes:
        errors: Why a cell raised; a cell whose error is not here made a mistake of its own.
    """

    errors: Mapping[int, Cause]


def diagnose(evidence: Evidence) -> Diagnosis:
    """Finds what the errors of a run come from, where it is the environment or a library's change.

    A cell that fails because an earlier one could not bind a name for such a reason fails for that reason.
    """
    run = _Run(evidence)
    for cell in evidence.cells:
        if cell.kind == "code" and cell.status not in {"not_run", "no_code"}:
            run.read(cell)
    return Diagnosis(run.errors)


class _Run:
    """What is known of a run after the cells that were read so far."""

    def __init__(self, evidence: Evidence) -> None:
        self.importable = frozenset(evidence.environment.importable)
        self.own = own_modules(evidence.cells)
        self.errors: dict[int, Cause] = {}
        self.lost: dict[str, Cause] = {}
        self.fetched = ""

    def read(self, cell: CellRun) -> None:
        tree = parse(cell.source)
        ran, failing, left = split_at_error(cell, [] if tree is None else tree.body)
        cause = None if cell.error is None else self._cause(cell.error, cell.source)
        self._note_names(ran, [*failing, *left], cause=cause)
        if _FETCHES.search(cell.source):
            self.fetched += cell.source
        if cause is not None:
            self.errors[cell.index] = cause

    def _note_names(self, ran: Sequence[ast.stmt], not_run: Sequence[ast.stmt], *, cause: Cause | None) -> None:
        """Notes which names the infrastructure left without a value, so that what follows from it is known."""
        for name in _bound(ran):
            self.lost.pop(name, None)
        if cause is None or not cause.is_infrastructure:
            return
        self.lost.update(dict.fromkeys(_bound(not_run), cause))

    def _cause(self, error: CellError, source: str) -> Cause | None:
        """What the error's own text tells, or the earlier error that it follows from."""
        if found := removed_api(error, source):
            return Cause("removed_api", found)
        if found := missing_package(error, importable=self.importable, own=self.own):
            return Cause("missing_package", found)
        if _NETWORK.search(f"{error.name}: {error.value}") or self._is_unfetched(error):
            return Cause("network")
        undefined = _UNDEFINED.search(error.value) if error.name == "NameError" else None
        earlier = self.lost.get(undefined.group(1)) if undefined else None
        return None if earlier is None else replace(earlier, follows=True)

    def _is_unfetched(self, error: CellError) -> bool:
        """Whether a file is missing that a shell command of an earlier cell was to fetch."""
        if error.name not in {"FileNotFoundError", "OSError"} or not self.fetched:
            return False
        names = re.findall(r"[\w-]+(?:\.\w+)?", error.value.rsplit(":", 1)[-1])
        return any(len(name) > 3 and name.split(".")[0] in self.fetched for name in names)


def _bound(statements: Sequence[ast.stmt]) -> set[str]:
    """The names that statements bind in the notebook's namespace."""
    return set().union(*(names_in(statement, inside_functions=False).bound for statement in statements))


def split_at_error(
    cell: CellRun, statements: list[ast.stmt]
) -> tuple[Sequence[ast.stmt], Sequence[ast.stmt], Sequence[ast.stmt]]:
    """The statements that ran to their end, the one that raised (with its line's others), and those after it."""
    if cell.error is None:
        return statements, [], []
    line = _failing_line(cell)
    if line is None:
        return [], statements, []
    ran = [statement for statement in statements if (statement.end_lineno or statement.lineno) < line]
    failing = [statement for statement in statements[len(ran) :] if statement.lineno <= line]
    return ran, failing, statements[len(ran) + len(failing) :]


def _failing_line(cell: CellRun) -> int | None:
    """The line of the cell, from 1, where the error left it; None where the traceback does not tell."""
    traceback = "" if cell.error is None else cell.error.traceback
    if timed := _TIMED_LINE.search(traceback):
        above = len(cell.source) - len(cell.source.lstrip())
        return int(timed.group(1)) + cell.source[:above].count("\n") + 1
    found = _LINE.search(traceback)
    return int(found.group(1)) if found else None
