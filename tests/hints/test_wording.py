"""Edits in words that a student reads."""

from __future__ import annotations

from typing import Any

import pytest
from builders import dense, dropout, make_fit
from hinted import criterion, named_model

from grader.hints.cases import TrainedModel
from grader.hints.proposals import Proposal
from grader.hints.wording import Proved, edit_words, released_text
from grader.records import Edit


def words(*edits: Edit) -> str:
    """Of a model with two hidden layers and dropout."""
    model = named_model(dense(64, "relu"), dropout(0.5), dense(64, "relu"), dropout(0.5), dense(10, "softmax"))
    return edit_words(Proposal(TrainedModel(model, make_fit(), sections=()), edits, criteria=(), needed_by=()))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"kind": "set_value", "place": 2, "name": "units", "value": 128}, "128 units in hidden layer 2"),
        ({"kind": "set_value", "place": 4, "name": "activation", "value": "softmax"}, "`softmax` in the output layer"),
        ({"kind": "set_value", "place": 1, "name": "rate", "value": 0.2}, "`rate=0.2` in Dropout layer 1"),
        (
            {"kind": "add_layer", "place": 4, "name": "Dense", "value": {"units": 8, "activation": "relu"}},
            '`Dense(units=8, activation="relu")` added after Dropout layer 2',
        ),
        ({"kind": "add_layer", "place": 0, "name": "Flatten", "value": {}}, "`Flatten()` added as the first layer"),
        ({"kind": "remove_layer", "place": 2, "before": "Dense 64 relu"}, "the layer Dense 64 relu left out"),
        ({"kind": "unfreeze"}, "its layers trainable"),
        ({"kind": "loss", "value": "mean_squared_error"}, "the loss `mean_squared_error`"),
        ({"kind": "optimizer", "name": "Adam", "value": {}}, "the optimizer `Adam`"),
        ({"kind": "metrics", "value": ["mae"]}, '`metrics=["mae"]`'),
        ({"kind": "learning_rate", "value": 0.001}, "a learning rate of 0.001"),
        ({"kind": "epochs", "value": 10}, "`epochs=10`"),
        ({"kind": "validation_split", "value": 0.1}, "`validation_split=0.1`"),
        (
            {"kind": "callback", "name": "EarlyStopping", "value": {"patience": 3}},
            "the callback `EarlyStopping(patience=3)`",
        ),
        ({"kind": "class_weight", "value": {"0": 0.56, "1": 5.0}}, "`class_weight={0: 0.56, 1: 5}`"),
    ],
)
def test_an_edit_is_said_as_code_and_place(edit: dict[str, Any], said: str) -> None:
    """Each kind of it."""
    assert words(Edit(**edit)) == said


def test_equal_edits_are_said_once() -> None:
    """With how many layers they are of."""
    edits = [Edit(kind="set_value", place=place, name="rate", value=0.2) for place in (1, 3)]
    assert words(*edits) == "`rate=0.2` in 2 of the Dropout layers"


def test_added_layers_are_counted() -> None:
    """Where they are alike."""
    edits = [Edit(kind="add_layer", place=place, name="Dropout", value={"rate": 0.2}) for place in (1, 2, 3)]
    assert words(*edits) == "`Dropout(rate=0.2)` added at 3 places"


def test_many_added_layers_are_one_direction() -> None:
    """Where each of them goes would say the edit."""
    edits = tuple(Edit(kind="add_layer", place=place, name="Dropout", value={"rate": 0.2}) for place in (1, 2, 3))
    model = named_model(dense(64, "relu"), dense(10, "softmax"))
    fixed = criterion("architecture", "architecture")
    proposal = Proposal(TrainedModel(model, make_fit(), sections=()), edits, criteria=(fixed,), needed_by=(fixed,))
    told = released_text(Proved(proposal, (fixed,), results=()), "direction")
    assert "The model needs 3 layers more: with changes there it passes" in told
