"""What it costs to give a section a model: one named term for each reason to doubt it, on one scale.

One difference between a model and what a section asks for (a width, an activation, a layer) costs 1. Every other term
says how many such differences it outweighs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MatchingCosts:
    """The terms, each in differences of form.

    Each says its unit, its source, and the test that fails where it is moved across its boundary.
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

    below_own_heading: float = 0.5
    """A model first trained below a heading of the student's own counts less than one of equal form above it.

    Unit: differences of form.
    Source: judgement; less than a difference, for what fits better there is the answer.
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

    not_trained_as_asked: float = 0.01
    """Of models of one form, that which was trained as the section asks is its own; less than any difference of form.

    Unit: differences of form.
    Source: judgement.
    Test: `test_what_is_trained_as_asked_weighs_less_than_any_difference`.
    """

    later_ones_first: float = 1e-6
    """Of equals the last trained counts; so much for each model trained after one.

    Unit: differences of form.
    Source: judgement.
    Test: `test_of_several_models_in_a_section_the_nearest_counts_and_of_equals_the_last`.
    """


COSTS = MatchingCosts()
