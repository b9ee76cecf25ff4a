"""Edits are written into a notebook's code where a student would change it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from builders import make_compile
from hinted import trained
from nbformat import v4

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from hint_edits import NoPlaceError, with_hints  # noqa: E402

from grader.records import Edit, Hint  # noqa: E402

CODE = """
model.compile(optimizer="sgd", loss="mse", metrics=["accuracy"])
history = model.fit(x, y, epochs=5, validation_data=(a, b))
""".strip()


def edited(*edits: Edit) -> str:
    """The code with those edits."""
    evidence = trained()
    model = evidence.models[0].model_copy(update={"names": ("model",)})
    compiles = (make_compile(),)
    evidence = evidence.model_copy(update={"models": (model,), "compiles": compiles})
    hint = Hint(model="m1", fit="f1", sections=(), criteria=(), edits=edits, text="", runs=1)
    return str(with_hints(v4.new_notebook(cells=[v4.new_code_cell(CODE)]), evidence, [hint]).cells[0].source)


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (Edit(kind="loss", value="mae"), 'model.compile(optimizer="sgd", loss=\'mae\', metrics=["accuracy"])'),
        (Edit(kind="epochs", value=10), "history = model.fit(x, y, epochs=10, validation_data=(a, b))"),
        (Edit(kind="validation_split", value=0.1), "history = model.fit(x, y, epochs=5, validation_split=0.1)"),
        (
            Edit(kind="batch_size", value=64),
            "history = model.fit(x, y, epochs=5, validation_data=(a, b), batch_size=64)",
        ),
        (Edit(kind="set_value", place=0, name="units", value=128), "fresh[0].units = 128"),
        (Edit(kind="learning_rate", value=0.1), "model.optimizer.learning_rate = 0.1"),
    ],
)
def test_an_edit_is_written_into_the_call(edit: Edit, line: str) -> None:
    """An argument is replaced or added, a layer is edited before the model is compiled."""
    assert line in edited(edit).splitlines()


def test_layers_at_one_place_keep_their_order() -> None:
    """The last one is put in first."""
    edits = [Edit(kind="add_layer", place=1, name="Dense", value={"units": units}) for units in (1, 2)]
    lines = [line for line in edited(*edits).splitlines() if "insert" in line]
    assert [line.partition("units=")[2][0] for line in lines] == ["2", "1"]


def test_what_has_no_place_is_told() -> None:
    """A model of which the code has no calls."""
    evidence = trained()
    hint = Hint(model="m9", fit="f1", sections=(), criteria=(), edits=(Edit(kind="epochs", value=1),), text="", runs=1)
    with pytest.raises(NoPlaceError):
        with_hints(v4.new_notebook(cells=[v4.new_code_cell(CODE)]), evidence, [hint])
