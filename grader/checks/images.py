"""Image data: loaded, scaled and labelled as asked, and one of its images shown with its label."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.figures.plotted_data import cells_of, figures_by_nearness, was_cut
from grader.judging.parameters import SectionId
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, listed, needs_review, passed
from grader.judging.subject import Floats, absent, fits_of_sections, flat_rows, numbers
from grader.judging.views import SectionView
from grader.records import (
    ArraySummary,
    AxesRecord,
    CheckResult,
    DataSetUse,
    FigureRecord,
    FitRecord,
    GridRecord,
    ModelRecord,
)
from grader.training.data_of_fits import rows_of
from grader.training.rows_of_fits import data_set_widths, width
from grader.training.thresholds import THRESHOLDS as TRAINING


class PreparedDataParams(Params):
    """Parameters of `prepared_data`."""

    data_set: str | None = Field(
        None, description="Keras's name of the data set, such as mnist; default: the one loaded"
    )
    scaled: tuple[float, float] | None = Field((0.0, 1.0), description="range of the scaled inputs; null for any")
    classes: int | None = Field(None, ge=2, description="width of the one-hot labels; null for any labels")
    used_by: tuple[SectionId, ...] = Field((), description="sections whose fits were trained on this data")


class ImageFigureParams(Params):
    """Parameters of `image_figure`."""

    data_set: str | None = Field(None, description="Keras's name of the data set; default: the one loaded")
    class_names: tuple[str, ...] = Field((), description="names that may stand for the labels 0, 1, ...")


@check("prepared_data", params=PreparedDataParams)
def prepared_data(section: SectionView, params: PreparedDataParams) -> CheckResult:
    """The data set has all of its rows, inputs in the range, and labels that are one-hot or fit a sparse loss."""
    use = _data_set(section, params.data_set)
    wanted = _wanted(use, params)
    words: Words = {
        "required": wanted,
        "expected": wanted,
        "basis": "claimed",
        "cells": section.match.cells,
        "next_step": "Load the data set, and train and test on all of its rows.",
    }
    if use is None:
        return absent(section, "The data set was not loaded.", words, yours="not loaded")
    fits = fits_of_sections(section, params.used_by)
    unseen = list(_row_problems(section, use, fits))
    problems: list[tuple[str, str]] = []
    if params.scaled is not None:
        found = _scale_problems(section, use, fits=fits, bounds=params.scaled)
        problems += [(problem, "Divide the pixels of both parts by their largest value.") for problem in found]
    if params.classes is not None:
        found = _label_problems(section, use, fits=fits, classes=params.classes)
        step = "Make the labels one-hot, or take a sparse loss for whole numbers."
        problems += [(problem, step) for problem in found]
    if not unseen and not problems:
        if fits and all(_is_of_no_data_set(section, fit) for fit in fits):
            text = f"The rows that your models were trained on could not be found in {use.name}."
            return needs_review("unverifiable", f"{text} A tutor will look at them.", words, yours="other rows")
        return passed(f"The data is as asked for: {wanted}.", words, yours=wanted)
    text = listed([*unseen, *(problem for problem, _ in problems)])
    said = f"{text[:1].upper()}{text[1:]}."
    if problems:
        return failed(said, words, yours=text, next_step=" ".join(step for _, step in problems))
    return absent(section, said, words, yours=text)


@check("image_figure", params=ImageFigureParams, made_by="draws")
def image_figure(section: SectionView, params: ImageFigureParams) -> CheckResult:
    """An image of the data set is shown, with its label beside it or printed in the section."""
    words: Words = {
        "required": "an image of the data set with its label",
        "expected": "an image with its label",
        "basis": "claimed",
        "cells": section.match.cells,
        "next_step": "Show an image with imshow() and put its label into the title, or print it.",
    }
    known = _Known(section, _data_set(section, params.data_set))
    without: list[tuple[FigureRecord, set[int]]] = []
    for figure in figures_by_nearness(section):
        for axes in figure.axes:
            for grid in axes.grids:
                labels = known.labels(grid)
                if labels is None:
                    continue
                text = _text_beside(figure, axes)
                if _names(labels, text, params, sure=False) or _names(
                    labels, _printed(section, figure, grid), params, sure=True
                ):
                    label = listed([str(item) for item in sorted(labels)], word="or") or "shown"
                    return passed(
                        "An image of the data set is shown with its label.",
                        words,
                        yours=f"an image with its label ({label})",
                        cells=cells_of([figure]),
                    )
                without.append((figure, labels))
    if not without:
        if was_cut(section, section.here(section.evidence.figures)):
            return needs_review("infrastructure", "A figure could not be kept whole; a tutor will look at it.", words)
        return absent(section, "No image of the data set is shown.", words, yours="no image")
    figure, labels = without[0]
    label = f" (it is {listed([str(item) for item in sorted(labels)], word='or')})" if labels else ""
    return failed(
        f"An image of the data set is shown, but not with its label{label}.",
        words,
        yours="an image without its label",
        cells=cells_of([figure]),
    )


class _Known:
    """Images of the data set of which the recorder kept the values, with their labels."""

    def __init__(self, section: SectionView, use: DataSetUse | None) -> None:
        self.section = section
        self.sizes: set[int] = set()
        self.images: list[tuple[Floats, set[int]]] = []
        arrays = [item.array for item in section.evidence.arrays]
        arrays += [fit.x for fit in section.evidence.fits]
        lengths = set() if use is None else {use.train_rows, use.test_rows}
        for rows in lengths:
            alike = [array for array in arrays if array.rows == rows]
            heads = {
                array.content: array for array in alike if math.prod(array.shape[1:]) >= THRESHOLDS.smallest_side**2
            }
            most = max((_classes(array) for array in alike), default=0)
            # Fewer classes are a question about the labels, such as which is a nine.
            whole = [array for array in alike if _classes(array) == most]
            labels = [found for array in whole if (found := _head_labels(section, array)) is not None]
            for array in heads.values():
                self._keep(array, labels)

    def labels(self, grid: GridRecord) -> set[int] | None:
        """The labels of the image that a grid shows, empty where it is like the known ones; None for no such image."""
        values = numbers(self.section, grid.values)
        if grid.kind == "contour" or values is None or values.ndim not in {2, 3}:
            return None
        if min(values.shape[:2]) < THRESHOLDS.smallest_side or not np.isfinite(values).all():
            return None
        forms = [values.ravel()] if values.ndim == 2 else [values.ravel(), values[..., :3].mean(axis=2).ravel()]
        forms = [_unit(form) for form in forms if not self.sizes or form.size in self.sizes]
        if not forms:
            return None
        for rows, labels in self.images:
            for form in forms:
                if (
                    form.size == rows.size
                    and min(_apart(form, rows), _apart(1 - form, rows)) <= THRESHOLDS.image_tolerance
                ):
                    return labels
        return set() if self._is_like_one(forms) else None

    def _is_like_one(self, forms: list[Floats]) -> bool:
        known = [rows for rows, _ in self.images]
        near = [abs(_correlation(form, rows)) for form in forms for rows in known if form.size == rows.size]
        return not near or max(near) >= THRESHOLDS.least_correlation

    def _keep(self, array: ArraySummary, labels: list[list[int]]) -> None:
        self.sizes.add(math.prod(array.shape[1:]))
        head = numbers(self.section, array.head or array.whole)
        if head is None or head.ndim < 2:
            return
        for index, row in enumerate(flat_rows(head)[:64]):
            if len(row) and np.isfinite(row).all():
                self.images.append((_unit(row), {found[index] for found in labels if index < len(found)}))


def _unit(values: Floats) -> Floats:
    span = float(np.ptp(values)) if values.size else 0.0
    return (values - values.min()) / span if span > 0 else np.zeros_like(values)


def _correlation(left: Floats, right: Floats) -> float:
    left, right = left - left.mean(), right - right.mean()
    length = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / length if length > 0 else 0.0


def _apart(left: Floats, right: Floats) -> float:
    return float(np.abs(left - right).max(initial=0.0))


def _classes(array: ArraySummary) -> int:
    return array.shape[-1] if array.one_hot else len(array.class_counts or ())


def _head_labels(section: SectionView, array: ArraySummary) -> list[int] | None:
    """The first rows' labels, of whole numbers or of one-hot rows; None for what are no labels."""
    if not (array.one_hot or (array.class_counts and array.shape in {(array.rows,), (array.rows, 1)})):
        return None
    values = numbers(section, array.whole if array.whole is not None else array.head)
    if values is None or not values.ndim or not np.isfinite(values).all():
        return None
    first = values[:64]
    flat = first.argmax(axis=1) if array.one_hot and first.ndim == 2 else first.ravel()
    return [int(label) for label in flat]


