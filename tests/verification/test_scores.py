"""Figures from raw predictions are Keras's figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from grader.verification.scores import (
    Outputs,
    Targets,
    accuracy_of,
    area_under_roc,
    confusion_of,
    determination,
    is_classes,
    loss_of,
    mean_absolute_error,
    mean_squared_error,
    predicted_classes,
)

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


def test_mean_absolute_error_needs_fitting_shapes() -> None:
    """None, where targets and outputs are of different shapes."""
    targets = Targets.of_classes(CLASSES, width=3)
    assert mean_absolute_error(Outputs(SHARES[:, :2]), targets) is None
    assert mean_absolute_error(Outputs(SHARES), targets) == pytest.approx((0.3 + 0.2 + 0.1 + 0.1 + 0.9 + 0.8) / 6)


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


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (Outputs(np.array([[0.5], [0.51]])), [0, 1]),
        (Outputs(np.array([[-0.1], [0.1]]), from_logits=True), [0, 1]),
        (Outputs(np.array([[0.4], [0.6]]), logits=np.array([[-0.4], [0.4]]), from_logits=True), [0, 1]),
    ],
    ids=["probabilities", "logits", "a sigmoid's"],
)
def test_class_of_a_single_output(outputs: Outputs, expected: list[int]) -> None:
    """A probability is compared with a half, a logit with zero; a sigmoid's output is a probability."""
    assert predicted_classes(outputs).tolist() == expected


def test_confusion_counts_true_by_predicted() -> None:
    """Row: the true class; column: the predicted one."""
    outputs = Outputs(np.eye(3, dtype=np.float32)[[0, 1, 1, 2]])
    targets = Targets.of_classes(np.array([0, 1, 2, 2]), width=3)
    assert confusion_of(outputs, targets) == ((1, 0, 0), (0, 1, 0), (0, 1, 1))


@pytest.mark.parametrize(
    ("given", "width", "classes"),
    [
        (np.eye(3)[[2, 0]], 3, [2, 0]),
        (np.array([[2], [0]]), 3, [2, 0]),
        (np.array([0, 1]), 1, [0, 1]),
        (np.array([-1.0, 1.0]), 1, [0, 1]),
    ],
    ids=["one-hot", "whole numbers in a column", "0 and 1", "-1 and 1"],
)
def test_targets_as_handed_in(given: np.ndarray, width: int, classes: list[int]) -> None:
    """Every usual form of labels gives classes."""
    targets = Targets.of_array(given, width=width, classification=True)
    assert targets is not None
    assert targets.classes is not None
    assert targets.classes.tolist() == classes


def test_labels_of_minus_one_and_one_are_parted_at_zero() -> None:
    """An output of 0.3 is nearer to 1 than to -1."""
    targets = Targets.of_array(np.array([-1.0, 1.0]), width=1, classification=True)
    assert targets is not None
    assert accuracy_of(Outputs(np.array([[-0.3], [0.3]])), targets) == 1.0


@pytest.mark.parametrize(
    ("given", "width", "classification"),
    [
        (np.zeros((4, 3)), 2, True),
        (np.array([0.5, 1]), 2, True),
        (np.array([np.nan]), 1, False),
        (np.ones(3), 2, False),
    ],
)
def test_targets_that_do_not_fit(given: np.ndarray, width: int, classification: bool) -> None:
    """Another width, halves of classes, NaN."""
    assert Targets.of_array(given, width=width, classification=classification) is None


@pytest.mark.parametrize(
    ("column", "expected"),
    [([0, 1], True), ([0.0, 2.0], True), ([0.5], False), ([-1], False), ([], False), ([1e9], False)],
)
def test_classes_are_small_whole_numbers(column: list[float], expected: bool) -> None:
    """From 0 on, and not too many."""
    assert is_classes(np.array(column)) is expected


def test_squares_and_what_is_explained() -> None:
    """The mean square, and how much of the targets' variance is explained."""
    outputs = Outputs(np.array([[1.0], [3.0], [5.0]], np.float32))
    targets = Targets(np.array([[2.0], [3.0], [7.0]], np.float32))
    assert mean_squared_error(outputs, targets) == pytest.approx(5 / 3)
    assert determination(outputs, targets) == pytest.approx(1 - 5 / 14)
    assert determination(outputs, Targets(np.ones((3, 1), np.float32))) is None
    assert mean_squared_error(outputs, Targets(np.ones((3, 2), np.float32))) is None


@pytest.mark.parametrize("two_outputs", [False, True])
def test_the_area_under_the_roc_curve_is_scikit_learns(two_outputs: bool) -> None:
    """Equal outputs count by half."""
    random = np.random.default_rng(6)
    values, classes = random.integers(0, 20, 200) / 20, random.integers(0, 2, 200)
    outputs = np.column_stack([1 - values, values]) if two_outputs else values[:, None]
    targets = Targets.of_classes(classes, width=outputs.shape[1])
    assert area_under_roc(Outputs(outputs), targets) == pytest.approx(roc_auc_score(classes, values))


def test_no_area_without_two_classes() -> None:
    """One class alone, three of them, and outputs that are no numbers."""
    assert area_under_roc(Outputs(SHARES), Targets.of_classes(CLASSES, width=3)) is None
    ones = Targets.of_classes(np.array([1, 1]), width=1)
    assert area_under_roc(Outputs(np.array([[0.1], [0.2]])), ones) is None
    both = Targets.of_classes(CLASSES, width=1)
    assert area_under_roc(Outputs(np.array([[math.nan], [0.2]])), both) is None
