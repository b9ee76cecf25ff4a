"""Behind a student's curves lies what those of the reference lie between, where the two are the same figure."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import labels, make_compile, make_evidence, make_fit, make_ranges

from grader.report.behind import bands, bands_in_words, beside
from grader.report.fits import fit_block
from grader.store import SubmissionFolder

HISTORY = {"loss": (0.9, 0.5, 0.3), "val_loss": (0.8, 0.6, 0.5)}


def test_a_band_is_as_long_as_both_are() -> None:
    """A student who trained for one epoch sees that one; where the reference ended, the band ends."""
    longer = make_fit(history=HISTORY, compiled=make_compile(loss="categorical_crossentropy"))
    shorter = make_fit(history={"val_loss": (0.8,)}, compiled=make_compile(loss="categorical_crossentropy"))
    assert bands(longer, make_ranges()) == {"val_loss": ((0.5, 0.3), (0.7, 0.4))}
    assert bands(shorter, make_ranges()) == {"val_loss": ((0.5,), (0.7,))}


@pytest.mark.parametrize(
    ("changes", "is_there"),
    [
        ({"loss": "categorical_crossentropy"}, True),
        ({"loss": "sparse_categorical_crossentropy"}, True),
        ({"loss": "binary_crossentropy"}, False),
        ({"loss": "mean_squared_error"}, False),
        ({"loss": "categorical_crossentropy", "own_loss": True}, False),
        ({"loss": None}, False),
    ],
)
def test_losses_of_another_kind_are_not_compared(changes, is_there) -> None:
    """Labels as numbers or as one-hot rows make the same cross-entropy."""
    fit = make_fit(history=HISTORY, compiled=make_compile(**changes))
    assert bool(bands(fit, make_ranges())) == is_there


@pytest.mark.parametrize(("ends", "is_there"), [((25.0, 346.0), True), ((31.0, 320.0), True), ((0.07, 1.0), False)])
def test_losses_of_scaled_targets_are_not_compared(ends, is_there) -> None:
    """Another part of the same table is the same figure; a mean squared error of scaled targets is not."""
    targets = labels(100).model_copy(update={"minimum": ends[0], "maximum": ends[1]})
    fit = make_fit(history=HISTORY, y=targets, compiled=make_compile(loss="mse"))
    assert bool(bands(fit, make_ranges(loss="mean_squared_error", targets=(25.0, 346.0)))) == is_there


@pytest.mark.parametrize(("name", "is_there"), [("acc", True), ("accuracy", True), ("binary_accuracy", False)])
def test_accuracies_of_another_kind_are_not_compared(name, is_there) -> None:
    """That of ten outputs, each by itself, is nearly 1 always."""
    fit = make_fit(history={name: (0.1, 0.2)})
    ranges = make_ranges(accuracy="accuracy", ranges={"accuracy": ((0.1, 0.2), (0.2, 0.3), (0.3, 0.4))})
    assert bool(bands(fit, ranges)) == is_there


def test_trainings_are_compared_one_with_one() -> None:
    """Where the student trained twice and the reference once, nobody knows which is which."""
    fit = make_fit(history=HISTORY, compiled=make_compile(loss="categorical_crossentropy"))
    assert [bool(behind) for _, behind in beside((fit,), (make_ranges(),))] == [True]
    assert [bool(behind) for _, behind in beside((fit, fit), (make_ranges(),))] == [False, False]
    assert [bool(behind) for _, behind in beside((fit,), ())] == [False]


@pytest.mark.parametrize(("own", "where"), [(0.2, "below"), (0.3, "within"), (0.4, "within"), (0.5, "above")])
def test_words_say_where_the_student_lies(own, where) -> None:
    """In the last epoch that both have."""
    behind = {"val_loss": ((0.5, 0.3), (0.7, 0.4))}
    said = bands_in_words(["loss", "accuracy"], behind, history={"val_loss": (0.9, own, 7.0)})
    assert said == (f"The reference's runs have a validation loss of 0.3 to 0.4 in epoch 2 (yours: {own}, {where}).")


def test_a_loss_that_is_no_number_lies_nowhere() -> None:
    """Nor is anything said where there is no band."""
    behind = {"val_loss": ((0.5,), (0.7,))}
    said = bands_in_words(["loss"], behind, history={"val_loss": (float("nan"),)})
    assert said == "The reference's runs have a validation loss of 0.5 to 0.7 in epoch 1."
    assert bands_in_words(["loss"], {}, history=HISTORY) == ""


def test_the_picture_and_its_words_have_the_band(tmp_path: Path) -> None:
    """Another reference makes another picture; without one the picture is as it was."""
    fit = make_fit(history=HISTORY)
    some, other = ({"val_loss": ((low, low), (0.9, 0.9))} for low in (0.5, 0.6))
    blocks = [
        fit_block(fit, evidence=make_evidence(), measurements=None, folder=SubmissionFolder(tmp_path), behind=behind)
        for behind in (some, other, {})
    ]
    assert len({block.pictures[0].source for block in blocks}) == 3
    assert ["reference" in block.pictures[0].alt for block in blocks] == [True, True, False]
    assert ["reference" in block.said for block in blocks] == [True, True, False]
