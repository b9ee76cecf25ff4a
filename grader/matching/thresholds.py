"""Thresholds: how alike a heading and a section, or a model and a form, must be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MatchingThresholds:
    """How alike a heading and a section, or a model and a form, must be.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    clearly_best: float = 1.15
    """A rubric fits best where the next one fits worse by this factor; nearer ones only the user can tell apart.

    Unit: factor, above 1.
    Source: judgement.
    Test: `test_the_next_rubric_must_fit_worse_by_a_seventh`.
    """

    near_share: float = 0.25
    """A model trained elsewhere is lent to a section where at most this share of the layers differs.

    Unit: share of a form's properties, in [0, 1].
    Source: judgement.
    Test: `test_how_much_of_a_model_may_differ`.
    """

    far_share: float = 0.6
    """Where nothing else can be meant, this share of the properties may differ.

    Unit: share of a form's properties, in [0, 1].
    Source: judgement.
    Test: `test_how_much_of_a_model_may_differ`.
    """

    far_least: int = 3
    """Where nothing else can be meant, so many properties may differ, however small the form is.

    Unit: properties.
    Source: judgement.
    Test: `test_a_wrong_answer_trained_elsewhere_is_found_by_its_use`.
    """

    same_word: float = 0.7
    """Two words whose letters are as like as this are one, misspelt.

    Unit: share of letters, in [0, 1].
    Source: judgement.
    Test: `test_misspelt_words_and_titles_share_most_letters`.
    """

    same_letters: float = 0.8
    """Two titles whose letters are as like as this are one, misspelt.

    Unit: share of letters, in [0, 1].
    Source: judgement.
    Test: `test_misspelt_words_and_titles_share_most_letters`.
    """

    fewest_translated: int = 3
    """A word before a number stands for the rubric's own where the headings count so far with it.

    Unit: numbers.
    Source: judgement.
    Test: `test_three_numbers_make_a_word_one_of_another_language`.
    """

    without_remark: float = 0.95
    """What a title counts where it is alike without what stands in brackets or behind a dash on either side.

    Unit: factor, in [0, 1].
    Source: judgement.
    Test: `test_a_remark_behind_a_title_hardly_counts`.
    """

    least_title: float = 0.5
    """A title without a number must be as like as this.

    Unit: likeness of titles, in [0, 1].
    Source: judgement.
    Test: `test_how_much_of_a_title_must_be_there`.
    """

    least_title_of_other_number: float = 0.75
    """A title beside another section's number must be as like as this.

    Unit: likeness of titles, in [0, 1].
    Source: judgement.
    Test: `test_how_much_of_a_title_must_be_there`.
    """

    least_title_of_comment: float = 0.8
    """A title in a comment, without the section's number, must be as like as this.

    Unit: likeness of titles, in [0, 1].
    Source: judgement.
    Test: `test_a_comment_with_four_fifths_of_a_title_is_a_heading`.
    """

    out_of_order: float = 0.85
    """A heading that breaks the order must be as like as this.

    Unit: likeness, in [0, 1].
    Source: judgement.
    Test: `test_a_heading_out_of_order_must_be_plainly_alike`.
    """

    same_section: float = 0.6
    """A heading as like as this to the section it stands in goes on with it (``Exercise 4, continued``).

    Unit: likeness, in [0, 1].
    Source: judgement.
    Test: `test_a_sub_heading_goes_on_with_its_section`.
    """

    short_share: float = 0.2
    """A training that saw less than this share of the rows that another of the same form saw is a trial.

    Unit: share of the rows over all epochs, in [0, 1].
    Source: judgement; who cuts the epochs or the rows to a fifth does so to be done soon.
    Test: `test_a_short_training_of_a_copy_is_a_trial`.
    """


THRESHOLDS = MatchingThresholds()
