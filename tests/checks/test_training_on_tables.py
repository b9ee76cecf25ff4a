"""A training on a table, of which no part is official: what it was given is told by what was measured."""

from __future__ import annotations

from typing import Any

import pytest
from builders import Notebook, dense, images, labels, make_measurement

from grader.checks.training import TrainedParams, trained
from grader.records import CheckResult, ValidationRecord

RECIPE = TrainedParams(epochs=10, batch_size=128, validation=0.2, one_off=0.5)


def _trained(**rows: int) -> CheckResult:
    """A fit on those rows of a table of 442, its validation rows handed over; a loop where there is no ``given``."""
    book = Notebook()
    book.code("model.fit(X, y, validation_data=(X_val, y_val))")
    model = book.model(dense(1), inputs=(10,))
    given = rows.pop("given", 0)
    held = ValidationRecord(source="data", x=images(given, shape=(10,)), y=labels(given)) if given else None
    fields: dict[str, Any] = {"validation": held} if given else {"validation": None, "kind": "loop"}
    book.fit(model, rows=rows["train"], validation=None)
    book.fits[0] = book.fits[0].model_copy(update=fields)
    measured = [make_measurement(part, rows=count, of_rows=442, loss=1.0) for part, count in rows.items()]
    return trained(book.view("ex4", model=model, measured=measured), RECIPE)


@pytest.mark.parametrize(
    ("rows", "outcome", "text"),
    [
        ({"train": 282, "given": 71, "validation": 71, "test": 89}, "passed", ""),
        ({"train": 353, "given": 89, "validation": 89, "test": 89}, "partial", "the very rows that are left"),
        ({"train": 71, "given": 18, "validation": 18, "test": 353}, "failed", "80 % of them were left out"),
        ({"train": 282, "validation": 71, "test": 89}, "passed", ""),
        ({"train": 353, "test": 89}, "needs_review", "could not be seen"),
    ],
)
def test_validation_rows_are_neither_test_rows_nor_unknown(rows: dict[str, int], outcome: str, text: str) -> None:
    """A part of its own passes, the test rows do not, nor a training on the small part; a loop's are what it asked."""
    result = _trained(**rows)
    assert result.outcome == outcome, result.feedback
    assert text in result.feedback
