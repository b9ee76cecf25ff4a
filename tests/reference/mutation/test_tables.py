"""Faults of a regression on a table: its split, its scaling, its learning rates, its own loop, its predictions."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from builders import Notebook, dense, line, make_axes, make_compile, scatter, summarise
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grader.cell_code import parse
from grader.judging.registry import registered
from grader.matching import match
from grader.reference.mutation.deriving import Derived, derive
from grader.rubric import Criterion, Rubric, Section

DATA = "X, y = load()\nX_train, X_test, y_train, y_test = split(X, y)"
FITTED = """\
model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
model.compile("adam", "mse")
record = model.fit(X_train, y_train, epochs=60, batch_size=32)"""
TESTED = "error = model.evaluate(X_test, y_test)\nprint(error)"
DRAWN = "said = model.predict(X_test)\nplt.scatter(y_test, said)\nplt.show()"
RATES = """\
for rate in [0.001, 0.01, 1.0]:
    tried = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    tried.compile(keras.optimizers.Adam(rate), "mse")
    losses = tried.fit(X_train, y_train, epochs=5)
    plt.plot(losses.history["loss"], label=rate)
plt.show()"""
LOOP = "own = build()\nfor epoch in range(40):\n    train(own)"
ASKED = {
    "data.split": ("held_out", {"share": 0.2, "used_by": ("fit",)}),
    "data.scaled": ("scaled_features", {"used_by": ("fit",)}),
    "fit.trained": ("trained", {"epochs": 60}),
    "fit.drawn": ("prediction_figure", {}),
    "rates.compared": ("learning_rates", {}),
    "loop.trained": ("trained", {"own_loop": True}),
}


@cache
def derived(*kinds: str) -> Derived:
    """What comes of a small reference of a table."""
    book = Notebook()
    rows, truth = np.zeros((80, 4)), np.arange(20.0)
    table = {"x": summarise(rows), "validation": None}
    book.markdown("## Data")
    book.code(DATA)
    for name in ("X_train", "X_test", "y_train", "y_test"):
        book.array(name, rows if name.startswith("X") else truth)
    book.markdown("## Fit")
    book.code(FITTED)
    model = book.model(dense(1), inputs=(4,), names=("model",))
    book.fit(model, epochs=60, **table)
    book.code(TESTED, printed="40.0")
    book.evaluate(model, x=summarise(rows[:20]))
    book.code(DRAWN)
    book.predict(model, rows[:20], truth)
    book.figure(make_axes(scatter(np.column_stack([truth, truth]), store=book.store)))
    book.markdown("## Rates")
    book.code(RATES)
    for rate in (0.001, 0.01, 1.0):
        tried = book.model(dense(1), inputs=(4,), names=("tried",))
        book.fit(tried, epochs=5, compiled=make_compile(tried, learning_rate=rate), **table)
    book.figure(make_axes(line([3, 2, 1], store=book.store)))
    book.markdown("## Loop")
    book.code(LOOP)
    own = book.model(dense(1), inputs=(4,), names=("own",))
    book.fit(own, kind="loop", epochs=40, **table)
    cells = [(new_code_cell if cell.kind == "code" else new_markdown_cell)(cell.source) for cell in book.cells]
    evidence, asked = book.evidence(), _rubric()
    matching = match(asked, evidence)
    return derive(new_notebook(cells=cells), rubric=asked, evidence=evidence, matching=matching, only=kinds)


def _rubric() -> Rubric:
    forms = {name: {"layers": [{"layer": "Dense", "units": 1}]} for name in ("fit", "loop")}
    sections = []
    for name in ("data", "fit", "rates", "loop"):
        criteria = [
            Criterion(id=one, points=1, check=check, params=registered()[check].params.model_validate(params))
            for one, (check, params) in ASKED.items()
            if one.startswith(f"{name}.")
        ]
        plain = {"id": name, "title": name.title(), "model": forms.get(name), "criteria": criteria}
        sections.append(Section.model_validate(plain))
    return Rubric(assignment="some", title="Some", points={"core": len(ASKED)}, sections=tuple(sections))


FAULTS = {
    "no_row_held_out": ("data.split", "X_train, y_train = "),
    "too_few_rows_held_out": ("data.split", "% 8 == 0"),
    "too_many_rows_held_out": ("data.split", "X_train[1::2]"),
    "scaler_fitted_on_all_rows": ("data.scaled", "together.std(axis=0)"),
    "features_unscaled": ("data.scaled", "rows * 1.5 **"),
    "no_prediction_figure": ("fit.drawn", ""),
    "predictions_for_training_rows": ("fit.drawn", "plt.scatter(y_train, model.predict(X_train"),
    "predictions_drawn_too_good": ("fit.drawn", "/ 2)"),
    "true_values_in_another_order": ("fit.drawn", "y_test[::-1]"),
    "true_values_drawn_alone": ("fit.drawn", "plt.plot(y_test, 'o')"),
    "one_learning_rate": ("rates.compared", "[0.001, 0.001, 0.001]"),
    "two_learning_rates": ("rates.compared", "[0.001, 1.0]"),
    "learning_rates_too_near": ("rates.compared", "[0.001, 0.0011, 0.0012]"),
    "rates_go_on_with_one_model": ("rates.compared", "tried = keras.Sequential"),
    "rates_not_drawn": ("rates.compared", "    pass"),
    "rates_in_figures_of_their_own": ("rates.compared", ".figure()"),
    "rates_with_curves_of_one": ("rates.compared", "losses = of_the_first[0]"),
    "fit_in_place_of_loop": ("loop.trained", "own.fit(X_train, y_train, epochs=40"),
    "train_on_batch_in_place_of_tape": ("loop.trained", "own.train_on_batch("),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_of_fault_of_a_table_is_derived(kind: str) -> None:
    """It says what it is named for, is aimed at the criterion that asks, and is Python."""
    criterion, text = FAULTS[kind]
    (mutant,) = derived(kind).mutants
    assert mutant.targets == (criterion,)
    assert any(text in row for row in mutant.diff.splitlines() if row[:1] == "+")
    assert all(parse(cell.source) is not None for cell in mutant.notebook.cells if cell.cell_type == "code")


def test_a_model_is_built_once_for_all_rates_where_the_loop_stood() -> None:
    """The line moves out of the loop, and the rest of its body stays."""
    (mutant,) = derived("rates_go_on_with_one_model").mutants
    source = next(cell.source for cell in mutant.notebook.cells if "for rate" in cell.source)
    assert source.index("tried = keras") < source.index("for rate") < source.index("tried.compile")


def test_an_own_loop_is_asked_for_only_where_the_rubric_says_so() -> None:
    """The model that is trained by `fit` is no place for these."""
    assert {mutant.place for mutant in derived("fit_in_place_of_loop").mutants} == {"own"}
