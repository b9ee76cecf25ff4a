"""Printed numbers: found, read to their digits, and tied to the words beside them."""

from __future__ import annotations

import pytest

from grader.text.quantities import bar_results, quantities, shows_bar_of

BAR = "32/32 ━━━━━━━━━━━━━━━━━━━━ 0s 2ms/step - accuracy: 0.9727 - loss: 0.0878"
OLD_BAR = "32/32 [==============================] - 1s 2ms/step - loss: 0.0878 - accuracy: 0.9727"
SHORT_BAR = "32/32 - 0s - 3ms/step - accuracy: 0.9727 - loss: 0.0878"


@pytest.mark.parametrize(
    ("text", "value", "step"),
    [
        ("accuracy 0.9762", 0.9762, 1e-4),
        ("accuracy: 97.62 %", 0.9762, 1e-4),
        ("accuracy: 97.62%", 0.9762, 1e-4),
        ("Genauigkeit: 97,62 Prozent", 0.9762, 1e-4),
        ("Genauigkeit = 0,9762", 0.9762, 1e-4),
        ("accuracy (%): 97.6", 0.976, 1e-3),
        ("accuracy 9.762e-01", 0.9762, 1e-4),
        ("(np.float64(0.9762),)", 0.9762, 1e-4),
    ],
)
def test_a_number_is_read_to_its_digits(text: str, value: float, step: float) -> None:
    """Points, commas, per cent and powers of ten are forms of one number."""
    (found,) = quantities(text)
    assert found.value == pytest.approx(value)
    assert found.step == pytest.approx(step)


def test_list_items_without_spaces_are_separate_numbers() -> None:
    """A comma between two decimal numbers separates them."""
    assert [item.value for item in quantities("[0.0776,0.9762]")] == [0.0776, 0.9762]


@pytest.mark.parametrize("bar", [BAR, OLD_BAR, SHORT_BAR, f"\x1b[1m{BAR}\x1b[0m"])
def test_progress_bars_are_not_the_students_own_words(bar: str) -> None:
    """What Keras displays is kept apart from what the student prints."""
    assert quantities(bar) == ()
    assert {item.value for item in bar_results(bar)} == {0.9727, 0.0878}
    assert shows_bar_of([bar], "accuracy")


def test_bars_of_training_are_no_results() -> None:
    """The bar after an Epoch line belongs to fit, and so does one with validation figures."""
    assert bar_results(f"Epoch 10/10\n{BAR}\n{BAR} - val_loss: 0.1") == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Test accuracy: 0.97", True),
        ("acc = 0.97", True),
        ("Accuracy value: 0.97", True),
        ("val_accuracy: 0.97", False),
        ("Training accuracy 0.97", False),
        ("Test accuracy after training: 0.97", True),
        ("evaluation accuracy 0.97", True),
        ("loss 0.97", False),
        ("0.97", False),
    ],
)
def test_words_tell_which_accuracy_a_number_is(text: str, named: bool) -> None:
    """An accuracy of the training or validation part is none of the test set."""
    assert quantities(text)[0].is_named("accuracy") is named


def test_a_number_without_words_shares_those_before_it() -> None:
    """Both numbers of ``loss, accuracy: a b`` are named by them."""
    loss, accuracy = quantities("Test loss and accuracy: 0.0776 0.9762")
    assert loss.is_named("loss")
    assert accuracy.is_named("accuracy")


@pytest.mark.parametrize(
    ("text", "value", "equal"),
    [
        ("0.9762", 0.97619998, True),
        ("0.98", 0.9762, True),
        ("0.97", 0.9762, True),  # cut off
        ("0.9782", 0.9762, True),  # exactly the tolerance
        ("0.9783", 0.9762, False),
        ("98%", 0.9762, True),
        ("0.99", 0.9762, False),
    ],
)
def test_equal_means_to_the_printed_digits(text: str, value: float, equal: bool) -> None:
    """Rounded or cut off is right, and so is anything within the tolerance."""
    assert quantities(text)[0].equals(value, tolerance=0.002) is equal


def test_absurd_numbers_do_no_harm() -> None:
    """Whatever a student prints is read or left alone."""
    for text in ("1e999", "9" * 5000, "1e-999", "0." + "1" * 5000, "-0.0"):
        quantities(text)