def _text_beside(figure: FigureRecord, axes: AxesRecord) -> str:
    placed = [text.text for text in axes.texts]
    return "\n".join([axes.title, figure.title, axes.x_label, axes.y_label, *axes.legend, *placed])


def _printed(section: SectionView, figure: FigureRecord, grid: GridRecord) -> str:
    cells = {*section.match.cells, *cells_of([figure])}
    text = "\n".join(cell.printed for cell in section.evidence.cells if cell.index in cells)

    def unless_shape(found: re.Match[str]) -> str:
        sizes = [int(size) for size in re.findall(r"\d+", found.group())]
        return "" if any(size > THRESHOLDS.largest_label or size in grid.shape for size in sizes) else found.group()

    return re.sub(r"\(\s*\d+\s*,[\d\s,]*\)", unless_shape, text)


def _names(labels: set[int], text: str, params: ImageFigureParams, *, sure: bool) -> bool:
    """Whether a text names a label; of an image whose label is not known, any label, unless it must be sure."""
    if not labels and not sure:
        known = any(name.lower() in text.lower() for name in params.class_names)
        return known or re.search(r"(?<![\w.])\d{1,3}(?:\.0*)?(?![\w.])", text) is not None
    for label in labels:
        if re.search(rf"(?<![\w.]){label}(?:\.0*)?(?![\w.]|\s*%)", text):
            return True
        if label < len(params.class_names) and params.class_names[label].lower() in text.lower():
            return True
        if _holds_one_hot(text, label):
            return True
    return not labels and re.search(r"label|class|digit|klasse|ziffer", text, re.IGNORECASE) is not None


