"""Reads the cells of a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from grader.attribution.endings import endless_loop, ends_kernel
from grader.cell_code import HasSource, is_python_2, parse
from grader.cell_names import names_in
from grader.datasets import ORIGINALS
from grader.selfcheck.reading.log import Log
from grader.selfcheck.reading.state import OutOfSteps, Raised, works_on_models
from grader.selfcheck.reading.statements import LoopEnds, Return, Statements

_BRINGS_NAMES = re.compile(r"^\s*%(?:run|pylab|load|store|%capture\s+\w)", re.MULTILINE)
_RUNS_ANOTHER = re.compile(r"^\s*%run\b", re.MULTILINE)


_MNIST = {"mnist": ORIGINALS["mnist"][1:]}
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_KNOWN_MAGICS = frozenset(
    [
        "time",
        "timeit",
        "capture",
        "prun",
        "html",
        "HTML",
        "javascript",
        "js",
        "latex",
        "markdown",
        "svg",
        "bash",
        "sh",
        "script",
        "writefile",
        "file",
        "python",
        "python3",
        "perl",
        "ruby",
    ]
)


def read_code(cells: Iterable[HasSource], *, at_hand: Mapping[str, tuple[int, int]] = _MNIST) -> Log:
    """What the code cells of a notebook would do to models, run once from top to bottom.

    Args:
        cells: All cells; their numbers in what is returned are their places among these.
        at_hand: Data sets of Keras that are sure to be there, to their training and test rows.
    """
    state = Statements(at_hand)
    for number, cell in enumerate(cells):
        if cell.kind == "code" and cell.source.strip():
            state.cell, state.doubt, state.lasting_doubt, state.depth = number, "", "", 0
            if not _read(state, cell.source):
                break
    return state.log


def _read(state: Statements, source: str) -> bool:
    """Reads one cell, and says whether reading can go on."""
    if _RUNS_ANOTHER.search(source):
        state.lose_sight("another notebook or script is run here")
    magic = _CELL_MAGIC.match(source)
    if magic is not None and magic[1] not in _KNOWN_MAGICS:
        state.lose_sight(f"%%{magic[1]} may not exist where it is graded")
    state.any_name = state.any_name or bool(_BRINGS_NAMES.search(source))
    tree = parse(source)
    if tree is None:
        why = "this cell is written in Python 2" if is_python_2(source) else "this cell cannot be read as Python"
        state.lose_sight(why)
        state.any_name = True
        return True
    if ends_kernel(tree) or endless_loop(tree) is not None:
        state.lose_sight("the run may end here")
    try:
        state.run(tree.body, state.notebook)
    except Raised as error:
        state.log.errors[state.cell] = (error.name, error.text)
    except (Return, LoopEnds):
        state.lose_sight("this cell ends in a way that is not followed")
    except (OutOfSteps, RecursionError):
        state.lose_sight("from here on the notebook does more than is followed without running it")
        return False
    except Exception as error:  # noqa: BLE001 - code that we cannot follow is unknown, whatever it did to us
        state.lose_sight(f"this cell could not be followed ({type(error).__name__})")
        state.any_name = True
        if works_on_models(tree):
            state.forget(names_in(tree).bound, state.notebook, "this cell could not be followed")
    return True
