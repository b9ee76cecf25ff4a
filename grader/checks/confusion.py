"""Confusion matrices: the picture must hold the numbers of this model's own predictions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from grader.architecture.layers import TIMES
from grader.checks.thresholds import THRESHOLDS
from grader.figures.plotted_data import cells_of, figures_by_nearness, was_cut
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, failed_or_partial, needs_review, passed
from grader.judging.subject import Floats, absent, measured_states, nothing_trained, numbers, unverified
from grader.judging.views import SectionView
from grader.records import AxesRecord, CheckResult, FigureRecord, Measurement, PictureOf

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d{1,3})?")


class ConfusionMatrixParams(Params):
    """Parameters of `confusion_matrix`."""

    part: str = Field("test", description="part of the data set whose matrix is asked for")
    tolerance: float = Field(
        0.002, ge=0, le=0.1, description="share of the rows that may be counted elsewhere (ties, float rounding)"
    )
    printed: float | None = Field(None, gt=0, lt=1, description="share of the points where it is printed, not drawn")


@dataclass(frozen=True)
class _Matrix:
    """A square of numbers that a figure shows; ``step`` is a unit of the last digit, 0 where not rounded."""

    values: Floats
    step: float = 0.0


@check("confusion_matrix", params=ConfusionMatrixParams, shows_model=True, made_by="draws")
def confusion_matrix(section: SectionView, params: ConfusionMatrixParams) -> CheckResult:
    """A picture shows the model's own confusion matrix, in any orientation, as counts or shares."""
    words: Words = {
        "required": f"a picture of this model's confusion matrix on the {params.part} set",
        "cells": section.match.cells,
        "basis": "verified",
    }
    missing = nothing_trained(section, words)
    if missing is not None:
        return missing
    own = [item for item in measured_states(section, params.part) if item.confusion is not None]
    figures = figures_by_nearness(section)
    squares = {index: list(_squares(section, figure)) for index, figure in enumerate(figures)}
    if not own:
        return _without_measurement(section, figures, squares=squares, words=words)
    truth = _counts(own[0])
    words["expected"] = _summary(truth)
    picture = PictureOf(kind="confusion", model=own[0].model, weights=own[0].weights)
    others = [_counts(item) for item in _of_other_models(section, params.part)]
    nearest: tuple[float, FigureRecord] | None = None
    here = len(section.here(section.evidence.figures))
    tried = any(matrix.values.shape == truth.shape for index in range(here) for matrix in squares[index])
    # Only a section that shows no matrix of its own may have it elsewhere.
    for index, figure in enumerate(figures[:here] if tried else figures):
        for matrix in squares[index]:
            distance = min((_moved_rows(matrix, _counts(item)) for item in own), default=math.inf)
            rival = min((_moved_rows(matrix, other) for other in others), default=math.inf)
            if distance <= rival and (nearest is None or distance < nearest[0]):
                nearest = (distance, figure)
    if nearest is not None and nearest[0] <= params.tolerance * truth.sum() + 1e-6:
        words |= {"cells": cells_of([nearest[1]]), "yours": words["expected"]}
        words["picture"] = picture.model_copy(update={"figure": nearest[1].seq})
        return passed("The picture shows this model's confusion matrix.", words)
    words["picture"] = picture.model_copy(update={"figure": _first_of_size(figures[:here], squares, truth)})
    return _not_shown(section, truth, squares=squares, params=params, words=words)


def _first_of_size(figures: tuple[FigureRecord, ...], squares: dict[int, list[_Matrix]], truth: Floats) -> int | None:
    """The first figure that shows a matrix of that size."""
    found = (
        figure.seq
        for index, figure in enumerate(figures)
        if any(matrix.values.shape == truth.shape for matrix in squares[index])
    )
    return next(found, None)


