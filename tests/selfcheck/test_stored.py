"""What a notebook's file says of its last run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from notebook_code import COMPILE, DATA, FIT, IMPORTS, MODEL, rubric, submission

from grader.selfcheck.static import check_static
from grader.selfcheck.stored import run_remarks


def remarks(tmp_path: Path, *counts: int | None, output: str = "stream") -> str:
    """Of cells with these execution counts, the last with an output of that kind."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "source": "1", "execution_count": count, "outputs": []} for count in counts
    ]
    cells[-1]["outputs"] = [{"output_type": output}]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return " ".join(run_remarks(path))


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((1, 2, 3), ""),
        ((2, 5, 9), ""),
        ((1, None, 3), "Not run before the notebook was saved: cell 2."),
        ((1, 5, 3), "Run out of order, so that a fresh run may differ: cell 3 ran before what stands above."),
        ((None, None), "No cell was run before the notebook was saved: nothing is stored in it."),
    ],
)
def test_cells_never_run_or_out_of_order_are_named(counts: tuple[int | None, ...], said: str, tmp_path: Path):
    """Counts may have gaps; what counts is their order."""
    assert remarks(tmp_path, *counts) == said


def test_a_stored_error_is_named(tmp_path: Path):
    """By its cell."""
    assert "An error is stored in cell 2." in remarks(tmp_path, 1, 2, output="error")


@pytest.mark.parametrize(("printed", "how"), [("test accuracy: 0.95", "within"), ("test accuracy: 0.5", "outside of")])
def test_a_printed_figure_is_held_against_the_band(printed: str, how: str):
    """And stays unknown: only a run confirms it."""
    made = submission(
        "# Exercise 1: A network", IMPORTS, DATA, MODEL, COMPILE, FIT, "print(m.evaluate(x_test, y_test))"
    )
    last = made.cells[-1].model_copy(update={"stored_text": printed})
    report = check_static(rubric(), made.model_copy(update={"cells": (*made.cells[:-1], last)}))
    found = next(one for one in report.verdicts if one.criterion == "ex1.accuracy")
    assert (found.status, how in found.text) == ("unknown", True)
