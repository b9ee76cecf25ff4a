"""What it costs to give a section a heading or a model: one named term for each reason to doubt it, on one scale.

One difference between a model and what a section asks for (a width, an activation, a layer) costs 1. Every other term
says how many such differences it outweighs; `docs/matching.md` has all of them in one table, with a case for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Terms = Mapping[str, float]
"""Names of `MatchingCosts` to what each costs here; below 0 what speaks for a pair."""


@dataclass(frozen=True)
class MatchingCosts:
    """The terms, each in differences of form.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
    """

    no_heading: float = 10.0
    """A section stays without a heading where none is like it: what matches at a higher cost is not taken.

    Unit: differences of form.
    Source: judgement; a title that shares nothing (6) without a number (2) is nearly as dear.
    Test: `test_what_titles_numbers_and_tags_count`.
    """

    other_title: float = 6.0
    """A title that is not the section's; by so much less as the two are alike.

    Unit: differences of form.
    Source: judgement; more than any number, for numbers repeat more often than titles.
    Test: `test_what_titles_numbers_and_tags_count`.
    """

    other_number: float = 4.0
    """The number of another section beside the title.

    Unit: differences of form.
    Source: judgement.
    Test: `test_what_titles_numbers_and_tags_count`.
    """

    no_number: float = 2.0
    """No number to compare: the heading's or the section's title has none.

    Unit: differences of form.
    Source: the middle of right and wrong.
    Test: `test_what_titles_numbers_and_tags_count`.
    """

    number_alone: float = 2.5
    """A heading that is the section's number and no title: worse than one with its title, better than a title alone.

    Unit: differences of form.
    Source: judgement.
    Test: `test_what_titles_numbers_and_tags_count`.
    """

    other_tag: float = 1.5
    """A remark in brackets that is another section's (``bonus``).

    Unit: differences of form.
    Source: judgement.
    Test: `test_what_titles_numbers_and_tags_count`.
    """

    own_words: float = 10.0
    """A heading like no section's, above exactly the model that one section asks for and no other.

    Unit: differences of form.
    Source: judgement; as much as no heading, so that the model alone decides.
    Test: `test_numbers_of_the_students_own_are_passed_over`.
    """

    in_bold: float = 1.0
    """A line in bold: where several forms name one section, the plainest is its heading.

    Unit: differences of form.
    Source: judgement.
    Test: `test_the_plainest_form_of_a_heading_weighs_most`.
    """

    in_a_line: float = 1.5
    """A line that begins like an exercise.

    Unit: differences of form.
    Source: judgement.
    Test: `test_the_plainest_form_of_a_heading_weighs_most`.
    """

    in_a_comment: float = 2.0
    """A comment in code.

    Unit: differences of form.
    Source: judgement.
    Test: `test_the_plainest_form_of_a_heading_weighs_most`.
    """

    model_below: float = -3.0
    """The model asked for is first trained below the heading; divided by one more than the differences of form.

    Unit: differences of form.
    Source: judgement; less than a number, for a student may train the wrong model below the right number.
    Test: `test_a_bare_number_goes_to_the_section_that_its_model_answers`.
    """

    heading_out_of_order: float = 3.9
    """A heading that breaks the order of the sections, where it is plainly alike or has a number that one section has.

    Unit: differences of form.
    Source: judgement; with a number that is right and a title that is not (6), still better than no heading.
    Test: `test_an_exercise_out_of_order_is_found_by_a_number_that_no_other_has`.
    """

    earlier_headings_first: float = 1e-4
    """Of equals the first heading counts; so much for each heading above one.

    Unit: differences of form.
    Source: judgement.
    Test: `test_of_equal_headings_the_first_counts`.
    """

    numbers_are_not_the_worksheets: float = 1.5
    """To pass over the notebook's numbers, so many sections more must have exactly their own model below their heading.

    Unit: sections.
    Source: judgement; one that trains another's model below its number may be a mistake, two are none.
    Test: `test_two_models_speak_against_the_numbers`.
    """

    no_model: float = 1000.0
    """A section stays without a model only where none may be its own: more than all other terms together.

    Unit: differences of form.
    Source: judgement.
    Test: `test_a_section_gets_a_model_where_any_may_be_its_own`.
    """

    most_differences: float = 100.0
    """So many differences are as bad as any more.

    Unit: differences of form.
    Source: judgement.
    Test: `test_a_section_gets_a_model_where_any_may_be_its_own`.
    """

    of_another_section: float = 300.0
    """A model that was first trained in the cells of a section is that section's, however well it fits another.

    Unit: differences of form.
    Source: the assignment's rules: a model that its own section claims is never lent.
    Test: `test_a_model_that_its_own_section_claims_is_never_lent`.
    """

    below_own_heading: float = 0.05
    """A model first trained below a heading of the student's own counts less than one of equal form above it.

    Unit: differences of form.
    Source: judgement; less than what fits better there, for that is the answer, and less than a trial's terms.
    Test: `test_below_a_heading_of_the_students_own_a_nearer_model_counts`.
    """

    elsewhere: float = 2.0
    """A model trained outside of the section's cells.

    Unit: differences of form.
    Source: judgement.
    Test: `test_a_model_trained_in_the_section_comes_before_one_from_elsewhere`.
    """

    out_of_order: float = 1.5
    """A model trained elsewhere, in another order than that of the sections.

    Unit: differences of form.
    Source: judgement.
    Test: `test_choices_in_order_do_not_cross`.
    """

    refit: float = 4.0
    """A model that was trained before and again in the section: the section may have trained none of its own.

    Unit: differences of form.
    Source: judgement; more than a model from elsewhere, so that the model stays with whom it was made for.
    Test: `test_a_refit_counts_after_all_else`.
    """

    untrained: float = 200.0
    """A model that was built and never trained counts where no trained one does.

    Unit: differences of form.
    Source: judgement.
    Test: `test_a_trained_model_comes_before_one_that_was_only_built`.
    """

    not_trained_as_asked: float = 0.2
    """Of models of one form, that which was trained for the epochs and in the way asked for is the section's.

    Unit: differences of form.
    Source: judgement; less than any difference of form.
    Test: `test_what_is_trained_as_asked_weighs_less_than_any_difference`.
    """

    not_compiled_as_asked: float = 0.2
    """Of models of one form, that with the loss, optimizer and metrics that the section asks for is its own.

    Unit: differences of form.
    Source: judgement; as much as the epochs.
    Test: `test_a_copy_compiled_in_another_way_is_a_trial`.
    """

    unused: float = 0.08
    """A model that is neither evaluated nor predicted with: who goes on with another one answers with that.

    Unit: differences of form.
    Source: judgement; less than what the section asks for.
    Test: `test_a_model_that_goes_unused_is_a_trial`.
    """

    short_trial: float = 0.06
    """A model that saw far fewer rows in its training than another of its form, see `MatchingThresholds.short_share`.

    Unit: differences of form.
    Source: judgement; less than its use, for some leave a training early and go on with what it made.
    Test: `test_a_short_training_of_a_copy_is_a_trial`.
    """

    later_ones_first: float = 1e-5
    """Of equals the last trained counts; so much for each model trained after one.

    Unit: differences of form.
    Source: judgement.
    Test: `test_of_several_models_in_a_section_the_nearest_counts_and_of_equals_the_last`.
    """


COSTS = MatchingCosts()
