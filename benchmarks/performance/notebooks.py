"""The notebooks that every grader is given alike: one honest submission under several seeds, asserts, trainings."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from performance.classes import NOTEBOOK
from performance.measured import ROOT

SAMPLE = ROOT / "grader" / "data" / "mnist.npz"

_OFFLINE = f"""\
def _offline():
    with np.load({str(SAMPLE)!r}) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])


tf.keras.datasets.mnist.load_data = _offline"""
"""Graders without data sets of their own read the sample's file where Keras would ask the internet."""

_LIBRARIES = frozenset({"np", "pd", "plt", "sns", "tf"})
"""A call of theirs changes no variable."""

ASSERTS = {
    "ex1": "assert [layer.units for layer in log_reg.layers] == [1] and len(h1.history['loss']) >= 10",
    "ex3": "assert [layer.units for layer in hidden2.layers] == [2, 1] and len(h3.history['loss']) >= 10",
    "ex4": "assert [layer.units for layer in net1.layers] == [128, 10] and len(hist1.history['loss']) == 10",
    "ex4-accuracy": "assert net1.evaluate(x_test, Y_test, verbose=0)[1] >= 0.8",
    "ex5": "assert test_acc >= 0.8 and abs(net1.evaluate(x_test, Y_test, verbose=0)[1] - test_acc) < 0.01",
    "ex6": "assert [layer.units for layer in net2.layers] == [128, 128, 10] and len(hist2.history['loss']) == 10",
    "ex6-accuracy": "assert net2.evaluate(x_test, Y_test, verbose=0)[1] >= 0.8",
    "ex8": "assert len(net10.layers) == 11 and len(hist10.history['loss']) == 20",
    "extra": "assert sum('Dropout' in type(layer).__name__ for layer in drop10.layers) == 10",
}
"""What a rubric of asserts asks of the same exercises, by the names that this notebook uses."""


def submission(seed: int, *, offline: bool) -> NotebookNode:
    """The honest notebook without its lines for a terminal, seeded.

    Args:
        seed: Tells it from the others.
        offline: Whether it brings the sample along, for a grader that has no data sets.
    """
    made = nbformat.read(NOTEBOOK, as_version=4)
    made.cells = [cell for cell in made.cells if not cell.source.startswith(("pip ", "%", "!"))]
    at = next(number for number, cell in enumerate(made.cells) if "import tensorflow" in cell.source) + 1
    made.cells.insert(at, new_code_cell(f"tf.keras.utils.set_random_seed({seed})", id=f"seed{seed}"))
    if offline:
        made.cells.insert(at, new_code_cell(_OFFLINE, id="offline"))
    for cell in made.cells:
        cell.source = cell.source.replace(", callbacks=[tb]", "")
    return made


def write_submissions(folder: Path, *, count: int, offline: bool) -> list[Path]:
    """Writes so many of them, each under a seed of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"student-{seed:02}.ipynb" for seed in range(1, count + 1)]
    for seed, path in enumerate(paths, start=1):
        nbformat.write(submission(seed, offline=offline), path)
    return paths


def samples() -> dict[str, NotebookNode]:
    """The samples of the README's command by file name, each with the data; without the one that is no notebook."""
    made = {}
    for path in sorted(NOTEBOOK.parent.glob("*.ipynb")):
        try:
            notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        except nbformat.reader.NotJSONError:
            continue
        for cell in notebook.cells:
            lines = cell.source.splitlines()
            cell.source = "\n".join(line for line in lines if not line.startswith(("pip ", "%", "!")))
        notebook.cells.insert(
            0, new_code_cell(f"import numpy as np\nimport tensorflow as tf\n{_OFFLINE}", id="offline")
        )
        made[path.stem] = notebook
    return made


def trainings(notebook: NotebookNode) -> str:
    """A program of a notebook's trainings alone: the calls of ``fit``, and the statements that these need."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    kept: list[ast.stmt] = []
    needed: set[str] = set()
    for statement in reversed(ast.parse(code).body):
        if _is_needed(statement, needed):
            kept.append(statement)
            needed |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return "\n".join(ast.unparse(statement) for statement in reversed(kept))


def _is_needed(statement: ast.stmt, needed: Iterable[str]) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    attributes = [call for call in calls if isinstance(call, ast.Attribute)]
    if any(call.attr in {"fit", "set_random_seed"} for call in attributes):
        return True
    if any(call.attr in {"evaluate", "predict", "plot"} for call in attributes):
        return False
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return statement.name in needed
    nodes = list(ast.walk(statement))
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    changed = {call.value.id for call in attributes if isinstance(call.value, ast.Name)}
    if isinstance(statement, ast.Assign):
        changed = set()
        if any(isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) for node in nodes):
            return True
    return not (stored | changed).isdisjoint(set(needed) - _LIBRARIES)
