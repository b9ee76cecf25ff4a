"""A calibration holds between what the reference's curves lie, epoch by epoch."""

from __future__ import annotations

from builders import labels, make_compile, make_fit

from grader.reference.curves import fit_ranges


def test_ranges_are_lowest_median_and_highest_of_each_epoch() -> None:
    """Rounded to four digits."""
    losses = ((0.9, 0.512345), (0.8, 0.4), (0.7, 0.6))
    (found,) = fit_ranges([{"ex1": [make_fit(history={"loss": one})]} for one in losses])["ex1"]
    assert found.ranges == {"loss": ((0.7, 0.4), (0.8, 0.5123), (0.9, 0.6))}


def test_accuracies_have_one_name() -> None:
    """With the one that the history uses beside it."""
    history = {"loss": (0.9,), "acc": (0.5,), "val_loss": (0.8,), "val_acc": (0.6,)}
    (found,) = fit_ranges([{"ex1": [make_fit(history=history)]}] * 3)["ex1"]
    assert (found.accuracy, set(found.ranges)) == ("acc", {"loss", "accuracy", "val_loss", "val_accuracy"})


def test_epochs_count_that_half_of_the_runs_reached() -> None:
    """Early stopping ends each run elsewhere; what is not finite ends the range."""
    losses = ((0.9, 0.8, 0.7), (0.9, 0.8), (0.9,), (0.9, float("nan"), 0.7))
    (found,) = fit_ranges([{"ex1": [make_fit(history={"loss": one})]} for one in losses[:3]])["ex1"]
    assert len(found.ranges["loss"][0]) == 2
    (found,) = fit_ranges([{"ex1": [make_fit(history={"loss": one})]} for one in losses[1:]])["ex1"]
    assert len(found.ranges["loss"][0]) == 1


def test_runs_that_train_more_or_less_often_have_no_ranges() -> None:
    """Nobody knows which training is which then."""
    fit = make_fit()
    assert fit_ranges([{"ex1": [fit]}, {"ex1": [fit, fit]}]) == {}
    assert fit_ranges([{"ex1": [fit]}, {}]) == {}
    assert fit_ranges([]) == {}


def test_the_targets_of_quantities_are_kept() -> None:
    """Of all runs together; those of classes are none."""
    ends = [labels(9).model_copy(update={"minimum": low, "maximum": high}) for low, high in ((25, 340), (27, 346))]
    squared = [{"ex1": [make_fit(y=one, compiled=make_compile(loss="mse"))]} for one in ends]
    assert fit_ranges(squared)["ex1"][0].targets == (25, 346)
    classes = [{"ex1": [make_fit(y=one, compiled=make_compile(loss="categorical_crossentropy"))]} for one in ends]
    assert fit_ranges(classes)["ex1"][0].targets is None
