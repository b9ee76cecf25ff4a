"""Where in a cell an error left it: which statements ran before, which one raised, and which never ran."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.records import CellRun

_LINE = re.compile(r"^\s*Cell In\s?\[\d+\], line (\d+)\s*$", re.MULTILINE)
_TIMED_LINE = re.compile(r"^\s*File <timed exec>:(\d+)(?:, in <module>)?\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Parts:
    """A cell's statements by what became of them.

    Attributes:
        ran: Those that ran to their end.
        failing: The one that did not (with its line's others), or every one where the line is not known.
        left: Those after it.
        innermost: The part of ``failing`` that raised: a statement inside a loop or an ``if`` alone, and of a ``raise``
            or an ``assert`` the conditions that led to it.
    """

    ran: Sequence[ast.stmt] = ()
    failing: Sequence[ast.stmt] = ()
    left: Sequence[ast.stmt] = ()
    innermost: Sequence[ast.AST] = ()


def parts_of(cell: CellRun, tree: ast.Module | None) -> Parts:
    """The statements of a cell by what became of them.

    Args:
        cell: As it ran.
        tree: Its code; None where it is no Python.
    """
    statements = [] if tree is None else tree.body
    if cell.status == "ok" and cell.error is None:
        return Parts(ran=statements)
    line = _failing_line(cell)
    if line is None:
        return Parts(failing=statements, innermost=statements)
    ran = [statement for statement in statements if (statement.end_lineno or statement.lineno) < line]
    failing = [statement for statement in statements[len(ran) :] if statement.lineno <= line]
    left = statements[len(ran) + len(failing) :]
    return Parts(ran, failing, left, tuple(_innermost(failing, line, conditions=())))


def _innermost(statements: Sequence[ast.stmt], line: int, *, conditions: tuple[ast.AST, ...]) -> Iterator[ast.AST]:
    for statement in statements:
        if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            continue
        heads = [node for node in ast.iter_child_nodes(statement) if not isinstance(node, ast.stmt)]
        inner = [node for node in ast.walk(statement) if isinstance(node, ast.stmt) and node is not statement]
        if not any(node.lineno <= line <= (node.end_lineno or node.lineno) for node in inner):
            yield from heads if inner else [statement]
            if isinstance(statement, ast.Raise):
                yield from conditions
            continue
        tests = (statement.test,) if isinstance(statement, ast.If) else ()
        children = list(_child_statements(statement))
        yield from _innermost(children, line, conditions=(*conditions, *tests))


def _child_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            yield node
        elif isinstance(node, ast.ExceptHandler | ast.match_case):
            yield from node.body


def _failing_line(cell: CellRun) -> int | None:
    """The line of the cell, from 1, where the error left it; None where the traceback does not tell."""
    traceback = "" if cell.error is None else cell.error.traceback
    if timed := _TIMED_LINE.search(traceback):
        above = len(cell.source) - len(cell.source.lstrip())
        return int(timed.group(1)) + cell.source[:above].count("\n") + 1
    found = _LINE.search(traceback)
    return int(found.group(1)) if found else None
