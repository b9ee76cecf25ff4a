"""A notebook under change: edits of single places, so that a diff shows what was changed and nothing else."""

from __future__ import annotations

import ast
import copy
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode


class Draft:
    """A copy of a notebook with edits waiting; cells are named by their index in the original all the while.

    An edit names a node of the tree that `grader.cell_code.parse` gives for the cell's original source.
    """

    def __init__(self, notebook: NotebookNode) -> None:
        self._cells = notebook.cells
        self._notebook = notebook
        self._edits: dict[int, list[tuple[int, int, str]]] = {}
        self._order = list(range(len(self._cells)))
        self._added: dict[int, list[str]] = {}
        self._outputs: dict[int, str] = {}
        self._moved: set[int] = set()

    def replace(self, cell: int, node: ast.AST, text: str) -> Draft:
        """Writes text in the place of an expression, or of a statement."""
        start, end = span(self._cells[cell].source, node)
        return self._edit(cell, (start, end), _indented_after_first(text, self._indent(cell, start)))

    def before(self, cell: int, statement: ast.stmt, text: str) -> Draft:
        """Adds lines in front of a statement."""
        start, _ = span(self._cells[cell].source, statement)
        start -= len(self._indent(cell, start))
        return self._edit(cell, (start, start), self._indented(cell, statement, text) + "\n")

    def after(self, cell: int, statement: ast.stmt, text: str) -> Draft:
        """Adds lines behind a statement."""
        source = self._cells[cell].source
        _, end = span(source, statement)
        newline = source.find("\n", end)
        end = len(source) if newline < 0 else newline
        return self._edit(cell, (end, end), "\n" + self._indented(cell, statement, text))

    def delete(self, cell: int, statement: ast.stmt) -> Draft:
        """Takes a statement out; ``pass`` stays in its place where it was indented."""
        start, end = span(self._cells[cell].source, statement)
        return self._edit(cell, (start, end), "pass" if self._indent(cell, start) else "")

    def write(self, cell: int, source: str) -> Draft:
        """Gives a cell another source altogether."""
        self._edits[cell] = [(0, len(self._cells[cell].source), source)]
        return self

    def drop(self, *cells: int) -> Draft:
        """Takes cells out."""
        self._order = [cell for cell in self._order if cell not in cells]
        return self

    def move(self, cell: int, *, before: int) -> Draft:
        """Puts a cell in front of another."""
        self._moved.add(cell)
        self._order.remove(cell)
        self._order.insert(self._order.index(before), cell)
        return self

    def add_behind(self, cell: int, source: str) -> Draft:
        """Adds a code cell behind a cell."""
        self._added.setdefault(cell, []).append(source)
        return self

    def store_output(self, cell: int, printed: str) -> Draft:
        """Gives a code cell a stored output, as a notebook that was run has it."""
        self._outputs[cell] = printed
        return self

    @property
    def touched(self) -> frozenset[int]:
        """The cells that are edited, dropped, moved or added to; stored outputs are not counted."""
        gone = set(range(len(self._cells))) - set(self._order)
        return frozenset({*self._edits, *self._added, *self._moved, *gone})

    def conflicts_with(self, other: Draft) -> bool:
        """Whether both change the same cell, or the order, or the outputs."""
        both_move = bool(self._moved and other._moved)
        return both_move or bool(self.touched & other.touched) or bool(self._outputs and other._outputs)

    def with_changes_of(self, other: Draft) -> Draft:
        """A draft with the edits of both.

        Raises:
            ValueError: They are in conflict.
        """
        if self.conflicts_with(other):
            raise ValueError("two changes to the same cells")
        both = Draft(self._notebook)
        both._edits = {**self._edits, **other._edits}
        both._added = {**self._added, **other._added}
        both._outputs = {**self._outputs, **other._outputs}
        kept = {*self._order} & {*other._order}
        both._order = [cell for cell in (self._order if self._moved else other._order) if cell in kept]
        both._moved = {*self._moved, *other._moved}
        return both

    def finish(self) -> NotebookNode:
        """The changed notebook."""
        from nbformat import from_dict  # noqa: PLC0415 - only who makes mutants needs it

        notebook = copy.deepcopy(self._notebook)
        cells = []
        for index in self._order:
            cell = copy.deepcopy(self._cells[index])
            source = cell.source
            for start, end, text in sorted(self._edits.get(index, ()), reverse=True):
                source = source[:start] + text + source[end:]
            cell.source = source.strip("\n") if index in self._edits else source
            if index in self._outputs:
                cell.outputs = [{"output_type": "stream", "name": "stdout", "text": self._outputs[index]}]
            cells.append(cell)
            for number, added in enumerate(self._added.get(index, ())):
                plain: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
                cells.append(from_dict({**plain, "id": f"added-{index}-{number}", "source": added}))
        notebook.cells = [from_dict(cell) for cell in cells]
        return notebook

    def _edit(self, cell: int, place: tuple[int, int], text: str) -> Draft:
        self._edits.setdefault(cell, []).append((*place, text))
        return self

    def _indent(self, cell: int, start: int) -> str:
        line = self._cells[cell].source[:start].rpartition("\n")[2]
        return "" if line.strip() else line

    def _indented(self, cell: int, statement: ast.stmt, text: str) -> str:
        start, _ = span(self._cells[cell].source, statement)
        return textwrap.indent(textwrap.dedent(text).strip("\n"), self._indent(cell, start))


def span(source: str, node: ast.AST) -> tuple[int, int]:
    """Where a node stands in a cell's source, as character offsets."""
    lines = source.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())

    first: Any = node
    decorators = getattr(node, "decorator_list", ())
    if decorators:
        first = decorators[0]
    start = offset(first.lineno, first.col_offset) - (1 if decorators else 0)
    return start, offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def segment(source: str, node: ast.AST) -> str:
    """The text of a node."""
    start, end = span(source, node)
    return source[start:end]


def _indented_after_first(text: str, indent: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(indent + line if line else line for line in rest)])
