"""What a picture that was asked for should show, as it was verified, beside the student's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from grader.architecture.layers import last_compile
from grader.errors import StoreError
from grader.metrics import Outputs, predicted_classes
from grader.records import Evidence, Measurement, Measurements, PictureOf, Verdict
from grader.report import plots
from grader.report.kept import kept
from grader.report.notebook import CellBlock, Picture
from grader.report.templating import data_uri, figure
from grader.store import SubmissionFolder

Classes = npt.NDArray[np.int64]

_SHADES = 9
"""Shades of a confusion matrix: the stylesheet has one for each."""


@dataclass(frozen=True)
class Verified:
    """What was verified, beside the student's own figure.

    Attributes:
        title: Of what was verified.
        picture: Of a region; None for a matrix.
        classes: Of a confusion matrix, whose rows ``matrix`` holds; 0 for a region.
        said: What it shows, in words.
        own: The student's figure; None where there is none, or where it stands elsewhere on the page.
        cell: In which cell that is.
    """

    title: str
    picture: Picture | None
    classes: int
    matrix: Markup
    said: str
    own: Picture | None = None
    cell: int | None = None


def verified_pictures(
    verdicts: Sequence[Verdict],
    *,
    evidence: Evidence,
    measurements: Measurements | None,
    cells: Sequence[CellBlock],
    folder: SubmissionFolder,
) -> dict[str, Verified]:
    """What was verified of the pictures that criteria speak of, by criterion.

    Args:
        verdicts: In the order of the page: a figure stands where it is spoken of first.
        evidence: Of the run.
        measurements: What was verified.
        cells: With their pictures.
        folder: Where the arrays are, and where pictures are kept.
    """
    taken: set[str] = set()
    found: dict[str, Verified] = {}
    for verdict in verdicts:
        about = verdict.picture
        if about is None or measurements is None:
            continue
        probe = "region" if about.kind == "region" else "test"
        measured = measurements.find(about.model, weights=about.weights, probe=probe)
        if measured is None:
            continue
        made = _region(measured, evidence=evidence, folder=folder) if probe == "region" else _matrix(measured)
        if made is not None:
            cell, own = _own(about, evidence=evidence, cells=cells)
            own = None if own is not None and own.source in taken else own
            found[verdict.criterion] = replace(made, own=own, cell=cell)
            taken |= set() if own is None else {own.source}
    return found


def most_confused(confusion: Sequence[Sequence[int]]) -> str:
    """The pair of classes that is confused most, in words; empty where none is."""
    matrix = np.array(confusion, dtype=int)
    if matrix.ndim != 2 or matrix.size == 0:
        return ""
    np.fill_diagonal(matrix, 0)
    true, predicted = np.unravel_index(int(matrix.argmax()), matrix.shape)
    times = int(matrix[true, predicted])
    return f"Most often class {true} is taken for {predicted}: {times} times." if times else ""


def matrix_rows(confusion: Sequence[Sequence[int]]) -> Markup:
    """Rows of a table: a true class, and how many of its rows were taken for each class, the more the darker."""
    made = []
    for number, row in enumerate(confusion):
        most = max(sum(row), 1)
        cells = "".join(
            f'<td class="s{round(_SHADES * count / most)}">{count}</td>' if count else "<td>\u00b7</td>"
            for count in row
        )
        made.append(f'<tr><th scope="row">{number}</th>{cells}</tr>')
    return Markup("\n".join(made))  # noqa: S704 - numbers alone


def _matrix(measured: Measurement) -> Verified | None:
    matrix = measured.confusion
    if not matrix or any(len(row) != len(matrix) for row in matrix):
        return None
    right = sum(row[number] for number, row in enumerate(matrix))
    said = f"{right} of {sum(map(sum, matrix))} test rows are on the diagonal. {most_confused(matrix)}".rstrip()
    title = "Confusion matrix, recomputed from the trained model"
    return Verified(title, picture=None, classes=len(matrix), matrix=matrix_rows(matrix), said=said)


def _region(measured: Measurement, *, evidence: Evidence, folder: SubmissionFolder) -> Verified | None:
    compiled = last_compile(evidence, measured.model)
    are_logits = compiled is not None and compiled.from_logits
    try:
        stored = kept(
            folder.evidence_folder / "plots",
            key=["region", measured.inputs, measured.predictions, are_logits],
            suffix="json",
            make=lambda: _drawn_region(measured, are_logits=are_logits, folder=folder),
        )
    except StoreError:
        return None
    said, svg = json.loads(stored)
    if not svg:
        return None
    picture = Picture(data_uri(svg.encode(), "image/svg+xml"), said)
    return Verified("The trained model's answers, recomputed", picture=picture, classes=0, matrix=Markup(), said=said)


def _drawn_region(measured: Measurement, *, are_logits: bool, folder: SubmissionFolder) -> bytes:
    """A region in words and as a drawing, as JSON; both empty where it cannot be read."""
    table = _table(measured, are_logits=are_logits, folder=folder)
    return json.dumps(["", ""] if table is None else [_region_in_words(*table), plots.region(*table).decode()]).encode()


def _own(about: PictureOf, *, evidence: Evidence, cells: Sequence[CellBlock]) -> tuple[int | None, Picture | None]:
    """The cell of the student's figure, and the figure where the page has it."""
    drawn = next((one for one in evidence.figures if one.seq == about.figure), None)
    if drawn is None or drawn.cell is None:
        return None, None
    of_cell = [one.seq for one in evidence.figures if one.cell == drawn.cell and one.png is not None]
    block = next((one for one in cells if one.run.index == drawn.cell), None)
    # Where some of them are left out, nobody knows which those are that are there.
    if block is None or len(block.pictures) != len(of_cell) or drawn.seq not in of_cell:
        return drawn.cell, None
    return drawn.cell, block.pictures[of_cell.index(drawn.seq)]


