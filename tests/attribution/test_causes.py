import pytest

from grader.attribution import Cause

CAUSES = {
    "missing_package": Cause("missing_package", "torch"),
    "network": Cause("network"),
}


@pytest.mark.parametrize(
    ("kind", "clause"),
    [
        ("missing_package", "needs the package torch, which is not installed where the notebook ran"),
        ("network", "needs a network, and there is none where notebooks are graded"),
    ],
)
def test_the_words_name_the_cell_and_what_it_lacked(kind, clause):
    """Cells are counted from 1; a cell that failed for an earlier one names that."""
    cause = CAUSES[kind]
    assert cause.clause(2) == f"cell 3 {clause}"
    assert Cause(kind, cause.detail, cell=0).clause(2) == f"cell 1 {clause}"


@pytest.mark.parametrize("cause", CAUSES.values())
def test_what_the_student_could_not_know_is_the_infrastructures(cause):
    """What is missing where a notebook runs was there where it was written."""
    assert cause.is_infrastructure
    assert "where notebooks are graded" in cause.note or "where the notebook ran" in cause.note


def test_an_old_api_is_the_students_to_update():
    """The page says what to write today."""
    cause = Cause("removed_api", "Write `model.fit`.")
    assert (cause.is_infrastructure, cause.note) == (False, "Write `model.fit`.")
