"""A cell's code as Python sees it: magics set aside, parsed without running, and what it imports."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Protocol

from grader.limits import MAX_PARSED_CHARACTERS

LIBRARIES = {
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "torch": "PyTorch",
    "torchvision": "PyTorch",
    "pytorch_lightning": "PyTorch Lightning",
    "lightning": "PyTorch Lightning",
    "fastai": "fastai",
    "transformers": "Transformers",
    "jax": "JAX",
    "flax": "Flax",
    "mxnet": "MXNet",
    "paddle": "PaddlePaddle",
    "theano": "Theano",
    "chainer": "Chainer",
    "sklearn": "scikit-learn",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "statsmodels": "statsmodels",
}
"""Importable name to the name that its users know, for what trains models."""

_RUNS_PYTHON = {"time", "timeit", "capture", "prun", "memit", "python", "python3", "pypy", "debug", "snakeviz"}
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_TIMED = re.compile(r"^(\s*)%(?:time|timeit|prun|memit)\s+(?=[^-\s])")
_MAGIC_LINE = re.compile(
    r"^\s*(?:[%!?]"
    r"|(?:pip3?|conda|mamba|cd|ls|ll|pwd|cat|mkdir|rm|cp|mv|load_ext|reload_ext|matplotlib|tensorboard)\b(?!\s*[=(.\[,:])"
    r"|[\w.]+\?{1,2}\s*$)"
)
_ASSIGNED = re.compile(r"^(\s*[\w\s,.\[\]]+=\s*)[!%](?![=\s]).*$")
_PRINT_STATEMENT = re.compile(r"^\s*print\s+(?![=(\s,.)\]])\S", re.MULTILINE)
_EXCEPT_COMMA = re.compile(r"^\s*except\s+[\w.]+\s*,\s*\w+\s*:", re.MULTILINE)
_FENCED = re.compile(r"```(?:\s*(?:python|py|ipython))?\s*\n(?P<code>.*)\n\s*```", re.DOTALL | re.IGNORECASE)
_CONFLICT_MARKS = (re.compile(r"^<{7}(?: |$)", re.MULTILINE), re.compile(r"^>{7}(?: |$)", re.MULTILINE))
_IMPORT_LINE = re.compile(r"^\s*(?:from|import)\s+([A-Za-z_]\w*)", re.MULTILINE)


class HasSource(Protocol):
    """A cell, as handed in or as run."""

    @property
    def kind(self) -> str: ...
    @property
    def source(self) -> str: ...


def code_of(source: str) -> str:
    """The Python part of a cell, line for line: what IPython alone understands becomes ``pass`` or goes.

    A cell for another language (``%%bash``, ``%%html``, ``%%writefile``) has none.
    """
    magic = _CELL_MAGIC.match(source)
    if magic:
        if magic.group(1) not in _RUNS_PYTHON:
            return ""
        source = source[: magic.start(1) - 2] + "pass #" + source[magic.start(1) :]
    lines: list[str] = []
    continued = False
    for line in source.split("\n"):
        lines.append("" if continued else _line_of(line))
        continued = line.rstrip().endswith("\\") and (continued or bool(_MAGIC_LINE.match(line)))
    return "\n".join(lines)


@lru_cache(maxsize=512)
def parse(source: str) -> ast.Module | None:
    """The syntax tree of a cell, magics set aside; None where it is no Python 3. Line numbers are the cell's."""
    return _parsed(source) or _parsed(code_of(source))


def is_code_as_text(cell: HasSource) -> bool:
    """Whether a text cell holds code, as where its kind was changed by accident, or in a fence of three backticks.

    Words that happen to be Python (``x``, ``print``) are none: something must be called or bound.
    """
    if cell.kind == "code":
        return False
    fenced = _FENCED.fullmatch(cell.source.strip())
    tree = parse(fenced["code"] if fenced else cell.source)
    if tree is None:
        return False
    return any(
        isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.For | ast.With)
        or (isinstance(node, ast.Assign | ast.Expr) and any(isinstance(part, ast.Call) for part in ast.walk(node)))
        for node in tree.body
    )


def has_conflict_marks(source: str) -> bool:
    """Whether the marks of an unfinished merge stand in a cell."""
    return all(mark.search(source) for mark in _CONFLICT_MARKS)


def imports(tree: ast.AST) -> Iterator[str]:
    """The top-level modules that code imports, by the names it would import them under."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.split(".")[0]


def imported_modules(cells: Iterable[HasSource]) -> frozenset[str]:
    """The top-level modules that a notebook's code cells import, also those of cells with a mistake of syntax."""
    found: set[str] = set()
    for cell in cells:
        if cell.kind == "code":
            tree = parse(cell.source)
            found.update(_IMPORT_LINE.findall(code_of(cell.source)) if tree is None else imports(tree))
    return frozenset(found)


def libraries(cells: Iterable[HasSource]) -> tuple[str, ...]:
    """The machine-learning libraries that a notebook imports, under the names that their users know, sorted."""
    return tuple(sorted({LIBRARIES[name] for name in imported_modules(cells) if name in LIBRARIES}))


def is_python_2(source: str) -> bool:
    """Whether a cell is written in Python 2: it is no Python 3, and prints or catches as only Python 2 does."""
    if parse(source) is not None:
        return False
    code = code_of(source)
    return bool(_PRINT_STATEMENT.search(code) or _EXCEPT_COMMA.search(code))


def _line_of(line: str) -> str:
    timed = _TIMED.sub(r"\1", line)
    if _MAGIC_LINE.match(timed):
        return timed[: len(timed) - len(timed.lstrip())] + "pass"
    return _ASSIGNED.sub(r"\1None", timed)


def _parsed(code: str) -> ast.Module | None:
    if len(code) > MAX_PARSED_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
