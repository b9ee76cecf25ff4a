"""Thresholds: when a training is one on the data set, and when two sets of rows are the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingThresholds:
    """When a training is one on the data set, and when two sets of rows are the same.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    least_share_of_rows: float = 0.5
    """Training and validation together must be this share of the rows at least: a validation and a test set of one's
    own may be cut off by hand, but a handful of rows is not the data.

    Unit: share of the data set's training rows, in [0, 1].
    Source: judgement.
    Test: `test_rows_that_no_model_is_given_are_not_there`.
    """

    rounded_row: float = 0.005
    """``validation_split`` cuts whole rows: on small data the share is off by a row. It is compared no closer than
    this.

    Unit: share of rows, in [0, 1].
    Source: one row of 200.
    Test: `test_a_split_may_be_off_by_half_a_hundredth`.
    """

    trained_on_too: float = 0.5
    """A validation set of which more rows than this share were trained on as well holds nothing out.

    Unit: share of rows, in [0, 1].
    Source: judgement.
    Test: `test_half_of_a_validation_set_may_be_training_rows`.
    """

    whole_epoch: float = 0.5
    """An epoch that takes a smaller share of the rows is none.

    Unit: share of rows, in [0, 1].
    Source: judgement.
    Test: `test_an_epoch_takes_its_rows`.
    """

    share_of_chance: float = 0.05
    """Data sets hold a few rows twice; a share above this is no chance.

    Unit: share of rows, in [0, 1].
    Source: judgement.
    Test: `test_test_rows_in_the_training_are_no_right_training`.
    """


THRESHOLDS = TrainingThresholds()
