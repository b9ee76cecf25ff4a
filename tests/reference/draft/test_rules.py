"""What single rules propose, from notebooks with just that in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from builders import Notebook, dense, falling, layer, line, make_axes, make_measurement, scatter, summarise

from grader.records import Measurement, Measurements
from grader.reference.draft.drafting import Run, draft_sections

TABLE = np.random.default_rng(1).normal(size=(100, 4))
TRUE = np.random.default_rng(3).uniform(25, 346, 20)


def proposed(book: Notebook, *measured: Measurement, **fields: Any) -> dict[str, dict[str, Any]]:
    """Section and check to the parameters of every criterion of the draft."""
    measurements = Measurements(submission="some", measured=measured)
    sections = draft_sections(Run(book.evidence(**fields), measurements, book.store.get))
    return {f"{one.planned.id}.{criterion.check}": criterion.params for one in sections for criterion in one.criteria}


def regression() -> tuple[Notebook, tuple[Measurement, ...]]:
    """A table that is split and scaled in one section, and trained on and drawn in the next."""
    book = Notebook()
    book.markdown("## Data")
    book.code("X_train, X_test = ...")
    train = (TABLE[:80] - TABLE[:80].mean(axis=0)) / TABLE[:80].std(axis=0)
    book.array("X_train", train)
    book.markdown("## Exercise 1: Train")
    book.code("model.fit(X_train, y_train)")
    model = book.model(dense(1), inputs=(4,))
    book.fit(model, validation=None, x=summarise(train, store=book.store), y=None)
    book.figure(make_axes(scatter(np.column_stack([TRUE, TRUE + 1]), store=book.store)))
    refs = {"predictions": book.store.put(TRUE[:, None] + 1), "targets": book.store.put(TRUE[:, None])}
    parts = ({"probe": "train", "rows": 80}, {"probe": "test", "rows": 20, **refs})
    return book, tuple(make_measurement(of_rows=100, data_set="diabetes", **part) for part in parts)


def test_a_table_is_split_and_scaled_where_it_is_made() -> None:
    """With the share that was set aside, for the models that are trained on it."""
    book, measured = regression()
    found = proposed(book, *measured, data_sets=())
    assert found["data.held_out"] == {"share": 0.2, "used_by": ["ex1"]}
    assert found["data.scaled_features"]["used_by"] == ["ex1"]


def test_predictions_that_are_drawn_are_asked_for() -> None:
    """Against the true values."""
    book, measured = regression()
    assert "ex1.prediction_figure" in proposed(book, *measured, data_sets=())


def test_several_learning_rates_are_asked_for_as_they_were_tried() -> None:
    """As many, and as far apart."""
    book = Notebook()
    book.markdown("## Exercise 1: Rates")
    book.code("for rate in rates: ...")
    curves = [falling(5, start=1 + number) for number in range(3)]
    for rate, curve in zip([0.001, 0.01, 0.1], curves, strict=True):
        model = book.model(dense(1), inputs=(4,))
        book.compile(model, learning_rate=rate)
        book.fit(model, epochs=5, history={"loss": curve})
    book.figure(make_axes(*(line(curve, store=book.store) for curve in curves)))
    assert proposed(book)["ex1.learning_rates"] == {"at_least": 3, "factor": 100.0, "undrawn": 0.5}


def test_random_layers_are_asked_for_where_they_are() -> None:
    """And not of a model without them."""
    book = Notebook()
    for number, layers in enumerate([(), (layer("RandomTranslation"),)], start=1):
        book.markdown(f"## Exercise {number}: Train")
        book.code("model.fit(x, y)")
        book.fit(book.model(*layers, dense(10, "softmax")))
    found = proposed(book)
    assert found["ex2.augmented"] == {"data_set": "mnist"}
    assert "ex1.augmented" not in found
