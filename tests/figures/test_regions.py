"""Predictions over a rectangle, and the picture of them with the curves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from builders import (
    Array,
    Notebook,
    dense,
    grid,
    line,
    make_axes,
    make_measurement,
    make_prediction,
    scatter,
    summarise,
)

from grader.checks.predictions import RegionPredictionsParams, region_predictions
from grader.checks.region_figure import RegionFigureParams, region_figure
from grader.records import CheckResult, GridRecord, LineRecord, ScatterRecord

RECTANGLE = {"rectangle": [["-pi", "pi"], [-1, 2]]}
POINTS = RegionPredictionsParams.model_validate(RECTANGLE)
CURVES = ["cos(x)", "1 + cos(x)"]
FIGURE = RegionFigureParams.model_validate({**RECTANGLE, "curves": CURVES})
Drawn = LineRecord | ScatterRecord | GridRecord


def mesh(columns: int = 40, rows: int = 30) -> Array:
    x, y = np.meshgrid(np.linspace(-np.pi, np.pi, columns), np.linspace(-1, 2, rows))
    return np.column_stack([x.ravel(), y.ravel()])


def level(points: Array) -> Array:
    """A logistic model's answers, shape (points, 1): above the middle height is class 1."""
    return np.float32(1 / (1 + np.exp(-4 * (points[:, 1] - 0.5 + 0.1 * points[:, 0]))))[:, None]


def bent(points: Array) -> Array:
    """The answers of a model that follows the curve."""
    return np.float32(1 / (1 + np.exp(-9 * (points[:, 1] - 0.5 - np.cos(points[:, 0])))))[:, None]


@dataclass
class Plane:
    """A notebook with two models of two inputs, the first `level`, the second (the section's) `bent`."""

    book: Notebook = field(default_factory=Notebook)
    points: Array = field(default_factory=mesh)

    def __post_init__(self) -> None:
        self.book.code("fit")
        self.other, self.own = (self.book.model(dense(1, "sigmoid"), inputs=(2,)) for _ in range(2))
        for model in (self.other, self.own):
            self.book.fit(model)
        self.book.code("predict and plot")

    def predict(self, *, own: bool = True, points: Array | None = None) -> Array:
        points = self.points if points is None else points
        answers = bent(points) if own else level(points)
        self.book.predict(self.own if own else self.other, points, answers)
        return answers[:, 0]

    def curves(self, *shifts: float) -> list[Drawn]:
        x = np.linspace(-np.pi, np.pi, 100)
        return [line(np.cos(x) + shift, x=x, store=self.book.store) for shift in shifts or (0.0, 1.0)]

    def judged(self, *drawn: Drawn, params: RegionFigureParams = FIGURE, **fields: Any) -> CheckResult:
        if drawn:
            self.book.figure(make_axes(*drawn))
        return region_figure(self.book.view("ex3", model=self.own, **fields), params)

    def dots(self, values: Array, **fields: Any) -> ScatterRecord:
        return scatter(self.points, values=values, store=self.book.store, **fields)


@pytest.mark.parametrize(
    ("points", "outcome"),
    [
        (mesh(), "passed"),
        (mesh(8, 7), "passed"),
        (np.random.default_rng(0).uniform([-np.pi, -1], [np.pi, 2], (300, 2)), "passed"),
        (np.random.default_rng(0).uniform([-4, -2], [4, 3], (2000, 2)), "passed"),
        (mesh(7, 7), "failed"),  # 49 points of 50
        (mesh() * [1, 2 / 3], "failed"),
        (mesh() - [0, 0.5], "passed"),
        (mesh() - [0, 0.65], "failed"),
        (np.abs(mesh()), "failed"),
        (np.column_stack([mesh()[:, 0], np.cos(mesh()[:, 0])]), "failed"),
        (np.full((100, 2), np.nan), "failed"),
    ],
)
def test_points_must_cover_the_rectangle(points: Array, outcome: str) -> None:
    """A grid or a sample; half of it or the curves alone do not."""
    plane = Plane()
    plane.predict(points=points)
    assert region_predictions(plane.book.view("ex3", model=plane.own), POINTS).outcome == outcome