def _not_shown(
    section: SectionView,
    truth: Floats,
    *,
    squares: dict[int, list[_Matrix]],
    params: ConfusionMatrixParams,
    words: Words,
) -> CheckResult:
    here = section.here(section.evidence.figures)
    step = f"Draw the confusion matrix of this section's model on the {params.part} set."
    shown = [matrix for index in range(len(here)) for matrix in squares[index] if matrix.values.shape == truth.shape]
    if shown:
        words |= {"cells": cells_of(here), "yours": _summary(shown[0].values), "next_step": step}
        return failed(_of_whom(section, shown, truth, params=params), words)
    if was_cut(section, here):
        return needs_review(
            "infrastructure", "A figure of this section could not be kept whole; a tutor will look at it.", words
        )
    printed = next((cell for cell in section.cells if _is_printed(cell.printed, truth)), None)
    if printed is not None:
        words |= {"cells": (printed.index,), "yours": "printed numbers"}
        if "background_gradient(" in printed.source:
            return passed("The coloured table shows this model's confusion matrix.", words)
        return failed_or_partial(
            params.printed,
            "The matrix is printed and its numbers are right, but there is no picture of it.",
            words,
            next_step="Draw it, for example with ConfusionMatrixDisplay, a heatmap or imshow.",
        )
    size = len(truth)
    return absent(
        section,
        f"No picture of a {size}{TIMES}{size} confusion matrix was found in this section.",
        words,
        yours="no such picture",
        next_step=step,
    )


def _of_whom(section: SectionView, shown: list[_Matrix], truth: Floats, *, params: ConfusionMatrixParams) -> str:
    """Whose matrix a picture shows that is not this model's, as a sentence."""
    limit = params.tolerance * truth.sum() + 1e-6
    for other in _of_other_models(section, params.part):
        if any(_moved_rows(matrix, _counts(other)) <= limit for matrix in shown):
            return "The picture shows the confusion matrix of another model."
    train = section.measurement("train")
    total = float(shown[0].values.sum())
    if train is not None and train.rows != truth.sum() and total == train.rows:
        rows = f"as many as the training part; the {params.part} set has {truth.sum():,.0f}"
        return f"The picture counts {total:,.0f} rows, {rows}."
    numbers = f"those of this model's predictions for the {params.part} set"
    return f"The picture shows a matrix, but its numbers are not {numbers}."


def _without_measurement(
    section: SectionView, figures: tuple[FigureRecord, ...], *, squares: dict[int, list[_Matrix]], words: Words
) -> CheckResult:
    here = len(section.here(section.evidence.figures))
    cells = cells_of(figure for index, figure in enumerate(figures[:here]) if squares[index])
    if cells or was_cut(section, figures[:here]):
        words = {**words, "cells": cells or words["cells"], "yours": "a picture of a matrix"}
        return unverified(section, "What your model predicts for the test set", words)
    return absent(
        section,
        "No picture of a confusion matrix was found in this section.",
        words,
        yours="no such picture",
        next_step="Compute the confusion matrix of the test predictions and draw it.",
    )


def _of_other_models(section: SectionView, part: str) -> list[Measurement]:
    own = {item.weights for item in measured_states(section, part)}
    return [
        item
        for item in section.measurements.measured
        if item.probe == part and item.confusion is not None and item.weights not in own
    ]


def _counts(measured: Measurement) -> Floats:
    return np.asarray(measured.confusion, dtype=np.float64)


def _squares(section: SectionView, figure: FigureRecord) -> Iterator[_Matrix]:
    """Every square of numbers that a figure shows, as an image or mesh or as texts at whole places."""
    for axes in figure.axes:
        for grid in axes.grids:
            values = None if grid.kind == "contour" else numbers(section, grid.values)
            if values is not None and values.ndim == 2 and values.shape[0] == values.shape[1] > 1:
                # A share of a class without rows is drawn as NaN.
                finite = np.clip(np.nan_to_num(values, nan=0.0), -THRESHOLDS.largest_count, THRESHOLDS.largest_count)
                yield _Matrix(finite, step=_rounded_to(finite))
        texts = _of_texts(axes)
        if texts is not None:
            yield texts


