"""What the sample's fewer rows did to a run: errors for want of rows, and arrays that are empty for that."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from grader.attribution.causes import Cause
from grader.attribution.flow import bound
from grader.attribution.sample_size import INDEPENDENT, Dependence, RowCounts, SizeTracker, merged
from grader.cell_code import parse
from grader.records import CellError, Evidence

_NEVER_THE_ROWS = frozenset(
    {"NameError", "UnboundLocalError", "SyntaxError", "IndentationError", "TabError", "ImportError"}
    | {"ModuleNotFoundError", "KeyboardInterrupt", "SystemExit", "ResourceExhaustedError", "MemoryError", "UsageError"}
)
"""Errors that too few rows do not cause."""


class ShortRows:
    """Follows the data's size through a run; without a sample it finds nothing.

    Args:
        evidence: Of the run.
    """

    def __init__(self, evidence: Evidence) -> None:
        rows = RowCounts.of(evidence.data_sets)
        self._sizes = None if rows is None else SizeTracker(rows)
        self._empty = _empty_arrays(evidence)

    def ran(self, statements: Sequence[ast.stmt]) -> tuple[str | None, frozenset[str]]:
        """Reads statements that ran to their end.

        Returns:
            The number behind which they found no rows, None where they found some; the names that lack rows by it.
        """
        before = {} if self._sizes is None else dict(self._sizes.names)
        used = self._track(statements)
        if self._sizes is None or used.empty is None:
            return None, frozenset()
        made = bound(statements)
        without = {name: now for name, now in self._sizes.names.items() if now.empty is not None}
        return str(used.empty), frozenset(name for name in without if name in made or before.get(name) != without[name])

    def empty_arrays(self, cell: int) -> frozenset[str]:
        """The arrays that a cell left without rows, behind a number as large as the sample."""
        return self._empty.get(cell, frozenset())

    def cause(self, error: CellError, failing: Sequence[ast.stmt]) -> Cause | None:
        """Whether the statement that failed works with rows that the sample does not have."""
        if self._sizes is None or error.name in _NEVER_THE_ROWS or error.value.startswith("module "):
            return None
        before = dict(self._sizes.names)
        used = self._track(failing)
        number = used.reached if used.empty is None else used.empty
        if number is None:
            self._sizes.names = before
            return None
        changed = [name for name, dependence in self._sizes.names.items() if before.get(name) != dependence]
        self._sizes.mark_lost(changed, number=number)
        return Cause("sample_rows", str(number))

    def lose(self, names: Iterable[str], cause: Cause) -> None:
        """Notes names that were left without a value for want of rows."""
        if self._sizes is not None:
            self._sizes.mark_lost(names, number=int(cause.detail))

    def _track(self, statements: Sequence[ast.stmt]) -> Dependence:
        if self._sizes is None:
            return INDEPENDENT
        try:
            return merged([self._sizes.read(statement) for statement in statements])
        except RecursionError:
            return INDEPENDENT


def _empty_arrays(evidence: Evidence) -> dict[int, frozenset[str]]:
    least = min((use.test_rows for use in evidence.data_sets if use.sample and use.loaded), default=None)
    if least is None:
        return {}
    code = (cell for cell in evidence.cells if cell.kind == "code")
    first = min((cell.index for cell in code if _largest_number(cell.source) >= least), default=None)
    found: dict[int, frozenset[str]] = {}
    for item in evidence.arrays:
        is_empty = bool(item.array.shape) and item.array.shape[0] == 0
        if is_empty and item.cell is not None and first is not None and first <= item.cell:
            found[item.cell] = found.get(item.cell, frozenset()) | {item.name}
    return found


def _largest_number(source: str) -> int:
    tree = parse(source)
    if tree is None:
        return 0
    numbers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is int]
    return max((abs(number) for number in numbers), default=0)
