"""Thresholds: when the input of a model is an affine map of a data set's rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TransformThresholds:
    """When the input of a model is an affine map of a data set's rows.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    roundings: int = 8
    """By how many roundings of its type a recorded value may differ from the mapped one.

    Unit: roundings.
    Source: a scaling takes at most four steps (divide, subtract, divide, cast), each off by half a rounding, in the
    kernel and here.
    Test: `test_a_value_may_be_eight_roundings_off`.
    """

    fewest_rows: int = 8
    """Below so many recorded rows no scale of each feature's own is inferred.

    Unit: rows.
    Source: judgement.
    Test: `test_eight_rows_tell_a_scale_of_each_feature`.
    """

    statistics_tolerance: float = 0.03
    """How far the middle feature's scale may lie from what the population's statistics give where the student's scaler
    saw a part of the rows only.

    Unit: share of the scale.
    Source: judgement.
    Test: `test_a_scaler_of_a_part_is_known_within_three_hundredths`.
    """

    same_statistics: float = 1e-4
    """Likewise where it saw the same rows.

    Unit: share of the scale.
    Source: judgement.
    Test: `test_a_scaler_of_the_same_rows_is_known_within_a_ten_thousandth`.
    """


THRESHOLDS = TransformThresholds()
