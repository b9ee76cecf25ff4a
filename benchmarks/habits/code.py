"""What the habits of code ask of a cell: statements, trainings and names; edits that leave the rest as it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from grader.cell_code import parse
from grader.reference.mutation.draft import segment, span
from habits.page import Cell, Page


@dataclass(frozen=True)
class Training:
    """A call of ``fit`` on a variable, in a statement of the top level.

    Attributes:
        model: The variable.
        history: The variable that holds what ``fit`` returned; empty for none.
        data: The variables of inputs and targets; empty where they are no variables.
    """

    cell: Cell
    statement: ast.stmt
    call: ast.Call
    model: str
    history: str = ""
    data: tuple[str, str] = ("", "")


def statements(cell: Cell) -> list[ast.stmt]:
    """The statements of a code cell; none where it is no Python."""
    tree = parse(cell.code) if cell.kind == "code" else None
    return [] if tree is None else tree.body


def replace(cell: Cell, node: ast.AST, text: str) -> None:
    """Writes text in the place of a piece of code; trees of the cell made before are stale then."""
    start, end = span(cell.code, node)
    cell.code = cell.code[:start] + text + cell.code[end:]


def text_of(cell: Cell, node: ast.AST) -> str:
    """The source of a piece of a cell's code."""
    return segment(cell.code, node)


def trainings(page: Page) -> Iterator[Training]:
    """Where models are trained, in order; each is found before the cell is edited and stale afterwards."""
    for cell in page.code_cells():
        for statement in statements(cell):
            value = getattr(statement, "value", None)
            if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or value.func.attr != "fit":
                continue
            if not isinstance(value.func.value, ast.Name) or not cell.is_plain:
                continue
            names = [item.id if isinstance(item, ast.Name) else "" for item in value.args[:2]]
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            yield Training(
                cell,
                statement,
                value,
                model=value.func.value.id,
                history=target.id if isinstance(target, ast.Name) else "",
                data=(names[0], names[1]) if len(names) == 2 else ("", ""),
            )


def called(page: Page, method: str) -> Iterator[tuple[Cell, ast.stmt, ast.Call]]:
    """The calls of a method on a variable, in statements of the top level."""
    for cell in page.code_cells():
        for statement in statements(cell) if cell.is_plain else ():
            if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.With | ast.If):
                continue
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                    yield cell, statement, node


def first_code(page: Page) -> Cell:
    """The first code cell of Python alone."""
    return next(cell for cell in page.code_cells() if cell.is_plain and cell.code.strip())


def after_imports(page: Page) -> Cell:
    """The last code cell in front of the sections that imports something."""
    found = first_code(page)
    for cell in page.code_cells():
        if cell.section:
            break
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in statements(cell)):
            found = cell
    return found


def code_cell(code: str, section: str = "") -> Cell:
    """A new code cell."""
    return Cell("code", code=code.strip("\n"), section=section, outputs=[])