def test_points_may_be_predicted_a_few_at_a_time() -> None:
    """A loop over the columns of a grid covers it as well."""
    plane = Plane()
    for part in np.array_split(mesh(), 12):
        plane.predict(points=part)
    assert region_predictions(plane.book.view("ex3", model=plane.own), POINTS).outcome == "passed"


def test_another_models_predictions_do_not_count() -> None:
    """The section's model must answer."""
    plane = Plane()
    plane.predict(own=False)
    result = region_predictions(plane.book.view("ex3", model=plane.own), POINTS)
    assert (result.outcome, "not this model" in result.feedback) == ("failed", True)
    assert region_predictions(Plane().book.view("ex3", model="m2"), POINTS).outcome == "failed"


@pytest.mark.parametrize(("named", "outcome"), [(True, "passed"), (False, "needs_review")])
def test_more_points_than_are_kept_are_judged_by_their_coordinates(named: bool, outcome: str) -> None:
    """Two mesh arrays of as many numbers span the rectangle; without them it is ours to look."""
    plane = Plane()
    if named:
        for name, values in zip(("xx", "yy"), mesh().T, strict=True):
            plane.book.array(name, values.reshape(30, 40))
    large = make_prediction(plane.own, x=summarise(mesh()), output=summarise(bent(mesh())), weights="w2", seq=99)
    plane.book.predictions.append(large)
    assert region_predictions(plane.book.view("ex3", model=plane.own), POINTS).outcome == outcome


def by_colour(plane: Plane, values: Array) -> list[Drawn]:
    colours = np.where(values[:, None] > 0.5, [1.0, 0, 0, 1], [0, 0, 1.0, 1])
    return [scatter(plane.points, store=plane.book.store, colors=plane.book.store.put(colours))]


def by_mask(plane: Plane, values: Array) -> list[Drawn]:
    return [scatter(plane.points[mask], store=plane.book.store) for mask in (values > 0.5, values <= 0.5)]


def by_markers(plane: Plane, values: Array) -> list[Drawn]:
    return [
        line(plane.points[mask, 1], x=plane.points[mask, 0], store=plane.book.store, marker_only=True, color=colour)
        for mask, colour in ((values > 0.5, "#ff0000"), (values <= 0.5, "#0000ff"))
    ]


def by_grid(kind: str, *, flip: bool = False, classes: bool = False) -> Callable[[Plane, Array], list[Drawn]]:
    def draw(plane: Plane, values: Array) -> list[Drawn]:
        table = (np.float64(values > 0.5) if classes else values).reshape(30, 40)
        box = (-np.pi, np.pi, -1.0, 2.0)
        return [grid(table[::-1] if flip else table, store=plane.book.store, kind=kind, extent=box)]  # type: ignore[arg-type]

    return draw


def by_contour(plane: Plane, values: Array) -> list[Drawn]:
    x, y = (plane.book.store.put(column.reshape(30, 40)) for column in plane.points.T)
    return [grid(values.reshape(30, 40), store=plane.book.store, kind="contour", x=x, y=y)]


def by_corners(plane: Plane, values: Array) -> list[Drawn]:
    x, y = np.unique(plane.points[:, 0]), np.unique(plane.points[:, 1])
    corners = [np.append(places - np.diff(places)[0] / 2, places[-1] + np.diff(places)[0] / 2) for places in (x, y)]
    refs = dict(zip("xy", map(plane.book.store.put, corners), strict=True))
    return [grid(values.reshape(30, 40), store=plane.book.store, kind="mesh", **refs)]