def _holds_one_hot(text: str, label: int) -> bool:
    for found in re.findall(r"\[([01][01.,\s]*)\]", text):
        values = [float(item) for item in re.findall(r"[01](?:\.0*)?", found)]
        if sum(values) == 1 and values.index(1.0) == label and len(values) > 1:
            return True
    return False


def _data_set(section: SectionView, name: str | None) -> DataSetUse | None:
    if name is None:
        return section.data_set
    return next((use for use in section.evidence.data_sets if use.name == name), None)


def _wanted(use: DataSetUse | None, params: PreparedDataParams) -> str:
    parts = [] if use is None else [f"{use.train_rows:,} training and {use.test_rows:,} test rows"]
    if params.scaled is not None:
        parts.append(f"inputs in [{params.scaled[0]:g}, {params.scaled[1]:g}]")
    if params.classes is not None:
        parts.append(f"one-hot labels of width {params.classes} (or whole numbers with a sparse loss)")
    return ", ".join(parts) or "the data set loaded"


def _inputs(section: SectionView, rows: int) -> Iterator[ArraySummary]:
    """Arrays of so many rows, each as long as the data set's, wherever they were seen."""
    events: Iterable[ArraySummary] = (
        *(item.array for item in section.evidence.arrays),
        *(item.x for item in section.evidence.evaluations),
        *(item.x for item in section.evidence.predictions),
        *(item.x for item in section.evidence.fits),
    )
    widths = data_set_widths(section.submission)
    for array in events:
        if array.rows == rows and width(array) > 1 and not array.one_hot and (not widths or width(array) in widths):
            yield array


def _is_of_no_data_set(section: SectionView, fit: FitRecord) -> bool:
    """Whether the verifier looked for a fit's rows in the data set, and found none of them there."""
    if fit.x.kind != "array" or fit.x.whole is not None or fit.model in section.measurements.known_inputs:
        return False
    return any(item.fit == fit.id and item.of_unknown_rows for item in section.measurements.unverified)


