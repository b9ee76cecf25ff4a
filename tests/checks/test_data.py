"""The students' own points: shapes, curves and classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import Array, Notebook, dense, summarise

from grader.checks.data import ArrayShapesParams, CurvesParams, array_shapes, curves
from grader.judging.views import SectionView
from grader.records import SectionMatch, ValidationRecord

SHAPES = ArrayShapesParams(rows=(1000, 5000), used_by=("ex1",))
CURVES = CurvesParams(curves=("cos(x)", "1 + cos(x)"), interval=("-pi", "pi"), used_by=("ex1",))


def points(count: int = 2000, *, seed: int = 0) -> tuple[Array, Array]:
    """Points on both curves, the classes one after the other."""
    x = np.random.default_rng(seed).uniform(-np.pi, np.pi, count)
    y = np.repeat([0, 1], [count - count // 2, count // 2])
    return np.column_stack([x, y + np.cos(x)]), y


def view_of(
    x: Array, y: Array, *, named: bool = True, fitted: tuple[Array, Array] | None = None, held: Any = None
) -> SectionView:
    """A data section that names the arrays, and a later section that fits them (or others)."""
    book = Notebook()
    book.code("make the data")
    if named:
        book.array("X", x)
        book.array("y", y)
    book.code("fit")
    model = book.model(dense(1, "sigmoid"), inputs=(2,))
    if fitted is not None:
        inputs, labels = (summarise(part, store=book.store) for part in fitted)
        part = None
        if held is not None:
            hx, hy = (summarise(values, store=book.store) for values in held)
            part = ValidationRecord(source="data", x=hx, y=hy)
        book.fit(model, x=inputs, y=labels, rows_given=len(fitted[0]), validation=None)
        book.fits[-1] = book.fits[-1].model_copy(update={"validation": part})
    ex1 = SectionMatch(section="ex1", cells=(1,), model=model, fits=tuple(fit.id for fit in book.fits))
    return book.view("data", cells=[0], matching={"ex1": ex1})


X, Y = points()


@pytest.mark.parametrize("y", [Y, Y.astype(float), Y.astype(np.uint8)])
def test_right_shapes_pass(y: Array) -> None:
    """Labels may be of any type, and where they were fitted a column."""
    for view in (view_of(X, y), view_of(X, y, named=False, fitted=(X, y[:, None]))):
        result = array_shapes(view, SHAPES)
        assert (result.outcome, result.basis) == ("passed", "claimed")


@pytest.mark.parametrize(("rows", "outcome"), [(999, "failed"), (1000, "passed"), (5000, "passed"), (5001, "failed")])
def test_the_number_of_rows_has_a_range(rows: int, outcome: str) -> None:
    """Both ends belong to it."""
    for named in (True, False):
        assert array_shapes(view_of(*points(rows), named=named, fitted=points(rows)), SHAPES).outcome == outcome


def test_what_was_fitted_is_the_data_whatever_it_was_called() -> None:
    """A fit inside a function leaves no names; rows of a validation set count."""
    view = view_of(X, Y, named=False, fitted=(X[:800], Y[:800]), held=(X[800:1000], Y[800:1000]))
    assert array_shapes(view, SHAPES).yours == "X (1000, 2), y (1000,)"


def test_a_split_of_the_data_is_not_the_data() -> None:
    """Too many points stay too many though a part of them is in the range."""
    book = Notebook()
    book.code("data and split")
    x, y = points(20_000)
    for name, part in (("X", slice(None)), ("X_test", slice(4000))):
        book.array(name, x[part])
        book.array(name.lower(), y[part][::-1])
    assert array_shapes(book.view("data"), SHAPES).outcome == "failed"


@pytest.mark.parametrize(
    ("x", "y"), [(X.T, Y), (X[:, :1], Y), (np.column_stack([X, X]), Y), (X, np.eye(2)[Y]), (X, np.zeros(2000))]
)
def test_wrong_shapes_fail(x: Array, y: Array) -> None:
    """Transposed, one column, four columns, two columns of labels, one class."""
    assert array_shapes(view_of(x, y), SHAPES).outcome == "failed"


def test_no_arrays_fail() -> None:
    """Nothing was made."""
    book = Notebook()
    book.code("pass")
    assert array_shapes(book.view("data"), SHAPES).yours == "no such arrays"
    assert curves(book.view("data"), CURVES).yours == "no such arrays"


def test_points_on_their_curves_pass() -> None:
    """Named, or fitted with a part held out."""
    assert curves(view_of(X, Y), CURVES).outcome == "passed"
    view = view_of(X, Y, named=False, fitted=(X[::2], Y[::2]), held=(X[1::2], Y[1::2]))
    assert curves(view, CURVES).yours == "1,000 of class 0, 1,000 of class 1"


def test_scaled_inputs_do_not_hide_the_data() -> None:
    """What was fitted lies on no curve, what was made does."""
    assert curves(view_of(X, Y, fitted=((X - X.mean(0)) / X.std(0), Y)), CURVES).outcome == "passed"


@pytest.mark.parametrize(("off", "outcome"), [(0.00099, "passed"), (0.0011, "failed"), (np.nan, "failed")])
def test_the_distance_from_the_curve_has_a_line(off: float, outcome: str) -> None:
    """A thousandth is rounding; NaN lies on no curve."""
    x = X.copy()
    x[5, 1] += off
    assert curves(view_of(x, Y), CURVES).outcome == outcome


@pytest.mark.parametrize(
    ("edge", "outcome"), [(np.float32(np.pi), "passed"), (np.pi + 0.01, "failed"), (7.0, "failed")]
)
def test_the_interval_has_float32s_tolerance(edge: float, outcome: str) -> None:
    """float32's pi is above pi."""
    x = X.copy()
    x[5] = [edge, np.cos(edge) + Y[5]]
    assert curves(view_of(x, Y), CURVES).outcome == outcome


@pytest.mark.parametrize("labels", [1 - Y, np.roll(Y, 7), np.random.default_rng(1).permutation(Y)])
def test_labels_of_the_wrong_points_fail(labels: Array) -> None:
    """Swapped or shuffled, though the right pair was named before."""
    result = curves(view_of(X, Y, fitted=(X, labels)), CURVES)
    assert (result.outcome, "do not lie" in result.feedback) == ("failed", True)


@pytest.mark.parametrize("y", [np.zeros(2000), np.arange(2000) % 3])
def test_every_class_must_be_there_and_no_other(y: Array) -> None:
    """One class or three are not two."""
    assert curves(view_of(X, y, named=False, fitted=(X, y)), CURVES).outcome == "failed"


def test_points_that_were_not_kept_are_ours() -> None:
    """More than the recorder keeps is no fault."""
    book = Notebook()
    book.code("fit")
    model = book.model(dense(1), inputs=(2,))
    book.fit(model, x=summarise(X), y=summarise(Y))
    ex1 = SectionMatch(section="ex1", cells=(0,), model=model, fits=("f1",))
    result = curves(book.view("data", matching={"ex1": ex1}), CURVES)
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")
