"""Thresholds: what the checks judge by, where a rubric sets nothing of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckThresholds:
    """What the checks judge by, where a rubric sets nothing of its own.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    rate_tolerance: float = 1e-6
    """A value of a layer's configuration is the one asked for up to this difference.

    Unit: that of the value (a rate, a share).
    Source: float32's rounding of a rate, some 1e-8, with room.
    Test: `test_a_rate_is_the_one_asked_for_up_to_a_millionth`.
    """

    changed_share: float = 0.5
    """Rows of a training of which at least this share is in no array of the data set were changed on their way.

    Unit: share of rows, in [0, 1].
    Source: rows as they are and rows changed are 0 and nearly 1; the middle.
    Test: `test_rows_of_a_pipeline_are_compared_with_the_data_sets`.
    """

    most_decimals: int = 4
    """Shares printed or rounded to more digits than this are as good as exact.

    Unit: decimals.
    Source: 10,000 test rows: one row is the fourth decimal.
    Test: `test_shares_of_four_decimals_are_rounded`.
    """

    largest_count: float = 1e12
    """Larger numbers are no counts of rows.

    Unit: rows.
    Source: beyond any data set, and far from what float64 counts exactly (9e15).
    Test: `test_larger_numbers_than_a_million_millions_are_no_counts`.
    """

    coarsest_share: float = 0.011
    """Shares rounded to more than a hundredth say too little.

    Unit: share of the largest value, in [0, 1].
    Source: one hundredth, with a tenth of it for rounding.
    Test: `test_shares_of_hundredths_tell_a_matrix`.
    """

    fine_step: float = 0.001
    """So many digits tell a figure even where no word stands beside it; above 1, of this share of it.

    Unit: one unit of the number's last digit.
    Source: three digits: one figure in a thousand agrees by chance.
    Test: `test_right_prints_pass_in_any_form`.
    """

    fitted_tolerance: float = 1e-3
    """How near to 0 and 1 a scaler's statistics are on the rows that it was fitted on.

    Unit: standard deviations, or shares of the range.
    Source: float32's rounding, with room.
    Test: `test_a_fitted_scalers_rows_end_within_a_thousandth`.
    """

    lowest_top: float = 0.9
    """Scaled values may end a little below the range's end (division by 256), not far below.

    Unit: share of the range, in [0, 1].
    Source: 255 / 256 = 0.996 passes, with room for a picture without full white.
    Test: `test_right_preparations_pass`.
    """

    image_tolerance: float = 0.01
    """How far two images scaled to [0, 1] may be apart at any pixel.

    Unit: brightness, in [0, 1].
    Source: a byte's step is 0.004; two of them and rounding.
    Test: `test_an_image_is_known_within_a_hundredth_of_its_brightness`.
    """

    least_correlation: float = 0.2
    """Below this correlation with every known image an image is none of the data set's.

    Unit: correlation, in [-1, 1].
    Source: of MNIST's 60,000 images none is as unlike 128 others (the least is 0.30), and of 2,000 images of noise none
    as like (the most is 0.16).
    Test: `test_an_image_of_the_data_set_is_somewhat_like_others`.
    """

    smallest_side: int = 8
    """A picture with a shorter side is no image of a data set.

    Unit: pixels.
    Source: scikit-learn's digits have 8.
    Test: `test_an_image_has_eight_pixels_a_side`.
    """

    largest_label: int = 99
    """A larger number in a title is a size, not a class.

    Unit: class.
    Source: CIFAR-100, the data set of most classes that Keras has, ends at 99.
    Test: `test_a_number_above_99_in_a_pair_is_a_size`.
    """

    loop_tolerance: float = 0.25
    """How far the end of a loop's curve may lie from the model's loss on its training rows: what a loop notes is the
    mean over an epoch in which the weights moved.

    Unit: share of the loss.
    Source: judgement.
    Test: `test_a_loops_curve_ends_within_a_quarter_of_the_models_loss`.
    """

    last_value_tolerance: float = 0.02
    """How far the last point of a validation curve that the student computed may lie from the verified validation loss:
    the mean of the batches' means differs from the mean of the rows where the last batch is smaller.

    Unit: share of the loss.
    Source: judgement.
    Test: `test_a_loops_validation_curve_ends_within_two_hundredths`.
    """

    other_scale: float = 10.0
    """Test rows that reach so many times as far as the training rows were not prepared as they were.

    Unit: largest value over largest value.
    Source: pixels that were not scaled reach 255 times as far; two honest parts reach about as far.
    Test: `test_what_evaluate_itself_returned_is_explained`.
    """

    same_accuracy: float = 1e-4
    """Two accuracies that agree to four digits need no spread to be called the same.

    Unit: accuracy, in [0, 1].
    Source: one row of 10,000 test rows.
    Test: `test_accuracies_of_four_equal_digits_are_the_same`.
    """

    far_from_reference: float = 0.01
    """A fresh run further from the reference's than this share of honest runs is of a model that does otherwise.

    Unit: share of runs, in (0, 1).
    Source: judgement; the same share as a band's default.
    Test: `test_a_run_does_otherwise_beyond_the_distance_of_99_in_100_pairs`.
    """

    progress_bar_step: float = 0.01
    """What a stored progress bar tells: some versions of Keras show there a mean of means, off by some thousandths.

    Unit: accuracy, in [0, 1].
    Source: judgement.
    Test: `test_a_progress_bar_is_read_to_hundredths`.
    """

    fewest_points: int = 10
    """Fewer drawn points may lie on anything by chance.

    Unit: points.
    Source: judgement.
    Test: `test_other_points_fail`.
    """

    near_grid_agreement: float = 0.95
    """Against a grid of other places, points beside the boundary may fall on its other side; so many agree all the
    same.

    Unit: share of places, in [0, 1].
    Source: judgement.
    Test: `test_a_picture_on_another_grid_agrees_in_most_places`.
    """

    far_grid_agreement: float = 0.85
    """Below this share it is not the boundary alone that differs.

    Unit: share of places, in [0, 1].
    Source: judgement.
    Test: `test_a_picture_on_another_grid_agrees_in_most_places`.
    """

    fewest_doubtful_words: int = 12
    """A remark that only happens to stand where the answer should is no answer below this length.

    Unit: words.
    Source: judgement.
    Test: `test_an_answer_without_its_heading_is_in_doubt`.
    """

    fewest_words_below_heading: int = 3
    """The same below a heading in the student's own words, which opens a part of the notebook as the worksheet's does.

    Unit: words.
    Source: judgement.
    Test: `test_an_answer_without_its_heading_is_in_doubt`.
    """

    fewest_headings: int = 3
    """From so many other headings on it shows whether the worksheet's tasks were kept below them.

    Unit: headings.
    Source: judgement.
    Test: `test_below_a_bare_heading_stands_the_answer`.
    """


THRESHOLDS = CheckThresholds()
