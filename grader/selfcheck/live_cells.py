"""Which cells of the notebook ran in a live kernel, as they stand now, and what a fresh run would find otherwise."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grader.cell_code import code_of
from grader.cell_names import names_from_outside, names_in
from grader.records import Cell, CellError, Evidence

_BINDS_UNSEEN = ("%run", "%pylab", "%load", "%store", "exec(", "globals(")
"""What gives names values that reading does not show."""


@dataclass
class LiveRun:
    """One run of a cell in the kernel.

    Attributes:
        cell_id: As the front end names it; None where it does not.
        ended: Unix time in seconds.
    """

    source: str
    cell_id: str | None = None
    printed: str = ""
    error: CellError | None = None
    ended: float = 0.0


@dataclass(frozen=True)
class SavedCells:
    """The notebook as it was saved.

    Attributes:
        ids: Of each cell; None where it has none.
        saved: Unix time in seconds.
    """

    cells: tuple[Cell, ...]
    ids: tuple[str | None, ...] = ()
    saved: float = 0.0


@dataclass(frozen=True)
class Again:
    """What has to run again before anything can be said.

    Attributes:
        cells: In this order.
        why: A clause.
    """

    cells: tuple[int, ...]
    why: str


@dataclass
class Placed:
    """The runs by the cells of the notebook.

    Attributes:
        cells: With the text that ran, where that is newer than the saved one.
        indices: For each run its cell, where it is that cell's last run as it stands now; else None.
        latest: Cell to its last run.
        changed: Cells of which another text was saved after they ran.
        nowhere: How many runs are of cells that the saved notebook does not hold.
    """

    cells: tuple[Cell, ...]
    indices: list[int | None] = field(default_factory=list)
    latest: dict[int, int] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    nowhere: int = 0

    def again(self, evidence: Evidence, everything: Evidence) -> dict[int, Again]:
        """Cells of whose run nothing can be said, each with what to run again and why.

        Args:
            evidence: Of the last runs.
            everything: Of all runs; events of earlier ones have no cell.
        """
        found: dict[int, Again] = {}
        for cell in filter(has_code, self.cells):
            if cell.index in self.changed:
                found[cell.index] = Again((cell.index,), "changed since it ran")
            elif cell.index not in self.latest:
                found[cell.index] = Again((cell.index,), "not run since grader was loaded")
        earlier = {fit.model for fit in everything.fits if fit.cell is None}
        made = {model.id: model.cell for model in everything.models}
        for fit in evidence.fits:
            if fit.cell is None or fit.cell in found:
                continue
            builder = made.get(fit.model)
            if builder is None:
                found[fit.cell] = Again((fit.cell,), "its model is of an earlier run of a cell")
            elif fit.model in earlier:
                cells = tuple(dict.fromkeys((builder, fit.cell)))
                found[fit.cell] = Again(cells, "the model was trained before, which a fresh run does not do")
        return found


def place(runs: Sequence[LiveRun], notebook: SavedCells) -> Placed:
    """Finds the cell of each run: by its id, else by its text.

    Args:
        runs: In the order in which they ran.
        notebook: As it was saved.
    """
    by_id = {name: index for index, name in enumerate(notebook.ids) if name is not None}
    placed = Placed(notebook.cells)
    texts = {cell.index: cell.source.strip() for cell in notebook.cells if cell.kind == "code"}
    found: list[int | None] = []
    sources: dict[int, str] = {}
    for run in runs:
        index = by_id.get(run.cell_id or "")
        if index is None:
            same = [one for one, text in texts.items() if text == run.source.strip()]
            index = next((one for one in same if one not in placed.latest), same[-1] if same else None)
        found.append(index)
        placed.nowhere += index is None and _holds_code(run.source)
        if index is None:
            continue
        placed.latest[index] = len(found) - 1
        placed.changed.discard(index)
        sources.pop(index, None)
        if texts.get(index) != run.source.strip():
            if run.ended and run.ended < notebook.saved:
                placed.changed.add(index)
            else:
                sources[index] = run.source
    placed.cells = tuple(
        cell.model_copy(update={"source": sources[cell.index]}) if cell.index in sources else cell
        for cell in notebook.cells
    )
    placed.indices = [
        index if index is not None and index not in placed.changed and placed.latest[index] == ordinal else None
        for ordinal, index in enumerate(found)
    ]
    return placed


def has_code(cell: Cell) -> bool:
    """Whether a cell holds more than magics and comments."""
    return cell.kind == "code" and _holds_code(cell.source)


def _holds_code(source: str) -> bool:
    tree = _parsed(source)
    return tree is None or any(not isinstance(statement, ast.Pass) for statement in tree.body)


def only_live(cells: Sequence[Cell], names: Mapping[str, object]) -> Iterator[str]:
    """What works in the kernel alone: names that no cell binds any more, or only one further down.

    Args:
        cells: Of the notebook, in its order.
        names: What the kernel holds.
    """
    code = [cell for cell in cells if has_code(cell)]
    trees = {cell.index: tree for cell in code if (tree := _parsed(cell.source)) is not None}
    bound: dict[str, int] = {}
    for index, tree in trees.items():
        for name in names_in(tree).bound:
            bound.setdefault(name, index)
    if "*" in bound or any(word in cell.source for cell in cells if cell.kind == "code" for word in _BINDS_UNSEEN):
        return
    told: set[str] = set()
    for index, tree in trees.items():
        for name in sorted(names_from_outside(tree) - told):
            if name.startswith("_") or hasattr(builtins, name) or name not in names:
                continue
            if name not in bound:
                told.add(name)
                yield (
                    f"`{name}` is in this kernel only because of a cell that is gone or not saved: cell {index + 1} "
                    "uses it, and on a fresh run there is no such name."
                )
            elif bound[name] > index and name in names_in(tree, inside_functions=False).read:
                told.add(name)
                yield f"Cell {index + 1} uses `{name}`, which on a fresh run only cell {bound[name] + 1} below makes."


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(code_of(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
