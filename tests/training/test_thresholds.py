"""Each threshold of trainings at its boundary."""

from __future__ import annotations

import numpy as np
import pytest
from builders import MemoryStore, images, make_evidence, make_fit, make_model, make_view, row_hashes

from grader.records import ValidationRecord
from grader.training.recipes import Asked, _is_trained_on, _validation


@pytest.mark.parametrize(("off", "outcome"), [(0.0045, "right"), (0.0055, "off")])
def test_a_split_may_be_off_by_half_a_hundredth(off: float, outcome: str) -> None:
    """It cuts whole rows."""
    fit = make_fit(rows=100_000, validation=0.1 + off)
    view = make_view(make_evidence(models=(make_model(),), fits=(fit,)))
    assert _validation(view, Asked(validation=0.1)).verdict == outcome


@pytest.mark.parametrize(("shared", "is_known"), [(50, False), (52, True)])
def test_half_of_a_validation_set_may_be_training_rows(shared: int, is_known: bool) -> None:
    """Equal rows are common in small data; more, and nothing was held out."""
    store, rows = MemoryStore(), np.arange(300.0)[:, None]
    train, held = rows[:200], np.concatenate([rows[:shared], rows[200 : 300 - shared]])
    given = images(200, shape=(1,), row_hashes=store.put(row_hashes(train)))
    part = ValidationRecord(source="data", x=images(100, shape=(1,), row_hashes=store.put(row_hashes(held))))
    fit = make_fit().model_copy(update={"x": given, "validation": part})
    view = make_view(make_evidence(models=(make_model(),), fits=(fit,)), store=store)
    assert _is_trained_on(view, fit) is is_known
