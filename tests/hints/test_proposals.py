"""Each lost criterion proposes the smallest change of the student's own call that meets what it asks for."""

from __future__ import annotations

from typing import Any

import pytest
from builders import activation, dense, dropout, labels, layer, make_fit
from hinted import ACCURATE, ARCHITECTURE, BAD, FORM, TRAINED, compiled, criterion, proofs, proposed, rubric, trained

SOFTMAX = dense(10, "softmax")


def said(edits: list[Any]) -> list[tuple[Any, ...]]:
    return [(edit.kind, edit.place, edit.name, edit.value) for edit in edits]


def test_nothing_is_proposed_where_nothing_is_lost() -> None:
    """A model as asked for."""
    assert proposed(trained()) == []


@pytest.mark.parametrize(
    ("layers", "edit"),
    [
        ((dense(64, "relu"), SOFTMAX), ("set_value", 0, "units", 128)),
        ((dense(128, "tanh"), SOFTMAX), ("set_value", 0, "activation", "relu")),
        ((dense(128), SOFTMAX), ("set_value", 0, "activation", "relu")),
        ((dense(128, "relu"), dense(10, "sigmoid")), ("set_value", 1, "activation", "softmax")),
        ((dense(128), activation("tanh"), SOFTMAX), ("set_value", 1, "activation", "relu")),
        ((dense(128, "relu"), dense(32, "relu"), SOFTMAX), ("remove_layer", 1, "", None)),
        ((SOFTMAX,), ("add_layer", 0, "Dense", {"units": 128, "activation": "relu"})),
    ],
)
def test_a_layer_is_edited_where_it_differs(layers: Any, edit: tuple[Any, ...]) -> None:
    """A value, an activation, a layer too many and one too few."""
    assert said(proposed(trained(*layers))) == [edit]


def test_a_missing_layer_comes_behind_what_flattens() -> None:
    """A Dense layer in front of Flatten would work on each line of an image."""
    edits = proposed(trained(layer("Flatten"), SOFTMAX))
    assert [(edit.kind, edit.place) for edit in edits] == [("add_layer", 1)]


def test_missing_dropout_takes_the_rate_that_is_asked_for() -> None:
    """The form names no rate; another criterion of the same model does."""
    form = {"layers": [{"layer": "Dense", "units": 128, "followed_by": "Dropout"}, {"layer": "Dense", "units": 10}]}
    by = rubric(criterion("architecture", "architecture", model=form), criterion("rate", "dropout_rate", rate=0.2))
    assert said(proposed(trained(), by)) == [("add_layer", 1, "Dropout", {"rate": 0.2})]


def test_a_wrong_rate_is_set_where_it_is_wrong() -> None:
    """The other layer stays as it is."""
    by = rubric(criterion("rate", "dropout_rate", rate=0.2))
    evidence = trained(dense(128, "relu"), dropout(0.5), dropout(0.2), SOFTMAX)
    assert said(proposed(evidence, by)) == [("set_value", 1, "rate", 0.2)]


@pytest.mark.parametrize(
    ("fields", "edit"),
    [
        ({"loss": "mean_absolute_error"}, ("loss", None, "", "categorical_crossentropy")),
        ({"optimizer": "SGD", "learning_rate": 0.01}, ("optimizer", None, "Adam", {})),
        ({"metrics": (), "config": {"metrics": None}}, ("metrics", None, "", ["accuracy"])),
    ],
)
def test_compile_is_edited_where_it_differs(fields: dict[str, Any], edit: tuple[Any, ...]) -> None:
    """Loss, optimizer and metrics."""
    assert said(proposed(trained(**compiled(**fields)))) == [edit]


def test_the_loss_fits_the_labels() -> None:
    """Of the cross-entropies the first one that fits integer labels and a softmax."""
    by = rubric(criterion("compiled", "compiled"))
    evidence = trained(y=labels(3600, one_hot=False), **compiled(loss="mean_squared_error"))
    assert [edit.value for edit in proposed(evidence, by)] == ["sparse_categorical_crossentropy"]


def test_an_output_that_fits_no_loss_gets_another_activation() -> None:
    """Where the rubric asks for no form, the loss decides what the output must be."""
    by = rubric(criterion("compiled", "compiled"))
    edits = proposed(trained(dense(128, "relu"), dense(10, "tanh")), by)
    assert said(edits) == [("set_value", 1, "activation", "softmax")]


