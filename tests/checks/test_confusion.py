"""Confusion matrices: the model's own, drawn in any of the usual ways."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from builders import Array, Notebook, dense, grid, make_axes, make_measurement, with_submission

from grader.checks.confusion import ConfusionMatrixParams, _is_printed, confusion_matrix
from grader.judging.views import SectionView
from grader.records import GridRecord, Measurement, TextRecord

PARAMS = ConfusionMatrixParams()


def truth(seed: int = 0, *, rows: int = 1000) -> Array:
    """A 10 x 10 matrix of a model that is right in nine of ten rows."""
    random = np.random.default_rng(seed)
    true = random.integers(0, 10, rows)
    predicted = np.where(random.random(rows) < 0.9, true, random.integers(0, 10, rows))
    return np.bincount(true * 10 + predicted, minlength=100).reshape(10, 10)


def measured(matrix: Array, *, weights: str = "w1", model: str = "m1") -> Measurement:
    confusion = tuple(tuple(int(n) for n in row) for row in matrix)
    return make_measurement(weights=weights, model=model, confusion=confusion, rows=int(matrix.sum()), accuracy=0.9)


def view_of(*parts: GridRecord | TextRecord, book: Notebook, **fields: object) -> SectionView:
    book.code("fit and draw")
    model = book.model(dense(10, "softmax"))
    book.fit(model)
    if parts:
        book.figure(make_axes(*parts))
    return book.view("ex5", model=model, **{"measured": (measured(truth()),), **fields})  # type: ignore[arg-type]


def shares(axis: int | None) -> Callable[[Array], Array]:
    return lambda m: m / (m.sum(axis=axis, keepdims=True) if axis is not None else m.sum())


def with_totals(matrix: Array) -> Array:
    wide = np.column_stack([matrix, matrix.sum(axis=1)])
    return np.vstack([wide, wide.sum(axis=0)])


@pytest.mark.parametrize("kind", ["image", "mesh"])
@pytest.mark.parametrize(
    "form",
    [
        lambda m: m, lambda m: m.T, lambda m: m[::-1], with_totals,
        shares(0), shares(1), shares(None), lambda m: shares(1)(m).T, lambda m: 100 * shares(1)(m),
        lambda m: np.round(shares(1)(m), 2), lambda m: np.round(100 * shares(0)(m)),
        lambda m: np.round(shares(None)(m), 3),
    ],
)  # fmt: skip
def test_counts_and_shares_in_any_direction_are_right(kind: str, form: Callable[[Array], Array]) -> None:
    """Transposed, mirrored, with totals, normalised by row, column or all, per cent, rounded."""
    book = Notebook()
    result = confusion_matrix(view_of(grid(form(truth()), store=book.store, kind=kind), book=book), PARAMS)  # type: ignore[arg-type]
    assert (result.outcome, result.basis) == ("passed", "verified"), result.feedback


@pytest.mark.parametrize("shown", ["{:d}", "{:.2f}", "{:.1%}"])
def test_annotations_alone_are_read(shown: str) -> None:
    """The numbers stand in the picture, whatever its colours are made of."""
    matrix = truth()
    values = matrix if shown == "{:d}" else shares(1)(matrix)
    texts = [TextRecord(x=j + 0.5, y=i + 0.5, text=shown.format(values[i, j])) for i in range(10) for j in range(10)]
    book = Notebook()
    assert confusion_matrix(view_of(*texts, book=book), PARAMS).outcome == "passed"


@pytest.mark.parametrize(("moved", "outcome"), [(0, "passed"), (2, "passed"), (3, "failed")])
def test_a_few_rows_may_be_counted_elsewhere(moved: int, outcome: str) -> None:
    """0.2 % of 1,000 rows are two; the third is one too many."""
    matrix = truth()
    matrix[0, 0] -= moved
    matrix[0, 1] += moved
    book = Notebook()
    assert confusion_matrix(view_of(grid(matrix, store=book.store), book=book), PARAMS).outcome == outcome


def test_a_class_without_rows_has_no_shares() -> None:
    """Its row of NaN is not held against the picture."""
    matrix = truth()
    matrix[3] = 0
    with np.errstate(invalid="ignore"):
        drawn = shares(1)(matrix)
    book = Notebook()
    view = view_of(grid(drawn, store=book.store), book=book, measured=(measured(matrix),))
    assert confusion_matrix(view, PARAMS).outcome == "passed"


def test_another_models_matrix_fails_and_says_so() -> None:
    """Even one that is nearly as good."""
    book = Notebook()
    other = measured(truth(1), weights="w9", model="m9")
    view = view_of(grid(truth(1), store=book.store), book=book, measured=(measured(truth()), other))
    result = confusion_matrix(view, PARAMS)
    assert (result.outcome, "another model" in result.feedback) == ("failed", True)


@pytest.mark.parametrize(("own", "outcome"), [(True, "failed"), (False, "passed")])
def test_a_matrix_elsewhere_counts_where_the_section_has_none(own: bool, outcome: str) -> None:
    """All matrices may be drawn at the end; a wrong one of the section's own stays wrong."""
    book = Notebook()
    book.code("fit")
    model = book.model(dense(10, "softmax"))
    book.fit(model)
    if own:
        book.figure(make_axes(grid(truth(5), store=book.store)))
    book.code("draw")
    book.figure(make_axes(grid(truth(), store=book.store)))
    view = book.view("ex5", model=model, cells=[0], measured=(measured(truth()),))
    assert confusion_matrix(view, PARAMS).outcome == outcome


