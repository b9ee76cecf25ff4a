"""Decides whether a notebook that ran on a sample of the data has to run again on data of the original's size.

Real notebooks count on the original's rows: ``reshape(60000, 784)``, ``x_train[50000:]``, picture 6000. What such code
would have done on the original is not inferred: it runs again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from grader.attribution.lines import parts_of
from grader.attribution.sample_size import INDEPENDENT, Dependence, RowCounts, SizeTracker, merged
from grader.cell_code import parse
from grader.datasets import ORIGINALS
from grader.records import CellRun, DataSetUse, Evidence

SMALLEST_PART = 10
"""A part of a data set has at least its test rows divided by this; shorter arrays are others."""

_NEVER_THE_ROWS = frozenset(
    {"NameError", "UnboundLocalError", "SyntaxError", "IndentationError", "TabError", "ImportError", "AttributeError"}
    | {"ModuleNotFoundError", "KeyboardInterrupt", "SystemExit", "ResourceExhaustedError", "MemoryError", "UsageError"}
)
"""Errors that too few rows do not cause."""

_OUT_OF_BOUNDS = re.compile(r"index (-?\d{1,9}) is out of bounds for axis 0 with size (\d{1,9})")


def needs_full_size(evidence: Evidence) -> bool:
    """Whether a run failed, made empty arrays or trained on fewer rows because the sample lacks rows of the original.

    Args:
        evidence: Of a run. On data sets that are no samples it never does.
    """
    rows = RowCounts.of(evidence.data_sets)
    if rows is None:
        return False
    run = _Run(rows)
    cells = [cell for cell in evidence.cells if cell.kind == "code" and cell.status not in {"not_run", "no_code"}]
    lacks = any(run.lacks_rows(cell) for cell in cells)
    samples = [use for use in evidence.data_sets if use.sample and use.loaded]
    return (
        lacks
        or run.sizes.trains_on_fewer
        or any(_asks_for_a_later_row(cell, samples) for cell in cells)
        or _has_empty_arrays(evidence, samples)
    )


class _Run:
    """How the names of a run depend on the data's size, after the cells that were read so far."""

    def __init__(self, rows: RowCounts) -> None:
        self.sizes = SizeTracker(rows)

    def lacks_rows(self, cell: CellRun) -> bool:
        """Reads a cell; whether it found no rows, or failed, where the original has rows."""
        tree = parse(cell.source)
        parts = parts_of(cell, tree)
        if self._track(parts.ran).empty is not None:
            return True
        if cell.error is None or cell.error.name in _NEVER_THE_ROWS:
            return False
        before = dict(self.sizes.names)
        used = self._track(parts.failing)
        # What a statement that failed would have bound is not there.
        self.sizes.names = before
        return used.reached is not None or used.empty is not None

    def _track(self, statements: Sequence[ast.stmt]) -> Dependence:
        try:
            return merged([self.sizes.read(statement) for statement in statements])
        except RecursionError:
            return INDEPENDENT


def _asks_for_a_later_row(cell: CellRun, samples: Sequence[DataSetUse]) -> bool:
    """Whether a cell raised for a row that the original has, wherever its number came from."""
    found = None if cell.error is None else _OUT_OF_BOUNDS.search(cell.error.value)
    if found is None or not samples:
        return False
    index, size = (abs(int(number)) for number in found.groups())
    most = max(max(ORIGINALS[use.name][1:]) for use in samples)
    # An index that is the size is mostly off by one, as it would be on the original.
    return size < index < most and size >= min(use.test_rows for use in samples) // SMALLEST_PART


def _has_empty_arrays(evidence: Evidence, samples: Sequence[DataSetUse]) -> bool:
    """Whether an array has no rows, behind a number of the notebook that is as large as the sample."""
    if not samples:
        return False
    least = min(use.test_rows for use in samples)
    large = (cell.index for cell in evidence.cells if cell.kind == "code" and _largest_number(cell.source) >= least)
    beyond = min(large, default=None)
    return beyond is not None and any(
        item.cell is not None and item.cell >= beyond and item.array.shape and item.array.shape[0] == 0
        for item in evidence.arrays
    )


def _largest_number(source: str) -> int:
    tree = parse(source)
    if tree is None:
        return 0
    numbers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is int]
    return max((abs(number) for number in numbers), default=0)