def test_one_edit_mends_two_criteria() -> None:
    """An output of sigmoids is no form that is asked for, and fits no categorical loss."""
    ((proposal, _),) = proofs(trained(dense(128, "relu"), dense(10, "sigmoid"))).due()
    assert (len(proposal.edits), [one.id for one in proposal.criteria]) == (1, ["ex4.architecture", "ex4.compiled"])


@pytest.mark.parametrize(
    ("fields", "edit"),
    [
        ({"epochs": 5}, ("epochs", None, "", 10)),
        ({"epochs": 12}, ("epochs", None, "", 10)),
        ({"batch_size": 256}, ("batch_size", None, "", 128)),
        ({"validation": 0.3}, ("validation_split", None, "", 0.1)),
        ({"validation": None}, ("validation_split", None, "", 0.1)),
    ],
)
def test_fit_is_edited_where_it_differs(fields: dict[str, Any], edit: tuple[Any, ...]) -> None:
    """Epochs, batches and validation."""
    assert said(proposed(trained(**fields))) == [edit]


def test_what_two_criteria_lost_is_mended_together() -> None:
    """The smallest change of the model is all that each of them needs, and nothing else."""
    edits = proposed(trained(dense(64, "relu"), SOFTMAX, batch_size=256, epochs=5))
    assert [edit.kind for edit in edits] == ["set_value", "epochs", "batch_size"]


def test_a_callback_and_weights_are_added() -> None:
    """As a student would give them; classes are weighted so that each counts alike."""
    by = rubric(criterion("trained", "trained", callback="EarlyStopping", weighted=True))
    counts = {"0": 90, "1": 10}
    edits = proposed(trained(y=labels(100, one_hot=False, classes=2).model_copy(update={"class_counts": counts})), by)
    assert [edit.kind for edit in edits] == ["callback", "class_weight"]
    assert edits[1].value == {"0": 0.56, "1": 5.0}


def test_frozen_layers_are_let_learn() -> None:
    """A training that moved nothing."""
    frozen = dense(128, "relu").model_copy(update={"trainable": False})
    edits = proposed(trained(frozen, SOFTMAX, weights_before="w1"), accuracy=0.1)
    assert [edit.kind for edit in edits] == ["unfreeze"]


@pytest.mark.parametrize(("rate", "tried"), [(0.001 / 31, [0.001]), (0.031, [0.001]), (0.029, []), (0.001, [])])
def test_a_learning_rate_is_replaced_where_it_is_far_off(rate: float, tried: list[float]) -> None:
    """Where that is all that can be wrong; a rate of ten times the usual is a choice."""
    evidence = trained(history=BAD, **compiled(learning_rate=rate))
    assert [edit.value for edit in proposed(evidence, accuracy=0.1)] == tried


def test_rows_that_are_wrong_are_no_matter_of_an_edit() -> None:
    """Another learning rate would be a guess then."""
    by = rubric(criterion("trained", "trained", data_set="mnist"), ACCURATE)
    evidence = trained(rows=400, **compiled(learning_rate=1e-7))
    assert proposed(evidence, by, accuracy=0.1) == []


def test_a_loop_of_ones_own_is_left_alone() -> None:
    """It cannot be repeated outside."""
    assert proposed(trained(dense(64, "relu"), SOFTMAX, kind="loop")) == []


def test_a_model_of_two_fits_is_left_alone() -> None:
    """Which of them should change nobody can say."""
    evidence = trained(epochs=3)
    two = evidence.model_copy(update={"fits": (*evidence.fits, make_fit(id="f2", seq=9, epochs=3))})
    assert proposed(two) == []


def test_a_choice_and_a_range_are_met_by_the_nearest_value() -> None:
    """Of a choice the first, of a range the end that is nearer."""
    first = {"layer": "Dense", "units": {"min": 100, "max": 200}, "activation": {"one_of": ["relu", "elu"]}}
    by = rubric(criterion("architecture", "architecture", model={"layers": [first, FORM["layers"][1]]}))
    edits = proposed(trained(dense(64, "tanh"), SOFTMAX), by)
    assert [edit.value for edit in edits] == [100, "relu"]


def test_the_recorded_start_is_repeated_where_it_fits() -> None:
    """Edited layers need weights of their own, two of them where somebody asks how well the model does."""
    by = rubric(ARCHITECTURE, TRAINED)
    starts = [
        proofs(trained(epochs=5)).due()[0][1],
        proofs(trained(dense(64, "relu"), SOFTMAX)).due()[0][1],
        proofs(trained(dense(64, "relu"), SOFTMAX), by).due()[0][1],
    ]
    assert [len(seeds) for seeds in starts] == [1, 2, 1]
    assert [seeds[0] is None for seeds in starts] == [True, False, False]
