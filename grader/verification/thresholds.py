"""Thresholds: when recorded rows are a data set's own, and labels follow from its labels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VerificationThresholds:
    """When recorded rows are a data set's own, and labels follow from its labels.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    consistent_share: float = 0.95
    """Of the recorded labels that must follow from the data set's by one rule (odd or even, one digit against the rest)
    before the rule is applied to rows whose labels were not recorded.

    Unit: share of labels, in [0, 1].
    Source: judgement.
    Test: `test_the_digit_as_a_quantity`.
    """

    share_of_rows: float = 0.9
    """With fewer rows found than this, other rows are among them.

    Unit: share of rows, in [0, 1].
    Source: rows scaled feature by feature lie on a hash's rounding edge in some 3 of 100 cases and are not found.
    Test: `test_rows_are_recognised`.
    """

    ends: int = 40
    """A part of a table has one of so many lowest and highest values of each feature.

    Unit: values.
    Source: a tenth of the rows lacks them all with a probability of 0.9**40, some 1 %.
    Test: `test_a_part_has_one_of_the_forty_lowest_values_of_a_feature`.
    """

    fewest_rows: int = 20
    """Below so many different rows anything small is like some part of a table.

    Unit: rows.
    Source: judgement.
    Test: `test_twenty_different_rows_tell_a_table`.
    """

    unscaled: float = 1e-6
    """How far a scale may be from 1 and an offset from 0 where a feature was left as it is.

    Unit: scale, and the feature's unit.
    Source: float32's rounding of 1, some 1e-7, over a few steps.
    Test: `test_a_feature_that_was_left_as_it_is_has_a_scale_of_1`.
    """

    roundings: int = 16
    """By how many roundings of its type a recorded value may differ from the scaled one.

    Unit: roundings.
    Source: a line through two rounded points adds to what `TransformThresholds.roundings` says.
    Test: `test_a_value_may_be_sixteen_roundings_off`.
    """


THRESHOLDS = VerificationThresholds()
