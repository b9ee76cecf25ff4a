import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.cli import main
from grader.rubric import load_rubric


def test_a_rubric_that_is_there_is_not_overwritten(tmp_path):
    """Somebody may have edited it; nothing is run first."""
    notebook, rubric = tmp_path / "week.ipynb", tmp_path / "week.yaml"
    notebook.write_text("{}")
    rubric.write_text("mine")
    result = CliRunner().invoke(main, ["init", str(notebook), "-o", str(rubric), "--data", "sample", "--unprotected"])
    assert result.exit_code == 2
    assert "--force" in result.output
    assert rubric.read_text() == "mine"


def test_an_assignment_has_a_plain_name(tmp_path):
    """It becomes part of paths."""
    notebook = tmp_path / "week.ipynb"
    notebook.write_text("{}")
    result = CliRunner().invoke(main, ["init", str(notebook), "--assignment", "Week 9"])
    assert result.exit_code == 2
    assert "--assignment week-9" in result.output


POINTS = """\
import keras, numpy as np
x = np.random.uniform(-1, 1, size=(200, 2))
y = (x[:, 0] > 0).astype(int)
"""
FIT = """\
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(x, y, epochs=2, batch_size=50, validation_split=0.25, verbose=0)
"""


@pytest.mark.slow
def test_a_notebook_becomes_a_rubric_that_validates_at_once(tmp_path):
    """Unedited, and from the runs that the draft was made of."""
    notebook, rubric = tmp_path / "points.ipynb", tmp_path / "rubrics" / "points.yaml"
    cells = [
        new_markdown_cell("## Data"),
        new_code_cell(POINTS),
        new_markdown_cell("## Exercise 1: Train"),
        new_code_cell(FIT),
    ]
    nbformat.write(new_notebook(cells=cells), notebook)
    run = ["--data", "sample", "-j", "1"]
    made = CliRunner().invoke(main, ["init", str(notebook), "-o", str(rubric), "--runs", str(tmp_path), *run])
    assert made.exit_code == 0, made.output
    checks = [criterion.check for criterion in load_rubric(rubric).criteria]
    assert checks == ["notebook_runs", "array_shapes", "architecture", "compiled", "trained"]
    held = CliRunner().invoke(main, ["validate", str(rubric), "-o", str(tmp_path), *run])
    assert held.exit_code == 0, held.output
    assert "Executing" not in held.output