def test_the_training_sets_matrix_fails_and_says_so() -> None:
    """It counts as many rows as the training part has."""
    book = Notebook()
    train = make_measurement("train", rows=3600)
    view = view_of(grid(truth(rows=3600), store=book.store), book=book, measured=(measured(truth()), train))
    result = confusion_matrix(view, PARAMS)
    assert (result.outcome, "3,600 rows" in result.feedback) == ("failed", True)


@pytest.mark.parametrize(("share", "outcome"), [(None, "failed"), (0.5, "partial")])
def test_a_printed_matrix_is_no_picture(share: float | None, outcome: str) -> None:
    """The rubric may pay a part of it; the next step is to draw it."""
    book = Notebook()
    view = view_of(book=book)
    cell = view.evidence.cells[0].model_copy(update={"printed": str(truth())})
    view = with_submission(view, evidence=view.evidence.model_copy(update={"cells": (cell,)}))
    result = confusion_matrix(view, ConfusionMatrixParams(printed=share))
    assert (result.outcome, "Draw" in result.next_step) == (outcome, True)


def test_a_table_coloured_by_its_numbers_is_a_picture() -> None:
    """Pandas colours a table's cells: that is a heatmap."""
    book = Notebook()
    view = view_of(book=book)
    fields = {"printed": str(truth()), "source": "pd.DataFrame(cm).style.background_gradient(cmap='Blues')"}
    view = with_submission(
        view, evidence=view.evidence.model_copy(update={"cells": (view.evidence.cells[0].model_copy(update=fields),)})
    )
    assert confusion_matrix(view, PARAMS).outcome == "passed"


@pytest.mark.parametrize("margins", [False, True])
def test_a_printed_table_with_labels_is_a_printed_matrix(margins: bool) -> None:
    """As pandas prints a cross table, with its totals or without."""
    rows = [
        [str(at), *map(str, row), *([str(row.sum())] if margins else [])] for at, row in enumerate(truth().astype(int))
    ]
    head = ["predicted", *map(str, range(len(rows))), *(["All"] if margins else [])]
    text = "\n".join(" ".join(f"{item:>4}" for item in row) for row in [head, ["true"], *rows])
    assert _is_printed(text, truth())


def test_other_pictures_are_no_matrix() -> None:
    """A digit of 28 x 28 pixels is none."""
    book = Notebook()
    result = confusion_matrix(view_of(grid(np.zeros((28, 28)), store=book.store), book=book), PARAMS)
    assert (result.outcome, result.yours) == ("failed", "no such picture")


def test_a_picture_of_nothing_fails_without_a_crash() -> None:
    """NaN and infinity are no counts."""
    for value in (np.nan, np.inf):
        book = Notebook()
        view = view_of(grid(np.full((10, 10), value), store=book.store), book=book)
        assert confusion_matrix(view, PARAMS).outcome == "failed"


def test_a_picture_that_was_not_kept_is_ours() -> None:
    """Values that our cap left out are no fault."""
    book = Notebook()
    result = confusion_matrix(view_of(GridRecord(kind="image", shape=(10, 10)), book=book), PARAMS)
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


def test_without_a_measurement_a_picture_is_looked_at() -> None:
    """With a picture a person looks; without one it is missing all the same."""
    book = Notebook()
    result = confusion_matrix(view_of(grid(truth(), store=book.store), book=book, measured=()), PARAMS)
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")
    assert confusion_matrix(view_of(book=Notebook(), measured=()), PARAMS).outcome == "failed"


def test_no_model_blocks() -> None:
    """There are no predictions to count."""
    book = Notebook()
    book.code("pass")
    assert confusion_matrix(book.view("ex5"), PARAMS).outcome == "blocked"


@pytest.mark.parametrize(("shown", "outcome"), [(truth(), "passed"), (truth(seed=9), "failed")])
def test_the_figure_that_was_judged_is_named(shown: Array, outcome: str) -> None:
    """Right or wrong, so that a page can set what was verified beside it; another figure before it is not it."""
    book = Notebook()
    book.code("plt.plot(x)")
    book.figure(make_axes())
    view = view_of(grid(shown, store=book.store), book=book)
    result = confusion_matrix(view, ConfusionMatrixParams())
    assert result.outcome == outcome
    assert result.picture is not None
    assert (result.picture.kind, result.picture.weights) == ("confusion", "w1")
    assert result.picture.figure == view.evidence.figures[-1].seq


def test_without_a_picture_none_is_named() -> None:
    """What it should show was verified all the same; without a measurement nothing was."""
    result = confusion_matrix(view_of(book=Notebook()), ConfusionMatrixParams())
    assert result.picture is not None
    assert result.picture.figure is None
    assert confusion_matrix(view_of(book=Notebook(), measured=()), ConfusionMatrixParams()).picture is None
