"""Edits of a model's layers and calls, applied to what Keras rebuilds and trains it from."""

from __future__ import annotations

from typing import Any

import pytest
from builders import dense, layer
from hinted import named_model

from grader.records import Edit
from grader.verification.edited import NotEditableError, edited_compile, edited_config

MODEL = named_model(dense(64, "relu"), dense(10, "softmax"))
COMPILED = {"loss": "mse", "metrics": None, "optimizer": {"class_name": "Adam", "config": {"learning_rate": 1.0}}}


def rows(*edits: Edit, model: Any = MODEL) -> list[tuple[str, Any]]:
    """Class and units of each layer of the edited configuration."""
    config = edited_config(model, edits, row_shape=[784])
    return [(row["class_name"], row["config"].get("units")) for row in config["config"]["layers"]]


def test_without_edits_of_layers_the_configuration_stays() -> None:
    """To the letter: the recorded weights fit it."""
    assert edited_config(MODEL, [Edit(kind="epochs", value=3)], row_shape=[784]) == MODEL.config


def test_a_value_is_set_in_its_place() -> None:
    """Behind an input of the rows' own shape."""
    edit = Edit(kind="set_value", place=0, name="units", value=128)
    assert rows(edit) == [("InputLayer", None), ("Dense", 128), ("Dense", 10)]
    assert MODEL.config is not None
    assert "128" not in str(MODEL.config)


def test_layers_are_added_and_left_out_by_their_recorded_places() -> None:
    """Whatever else is edited; several at one place stay in their order."""
    edits = [
        Edit(kind="add_layer", place=1, name="Dense", value={"units": 1}),
        Edit(kind="add_layer", place=1, name="Dense", value={"units": 2}),
        Edit(kind="remove_layer", place=0),
        Edit(kind="add_layer", place=2, name="Dense", value={"units": 3}),
    ]
    assert [units for _, units in rows(*edits)[1:]] == [1, 2, 10, 3]


def test_layers_of_nested_models_stand_in_one_chain() -> None:
    """As they were recorded."""
    assert MODEL.config is not None
    outer = {"class_name": "Sequential", "config": {"layers": [MODEL.config]}}
    nested = MODEL.model_copy(update={"config": outer})
    assert rows(Edit(kind="remove_layer", place=1), model=nested)[1:] == [("Dense", 64)]


@pytest.mark.parametrize("fields", [{"branching": True}, {"kind": "subclass"}, {"layers": (layer("Add", name="a"),)}])
def test_a_model_that_is_no_chain_is_not_edited(fields: dict[str, Any]) -> None:
    """Nor one of whose layers some are not in its configuration."""
    with pytest.raises(NotEditableError):
        rows(Edit(kind="unfreeze"), model=MODEL.model_copy(update=fields))


def test_compile_is_edited() -> None:
    """Each of its arguments, and nothing in the recorded configuration."""
    edits = [
        Edit(kind="loss", value="mae"),
        Edit(kind="metrics", value=["mse"]),
        Edit(kind="learning_rate", value=0.5),
    ]
    edited = edited_compile(COMPILED, edits)
    assert (edited["loss"], edited["metrics"], edited["optimizer"]["config"]) == (
        "mae",
        ["mse"],
        {"learning_rate": 0.5},
    )
    assert edited_compile(COMPILED, [Edit(kind="optimizer", name="SGD", value={})])["optimizer"]["class_name"] == "SGD"
    assert COMPILED["loss"] == "mse"
