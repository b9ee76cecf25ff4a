"""Thresholds of the advice: beyond which figures a training gets a remark. None costs points."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AdviceThresholds:
    """From when on a training gets a remark. None of them costs points.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    strong_dropout: float = 0.5
    """A higher rate of dropout is remarked on.

    Unit: share of units, in [0, 1].
    Source: Srivastava et al., JMLR 2014: 0.5 in hidden layers is near the best, and the strongest in use.
    Test: `test_what_is_on_the_line_or_unknown_is_not_told` and `test_mistakes_in_the_configuration`.
    """

    largest_standard_score: float = 6.0
    """Standardised features reach some four standard deviations: values up to here are scaled.

    Unit: standard deviations.
    Source: the largest of 100,000 draws of a normal feature is 4.4; real features have longer tails.
    Test: `test_inputs_far_from_zero_are_told`.
    """

    scales_early: int = 4
    """A layer that scales must be one of so many first ones to scale the inputs.

    Unit: layers.
    Source: an input, a flattening, an augmentation and the scaling.
    Test: `test_one_of_the_first_four_layers_may_scale`.
    """

    huge_loss: float = 1e3
    """A cross-entropy from here on means that the training diverged.

    Unit: nats.
    Source: guessing among 1,000 classes costs 6.9; clipped probabilities cost 16 at most.
    Test: `test_histories_on_the_line_are_not_told` and `test_mistakes_in_the_history`.
    """

    no_progress: float = 0.01
    """A training whose accuracy rose by less has hardly learned.

    Unit: accuracy, in [0, 1].
    Source: judgement.
    Test: `test_mistakes_in_the_history` and `test_histories_on_the_line_are_not_told`.
    """

    swing: float = 0.03
    """A fall of the training accuracy from one epoch to the next that counts as a swing.

    Unit: accuracy, in [0, 1].
    Source: judgement.
    Test: `test_histories_on_the_line_are_not_told`.
    """

    swinging_share: float = 0.2
    """A training in which at least this share of the epochs swings is unsteady.

    Unit: share of epochs, in [0, 1].
    Source: judgement.
    Test: `test_two_swings_in_ten_epochs_are_unsteady`.
    """

    fewest_swings: int = 2
    """A single fall may be chance, however few the epochs.

    Unit: falls.
    Source: judgement.
    Test: `test_one_swing_is_chance`.
    """

    fewest_risen: int = 3
    """So many epochs must follow the lowest validation loss, and their median counts: one epoch is noise.

    Unit: epochs.
    Source: judgement.
    Test: `test_one_epoch_of_noise_is_no_overfitting`.
    """

    rising_share: float = 0.8
    """Of all pairs of epochs from the lowest validation loss on, the later one is larger in so many where it rises.

    Unit: share of pairs, in [0, 1].
    Source: pairs with the lowest loss always agree and half of the others by chance: 0.75 of six, less of more.
    Test: `test_one_epoch_of_noise_is_no_overfitting`.
    """

    above_guessing: float = 0.05
    """A model that is better than guessing by more than this has learned, if only in the first epoch.

    Unit: accuracy, in [0, 1].
    Source: judgement.
    Test: `test_a_model_that_learned_before_has_not_hardly_learned`.
    """

    fewest_epochs: int = 5
    """A curve of fewer epochs has no shape.

    Unit: epochs.
    Source: judgement.
    Test: `test_histories_on_the_line_are_not_told` and `test_mistakes_in_the_history`.
    """

    risen: float = 0.1
    """A validation loss that ends this share above its lowest has risen, and not just trembled.

    Unit: share of the lowest loss.
    Source: judgement.
    Test: `test_histories_on_the_line_are_not_told`.
    """

    settled: float = 0.9
    """A loss that fell below this share of its first value has learned, whatever the accuracy says.

    Unit: share of the first loss, in [0, 1].
    Source: judgement.
    Test: `test_mistakes_in_the_history`.
    """

    other_accuracy: float = 0.03
    """An accuracy in an answer is another one than the run's where it is farther from it than this.

    Unit: accuracy, in [0, 1].
    Source: judgement; under another seed the test accuracies of the worksheets move by less.
    Test: `test_an_accuracy_within_three_hundredths_is_not_asked_about`.
    """

    other_loss: float = 0.5
    """A loss in an answer is another one than the run's where it is farther from it than this share of the larger.

    Unit: share of the larger of the two.
    Source: judgement.
    Test: `test_a_loss_within_half_is_not_asked_about`.
    """

    not_flat: float = 0.3
    """A curve is not flat where a stretch of it, beyond noise, covers more than this share of all that it covers.

    Unit: share of the curve's reach, in [0, 1].
    Source: judgement: on a plot of the whole curve less looks flat.
    Test: `test_a_curve_that_covers_three_tenths_of_its_reach_may_be_called_flat`.
    """

    at_lowest: float = 0.02
    """A loss that ends this share above the lowest of a stretch has not risen at its end.

    Unit: share of the lowest loss.
    Source: judgement.
    Test: `test_a_curve_that_turns_at_its_end_is_not_asked_about`.
    """

    clear_fall: float = 0.25
    """Who speaks of overfitting is asked only where the validation loss fell by more than this share from there on.

    Unit: share of the loss where overfitting is said to begin.
    Source: judgement: a gap that widens is called overfitting too, while the validation loss hardly falls.
    Test: `test_overfitting_by_a_quarter_less_is_not_asked_about`.
    """

    epochs_beside: int = 2
    """The best epoch of a curve may be named so many epochs beside it.

    Unit: epochs.
    Source: judgement: epochs are read off a plot, and counted from 0 by some.
    Test: `test_the_best_epoch_may_be_two_beside`.
    """


THRESHOLDS = AdviceThresholds()
