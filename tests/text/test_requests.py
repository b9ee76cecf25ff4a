"""Sentences that ask, and what stands behind them."""

from __future__ import annotations

import pytest
from builders import make_cell

from grader.text.prose import words_of_cell
from grader.text.requests import asks, behind_request, is_request


@pytest.mark.parametrize("gap", [" ", "\n", "", "e\n"])
def test_an_answer_stands_behind_a_question_however_it_is_set_off(gap: str) -> None:
    """Also where the space was forgotten, or a letter slipped in."""
    assert behind_request(f"Which digits are mistaken, and why those?{gap}Most mistakes share strokes.").endswith(
        "Most mistakes share strokes."
    )


def test_the_question_mark_of_an_address_asks_nothing() -> None:
    """What follows it goes on without a space."""
    assert not asks("See https://keras.io/search?q=dropout&page=2 for the layer.")


@pytest.mark.parametrize(
    "banner",
    [
        "# ------ Plot ------",
        "#### Plot ####",
        "# ======",
        "# Plot ------",
        "#@title Plot",
        "# @title Plot",
        "# %% Plot",
    ],
)
def test_a_banner_above_a_comment_is_none_of_it(banner: str) -> None:
    """It parts the code; read as its first line it would ask for something."""
    cell = make_cell(f"{banner}\n# Yes, we expected it, since the model is linear.\nx = 1")
    assert [item.text for item in words_of_cell(cell)] == ["Yes, we expected it, since the model is linear."]


@pytest.mark.parametrize("label", ["Answer:", "**Answer:**", "Comment: ", "ANSWER :"])
def test_a_label_before_an_answer_asks_for_nothing(label: str) -> None:
    """``Answer the question`` does."""
    assert not is_request(f"{label} Yes, since the model is linear.")
    assert is_request("Answer the question below.")
    assert is_request(f"{label} what do you see?")
