"""What sentences of an answer state, and which state nothing."""

from __future__ import annotations

import pytest

from grader.text.epochs import Epochs
from grader.text.progress import shown_histories
from grader.text.statements import statements


def read(text: str) -> list[tuple[str, str, str]]:
    return [(one.part, one.metric, one.kind) for one in statements(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The validation loss rises.", [("validation", "loss", "rises")]),
        ("val_acc keeps decreasing", [("validation", "accuracy", "falls")]),
        ("Training and validation loss both fall.", [("training", "loss", "falls"), ("validation", "loss", "falls")]),
        ("Loss on the training set went down.", [("training", "loss", "falls")]),
        ("The training accuracy improves.", [("training", "accuracy", "rises")]),
        ("Test accuracy: 0.97, test loss: 0.1", [("test", "accuracy", "value"), ("test", "loss", "value")]),
        ("We got nearly 98% test accuracy.", [("test", "accuracy", "value")]),
    ],
)
def test_sentences_that_state_something(text: str, found: list[tuple[str, str, str]]) -> None:
    """Curves with their direction, and scores with their number."""
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "The validation loss does not rise.",
        "The validation loss would rise after epoch 5.",
        "Does the validation loss rise?",
        "The validation loss rises more than before.",
        "They say \u201cthe validation loss rises\u201d.",
        "The gap between training and validation loss rises.",
        "The loss rises.",
        "The validation loss rises a bit at first.",
        "The validation loss jumps and rises.",
        "The test accuracy is above 0.9.",
        "The test accuracy rises by 0.05.",
    ],
)
def test_sentences_that_state_nothing(text: str) -> None:
    """Negations, suppositions, questions, comparisons, quotations, and what is not understood."""
    assert read(text) == []


@pytest.mark.parametrize(
    ("said", "epochs"),
    [
        ("after epoch 5", Epochs("from", 5)),
        ("after about 5 epochs", Epochs("after", 5)),
        ("from the 5th epoch on", Epochs("from", 5)),
        ("until the fifth epoch", Epochs("until", None, 5)),
        ("from epoch 3 to 8", Epochs("within", 3, 8)),
        ("in 10 epochs", Epochs("over", None, 10)),
    ],
)
def test_epochs_are_read(said: str, epochs: Epochs) -> None:
    """In front of the sentence or behind it."""
    for text in (f"The training loss rises {said}.", f"{said.capitalize()}, the training loss rises."):
        assert [one.epochs for one in statements(text)] == [epochs]


def test_epochs_that_are_not_understood_make_a_sentence_state_nothing() -> None:
    """Two epochs before the end is no epoch."""
    assert read("The training loss rises 2 epochs before epoch 9 or epoch 11.") == []


def test_a_sentence_of_more_than_sixty_words_states_nothing() -> None:
    """Who speaks of what gets lost in it."""
    assert [len(read(f"{'so ' * count}the training loss rises")) for count in (56, 57)] == [1, 0]


def test_a_training_is_read_from_keras_progress_display() -> None:
    """Epoch by epoch, the figures that were drawn last."""
    text = "Epoch 1/2\n1/9 loss: 3.0\n9/9 - loss: 2.0 - val_loss: 1.5\nEpoch 2/2\n9/9 - loss: 1.0 - val_loss: 1.2"
    assert shown_histories(text) == ({"loss": (2.0, 1.0), "val_loss": (1.5, 1.2)},)


def test_a_training_with_epochs_cut_out_is_not_read() -> None:
    """Nobody knows what came between."""
    assert shown_histories("Epoch 1/9\n9/9 - loss: 2.0\n[...]\nEpoch 8/9\n9/9 - loss: 1.0") == ()
