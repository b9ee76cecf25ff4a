"""Each threshold of texts at its boundary."""

from __future__ import annotations

import pytest
from builders import make_cell

from grader.text.prose import names_answers, words_of_cell
from grader.text.quantities import quantities

WORDS = "because the larger network learns the digits faster than any smaller one would do"


def told(source: str) -> bool:
    """Whether a code cell certainly holds an answer."""
    return any(item.sure for item in words_of_cell(make_cell(source)))


def first(count: int) -> str:
    return " ".join(WORDS.split()[:count])


@pytest.mark.parametrize("form", ["x = 1\n# {}", '"{}"'])
def test_a_remark_is_an_answer_from_three_words_on(form: str) -> None:
    """Behind the last line of code, or as a text that stands alone."""
    assert [told(form.format(first(count))) for count in (2, 3)] == [False, True]


def test_a_printed_text_is_an_answer_from_five_words_on() -> None:
    """Printed alone."""
    assert [told(f'print("{first(count)}")') for count in (4, 5)] == [False, True]


def test_a_comment_above_code_is_an_answer_from_twelve_words_on() -> None:
    """A shorter one describes the code."""
    assert [told(f"# {first(count)}\nx = 1") for count in (11, 12)] == [False, True]


@pytest.mark.parametrize("form", ['x = "{}"', 'print("{}", x)'])
def test_a_text_with_values_is_an_answer_from_eight_words_on(form: str) -> None:
    """A shorter one labels them."""
    assert [told(form.format(first(count))) for count in (7, 8)] == [False, True]


def test_a_heading_of_six_words_may_name_answers() -> None:
    """A longer one says something itself."""
    assert [names_answers(f"Answers {first(count)}") for count in (5, 6)] == [True, False]


def test_a_number_of_nine_characters_is_shown_in_full() -> None:
    """A longer one to four digits."""
    assert [item.short for item in quantities("a 0.1234567 b 0.12345678")] == ["0.1234567", "0.1235"]