def _of_texts(axes: AxesRecord) -> _Matrix | None:
    """The matrix that annotations spell out, row by row as they stand."""
    placed: dict[tuple[float, float], str] = {}
    for text in axes.texts:
        number = _NUMBER.search(text.text)
        if number is not None and math.isfinite(text.x) and math.isfinite(text.y):
            placed[round(text.y, 6), round(text.x, 6)] = number.group().replace(",", ".")
    rows, columns = sorted({y for y, _ in placed}), sorted({x for _, x in placed})
    if len(rows) != len(columns) or len(rows) < 2 or len(rows) ** 2 > 4 * len(placed):
        return None
    # Heatmaps may leave empty cells without a text.
    values = np.asarray([[float(placed.get((y, x), "0")) for x in columns] for y in rows])
    values = np.clip(np.nan_to_num(values), -THRESHOLDS.largest_count, THRESHOLDS.largest_count)
    decimals = max((len(item.lower().partition("e")[0].partition(".")[2]) for item in placed.values()), default=0)
    digits = any("e" in item.lower() for item in placed.values())
    return _Matrix(values, step=10.0**-decimals if decimals <= THRESHOLDS.most_decimals and not digits else 0.0)


def _rounded_to(values: Floats) -> float:
    for decimals in range(THRESHOLDS.most_decimals + 1):
        if np.allclose(values, np.round(values, decimals), rtol=0, atol=1e-9):
            return float(10.0**-decimals)
    return 0.0


def _moved_rows(matrix: _Matrix, truth: Floats) -> float:
    """How many rows would have to be counted elsewhere to make the one matrix of the other, in its best reading."""
    size = len(truth)
    values = matrix.values
    if values.shape == (size + 1, size + 1):
        # A table with its totals.
        values = values[:size, :size]
    if values.shape != truth.shape:
        return math.inf
    best = math.inf
    for drawn in (values, values[::-1], values[:, ::-1]):
        for counted in (drawn, drawn.T):
            best = min(best, float(np.abs(counted - truth).sum() / 2))
            best = min(best, *(_as_shares(counted, truth, step=matrix.step, unit=unit) for unit in _units(truth)))
    return best


def _units(truth: Floats) -> Iterator[Floats]:
    """Rows behind a share of one, for each cell: of its true class, of its predicted class, of all."""
    yield np.broadcast_to(truth.sum(axis=1, keepdims=True), truth.shape)
    yield np.broadcast_to(truth.sum(axis=0, keepdims=True), truth.shape)
    yield np.full(truth.shape, truth.sum())


def _as_shares(values: Floats, truth: Floats, *, step: float, unit: Floats) -> float:
    """The same for shares, in [0, 1] or per cent, with half a unit of the last digit allowed in each cell."""
    largest = values.max(initial=0.0)
    hundred = 100.0 if largest > 1.0 + 1e-6 else 1.0
    # Shares are at most all of it; rounded to tenths or less they would let anything pass.
    if largest > hundred * (1 + 1e-6) or step / hundred > THRESHOLDS.coarsest_share:
        return math.inf
    counted = values / hundred * unit
    slack = step / 2 / hundred * unit
    return float(np.maximum(np.abs(counted - truth) - slack, 0).sum() / 2)


def _is_printed(text: str, truth: Floats) -> bool:
    """Whether the matrix stands in a text: as numbers in a row, or as a table whose rows begin with their label."""
    wanted = tuple([int(value) for value in table.ravel()] for table in (truth, truth.T))
    size, span = len(truth), truth.size
    lines = [[int(number) for number in re.findall(r"(?<![\w.])\d{1,9}(?![\w.])", line)] for line in text.splitlines()]
    plain = [number for line in lines for number in line]
    # A table may end its rows with their totals.
    table = [number for line in lines if len(line) > size for number in line[1 : size + 1]]
    return any(found[at : at + span] in wanted for found in (plain, table) for at in range(len(found) - span + 1))


def _summary(values: Floats) -> str:
    total = float(values.sum())
    on_diagonal = float(np.diagonal(values).sum())
    if abs(total - round(total)) < 1e-9 and total > 2 * len(values):
        return f"{total:,.0f} rows, {on_diagonal:,.0f} of them on the diagonal"
    return f"a {len(values)}{TIMES}{len(values)} matrix of shares"
