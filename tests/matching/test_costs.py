"""What each term of the cost of a model decides."""

from __future__ import annotations

import pytest
from builders import dense
from worksheet import LAYERS, Worksheet, printed

from grader.matching.assignment import Choice, least_cost
from grader.matching.costs import COSTS


def test_a_section_gets_a_model_where_any_may_be_its_own() -> None:
    """However many differences it has."""
    book = Worksheet()
    book.markdown(printed("ex4"))
    book.train("ex4", *(dense(7, "tanh") for _ in range(150)))
    assert book.matched()["ex4"].model == book.model_of["ex4"]


def test_a_model_that_its_own_section_claims_is_never_lent() -> None:
    """Exercise 6 that trains the network of exercise 4 does not answer exercise 4, which trained none."""
    book = Worksheet()
    book.markdown(printed("ex4"))
    book.code("pass")
    book.markdown(printed("ex6"))
    wrong = book.train("ex6", *LAYERS["ex4"])
    matching = book.matched()
    assert (matching["ex4"].model, matching["ex6"].model) == (None, wrong)


@pytest.mark.parametrize(("first", "later_counts"), [(64, True), (128, False)])
def test_below_a_heading_of_the_students_own_a_nearer_model_counts(first: int, later_counts: bool) -> None:
    """One difference weighs more than the heading; of equals the one above it is the section's."""
    book = Worksheet()
    book.markdown(printed("ex4"))
    above = book.train("ex4", dense(first, "relu"), dense(10, "softmax"))
    book.markdown("# Second try")
    below = book.train("ex4")
    assert book.matched()["ex4"].model == (below if later_counts else above)


def test_a_model_trained_in_the_section_comes_before_one_from_elsewhere() -> None:
    """Though that one has what is asked for, and this one has not."""
    book = Worksheet()
    book.train("ex4")
    book.markdown(printed("ex4"))
    own = book.train("ex4", dense(64, "relu"), dense(10, "softmax"))
    assert book.matched()["ex4"].model == own


def test_a_refit_counts_after_all_else() -> None:
    """Where the model is no other section's, and was made for none."""
    book = Worksheet()
    made = book.train("ex6")
    book.markdown(printed("ex6"))
    book.code("model.fit(x, y)")
    book.fit(made)
    book.write(("stop",))
    assert book.matched()["ex6"].fits == ("f2",)


def test_a_trained_model_comes_before_one_that_was_only_built() -> None:
    """The one that was built has what is asked for."""
    book = Worksheet()
    book.markdown(printed("ex4"))
    book.code("build()")
    book.model(*LAYERS["ex4"], inputs=(784,))
    trained = book.train("ex4", dense(32, "tanh"), dense(10, "softmax"))
    assert book.matched()["ex4"].model == trained


def test_the_terms_of_place_are_ordered() -> None:
    """An own model, one from elsewhere, one out of order, a refit, one that was never trained, none."""
    terms = (COSTS.below_own_heading, COSTS.elsewhere, COSTS.elsewhere + COSTS.out_of_order, COSTS.refit)
    assert sorted((*terms, COSTS.untrained, COSTS.of_another_section, COSTS.no_model)) == [
        *terms,
        COSTS.untrained,
        COSTS.of_another_section,
        COSTS.no_model,
    ]


def test_the_assignment_is_the_best_as_a_whole() -> None:
    """The nearest pair first would cost more in all."""
    choices = [Choice(0, 0, -10), Choice(0, 1, -9), Choice(1, 0, -9), Choice(1, 1, -1)]
    assert sum(choice.cost for choice in least_cost(choices)) == -18


def test_choices_in_order_do_not_cross() -> None:
    """Those that are in none may, but for strict ones."""
    crossing = [Choice(0, 1, -5, order="ordered"), Choice(1, 0, -5, order="ordered")]
    assert len(least_cost(crossing)) == 1
    assert len(least_cost([crossing[0], Choice(1, 0, -5)])) == 2
    assert len(least_cost([Choice(0, 1, -5, order="strict"), Choice(1, 0, -5)])) == 1


def test_nothing_is_chosen_at_a_loss() -> None:
    """Nor where there is nothing to choose."""
    assert least_cost([]) == least_cost([Choice(0, 0, 1.0)]) == []
