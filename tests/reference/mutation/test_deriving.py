from __future__ import annotations

import pytest
from mutated import derived, reference

from grader.reference.mutation.deriving import EQUIVALENTS, FAULTS
from grader.source import parse


def changed(kind):
    """The lines that a kind takes out and puts in, the first mutant's."""
    (mutant, *_) = derived(kind).mutants
    return [line for line in mutant.diff.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]


def targets(kind):
    return {mutant.targets for mutant in derived(kind).mutants}


def test_every_mutant_is_python():
    """A mutant that does not parse would be caught by anything."""
    for mutant in derived().mutants:
        assert mutant.diff, mutant.id
        for cell in mutant.notebook.cells:
            assert cell.cell_type != "code" or parse(cell.source) is not None, (mutant.id, cell.source)


def test_mutants_have_names_of_their_own():
    """Their folders are named by them."""
    names = [mutant.id for mutant in derived().mutants]
    assert len(names) == len(set(names))


def test_there_are_thirty_kinds_of_faults_and_fifteen_of_equivalents():
    """As many as literature and students make, and each says what it does."""
    assert len(FAULTS) >= 30
    assert len(EQUIVALENTS) >= 15
    assert all(kind.__doc__ for kind in (*FAULTS, *EQUIVALENTS))


def test_the_same_reference_gives_the_same_mutants():
    """A run that is on disk is found again."""
    first, second = derived().mutants, derived().mutants
    assert [(one.id, one.diff) for one in first] == [(one.id, one.diff) for one in second]


def test_every_automatic_criterion_is_aimed_at():
    """Also one that only few kinds can hit."""
    assert derived().untargeted == ()


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("wrong_batch_size", ["batch_size=256"]),
        ("too_few_epochs", ["epochs=5,"]),
        ("no_validation", []),
        ("wrong_loss", []),
        ("evaluated_on_training_set", []),
        ("dropout_wrong_rate", ["fresh[3].rate = 0.5"]),
        ("dropout_at_one_place", ["place == 3"]),
        ("layer_missing", ["del fresh[0]"]),
    ],
)
def test_a_fault_changes_what_it_is_named_for(kind, lines):
    """And is not derived where the rubric does not ask for it."""
    if not lines:
        assert kind in derived(kind).not_applicable
    else:
        assert any(lines[0] in line for line in changed(kind) if line[0] == "+")


@pytest.mark.parametrize(
    ("kind", "criteria"),
    [
        ("wrong_batch_size", ("ex1.trained",)),
        ("dropout_wrong_rate", ("ex2.rate",)),
        ("no_curves", ("ex1.curves",)),
        ("answer_deleted", ("ex1.discussion",)),
        ("dropout_missing", ("ex2.architecture", "ex2.rate", "ex2.trained")),
    ],
)
def test_a_fault_is_aimed_at_the_criteria_that_name_its_aspect(kind, criteria):
    """In the sections of its model, and where the parameter is given."""
    assert criteria in targets(kind)


def test_what_hangs_on_a_model_may_follow_a_fault_of_it():
    """The gap of section 2 is compared with section 1's; its matrix has nothing to do with it."""
    (mutant,) = [one for one in derived("wrong_width").mutants if one.place == "small"]
    assert "ex2.gap" in mutant.related
    assert "ex2.matrix" not in mutant.related


def test_renaming_reaches_every_use_of_a_name():
    """Inside formatted strings and functions too; imports keep theirs."""
    (mutant,) = derived("names_changed").mutants
    text = "\n".join(cell.source for cell in mutant.notebook.cells)
    assert "small_of_mine.fit(x_of_mine, y_of_mine" in text
    assert "record_of_mine.history" in text
    assert "plt.plot" in text


def test_merging_and_splitting_cells_keeps_every_line():
    """Only where the cells end is another matter."""
    notebook, _ = reference()
    lines = [line for cell in notebook.cells for line in cell.source.split("\n") if line]
    for kind in ("cells_split", "cells_merged"):
        (mutant,) = derived(kind).mutants
        assert [line for cell in mutant.notebook.cells for line in cell.source.split("\n") if line] == lines
        assert len(mutant.notebook.cells) != len(notebook.cells)
