"""What went wrong in a notebook through us, and which cells it reaches.

Ours are: a package that our environment lacks, rows that the sample of the data does not have, a training of honest
length that our time limit cut off, and failures of our own. A cell is reached where it uses a name that such a cell
should have made, directly or through other cells.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grader.cell_code import code_of, parse
from grader.records import CellRun, Evidence, FitRecord

OUR_REASONS = frozenset({"internal", "protocol"})
TIME_REASONS = frozenset({"cell_timeout", "notebook_timeout"})
_NOT_IMPORTED = frozenset({"ImportError", "ModuleNotFoundError"})
_BROKEN = frozenset({"error", "timeout", "died", "not_run"})


@dataclass(frozen=True)
class Fallout:
    """The cells that our doing reaches.

    Attributes:
        why: Cell index to the reason, a sentence, in the words of the cell where it began.
        every_failure: Whether all cells that broke are among them.
        unmade: Those of them that broke and do more than to prepare: what a section lacks may have been made there.
    """

    why: Mapping[int, str]
    every_failure: bool
    unmade: frozenset[int] = frozenset()

    def reason(self, cells: Iterable[int]) -> str | None:
        """The first reason that reaches one of these cells; None where none does."""
        return next((self.why[cell] for cell in sorted(set(cells)) if cell in self.why), None)

    @property
    def first(self) -> str | None:
        """The first reason of all; None where nothing was ours."""
        return self.reason(self.why)


def find_fallout(evidence: Evidence, *, longest_training: int | None = None) -> Fallout:
    """Finds what our doing reaches.

    Args:
        evidence: Of the run.
        longest_training: The most epochs that the rubric asks of one training; a fit of no more than these that our
            time limit cut off is honest work. None where it asks for no number.
    """
    run = evidence.execution
    if not evidence.cells and run.reason in OUR_REASONS:
        return Fallout(
            why={0: run.detail or "The notebook was not run because of a failure of ours."},
            every_failure=True,
            unmade=frozenset({0}),
        )
    roots = _roots(evidence, longest_training=longest_training)
    empty = _empty_arrays(evidence)
    why: dict[int, str] = {}
    tainted: dict[str, str] = {}
    imported = _imported_elsewhere(evidence.cells, roots)
    for cell in evidence.cells:
        if cell.kind != "code":
            continue
        names = _Names(cell.source)
        reason = roots.get(cell.index) or next((tainted[name] for name in sorted(names.read) if name in tainted), None)
        if reason is not None:
            why[cell.index] = reason
            tainted |= dict.fromkeys(names.made | (names.called - imported), reason)
        elif cell.index in empty:
            why[cell.index] = empty[cell.index][1]
            tainted |= dict.fromkeys(empty[cell.index][0], empty[cell.index][1])
        else:
            for name in names.made:
                tainted.pop(name, None)
    broken = {cell.index for cell in evidence.cells if cell.status in _BROKEN}
    unmade = {cell.index for cell in evidence.cells if cell.index in broken & set(why) and not _only_prepares(cell)}
    return Fallout(why=why, every_failure=bool(broken) and broken <= set(why), unmade=frozenset(unmade))


def _roots(evidence: Evidence, *, longest_training: int | None) -> dict[int, str]:
    found: dict[int, str] = {}
    run = evidence.execution
    cut = _cut_fit(evidence, longest_training=longest_training)
    for cell in evidence.cells:
        name, error = f"Cell {cell.index + 1}", cell.error
        if error is not None and error.missing_package is not None:
            lacks = "needs" if error.name in _NOT_IMPORTED else "follows from a cell that needs"
            found[cell.index] = f"{name} {lacks} the package {error.missing_package}, which our environment lacks."
        elif error is not None and error.beyond_sample is not None:
            found[cell.index] = (
                f"{name} reaches for {error.beyond_sample}, and the sample of the data that it ran on has fewer rows."
            )
        elif cell.beyond_sample is not None:
            found[cell.index] = (
                f"{name} works with rows beyond the sample ({cell.beyond_sample}); the full data has them."
            )
        elif run.reason in OUR_REASONS and cell.status in {"died", "not_run"}:
            found[cell.index] = f"{name} was not run to its end because of a failure of ours."
        elif cut is not None and (cell.index == cut.cell or (cell.status == "not_run" and run.reason in TIME_REASONS)):
            found[cell.index] = f"Our time limit cut off the training in cell {(cut.cell or 0) + 1}."
    return found


def _cut_fit(evidence: Evidence, *, longest_training: int | None) -> FitRecord | None:
    """The training that our time limit cut off, where it was of the length that the task asks for."""
    if evidence.execution.reason not in TIME_REASONS or longest_training is None:
        return None
    cells = {cell.index for cell in evidence.cells if cell.status in {"timeout", "died"}}
    for fit in evidence.fits:
        # Short fits in an endless loop are the student's loop, not an honest training.
        alone = sum(other.cell == fit.cell and other.model == fit.model for other in evidence.fits) == 1
        honest = fit.epochs_requested is not None and fit.epochs_requested <= longest_training
        if fit.cell in cells and fit.status == "interrupted" and alone and honest:
            return fit
    return None


def _empty_arrays(evidence: Evidence) -> dict[int, tuple[frozenset[str], str]]:
    """Cells that made an array without rows, behind a number as large as the sample: names and the reason."""
    least = min((use.test_rows for use in evidence.data_sets if use.sample and use.loaded), default=None)
    if least is None:
        return {}
    beyond: set[int] = set()
    for cell in evidence.cells:
        if cell.kind == "code" and _largest_number(cell.source) >= least:
            beyond.add(cell.index)
    found: dict[int, tuple[frozenset[str], str]] = {}
    for item in evidence.arrays:
        is_empty = bool(item.array.shape) and item.array.shape[0] == 0
        if is_empty and item.cell is not None and any(index <= item.cell for index in beyond):
            names = found.get(item.cell, (frozenset[str](), ""))[0] | {item.name}
            text = f"In cell {item.cell + 1}, {item.name} has no rows, because the sample of the data has fewer rows."
            found[item.cell] = (names, text)
    return found


def _largest_number(source: str) -> int:
    tree = parse(source)
    if tree is None:
        return 0
    numbers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is int]
    return max((abs(number) for number in numbers), default=0)


def _imported_elsewhere(cells: Iterable[CellRun], roots: Mapping[int, str]) -> frozenset[str]:
    """Names of modules: calling one changes nothing in it."""
    return frozenset().union(*(_Names(cell.source).imported for cell in cells if cell.index not in roots))


def _only_prepares(cell: CellRun) -> bool:
    """Whether a cell does no more than to import, and to call what it imported, as Colab's first cells do."""
    tree = parse(cell.source)
    if tree is None:
        return False
    imported = _Names(cell.source).imported
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    others = (node for node in nodes if _root(node.func) not in {*imported, "print"})
    return not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.walk(tree)) and not any(others)


