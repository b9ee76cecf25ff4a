"""Habits of printed figures: another form in the code, and in what is known to have been printed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from habits.code import replace, statements
from habits.page import Page
from habits.registry import Step, add_habit

_NUMBER = r"(-?\d+\.\d+(?:e-?\d+)?)"
_FIGURE = re.compile(r"acc|loss|error|mae|mse|auc|genau|verlust|fehler", re.IGNORECASE)
_ACCURACY = re.compile(r"accuracy\W*$|genauigkeit[\w ]*\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class _Style:
    """How a figure is printed.

    Attributes:
        code: What stands for it in the text; ``{value}`` is its expression.
        said: What is printed of it.
        kind: How text and values are joined: a formatted string, ``%``, or ``format``.
        accuracies: Whether it is for accuracies alone.
        digits: How many behind the point must be known.
    """

    code: str
    said: Callable[[float], str]
    kind: str = "f"
    accuracies: bool = False
    digits: int = 3


_PLAIN = _Style("{{{value}:.4f}}", "{:.4f}".format)
_STYLES = {
    "3_digits": ("Figures are printed to 3 digits.", _Style("{{{value}:.3f}}", "{:.3f}".format)),
    "2_digits": (
        "Figures are rounded to 2 digits.",
        _Style("{{round(float({value}), 2)}}", lambda x: str(round(x, 2)), digits=2),
    ),
    "by_percent_sign": ("Figures are formatted by %.", _Style("%.3f", "{:.3f}".format, kind="%")),
    "by_format": ("Figures are formatted by format().", _Style("{{:.3f}}", "{:.3f}".format, kind="format")),
    "as_percent": (
        "Accuracies are percentages.",
        _Style("{{100 * {value}:.1f}} %", lambda x: f"{100 * x:.1f} %", accuracies=True),
    ),
    "as_percent_format": (
        "Accuracies are formatted as percentages.",
        _Style("{{{value}:.2%}}", "{:.2%}".format, accuracies=True),
    ),
    "of_1000": (
        "Accuracies are counts of a thousand.",
        _Style("{{round(1000 * {value})}} of 1000", lambda x: f"{round(1000 * x)} of 1000", accuracies=True),
    ),
}


def _printed_anew(page: Page, _: Random, *, style: _Style) -> bool:
    found = False
    for cell in page.code_cells():
        lines = page.printed(cell).split("\n")
        for statement in reversed(statements(cell)) if cell.is_plain else ():
            pieces = _pieces(statement)
            text = "".join(piece for piece in pieces if isinstance(piece, str))
            if not any(isinstance(piece, ast.expr) for piece in pieces) or not _FIGURE.search(text):
                continue
            if style.accuracies and not any(_is_accuracy(pieces, at) for at in range(len(pieces))):
                continue
            pattern = "".join(re.escape(piece) if isinstance(piece, str) else _NUMBER for piece in pieces)
            line, match = next(((line, m) for line in lines if (m := re.fullmatch(pattern, line))), ("", None))
            if match is not None and all(len(item.partition(".")[2]) >= style.digits for item in match.groups()):
                code, said = _written(pieces, [float(item) for item in match.groups()], style=style)
                replace(cell, statement, f"print({code})")
                cell.reprinted[line] = said
                found = True
    return found


def _pieces(statement: ast.stmt) -> list[str | ast.expr]:
    """The texts and the plain figures that a statement prints on a line; none where it prints anything else."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "print":
        return []
    pieces = list[str | ast.expr]()
    for number, item in enumerate(call.args):
        pieces += [" "] if number else []
        for part in item.values if isinstance(item, ast.JoinedStr) else [item]:
            spec = ast.unparse(part.format_spec) if isinstance(part, ast.FormattedValue) and part.format_spec else ""
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and not set('{}%\\"') & set(part.value):
                pieces.append(part.value)
            elif isinstance(part, ast.Name):
                pieces.append(part)
            elif isinstance(part, ast.FormattedValue) and re.fullmatch(r"f'\.\df'|f'''\.\df'''", spec):
                pieces.append(part.value)
            else:
                return []
    return [] if call.keywords else pieces


def _is_accuracy(pieces: Sequence[str | ast.expr], at: int) -> bool:
    before = pieces[at - 1] if at else ""
    return not isinstance(pieces[at], str) and isinstance(before, str) and bool(_ACCURACY.search(before.strip(" ")))


def _written(pieces: Sequence[str | ast.expr], figures: Sequence[float], *, style: _Style) -> tuple[str, str]:
    """The arguments of the new print, and what it prints."""
    code, said, values, left = "", "", list[str](), list(figures)
    for at, piece in enumerate(pieces):
        if isinstance(piece, str):
            code, said = code + piece, said + piece
            continue
        own = _PLAIN if style.accuracies and not _is_accuracy(pieces, at) else style
        values.append(ast.unparse(piece))
        code += own.code.format(value=values[-1])
        said += own.said(left.pop(0))
    joined = ", ".join(values)
    tail = {"f": "", "%": f" % ({joined},)", "format": f".format({joined})"}[style.kind]
    return f'{"f" if style.kind == "f" else ""}"{code}"{tail}', said


for _name, (_text, _style) in _STYLES.items():
    add_habit(
        f"printed_{_name}",
        partial(_printed_anew, style=_style),
        family="printed figures",
        step=Step.LINES,
        needs_run=False,
        text=_text,
    )
