"""Each threshold of texts at its boundary."""

from __future__ import annotations

import pytest
from builders import make_cell

from grader.text.prose import names_answers, words_of_cell
from grader.text.quantities import quantities
from grader.text.template import Template

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


@pytest.mark.parametrize("form", ["### {}.", "**{}.**", "Is it so? {}."])
def test_a_sentence_is_an_answer_from_three_words_on(form: str) -> None:
    """A heading or a bold line that ends as one, or what stands behind a question."""
    cells = [make_cell(form.format(first(count)), kind="markdown") for count in (2, 3)]
    assert [any(words_of_cell(cell, place="unknown task")) for cell in cells] == [False, True]


def test_a_heading_may_be_an_answer_from_five_words_on() -> None:
    """Without a full stop it stays in doubt."""
    found = [list(words_of_cell(make_cell(f"### {first(count)}", kind="markdown"))) for count in (4, 5)]
    assert [[item.sure for item in items] for items in found] == [[], [False]]


def test_a_comment_that_gives_a_reason_may_be_an_answer_from_six_words_on() -> None:
    """Shorter ones describe the code."""
    found = [list(words_of_cell(make_cell(f"# {first(count)}\nx = 1"))) for count in (5, 6)]
    assert [[item.sure for item in items] for items in found] == [[], [False]]


@pytest.mark.parametrize(("shared", "is_known"), [(6, True), (5, False)])
def test_three_fifths_of_a_paragraph_tell_the_template(shared: int, is_known: bool) -> None:
    """Six of ten words in the same order, beside as many of the student's own."""
    words = [f"word{at}" for at in range(10)]
    text = " ".join((*words[:shared], *(f"other{at}" for at in range(10 - shared))))
    assert Template(frozenset({" ".join(words)})).own_words(text).is_known is is_known


@pytest.mark.parametrize(("word", "corrected"), [("abcdefwxyz", 1), ("abcdevwxyz", 0)])
def test_three_fifths_of_the_letters_tell_a_corrected_typo(word: str, corrected: int) -> None:
    """Six letters of ten are those of the word in the template."""
    own = Template(frozenset({"one two abcdefghij three four"})).own_words(f"one two {word} three four")
    assert (own.corrected, len(own.parts)) == (corrected, 1 - corrected)


def test_a_heading_of_six_words_may_name_answers() -> None:
    """A longer one says something itself."""
    assert [names_answers(f"Answers {first(count)}") for count in (5, 6)] == [True, False]


def test_a_number_of_nine_characters_is_shown_in_full() -> None:
    """A longer one to four digits."""
    assert [item.short for item in quantities("a 0.1234567 b 0.12345678")] == ["0.1234567", "0.1235"]
