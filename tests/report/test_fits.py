"""A training is shown with its curves, in words as well, and with what was measured beside what was claimed."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import images, make_evaluation, make_evidence, make_fit, make_measurement

from grader.records import Measurements
from grader.report.fits import curve_in_words, fit_block, gap_in_words, marked_epoch
from grader.report.verified import most_confused
from grader.store import SubmissionFolder


@pytest.mark.parametrize(
    ("losses", "marked"),
    [
        ((1.0, 0.8, 0.6), None),
        ((1.0, 0.5, 0.9, 1.1, 1.3, 1.6, 1.9), (2, True)),
        ((1.0, 0.5, 0.51, 0.505, 0.502, 0.51), (2, False)),
        ((float("nan"), float("nan")), None),
        ((1.0,), None),
    ],
)
def test_the_marked_epoch_is_the_lowest_and_a_rise_is_one_beyond_noise(losses, marked) -> None:
    """None where validation loss falls to the end."""
    assert marked_epoch(make_fit(history={"loss": losses, "val_loss": losses})) == marked


def test_the_gap_is_said_in_this_training_s_own_numbers() -> None:
    """With its sign in words."""
    history = {"loss": (0.9, 0.25), "val_loss": (0.8, 0.5)}
    assert gap_in_words(make_fit(history=history)).endswith("0.25 and the validation loss 0.5, 0.25 more.")
    assert gap_in_words(make_fit(history={"loss": (0.9, 0.2)})) == ""


def test_a_gap_that_opens_is_told_from_where_on_it_does() -> None:
    """With what either loss did since the epoch that matters."""
    losses = (1.0, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
    said = gap_in_words(make_fit(history={"loss": losses, "val_loss": (1.0, 0.65, 0.9, 1.1, 1.3, 1.6, 1.9)}))
    assert "In epoch 2 it was 0.05 more: since then the training loss went from 0.6 to 0.1, and" in said
    assert said.endswith("the validation loss from 0.65 up to 1.9.")
    noisy = gap_in_words(make_fit(history={"loss": losses[:6], "val_loss": (1.0, 0.5, 0.51, 0.505, 0.502, 0.51)}))
    assert noisy.endswith("The latter was lowest in epoch 2 (0.5); what it rose since is within its noise.")
    short = gap_in_words(make_fit(history={"loss": losses[:3], "val_loss": (1.0, 0.5, 0.9)}))
    assert short.endswith("The latter was lowest in epoch 2 (0.5).")


def test_a_training_loss_that_is_the_larger_one_is_explained() -> None:
    """By what was recomputed of the trained model; without that, by nothing."""
    fit = make_fit(history={"loss": (0.9, 0.5), "val_loss": (0.8, 0.4)})
    measured = [make_measurement(part, loss=loss) for part, loss in (("train", 0.3), ("validation", 0.4))]
    assert gap_in_words(fit, measured=measured).endswith("of the trained model they are 0.3 and 0.4.")
    assert gap_in_words(fit, measured=measured[:1]).endswith("0.1 less.")


def test_a_picture_of_curves_says_what_it_shows() -> None:
    """Where each begins and ends, and the epoch that matters."""
    said = curve_in_words("loss", {"loss": (0.9, 0.2), "val_loss": (0.8, 0.5)}, mark=(5, True))
    assert "Training loss goes from 0.9 to 0.2 in 2 epochs." in said
    assert said.endswith("Validation loss rises after epoch 5.")


def test_what_was_claimed_stands_beside_what_was_measured(tmp_path: Path) -> None:
    """An evaluation of the same weights on as many rows, and the last value of the history."""
    fit = make_fit(id="f1", history={"loss": (0.9, 0.2), "val_loss": (0.8, 0.5), "val_accuracy": (0.7, 0.8)})
    evidence = make_evidence(fits=(fit,), evaluations=(make_evaluation(loss=0.3, accuracy=0.981),))
    parts = (make_measurement("validation", loss=0.5, accuracy=0.8), make_measurement("test", loss=0.3, accuracy=0.974))
    measurements = Measurements(submission="some", measured=parts)
    block = fit_block(fit, evidence=evidence, measurements=measurements, folder=SubmissionFolder(tmp_path))
    assert [(one.part, one.value, one.claimed) for one in block.scores] == [
        ("validation", 0.8, 0.8),
        ("test", 0.974, 0.981),
    ]


def test_an_evaluation_of_other_rows_claims_nothing_of_the_test_set(tmp_path: Path) -> None:
    """Of the training rows, for one."""
    fit = make_fit(id="f1")
    evidence = make_evidence(fits=(fit,), evaluations=(make_evaluation(x=images(3600)),))
    measurements = Measurements(submission="some", measured=(make_measurement("test", loss=0.3, accuracy=0.9),))
    block = fit_block(fit, evidence=evidence, measurements=measurements, folder=SubmissionFolder(tmp_path))
    assert [one.claimed for one in block.scores] == [None]


def test_the_most_confused_classes_are_named() -> None:
    """The diagonal is no confusion."""
    assert most_confused(((9, 1), (3, 7))) == "Most often class 1 is taken for 0: 3 times."
    assert most_confused(((9, 0), (0, 7))) == ""
    assert most_confused(()) == ""