def _root(function: ast.expr) -> str:
    """The name with which the expression that is called begins."""
    while isinstance(function, ast.Attribute):
        function = function.value
    return function.id if isinstance(function, ast.Name) else ""


class _Names:
    """The names that a cell uses.

    Attributes:
        read: Those that it takes from cells before.
        made: Those that it binds, or changes a part of.
        called: Those whose methods it calls, which may change them.
        imported: Those that it imports.
    """

    def __init__(self, source: str) -> None:
        self.read: set[str] = set()
        self.made: set[str] = set()
        self.called: set[str] = set()
        self.imported: set[str] = set()
        tree = parse(source) or parse(code_of(source))
        for statement in tree.body if tree is not None else ():
            bound_before = frozenset(self.made)
            self._take(statement, bound_before)

    def _take(self, statement: ast.stmt, bound_before: frozenset[str]) -> None:
        for node in ast.walk(statement):
            match node:
                case ast.Name(id=name, ctx=ast.Load()):
                    if name not in bound_before:
                        self.read.add(name)
                case ast.Name(id=name):
                    self.made.add(name)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    self.made.add(name)
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    names = {(alias.asname or alias.name).split(".")[0] for alias in aliases}
                    self.made |= names
                    self.imported |= names
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                    self.called.add(name)
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                    self.made.add(name)