STYLES: dict[str, Callable[[Plane, Array], list[Drawn]]] = {
    "classes": lambda plane, values: [plane.dots(np.float64(values > 0.5))],
    "probabilities": lambda plane, values: [plane.dots(values)],
    "other codes": lambda plane, values: [plane.dots(np.where(values > 0.5, 1.0, -1.0))],
    "colours": by_colour,
    "two scatters": by_mask,
    "markers": by_markers,
    "contour": by_contour,
    "mesh": by_corners,
    "image": by_grid("image"),
    "image of classes": by_grid("image", classes=True),
    "flipped image": by_grid("image", flip=True),
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_the_picture_passes(style: str) -> None:
    """Scatter, masks, markers, contour, mesh, image: what counts is what it says at each place."""
    plane = Plane()
    values = plane.predict()
    region = make_measurement("region", weights="w2", model="m2", inputs=plane.book.store.put(plane.points),
                              predictions=plane.book.store.put(bent(plane.points)))  # fmt: skip
    result = plane.judged(*STYLES[style](plane, values), *plane.curves(), measured=(region,))
    assert (result.outcome, result.basis) == ("passed", "verified"), result.feedback


@pytest.mark.parametrize("style", STYLES)
def test_another_models_picture_fails_in_every_style(style: str) -> None:
    """The predictions of exercise 1 again are not those of this model."""
    plane = Plane()
    plane.predict()
    values = plane.predict(own=False)
    result = plane.judged(*STYLES[style](plane, values), *plane.curves())
    assert (result.outcome, result.yours) == ("failed", "other classes than this model's")


def test_another_models_picture_fails_where_this_one_predicted_nothing() -> None:
    """The region measured outside is what it is held against."""
    plane = Plane()
    values = plane.predict(own=False)
    region = make_measurement("region", weights="w2", model="m2", inputs=plane.book.store.put(mesh(50, 50)),
                              predictions=plane.book.store.put(bent(mesh(50, 50))))  # fmt: skip
    result = plane.judged(plane.dots(values), *plane.curves(), measured=(region,))
    assert result.outcome == "failed"


def test_curves_may_be_the_training_points() -> None:
    """One scatter of both classes shows both curves."""
    plane = Plane()
    values = plane.predict()
    x = np.random.default_rng(1).uniform(-np.pi, np.pi, 600)
    data = np.column_stack([x, np.cos(x) + (np.arange(600) % 2)])
    drawn = scatter(data, values=np.arange(600) % 2, store=plane.book.store)
    assert plane.judged(plane.dots(values), drawn).outcome == "passed"
    split = [scatter(data[k::2], store=plane.book.store) for k in (0, 1)]
    assert Plane().judged().outcome == "failed"
    assert plane.judged(*by_mask(plane, values), *split).outcome == "passed"


def test_curves_may_be_unsorted() -> None:
    """A line through unsorted points is ugly and right."""
    plane = Plane()
    values = plane.predict()
    x = np.random.default_rng(2).uniform(-np.pi, np.pi, 200)
    curves = [line(np.cos(x) + shift, x=x, store=plane.book.store) for shift in (0, 1)]
    assert plane.judged(plane.dots(values), *curves).outcome == "passed"


@pytest.mark.parametrize(("share", "outcome"), [(None, "failed"), (0.5, "partial")])
def test_a_missing_curve_is_named(share: float | None, outcome: str) -> None:
    """The classes are right, one curve is not there."""
    plane = Plane()
    values = plane.predict()
    params = FIGURE.model_copy(update={"partial": share})
    result = plane.judged(plane.dots(values), *plane.curves(0.0, 1.05), params=params)
    assert (result.outcome, result.next_step) == (outcome, "Draw y = 1 + cos(x) in the same axes.")


@pytest.mark.parametrize(("shift", "outcome"), [(1.0199, "passed"), (1.0201, "failed")])
def test_curves_have_a_tolerance(shift: float, outcome: str) -> None:
    """0.02 off is on the curve, more is not."""
    plane = Plane()
    values = plane.predict()
    assert plane.judged(plane.dots(values), *plane.curves(0.0, shift)).outcome == outcome


def test_half_of_the_rectangle_is_not_all_of_it() -> None:
    """The picture has to cover the region."""
    plane = Plane(points=mesh() * [0.5, 1])
    values = plane.predict()
    result = plane.judged(plane.dots(values), *plane.curves())
    assert (result.outcome, "of the rectangle only" in result.feedback) == ("failed", True)


def test_curves_alone_are_no_predictions() -> None:
    """The plot of the data is not the picture of the answers."""
    plane = Plane()
    plane.predict()
    assert plane.judged(*plane.curves()).yours == "curves without predicted classes"


def test_a_picture_in_one_colour_shows_no_classes() -> None:
    """Points without their classes agree with the model by chance only."""
    plane = Plane()
    plane.predict()
    assert plane.judged(scatter(plane.points, store=plane.book.store), *plane.curves()).outcome == "failed"


def test_a_model_that_answers_one_class_is_shown_in_one_colour() -> None:
    """A bad model's right picture is right."""
    plane = Plane()
    plane.book.predict(plane.own, plane.points, np.zeros((len(plane.points), 1)))
    assert plane.judged(plane.dots(np.zeros(len(plane.points))), *plane.curves()).outcome == "passed"


def test_softmax_outputs_and_logits_are_classes_too() -> None:
    """Two outputs part at the larger, one linear output at 0."""
    for outputs in (lambda p: np.column_stack([1 - p, p]), lambda p: 9 * (p - 0.5)):
        plane = Plane()
        answers = np.float64(bent(plane.points))
        plane.book.predict(plane.own, plane.points, outputs(answers))
        assert plane.judged(plane.dots(np.float64(answers[:, 0] > 0.5)), *plane.curves()).outcome == "passed"


def test_what_cannot_be_compared_is_looked_at() -> None:
    """Places that the model was asked about elsewhere are neither right nor wrong."""
    plane = Plane()
    plane.predict(points=np.random.default_rng(0).uniform([-np.pi, -1], [np.pi, 2], (500, 2)))
    result = plane.judged(plane.dots(bent(plane.points)[:, 0]), *plane.curves())
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


def test_a_model_that_predicted_nothing_is_not_in_the_picture() -> None:
    """A picture of the labels, or of nothing that was computed."""
    plane = Plane()
    result = plane.judged(plane.dots(bent(plane.points)[:, 0]), *plane.curves())
    assert (result.outcome, result.yours) == ("failed", "no prediction of this model")


def test_what_was_not_kept_is_ours() -> None:
    """A scatter of too many points is no fault."""
    plane = Plane()
    plane.predict()
    for axes in (make_axes(ScatterRecord(points=10**7)), make_axes(*plane.curves(), unread=("TriMesh",))):
        plane.book.figures.clear()
        plane.book.figure(axes)
        result = plane.judged()
        assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


def test_the_figure_that_was_judged_is_named() -> None:
    """Where the region was measured, right or wrong."""
    plane = Plane()
    refs = {"inputs": plane.book.store.put(plane.points), "predictions": plane.book.store.put(bent(plane.points))}
    region = make_measurement("region", weights="w2", model="m2", **refs)
    for values in (bent(plane.points), level(plane.points)):
        plane.book.figures.clear()
        result = plane.judged(plane.dots(values[:, 0]), *plane.curves(), measured=(region,))
        assert result.picture is not None
        assert (result.picture.kind, result.picture.model) == ("region", "m2")
        assert result.picture.figure == plane.book.figures[-1].seq
    assert plane.judged(plane.dots(bent(plane.points)[:, 0])).picture is None


def test_no_model_blocks() -> None:
    """There are no answers to draw."""
    book = Notebook()
    book.code("pass")
    assert region_figure(book.view("ex2"), FIGURE).outcome == "blocked"
    assert region_predictions(book.view("ex2"), POINTS).outcome == "blocked"
