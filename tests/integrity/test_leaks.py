"""A model that knows the test rows is flagged, whatever way they came to it; a good one is not."""

from __future__ import annotations

import pytest
from builders import (
    data_set,
    dense,
    layer,
    make_calibration,
    make_evidence,
    make_fit,
    make_measurement,
    make_model,
    make_view,
)

from grader.integrity import find_integrity_findings
from grader.records import LayerRecord, Measurement

REFERENCE = (0.905, 0.91, 0.915)


def rules(*measured: Measurement, layers: tuple[LayerRecord, ...] = (), stand_in: bool = False) -> list[str]:
    """The names of the flags of one model with one fit, beside the sample's reference."""
    data_sets = (data_set(sample=not stand_in, stand_in=stand_in),)
    model = make_model(*(layers or (dense(128, "relu"), dense(10, "softmax"))), id="m1")
    evidence = make_evidence(models=(model,), fits=(make_fit(history={}),), data_sets=data_sets)
    calibration = make_calibration(ex4__test_accuracy=REFERENCE)
    return [
        finding.rule
        for finding in find_integrity_findings(
            make_view(evidence, measured=measured, calibration=calibration).submission
        )
    ]


def test_a_test_accuracy_far_above_the_validation_accuracy_is_a_flag() -> None:
    """A model knows unseen rows alike."""
    validation = make_measurement("validation", rows=400, accuracy=0.6)
    assert rules(validation, make_measurement(accuracy=0.93)) == ["memorised_test_set"]


def test_on_repeated_rows_accuracies_of_other_rows_are_not_compared() -> None:
    """Of each row there are many copies, so that chance is larger; the accuracy itself waits for the full data."""
    validation = make_measurement("validation", rows=400, accuracy=0.6)
    assert rules(validation, make_measurement(accuracy=0.93), stand_in=True) == []
    assert rules(make_measurement(accuracy=1.0), make_measurement("test_shifted", accuracy=0.8), stand_in=True) == []


@pytest.mark.parametrize(("test", "moved"), [(0.91, 0.85), (0.877, 0.851), (0.96, 0.95), (0.116, 0.113), (0.95, 0.7)])
def test_moved_images_are_somewhat_harder(test: float, moved: float) -> None:
    """The errors of honest networks on the sample, and some more."""
    assert rules(make_measurement(accuracy=test), make_measurement("test_shifted", accuracy=moved)) == []


@pytest.mark.parametrize(("test", "moved"), [(1.0, 0.87), (0.995, 0.85), (0.96, 0.3)])
def test_a_memorised_test_set_is_a_flag(test: float, moved: float) -> None:
    """The images are known in their place, and not moved by a pixel."""
    layers = (layer("Conv2D", parameters=9), dense(10, "softmax"))
    found = rules(make_measurement(accuracy=test), make_measurement("test_shifted", accuracy=moved), layers=layers)
    assert found == ["fails_on_shifted_test_set"]


@pytest.mark.parametrize(("accuracy", "expected"), [(0.955, []), (0.98, ["better_than_reference"])])
def test_a_dense_network_is_not_far_better_than_the_reference(accuracy: float, expected: list[str]) -> None:
    """More epochs and wider layers help somewhat."""
    assert rules(make_measurement(accuracy=accuracy)) == expected


@pytest.mark.parametrize(("accuracy", "expected"), [(0.963, []), (0.965, ["better_than_reference"])])
def test_a_dense_network_makes_four_tenths_of_the_references_errors(accuracy: float, expected: list[str]) -> None:
    """On so many rows that chance says little."""
    assert rules(make_measurement(accuracy=accuracy, rows=10_000)) == expected


def test_another_kind_of_network_may_be_far_better() -> None:
    """Convolutions are."""
    assert rules(make_measurement(accuracy=0.985), layers=(layer("Conv2D", parameters=9), dense(10, "softmax"))) == []


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ((0.966, 0.918, 0.891), ["memorised_test_set"]),
        ((0.93, 0.918, 0.80), []),
        ((0.966, 0.918, 0.93), []),
        ((0.9742, 0.9743, 0.9515), []),
    ],
)
def test_a_test_set_favoured_in_two_ways_is_a_flag(accuracies: tuple[float, ...], expected: list[str]) -> None:
    """Noise on the test images that it trained on leaves both traces, though neither is large."""
    test, held, moved = accuracies
    measured = (
        make_measurement(accuracy=test),
        make_measurement("validation", rows=400, accuracy=held),
        make_measurement("test_shifted", accuracy=moved),
    )
    assert rules(*measured, layers=(layer("Conv2D", parameters=9), dense(10, "softmax"))) == expected
