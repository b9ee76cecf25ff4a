"""Thresholds: from which length on a text is an answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextThresholds:
    """From which length on a text is an answer.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    longest_number: int = 9
    """A printed number of more characters is shown to four digits.

    Unit: characters.
    Source: judgement.
    Test: `test_a_number_of_nine_characters_is_shown_in_full`.
    """

    fewest_words_of_remark: int = 3
    """A remark behind a cell's last line of code, or a text that stands alone, is an answer from here on.

    Unit: words.
    Source: judgement.
    Test: `test_a_remark_is_an_answer_from_three_words_on`.
    """

    fewest_words_of_print: int = 5
    """A text that is printed alone is an answer from here on.

    Unit: words.
    Source: judgement.
    Test: `test_a_printed_text_is_an_answer_from_five_words_on`.
    """

    fewest_words_of_comment: int = 12
    """A comment above code describes the code, unless it is as long as this.

    Unit: words.
    Source: judgement.
    Test: `test_a_comment_above_code_is_an_answer_from_twelve_words_on`.
    """

    most_words_of_title: int = 6
    """A heading that says no more than that answers stand below it is as short as this.

    Unit: words.
    Source: judgement.
    Test: `test_a_heading_of_six_words_may_name_answers`.
    """

    fewest_words_of_string: int = 8
    """A text that is printed together with values, or kept in a variable, labels them unless it is as long as this.

    Unit: words.
    Source: judgement.
    Test: `test_a_text_with_values_is_an_answer_from_eight_words_on`.
    """

    fewest_words_of_sentence: int = 3
    """A heading or a bold line that ends like a sentence, or a text behind a question, is an answer from here on.

    Unit: words.
    Source: judgement.
    Test: `test_a_sentence_is_an_answer_from_three_words_on`.
    """

    fewest_words_of_statement: int = 5
    """A heading of the student's own without a full stop may be an answer from here on; a shorter one is a title.

    Unit: words.
    Source: judgement.
    Test: `test_a_heading_may_be_an_answer_from_five_words_on`.
    """

    fewest_words_of_reason: int = 6
    """A comment above code that gives a reason may be an answer from here on.

    Unit: words.
    Source: judgement.
    Test: `test_a_comment_that_gives_a_reason_may_be_an_answer_from_six_words_on`.
    """

    most_words_of_stating_sentence: int = 60
    """A longer sentence of an answer states nothing that is read: who speaks of what gets lost in it.

    Unit: words.
    Source: judgement.
    Test: `test_a_sentence_of_more_than_sixty_words_states_nothing`.
    """

    template_share: float = 0.6
    """A paragraph is the template's where this share of either one's words stands in the other in the same order.

    Unit: share of words, in [0, 1].
    Source: judgement; a question with a long answer behind it still holds all of the question.
    Test: `test_three_fifths_of_a_paragraph_tell_the_template`.
    """

    same_word: float = 0.6
    """A word in the place of a template's is that one, its typo corrected, where letters are as like as this.

    Unit: share of letters, in [0, 1].
    Source: judgement.
    Test: `test_three_fifths_of_the_letters_tell_a_corrected_typo`.
    """

    letters_a_word: int = 2
    """Scripts that put no spaces between words (Chinese, Japanese, Thai) need about so many letters for one.

    Unit: letters.
    Source: a word of modern Chinese has some two characters.
    Test: `test_words_are_counted_in_scripts_without_spaces`.
    """


THRESHOLDS = TextThresholds()
