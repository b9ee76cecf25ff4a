"""Losses from raw predictions are Keras's losses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grader.metrics import Outputs, Targets, accuracy_of, predicted_classes
from grader.verification.scores import confusion_of, loss_of

SHARES = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], np.float32)
CLASSES = np.array([0, 1])
LOGITS = np.array([[30.0, -30.0], [30.0, -30.0]], np.float32)


def test_cross_entropy_of_probabilities() -> None:
    """The mean of minus the logarithm of the right class's share."""
    expected = -(math.log(0.7) + math.log(0.1)) / 2
    for name in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        loss = loss_of(name, outputs=Outputs(SHARES), targets=Targets.of_classes(CLASSES, width=3))
        assert loss == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("from_logits", [True, False])
def test_cross_entropy_starts_from_the_logits_of_a_last_softmax(from_logits: bool) -> None:
    """Keras goes back behind a softmax, whatever ``from_logits`` says: a sure mistake costs more than the clip."""
    outputs = Outputs(np.array([[1, 0], [1, 0]], np.float32), logits=LOGITS, from_logits=from_logits)
    loss = loss_of("categorical_crossentropy", outputs=outputs, targets=Targets.of_classes(CLASSES, width=2))
    assert loss == pytest.approx(30.0)


def test_cross_entropy_of_outputs_that_are_logits() -> None:
    """With ``from_logits`` and no last softmax the outputs themselves are the logits."""
    outputs = Outputs(LOGITS, from_logits=True)
    loss = loss_of("sparse_categorical_crossentropy", outputs=outputs, targets=Targets.of_classes(CLASSES, width=2))
    assert loss == pytest.approx(30.0)


def test_cross_entropy_is_clipped_where_no_logits_are_known() -> None:
    """Keras keeps probabilities 1e-7 away from 0."""
    outputs = Outputs(np.array([[1, 0], [1, 0]], np.float32))
    loss = loss_of("categorical_crossentropy", outputs=outputs, targets=Targets.of_classes(CLASSES, width=2))
    assert loss == pytest.approx(-math.log(1e-7) / 2, rel=1e-5)


def test_binary_cross_entropy() -> None:
    """Of probabilities and of logits, for a single output."""
    targets = Targets.of_classes(np.array([1, 0]), width=1)
    shares = Outputs(np.array([[0.9], [0.2]], np.float32))
    expected = -(math.log(0.9) + math.log(0.8)) / 2
    assert loss_of("binary_crossentropy", outputs=shares, targets=targets) == pytest.approx(expected, rel=1e-6)
    logits = Outputs(np.log(np.array([[9.0], [0.25]], np.float32)), from_logits=True)
    assert loss_of("binary_crossentropy", outputs=logits, targets=targets) == pytest.approx(expected, rel=1e-6)


def test_smoothed_targets_spread_a_share() -> None:
    """As Keras's ``label_smoothing``: over all outputs, or over the two classes of a single one."""
    many = Targets.of_classes(CLASSES, width=4).smoothed(0.2, over=4)
    assert many.values[0].tolist() == pytest.approx([0.85, 0.05, 0.05, 0.05])
    single = Targets.of_classes(CLASSES, width=1).smoothed(0.2, over=2)
    assert single.values[:, 0].tolist() == pytest.approx([0.1, 0.9])


@pytest.mark.parametrize(("name", "expected"), [("mean_squared_error", 2.5), ("mean_absolute_error", 1.5)])
def test_errors_of_quantities(name: str, expected: float) -> None:
    """Means over all rows and outputs."""
    targets = Targets.of_array(np.array([0.0, 4.0]), width=1, classification=False)
    assert targets is not None
    assert loss_of(name, outputs=Outputs(np.array([[1.0], [2.0]])), targets=targets) == expected


@pytest.mark.parametrize("name", [None, "my_loss", "categorical_crossentropy+mean_squared_error"])
def test_unknown_losses_are_not_computed(name: str | None) -> None:
    """A loss of the student's own has no figure here."""
    assert loss_of(name, outputs=Outputs(SHARES), targets=Targets.of_classes(CLASSES, width=3)) is None


def test_losses_need_fitting_targets() -> None:
    """A class beyond the outputs, targets of another width, and no rows at all have no loss."""
    outputs = Outputs(SHARES)
    beyond = Targets.of_classes(np.array([0, 7]), width=10)
    assert loss_of("sparse_categorical_crossentropy", outputs=outputs, targets=beyond) is None
    assert loss_of("categorical_crossentropy", outputs=outputs, targets=beyond) is None
    none = Targets.of_classes(CLASSES[:0], width=3)
    assert loss_of("categorical_crossentropy", outputs=Outputs(SHARES[:0]), targets=none) is None


def test_outputs_that_are_no_numbers_are_never_right() -> None:
    """A row with a NaN has no class, and the loss is NaN."""
    outputs = Outputs(np.array([[np.nan, np.nan], [0.1, 0.9]], np.float32))
    targets = Targets.of_classes(CLASSES, width=2)
    assert predicted_classes(outputs).tolist() == [-1, 1]
    assert accuracy_of(outputs, targets) == 0.5
    assert confusion_of(outputs, targets) == ((0, 0), (0, 1))
    loss = loss_of("categorical_crossentropy", outputs=outputs, targets=targets)
    assert loss is not None
    assert math.isnan(loss)


def test_confusion_counts_true_by_predicted() -> None:
    """Row: the true class; column: the predicted one."""
    outputs = Outputs(np.eye(3, dtype=np.float32)[[0, 1, 1, 2]])
    targets = Targets.of_classes(np.array([0, 1, 2, 2]), width=3)
    assert confusion_of(outputs, targets) == ((1, 0, 0), (0, 1, 0), (0, 1, 1))
