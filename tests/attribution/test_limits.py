import pytest
from builders import Notebook

from grader.attribution.limits import training_cut_off
from grader.records import Execution


def cut(*, reason="cell_timeout", longest_training=20, status="timeout", **fit):
    """The training found to be cut off, of a notebook with one of ten epochs that a limit interrupted."""
    book = Notebook()
    book.code("model.fit()", status=status)
    book.fit(book.model(), **{"status": "interrupted", "epochs": 3, "epochs_requested": 10, **fit})
    return training_cut_off(book.evidence(execution=Execution(reason=reason)), longest_training=longest_training)


@pytest.mark.parametrize("changes", [{}, {"status": "died"}, {"epochs_requested": 20}])
def test_a_training_of_the_length_that_the_task_asks_for_was_cut_off(changes):
    """Up to that length, and also where the kernel had to be ended."""
    assert cut(**changes).id == "f1"


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs_requested": 21},
        {"epochs_requested": None},
        {"longest_training": None},
        {"reason": "memory"},
        {"status": "ok"},
    ],
)
def test_any_other_training_was_not(changes):
    """One that is longer, or of no known length, or that no time limit ended."""
    assert cut(**changes) is None
