"""The rows that a training left out, where a data set holds copies of its rows."""

from __future__ import annotations

import numpy as np
import pytest

from grader.verification.probe_inputs import ProbeInput
from grader.verification.row_matching import KnownRows

RNG = np.random.default_rng(0)
ROWS = RNG.random((6, 20)).astype(np.float32)
COPIES = ROWS[[0, 1, 2, 0, 1, 2, 3, 3, 4]]
"""Eight training rows and a test row; the rows 3 to 5 and 7 are copies."""


def left_out(rows: np.ndarray, trained: list[int], *, train_rows: int) -> list[int] | None:
    known = KnownRows("some", rows=rows, labels=np.zeros(len(rows)), train_rows=train_rows)
    found = ProbeInput(known, ids=known.find(known.hashes[trained])).left_out
    return None if found is None or found.ids is None else found.ids.tolist()


@pytest.mark.parametrize(
    ("trained", "left"),
    [([0, 1, 2, 3, 4, 5], [6, 7]), ([0, 1, 2, 3], None), ([0, 1, 2, 3, 4, 5, 6, 7], None)],
)
def test_copies_of_trained_rows_were_not_left_out(trained: list[int], left: list[int] | None) -> None:
    """Where some copies of a row were trained on and some were not, nobody knows which."""
    assert left_out(COPIES, trained, train_rows=8) == left


def test_of_rows_that_are_all_different_the_rest_was_left_out() -> None:
    """As in every data set that is no stand-in."""
    assert left_out(ROWS, [0, 3], train_rows=5) == [1, 2, 4]
