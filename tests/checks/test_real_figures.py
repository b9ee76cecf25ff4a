"""Figures as matplotlib, seaborn, pandas and scikit-learn draw them, read by the recorder and judged."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from builders import Array, Notebook, dense, falling, make_measurement
from matplotlib import pyplot as plt

from grader.checks.confusion import ConfusionMatrixParams, confusion_matrix
from grader.checks.images import ImageFigureParams, image_figure
from grader.checks.loss_curves import LossCurvesParams, loss_curves
from grader.checks.region_figure import RegionFigureParams, region_figure
from grader.execution.recorder.plotted_data import figure_axes, remember_contour
from grader.records import AxesRecord, CheckResult, FigureRecord


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    mpl.use("agg")
    yield
    plt.close("all")


def take(book: Notebook) -> None:
    """Records every open figure, as at the end of a cell."""
    for number in plt.get_fignums():
        figure = plt.figure(number)
        figure.draw_without_rendering()
        axes = [AxesRecord.model_validate(item) for item in figure_axes(figure, book.store.put)]
        title = figure.get_suptitle()
        book.figures.append(FigureRecord(seq=1000 + number, cell=0, title=title, axes=tuple(axes)))


def trained(**fields: Any) -> tuple[Notebook, str]:
    book = Notebook()
    book.code("fit and plot")
    model = book.model(dense(10, "softmax"))
    book.fit(model, **fields)
    return book, model


HISTORY = {"loss": falling(10), "val_loss": falling(10, start=1.1), "accuracy": falling(10, start=0.3)}


def by_pyplot() -> None:
    plt.plot(HISTORY["loss"], label="training")
    plt.plot(range(1, 11), HISTORY["val_loss"], "o--")
    plt.yscale("log")


def by_pandas() -> None:
    import pandas as pd

    pd.DataFrame(HISTORY).plot()


def by_axes() -> None:
    _, axes = plt.subplots(1, 2)
    for panel, name in zip(axes, ("loss", "val_loss"), strict=True):
        panel.plot(np.arange(10), np.array(HISTORY[name]))


def by_seaborn() -> None:
    import seaborn as sns

    sns.lineplot(x=range(10), y=HISTORY["loss"])
    sns.lineplot(x=range(10), y=HISTORY["val_loss"])


@pytest.mark.parametrize("draw", [by_pyplot, by_pandas, by_axes, by_seaborn])
def test_loss_curves_of_every_library_pass(draw: Callable[[], None]) -> None:
    """Lines are lines, whoever draws them."""
    book, model = trained(history=HISTORY)
    draw()
    take(book)
    assert loss_curves(book.view("ex5", model=model), LossCurvesParams()).outcome == "passed"


TRUE = np.random.default_rng(0).integers(0, 10, 1000)
PREDICTED = np.where(np.random.default_rng(1).random(1000) < 0.9, TRUE, (TRUE * 7 + 3) % 10)
MATRIX = np.bincount(TRUE * 10 + PREDICTED, minlength=100).reshape(10, 10)


def by_display(**options: Any) -> None:
    from sklearn.metrics import ConfusionMatrixDisplay

    ConfusionMatrixDisplay.from_predictions(TRUE, PREDICTED, **options)


def by_heatmap(**options: Any) -> None:
    import pandas as pd
    import seaborn as sns

    matrix = MATRIX / MATRIX.sum(axis=1, keepdims=True) if options.get("fmt") == ".2f" else MATRIX
    sns.heatmap(pd.DataFrame(matrix), annot=True, **options)


def by_imshow() -> None:
    plt.imshow(np.log1p(MATRIX) * 0)
    for (i, j), count in np.ndenumerate(MATRIX):
        plt.text(j, i, str(count), ha="center")


@pytest.mark.parametrize(
    "draw",
    [
        by_display,
        lambda: by_display(normalize="true", values_format=".2f"),
        by_heatmap,
        lambda: by_heatmap(fmt="d", cbar=False),
        lambda: by_heatmap(fmt=".2f"),
        by_imshow,
        lambda: plt.matshow(MATRIX.T),
        lambda: plt.pcolormesh(MATRIX),
        lambda: plt.hist2d(TRUE, PREDICTED, bins=10),
    ],
)
def test_confusion_matrices_of_every_library_pass(draw: Callable[[], object]) -> None:
    """As images, meshes, histograms or annotations."""
    book, model = trained()
    draw()
    take(book)
    measured = make_measurement(confusion=tuple(map(tuple, MATRIX.tolist())))
    result = confusion_matrix(book.view("ex5", model=model, measured=(measured,)), ConfusionMatrixParams())
    assert result.outcome == "passed", result.feedback


X, Y = np.meshgrid(np.linspace(-np.pi, np.pi, 60), np.linspace(-1, 2, 50))
POINTS = np.column_stack([X.ravel(), Y.ravel()])
SHARES = np.float32(1 / (1 + np.exp(-5 * (POINTS[:, 1] - 0.5 - 0.7 * np.cos(POINTS[:, 0])))))
TABLE = SHARES.reshape(X.shape)
CLASSES = (SHARES > 0.5).astype(int)


def contour(draw: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    # The recorder notes what a contour is given as it is drawn.
    remember_contour(draw(*arguments, **options), arguments)


def scatter_of_classes() -> None:
    for k, colour in enumerate(("tab:blue", "tab:red")):
        plt.scatter(*POINTS[k == CLASSES].T, color=colour, s=2, label=f"class {k}")


def seaborn_scatter() -> None:
    import seaborn as sns

    sns.scatterplot(x=POINTS[:, 0], y=POINTS[:, 1], hue=CLASSES)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plt.scatter(POINTS[:, 0], POINTS[:, 1], c=CLASSES, cmap="bwr", alpha=0.3),
        lambda: plt.scatter(POINTS[:, 0], POINTS[:, 1], c=SHARES),
        lambda: plt.scatter(POINTS[:, 0], POINTS[:, 1], c=["r" if k else "b" for k in CLASSES]),
        scatter_of_classes,
        seaborn_scatter,
        lambda: [plt.plot(*POINTS[k == CLASSES].T, ".") for k in (0, 1)],
        lambda: contour(plt.contourf, X, Y, TABLE, levels=[0, 0.5, 1]),
        lambda: contour(plt.contour, X, Y, TABLE, levels=[0.5]),
        lambda: contour(plt.contourf, X[0], Y[:, 0], CLASSES.reshape(X.shape)),
        lambda: plt.pcolormesh(X, Y, TABLE, shading="auto"),
        lambda: plt.pcolormesh(X.T, Y.T, TABLE.T),
        lambda: contour(plt.contourf, X.T, Y.T, TABLE.T),
        lambda: plt.imshow(TABLE, extent=(-np.pi, np.pi, -1, 2), origin="lower", aspect="auto"),
        lambda: plt.imshow(TABLE[::-1], extent=(-np.pi, np.pi, -1, 2), aspect="auto"),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_regions_in_every_style_are_told_apart(draw: Callable[[], object], own: bool) -> None:
    """The picture passes for the model that answers so, and fails for another."""
    book, model = trained()
    other = book.model(dense(1, "sigmoid"), inputs=(2,))
    book.fit(other)
    level = np.float32(1 / (1 + np.exp(-5 * (POINTS[:, 1] - 0.4))))
    book.predict(model, POINTS, (SHARES if own else level)[:, None])
    book.predict(other, POINTS, (level if own else SHARES)[:, None])
    draw()
    x = np.linspace(-np.pi, np.pi, 50)
    plt.plot(x, np.cos(x), "k--")
    plt.plot(x, 1 + np.cos(x), "r")
    take(book)
    rectangle = [["-pi", "pi"], [-1, 2]]
    params = RegionFigureParams.model_validate({"rectangle": rectangle, "curves": ["cos(x)", "1 + cos(x)"]})
    result = region_figure(book.view("ex3", model=model), params)
    assert result.outcome == ("passed" if own else "failed"), result.feedback


def test_an_image_of_another_order_is_compared_by_its_places() -> None:
    """mgrid runs along x first, and its image is turned before it is shown."""
    book, model = trained()
    points = np.column_stack([X.T.ravel(), Y.T.ravel()])
    book.predict(model, points, TABLE.T.reshape(-1, 1))
    plt.imshow(TABLE.T.T, extent=(-np.pi, np.pi, -1, 2), origin="lower", aspect="auto")
    take(book)
    params = RegionFigureParams.model_validate({"rectangle": [["-pi", "pi"], [-1, 2]]})
    assert region_figure(book.view("ex3", model=model), params).outcome == "passed"


DIGITS = np.random.default_rng(3).integers(0, 256, (4000, 28, 28)).astype(np.uint8)
LABELS = np.random.default_rng(4).integers(0, 10, 4000)


def wall() -> None:
    _, axes = plt.subplots(2, 3)
    for i, panel in enumerate(axes.flat):
        panel.imshow(DIGITS[i].reshape(28, 28) / 255, cmap="gray_r")
        panel.set_xlabel(str(LABELS[i]))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: [plt.imshow(DIGITS[0], cmap="gray"), plt.title(f"Label: {LABELS[0]}")],
        lambda: [plt.matshow(DIGITS[0].reshape(-1).reshape(28, 28)), plt.suptitle(f"y = {LABELS[0]}")],
        wall,
    ],
)
def test_images_with_labels_pass(draw: Callable[[], object]) -> None:
    """One or a wall of them."""
    book, _ = trained()
    book.array("x_train", DIGITS, whole=False)
    book.array("y_train", LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draw()
        take(book)
    assert image_figure(book.view("mnist"), ImageFigureParams()).outcome == "passed"


def result_of(array: Array) -> CheckResult:
    book, _ = trained()
    plt.imshow(array)
    take(book)
    return image_figure(book.view("mnist"), ImageFigureParams())


def test_an_image_without_a_title_fails() -> None:
    """The picture alone does not say what it shows."""
    assert result_of(DIGITS[0]).outcome == "failed"
