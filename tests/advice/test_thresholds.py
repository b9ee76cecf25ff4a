"""Thresholds of advice at their boundaries, where no test of a remark holds them."""

from __future__ import annotations

import pytest
from builders import dense, images, layer, make_evidence, make_fit, make_model, make_view

from grader.advice.data import unscaled_input
from grader.advice.history import oscillation
from grader.advice.training import Training
from grader.architecture.layers import plain_model


def training(*layers: object, **fields: object) -> Training:
    fit = make_fit(**fields)
    model = make_model(*layers, dense(10, "softmax"))
    view = make_view(make_evidence(models=(model,), fits=(fit,)))
    plain = plain_model(model, compiled=None)
    return Training(view.submission, section="ex4", model=plain, model_id="m1", fits=(fit,), name="the model")


@pytest.mark.parametrize(("before", "is_told"), [(3, False), (4, True)])
def test_one_of_the_first_four_layers_may_scale(before: int, is_told: bool) -> None:
    """A later one scales no inputs."""
    layers = [*(layer("Flatten") for _ in range(before)), layer("Rescaling")]
    assert any(unscaled_input(training(*layers, x=images(maximum=255.0)))) is is_told


@pytest.mark.parametrize(("swings", "is_told"), [(1, False), (2, True)])
def test_two_swings_in_ten_epochs_are_unsteady(swings: int, is_told: bool) -> None:
    """One may happen."""
    rising = [0.5, 0.6, 0.7, 0.8, 0.82, 0.83, 0.84, 0.85, 0.86, 0.87]
    for at in range(swings):
        rising[2 * at + 1] = rising[2 * at] - 0.031
    curves = {"accuracy": tuple(rising), "loss": tuple(1 - value for value in rising)}
    assert any(oscillation(training(history=curves))) is is_told