def _table(
    measured: Measurement, *, are_logits: bool, folder: SubmissionFolder
) -> tuple[Classes, Mapping[str, tuple[float, float]]] | None:
    """A model's classes over a full grid, shape ``(rows, columns)`` from below, and the sides of its rectangle."""
    if measured.inputs is None or measured.predictions is None:
        return None
    points, outputs = folder.arrays.get(measured.inputs), folder.arrays.get(measured.predictions)
    if points.dtype.kind != "f" or outputs.dtype.kind != "f" or points.shape != (len(outputs), 2) or outputs.ndim != 2:
        return None
    across, up = np.unique(points[:, 0]), np.unique(points[:, 1])
    if len(across) * len(up) != len(points) or min(len(across), len(up)) < 2 or not np.isfinite(outputs).all():
        return None
    # A sigmoid stays one where the loss was told of logits.
    above_zero = are_logits and bool((outputs < 0).any() or (outputs > 1).any())
    table = np.zeros((len(up), len(across)), dtype=np.int64)
    classes = predicted_classes(Outputs(outputs, from_logits=above_zero))
    table[np.searchsorted(up, points[:, 1]), np.searchsorted(across, points[:, 0])] = classes
    return table, {"x": (float(across[0]), float(across[-1])), "y": (float(up[0]), float(up[-1]))}


def _region_in_words(classes: Classes, sides: Mapping[str, tuple[float, float]]) -> str:
    """Over which rectangle, and which share of it each class has."""
    (left, right), (low, high) = sides["x"], sides["y"]
    where = f"Over x from {figure(left)} to {figure(right)} and y from {figure(low)} to {figure(high)}"
    numbers, counts = np.unique(classes, return_counts=True)
    if len(numbers) == 1:
        return f"{where} the model answers class {numbers[0]} everywhere."
    shares = (f"class {one} at {100 * count / classes.size:.0f} %" for one, count in zip(numbers, counts, strict=True))
    return f"{where} the model answers {', '.join(shares)} of the places."