def _row_problems(section: SectionView, use: DataSetUse, fits: Sequence[FitRecord]) -> Iterator[str]:
    together = [rows_of(fit) for fit in fits if fit.x.rows]
    few = bool(together) and max(together) < TRAINING.least_share_of_rows * use.train_rows
    known = {*together, *(fit.rows_given for fit in fits)}
    if few or (use.train_rows not in known and not any(_inputs(section, use.train_rows))):
        seen = f"{max(together):,} were found" if together else "no array with so many was found"
        yield f"the training part has {use.train_rows:,} rows, and {seen}"
    tested = any(fit.validation is not None and fit.validation.x.rows == use.test_rows for fit in fits)
    if not tested and not any(_inputs(section, use.test_rows)):
        yield f"there is no array with the {use.test_rows:,} rows of the test part"


def _scale_problems(
    section: SectionView, use: DataSetUse, *, fits: Sequence[FitRecord], bounds: tuple[float, float]
) -> Iterator[str]:
    models = {fit.model: section.evidence.model(fit.model) for fit in fits}
    ranges = [(fit.x, _rescaled(fit.x, models[fit.model])) for fit in fits if fit.x.maximum is not None]
    wrong = [found for _, found in ranges if not _is_in(found, bounds)]
    asked = f"[{bounds[0]:g}, {bounds[1]:g}] was asked for"
    if wrong:
        yield f"a model was trained on values from {wrong[0][0]:.4g} to {wrong[0][1]:.4g}; {asked}"
        return
    if not ranges:
        train = [_range(array) for array in _inputs(section, use.train_rows)]
        if train and not any(_is_in(found, bounds) for found in train):
            yield f"the training inputs run from {train[-1][0]:.4g} to {train[-1][1]:.4g}; {asked}"
    inside = any(_rescaling(model) is not None for model in models.values())
    test = [_range(array) for array in _inputs(section, use.test_rows)]
    if test and not inside and not any(_is_in(found, bounds) for found in test):
        yield f"the test inputs run from {test[-1][0]:.4g} to {test[-1][1]:.4g}; {asked}"


def _range(array: ArraySummary) -> tuple[float, float]:
    low, high = array.minimum, array.maximum
    return (math.nan if low is None else low), (math.nan if high is None else high)


def _is_in(found: tuple[float, float], bounds: tuple[float, float]) -> bool:
    low, high = bounds
    slack = 1e-6 * (high - low)
    top = low + THRESHOLDS.lowest_top * (high - low)
    return found[0] >= low - slack and top <= found[1] <= high + slack


def _rescaling(model: ModelRecord) -> tuple[float, float] | None:
    for layer in model.layers:
        scale, offset = layer.config.get("scale"), layer.config.get("offset", 0.0)
        if layer.class_name == "Rescaling" and isinstance(scale, int | float) and isinstance(offset, int | float):
            return float(scale), float(offset)
    return None


def _rescaled(array: ArraySummary, model: ModelRecord) -> tuple[float, float]:
    """The range of the inputs behind a Rescaling layer of the model's own."""
    low, high = _range(array)
    factor = _rescaling(model)
    return (low, high) if factor is None else (low * factor[0] + factor[1], high * factor[0] + factor[1])


def _label_problems(section: SectionView, use: DataSetUse, *, fits: Sequence[FitRecord], classes: int) -> Iterator[str]:
    for fit in fits:
        problem = _label_problem(fit, classes)
        if problem is not None:
            yield problem
            return
    if not fits and not any(
        item.array.one_hot and item.array.shape == (use.train_rows, classes) for item in section.evidence.arrays
    ):
        yield f"there is no array of one-hot labels of width {classes}"


def _label_problem(fit: FitRecord, classes: int) -> str | None:
    loss = (fit.compiled.loss or "") if fit.compiled is not None else ""
    if fit.y is None or fit.y.kind == "other" or not fit.y.shape:
        return None
    if fit.y.one_hot:
        width = fit.y.shape[-1]
        return None if width == classes else f"the one-hot labels have width {width}, not {classes}"
    are_numbers = fit.y.integral and fit.y.shape in {(fit.y.rows,), (fit.y.rows, 1)}
    if are_numbers and (loss.startswith("sparse") or fit.kind != "fit"):
        return None
    name = loss.replace("_", " ") or "no loss of Keras"
    return f"a model was trained on labels of shape {fit.y.shape} with {name}"
