"""Metrics: one table, and figures from raw predictions that are Keras's and scikit-learn's."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from builders import make_measurement
from sklearn.metrics import roc_auc_score

from grader.metrics import (
    ERRORS,
    METRICS,
    SCORES,
    Outputs,
    Targets,
    accuracy_of,
    area_under_roc,
    determination,
    is_classes,
    is_higher_better,
    known_name,
    mean_absolute_error,
    mean_squared_error,
    predicted_classes,
)
from grader.records import Measurement

SHARES = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], np.float32)
CLASSES = np.array([0, 1])


def test_a_metric_is_described_in_one_row() -> None:
    """Each has words, a title, names of its own and a pattern; a stored one has its field in a measurement."""
    names = [name for metric in METRICS.values() for name in metric.names]
    assert len(names) == len(set(names))
    for name, metric in METRICS.items():
        assert name == metric.name
        assert re.search(metric.printed, f"the {metric.title}: 0.5", re.IGNORECASE)
        assert metric.is_stored is (name in Measurement.model_fields)
        assert (metric.compute is not None) is (metric.is_stored and name != "loss")


def test_every_metric_is_either_an_error_or_a_score() -> None:
    """Rubrics take both by name; accuracy has a check of its own."""
    assert ERRORS == ("loss", "mae", "mse", "rmse")
    assert SCORES == ("r2", "auc")


def test_a_compiled_error_is_its_own_measurement() -> None:
    """The loss of a regression stands in for the error of the same name, and its root follows."""
    measured = make_measurement(loss=0.25, loss_name="mean_squared_error", accuracy=None)
    values = {name: metric.of(measured) for name, metric in METRICS.items()}
    assert values == {"loss": 0.25, "accuracy": None, "mae": None, "mse": 0.25, "rmse": 0.5, "r2": None, "auc": None}


def test_errors_are_told_in_the_data_sets_units() -> None:
    """By the power of the unit that each has; what is the same in every unit stays."""
    measured = make_measurement(mae=2.0, mse=9.0, r2=0.5, loss=9.0, accuracy=None, target_unit=10.0)
    values = {name: METRICS[name].in_units(measured) for name in ("mae", "mse", "rmse", "r2", "loss")}
    assert values == {"mae": 20.0, "mse": 900.0, "rmse": 30.0, "r2": 0.5, "loss": 9.0}


def test_errors_of_quantities_are_not_measured_of_classes() -> None:
    """They would be errors of one-hot rows."""
    outputs, targets = Outputs(SHARES), Targets.of_classes(CLASSES, width=3)
    assert METRICS["mae"].measure(outputs, targets) is None
    assert METRICS["accuracy"].measure(outputs, targets) == 0.5


@pytest.mark.parametrize(
    ("called", "name", "high"),
    [
        ("mean_absolute_error_1", "mae", False),
        ("acc", "accuracy", True),
        ("r2_score", "r2", True),
        ("AUC_2", "auc", True),
        ("val_top_k_categorical_accuracy", "val_top_k_categorical_accuracy", True),
        ("my_metric", "my_metric", False),
    ],
)
def test_other_names_of_a_metric(called: str, name: str, high: bool) -> None:
    """Keras numbers them, and scikit-learn has its own."""
    assert known_name(called) == name
    assert is_higher_better(called) is high


def test_mean_absolute_error_needs_fitting_shapes() -> None:
    """None, where targets and outputs are of different shapes."""
    targets = Targets.of_classes(CLASSES, width=3)
    assert mean_absolute_error(Outputs(SHARES[:, :2]), targets) is None
    assert mean_absolute_error(Outputs(SHARES), targets) == pytest.approx((0.3 + 0.2 + 0.1 + 0.1 + 0.9 + 0.8) / 6)


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
