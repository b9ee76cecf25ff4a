"""Thresholds of the integrity rules: how far a record may differ from what was verified."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IntegrityThresholds:
    """How far a record may differ from what was verified.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    loss_tolerance: float = 0.01
    """The same weights on the same rows have one loss, up to this difference.

    Unit: share of the loss.
    Source: they agree to float32's rounding, some 1e-6; the rest is room.
    Test: `test_the_last_validation_loss_is_that_of_the_model`.
    """

    accuracy_tolerance: float = 0.005
    """A claimed test accuracy may lie above the verified one by so much.

    Unit: accuracy, in [0, 1].
    Source: half a point: more than the rows that rounding could turn.
    Test: `test_a_claimed_accuracy_may_be_half_a_point_too_high`.
    """

    below_every_epoch: float = 0.5
    """Restored weights have the loss of some epoch, averaged ones somewhat less: this share of the least is neither.

    Unit: share of the lowest loss, in [0, 1].
    Source: judgement.
    Test: `test_callbacks_make_no_model_that_is_far_better_than_every_epoch`.
    """

    times_worse: float = 3.0
    """The loss of the last weights on the training rows may be above the last epoch's running loss, where a step went
    too far, but not by so many times (and by `far_worse` together).

    Unit: factor.
    Source: judgement.
    Test: `test_last_weights_may_be_three_times_and_three_tenths_worse`.
    """

    far_worse: float = 0.3
    """The same as a difference.

    Unit: loss.
    Source: judgement.
    Test: `test_last_weights_may_be_three_times_and_three_tenths_worse`.
    """

    far_better: float = 0.3
    """By how much a claimed validation accuracy may lie above the test accuracy, where the validation rows are unknown.

    Unit: accuracy, in [0, 1].
    Source: judgement.
    Test: `test_validation_on_unknown_rows_may_be_three_tenths_better`.
    """

    least_cosine: float = 0.3
    """Cosine between a kernel before and after, below which a training is repeated outside: that clears it, or shows
    where weights from elsewhere were mixed with the initial ones.

    Unit: cosine, in [-1, 1].
    Source: training leaves much of the initial weights: 0.5 to 0.98 in wide networks. A softmax regression keeps 0.1
    after 20 epochs of MNIST, and one with an L2 penalty or large steps as little.
    Test: `test_a_training_is_repeated_that_leaves_less_than_three_tenths`.
    """

    unrelated: float = 4.0
    """The same in units of 1 / sqrt(values), its spread between kernels that have nothing to do with each other.

    Unit: standard deviations.
    Source: four of them: one kernel in 30,000 by chance.
    Test: `test_kernels_are_unrelated_below_four_standard_deviations`.
    """

    fewest_values: int = 1000
    """Of a kernel: the cosine of fewer says too little.

    Unit: values.
    Source: the spread of a cosine of 1,000 values is 0.03.
    Test: `test_a_kernel_of_a_thousand_values_says_enough`.
    """

    stood_still: float = 0.02
    """Weights that moved by no more stood still.

    Unit: distance of every kernel over its length.
    Source: whole trainings from fresh weights go 0.2 and more in some kernel.
    Test: `test_weights_that_moved_by_a_fiftieth_did_not_stand_still`.
    """

    fewest_classes: int = 4
    """Two or three classes may be told apart by the chance of fresh weights.

    Unit: classes.
    Source: judgement.
    Test: `test_who_is_halfway_from_guessing_among_four_classes_has_learned`.
    """

    known_share: float = 0.5
    """A model beyond this share of the way from guessing to no error has learned.

    Unit: share of the way, in [0, 1].
    Source: fresh weights come nowhere near.
    Test: `test_who_is_halfway_from_guessing_among_four_classes_has_learned`.
    """

    memorised_margin: float = 0.05
    """By how much the test accuracy may exceed the validation accuracy beside the spread of both.

    Unit: accuracy, in [0, 1].
    Source: judgement.
    Test: `test_a_test_accuracy_may_be_five_points_above_the_validation_accuracy`.
    """

    harder_when_moved: float = 5.0
    """How many times as many errors a model may make on the test images moved by a pixel.

    Unit: factor.
    Source: dense networks that are trained on the training part alone make 1.5 to 2 times as many, on the full MNIST
    and on the sample, convolutional ones fewer; one that memorised the test images makes none at all where they stand,
    and some 13 of 100 beside.
    Test: `test_moved_images_are_somewhat_harder`.
    """

    favoured: float = 2.5
    """Both how many standard deviations the test accuracy lies above the validation accuracy, and how many times as
    many errors the moved test images cost.

    Unit: standard deviations, and a factor.
    Source: of 260 honest trainings none had more than 1.7 of the one or 2.0 of the other.
    Test: `test_a_test_set_favoured_in_two_ways_is_a_flag`.
    """

    test_rows_share: float = 0.01
    """Of the test rows, found in a training: more than chance doubles in a data set.

    Unit: share of rows, in [0, 1].
    Source: judgement.
    Test: `test_one_in_a_hundred_test_rows_may_be_in_a_training`.
    """

    fewer_errors: float = 0.4
    """Of the reference's errors: no dense network makes so few on data of which it knows the training part alone.

    Unit: factor, in [0, 1].
    Source: twice the epochs, wider layers or augmentation take away a third at most.
    Test: `test_a_dense_network_makes_four_tenths_of_the_references_errors`.
    """

    far_above: float = 6.0
    """How far above the reference's mean a test accuracy must lie as well.

    Unit: standard deviations, of the reference's runs and of as many test rows together.
    Source: judgement.
    Test: `test_a_dense_network_is_not_far_better_than_the_reference`.
    """

    near: float = 0.1
    """Weights that end so near to another model's were put there.

    Unit: share of the way that a training went.
    Source: trainings of their own end about as far from each other as they went.
    Test: `test_weights_a_tenth_of_the_way_from_anothers_are_the_others`.
    """

    rounding: float = 1e-6
    """An average of weights may lie outside their range by so much.

    Unit: that of the weights.
    Source: float32's rounding of weights of about 1, some 1e-7.
    Test: `test_an_average_may_be_a_millionth_outside_of_what_it_is_made_of`.
    """


THRESHOLDS = IntegrityThresholds()
