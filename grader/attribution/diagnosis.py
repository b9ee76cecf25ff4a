"""Why a cell failed, as far as that is not the student's doing, and which old names are gone: from the record alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from grader.attribution.packages import missing_package, own_modules
from grader.attribution.removed_apis import removed_api
from grader.attribution.sample_size import NOTHING, Flow, RowCounts, RowFlow, bound_names, merged
from grader.cell_code import parse
from grader.records import CellError, CellRun, DataSetUse

_NETWORK = re.compile(
    r"name resolution|Name or service not known|nodename nor servname|getaddrinfo|gaierror|Failed to resolve"
    r"|Network is unreachable|No route to host|URL fetch failure|urlopen error|Max retries exceeded|NewConnectionError"
    r"|Cannot connect to host|Could not resolve host|connect to '?https?://|Failed to establish a new connection"
)
_FETCHES = re.compile(r"^\s*[!%]?\s*(?:wget|curl|gdown|kaggle|git\s+clone|aria2c|gsutil|aws\s+s3)\b", re.MULTILINE)
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_LINE = re.compile(r"^\s*Cell In\s?\[\d+\], line (\d+)\s*$", re.MULTILINE)
_TIMED_LINE = re.compile(r"^\s*File <timed exec>:(\d+)(?:, in <module>)?\s*$", re.MULTILINE)

_NEVER_THE_ROWS = frozenset(
    {"NameError", "UnboundLocalError", "SyntaxError", "IndentationError", "TabError", "ImportError"}
    | {"ModuleNotFoundError", "KeyboardInterrupt", "SystemExit", "ResourceExhaustedError", "MemoryError", "UsageError"}
)
"""Errors that too few rows do not cause."""


def diagnose(
    cells: tuple[CellRun, ...], *, data_sets: Sequence[DataSetUse], installed: frozenset[str]
) -> tuple[CellRun, ...]:
    """Fills in what the errors of a run come from, where it is our environment, the sample, or a library's change.

    A cell that fails because an earlier one could not bind a name for such a reason fails for that reason.

    Args:
        cells: The cells as they ran, in order.
        data_sets: What was served to them.
        installed: Importable top-level names of the students' environment.
    """
    run = _Diagnosis(cells, data_sets=data_sets, installed=installed)
    return tuple(run.cell(cell) for cell in cells)


def beyond_sample_cells(cells: tuple[CellRun, ...], data_sets: Sequence[DataSetUse]) -> Mapping[int, str]:
    """The cells that failed, or worked with an empty array, for want of the sample's rows: index to the literal."""
    diagnosed = diagnose(cells, data_sets=data_sets, installed=frozenset())
    return {cell.index: cell.beyond_sample for cell in diagnosed if cell.beyond_sample is not None}


class _Diagnosis:
    """What is known of a run after the cells that were looked at so far."""

    def __init__(self, cells: Iterable[CellRun], *, data_sets: Sequence[DataSetUse], installed: frozenset[str]) -> None:
        rows = RowCounts.of(data_sets)
        self.flow = None if rows is None else RowFlow(rows)
        self.installed = installed
        self.own = own_modules(cells)
        self.lost: dict[str, dict[str, Any]] = {}
        self.fetched = ""

    def cell(self, cell: CellRun) -> CellRun:
        if cell.kind != "code" or cell.status in {"not_run", "no_code"}:
            return cell
        tree = parse(cell.source)
        ran, failing, left = _split(cell, [] if tree is None else tree.body)
        met = self._read(ran)
        causes = {} if cell.error is None else self._causes(cell.error, cell.source) or self._want(cell.error, failing)
        self._note_names(ran, [*failing, *left], causes=causes)
        if _FETCHES.search(cell.source):
            self.fetched += cell.source
        error = None if cell.error is None else cell.error.model_copy(update=causes)
        beyond = causes.get("beyond_sample") or (None if met.empty is None else str(met.empty))
        return cell.model_copy(update={"error": error, "beyond_sample": beyond})

    def _read(self, statements: Sequence[ast.stmt]) -> Flow:
        if self.flow is None:
            return NOTHING
        try:
            return merged([self.flow.read(statement) for statement in statements])
        except RecursionError:
            return NOTHING

    def _want(self, error: CellError, failing: Sequence[ast.stmt]) -> dict[str, Any]:
        """Whether the statement that failed works with rows that the sample has not."""
        if self.flow is None or error.name in _NEVER_THE_ROWS or error.value.startswith("module "):
            return {}
        before = dict(self.flow.names)
        met = self._read(failing)
        number = met.reached if met.empty is None else met.empty
        if number is None:
            self.flow.names = before
            return {}
        changed = [name for name, flow in self.flow.names.items() if before.get(name) != flow]
        self.flow.spoil(changed, number=number)
        return {"beyond_sample": str(number)}

    def _note_names(self, ran: Sequence[ast.stmt], unmade: Sequence[ast.stmt], *, causes: dict[str, Any]) -> None:
        """Notes which names a failure of our doing left unmade, so that what follows from it is known."""
        for statement in ran:
            for name in bound_names(statement):
                self.lost.pop(name, None)
        if not causes or "removed_api" in causes:
            return
        names = {name for statement in unmade for name in bound_names(statement)}
        self.lost.update(dict.fromkeys(names, causes))
        if self.flow is not None and "beyond_sample" in causes:
            self.flow.spoil(names, number=int(causes["beyond_sample"]))

    def _causes(self, error: CellError, source: str) -> dict[str, Any]:
        """What the error's own text tells, or the loss that it follows from."""
        if found := removed_api(error, source):
            return {"removed_api": found}
        if found := missing_package(error, installed=self.installed, own=self.own):
            return {"missing_package": found}
        if _NETWORK.search(f"{error.name}: {error.value}") or self._is_unfetched(error):
            return {"network": True}
        undefined = _UNDEFINED.search(error.value) if error.name == "NameError" else None
        return self.lost.get(undefined.group(1), {}) if undefined else {}

    def _is_unfetched(self, error: CellError) -> bool:
        """Whether a file is missing that a shell command of an earlier cell was to fetch."""
        if error.name not in {"FileNotFoundError", "OSError"} or not self.fetched:
            return False
        names = re.findall(r"[\w-]+(?:\.\w+)?", error.value.rsplit(":", 1)[-1])
        return any(len(name) > 3 and name.split(".")[0] in self.fetched for name in names)


def _split(
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
