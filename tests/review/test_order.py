"""Like answers stand beside like ones, and only those that say the same are in one group."""

from __future__ import annotations

import pytest

from grader.review.order import groups, near_identical, words

SAID = "The deep network overfits after 5 epochs, so I would stop the training there and keep those weights."


@pytest.mark.parametrize(
    "other",
    [
        SAID.upper(),
        SAID.replace(",", " ").replace(".", "!!"),
        SAID.replace("so I", "hence I"),
        SAID.replace("keep", "store"),
        SAID.replace("overfits", "overfitted"),
    ],
)
def test_other_words_for_the_same_are_near_identical(other):
    """Case, punctuation, a synonym and another tense do not part two answers."""
    assert near_identical(words(SAID), words(other))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("overfits", "does not overfit"),
        ("would", "wouldn't"),
        ("5", "15"),
        ("after", "before"),
        ("overfits", "underfits"),
        ("stop the", "stop no"),
        ("training", "validation"),
        ("network", "network, which has no dropout,"),
    ],
)
def test_a_turned_meaning_parts_answers(old, new):
    """A negation, a number, a direction or another figure keeps two answers apart, however alike they are."""
    assert not near_identical(words(SAID), words(SAID.replace(old, new)))


def test_order_of_telling_words_counts():
    """The same words the other way round say something else."""
    one = "When the training loss falls and the validation loss rises then the network has learned the noise by heart"
    other = one.replace("training", "x").replace("validation", "training").replace("x", "validation")
    assert not near_identical(words(one), words(other))


def test_groups_hold_each_answer_once():
    """Near-identical ones together, those without a word last."""
    texts = {"a": SAID, "b": "", "c": "Something else entirely.", "d": SAID.lower(), "e": " ... "}
    found = groups(texts)
    assert sorted(name for group in found for name in group) == sorted(texts)
    assert ("a", "d") in found
    assert found[-1] == ("b", "e")


def test_like_follows_like():
    """Answers on one subject stand beside each other, whatever their names."""
    texts = {
        "a": "Early stopping watches the validation loss and stops when it rises.",
        "b": "Vanishing gradients make the first layers of a deep network learn slowly.",
        "c": "I stop early when the validation loss rises, which early stopping does.",
        "d": "In a deep network gradients vanish, and the first layers learn slowly.",
    }
    order = "".join(name for group in groups(texts) for name in group)
    assert {order[:2], order[2:]} in [{"ac", "bd"}, {"ca", "bd"}, {"ac", "db"}, {"ca", "db"}]


def test_the_worksheets_lines_make_nobody_alike():
    """A task that all have left above their answers is no part of them."""
    task = "Compare both networks and explain at length which of them you would rather use here, and why so.\n"
    texts = {str(n): f"{task}{word} word" for n, word in enumerate("abcdefghij")}
    assert all(len(group) == 1 for group in groups(texts))


def test_answers_that_are_the_worksheets_alone_are_one_group():
    """Who wrote nothing below the task is like all who did not, and like none who did."""
    task = "Compare both networks and explain which of them you would rather use.\n"
    texts = {str(n): task for n in range(8)} | {"own": f"{task}The deeper one."}
    assert sorted(len(group) for group in groups(texts)) == [1, 8]


def test_a_negation_in_a_line_that_most_hold_parts_answers():
    """Who left the sentence out that half of the class copied does not say the same as they."""
    reason = "The network has no hidden layer and draws one straight line through both of the curves."
    texts = {str(n): f"This is not what I expected.\nReason {n}: word {'abcdefghij'[n] * 3}" for n in range(8)}
    texts |= {"with": f"This is not what I expected.\n{reason}", "without": reason}
    assert ("with",) in groups(texts)
