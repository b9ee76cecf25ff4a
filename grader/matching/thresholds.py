"""Thresholds: how alike a heading and a section, or a model and a form, must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MatchingThresholds:
    """How alike a heading and a section, or a model and a form, must be.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    models_against_numbers: int = 2
    """The headings' numbers are not the worksheet's where so many more sections train their own network without them.

    Unit: sections.
    Source: judgement.
    Test: `test_two_models_speak_against_the_numbers`.
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

    trained_as_asked: float = 0.01
    """Of models of one form, that which was trained as the section asks is its own; less than any difference of form.

    Unit: likeness, in [0, 1].
    Source: judgement.
    Test: `test_what_is_trained_as_asked_weighs_less_than_any_difference`.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {"heading": 1.0, "bold": 0.9, "plain": 0.85, "comment": 0.8}
    )
    """What a likeness counts, by the form of the heading: where several forms name one section, the plainest wins.

    Unit: factor, in [0, 1].
    Source: judgement.
    Test: `test_the_plainest_form_of_a_heading_weighs_most`.
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

    title_share: float = 0.6
    """What a title counts beside a number (which counts the rest): numbers repeat more often than titles.

    Unit: share of the likeness, in [0, 1].
    Source: judgement.
    Test: `test_what_titles_numbers_and_tags_count`.
    """

    without_remark: float = 0.95
    """What a title counts where it is alike without what stands in brackets or behind a dash on either side.

    Unit: factor, in [0, 1].
    Source: judgement.
    Test: `test_a_remark_behind_a_title_hardly_counts`.
    """

    neutral_number: float = 0.5
    """What a number counts where one of the two headings has none.

    Unit: likeness, in [0, 1].
    Source: the middle of right and wrong.
    Test: `test_what_titles_numbers_and_tags_count`.
    """

    bare_label: float = 0.75
    """A heading that is a number alone (``Exercise 4``): worth less than one with its title, more than a title alone.

    Unit: likeness, in [0, 1].
    Source: judgement.
    Test: `test_what_titles_numbers_and_tags_count`.
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

    other_tag: float = 0.15
    """What a tag of another section (``bonus``) takes away.

    Unit: likeness, in [0, 1].
    Source: judgement.
    Test: `test_what_titles_numbers_and_tags_count`.
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

    model_bonus: float = 0.3
    """What the models trained below a heading add, where they are what the section asks for.

    Unit: likeness, in [0, 1].
    Source: judgement.
    Test: `test_a_sub_heading_goes_on_with_its_section`.
    """


THRESHOLDS = MatchingThresholds()
