"""What a picture should show, as it was verified, stands beside the student's own figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_cell, make_compile, make_evidence, make_figure, make_measurement

from grader.records import Measurement, Measurements, PictureOf, Verdict
from grader.report.notebook import cell_blocks
from grader.report.verified import Verified, matrix_rows, verified_pictures
from grader.store import SubmissionFolder

MATRIX = ((9, 1), (3, 7))
PNG = b"\x89PNG\r\n\x1a\n"
GRID = np.column_stack([axis.ravel() for axis in np.meshgrid([0.0, 1.0, 2.0], [0.0, 1.0])]).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> SubmissionFolder:
    return SubmissionFolder(tmp_path)


def verdict(kind: str = "confusion", figure: int | None = 7, criterion: str = "one") -> Verdict:
    picture = {"kind": kind, "model": "m1", "weights": "w1", "figure": figure}
    base = {"section": "ex4", "outcome": "failed", "earned": 0.0, "points": 1.0, "basis": "verified"}
    return Verdict.model_validate({"criterion": criterion, **base, "picture": PictureOf.model_validate(picture)})


def shown(
    folder: SubmissionFolder, *verdicts: Verdict, measured: Measurement, figures: int = 1, **fields: Any
) -> dict[str, Verified]:
    """With so many figures of one cell, numbered from 7."""
    pictures = [np.frombuffer(PNG + bytes([number]), dtype=np.uint8) for number in range(figures)]
    drawn = tuple(make_figure(seq=7 + n, png=folder.arrays.put(raw), cell=0) for n, raw in enumerate(pictures))
    evidence = make_evidence(cells=(make_cell("plt.show()"),), figures=drawn, **fields)
    cells = cell_blocks(evidence, folder=folder)
    measurements = Measurements(submission="some", measured=(measured,))
    return verified_pictures(verdicts, evidence=evidence, measurements=measurements, cells=cells, folder=folder)


def test_a_matrix_stands_beside_the_figure_that_was_judged(folder: SubmissionFolder) -> None:
    """Of several of one cell, that one."""
    found = shown(folder, verdict(figure=8), measured=make_measurement(confusion=MATRIX), figures=2)["one"]
    assert found.said == "16 of 20 test rows are on the diagonal. Most often class 1 is taken for 0: 3 times."
    assert (found.classes, found.cell, found.picture) == (2, 0, None)
    assert found.own is not None
    assert found.own.source.endswith("iVBORw0KGgoB")


def test_without_a_figure_there_is_what_was_verified(folder: SubmissionFolder) -> None:
    """And of another state of the model there is nothing."""
    (found,) = shown(folder, verdict(figure=None), measured=make_measurement(confusion=MATRIX)).values()
    assert (found.own, found.cell) == (None, None)
    assert shown(folder, verdict(), measured=make_measurement(confusion=MATRIX, weights="w2")) == {}
    assert shown(folder, verdict(), measured=make_measurement()) == {}


def test_a_figure_stands_on_a_page_once(folder: SubmissionFolder) -> None:
    """The second criterion that speaks of it names its cell."""
    found = shown(folder, verdict(), verdict(criterion="two"), measured=make_measurement(confusion=MATRIX))
    assert [one.own is not None for one in found.values()] == [True, False]
    assert found["two"].cell == 0


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ([[0.1], [0.9], [0.9], [0.1], [0.1], [0.9]], "class 0 at 50 %, class 1 at 50 % of the places."),
        ([[0.1]] * 6, "class 0 everywhere."),
        ([[0.0, 1.0, 0.5]] * 5 + [[0.0, 0.0, 1.0]], "class 1 at 83 %, class 2 at 17 % of the places."),
    ],
)
def test_a_region_is_drawn_and_said(folder: SubmissionFolder, outputs, said: str) -> None:
    """Over which rectangle, and the share of each class."""
    arrays = {"inputs": GRID, "predictions": np.asarray(outputs, dtype=np.float32)}
    refs = {name: folder.arrays.put(array) for name, array in arrays.items()}
    (found,) = shown(folder, verdict("region"), measured=make_measurement("region", **refs)).values()
    assert found.said == f"Over x from 0 to 2 and y from 0 to 1 the model answers {said}"
    assert found.picture is not None
    assert found.picture.alt == found.said


@pytest.mark.parametrize("outputs", [[[0.1]] * 5, [[float("nan")]] * 6, [0.1] * 6])
def test_a_region_that_cannot_be_read_is_left_out(folder: SubmissionFolder, outputs) -> None:
    """Other places than answers, answers that are no numbers."""
    arrays = {"inputs": GRID, "predictions": np.asarray(outputs, dtype=np.float32)}
    refs = {name: folder.arrays.put(array) for name, array in arrays.items()}
    assert shown(folder, verdict("region"), measured=make_measurement("region", **refs)) == {}


@pytest.mark.parametrize(("are_logits", "said"), [(True, "class 0 at 50 %"), (False, "class 0 at 83 %")])
def test_logits_part_at_zero(folder: SubmissionFolder, are_logits: bool, said: str) -> None:
    """A single linear output of another loss parts at one half."""
    outputs = np.asarray([[-3], [-1], [-0.1], [0.2], [0.3], [5]], dtype=np.float32)
    refs = {"inputs": folder.arrays.put(GRID), "predictions": folder.arrays.put(outputs)}
    compiled = make_compile("m1", loss="binary_crossentropy", from_logits=are_logits)
    measured = make_measurement("region", **refs)
    (found,) = shown(folder, verdict("region"), measured=measured, compiles=(compiled,)).values()
    assert said in found.said


def test_a_matrix_is_darker_where_more_of_a_row_is() -> None:
    """Nothing is a dot; a class without rows divides by nothing."""
    rows = matrix_rows(((9, 0), (0, 0)))
    assert rows.splitlines()[0] == '<tr><th scope="row">0</th><td class="s9">9</td><td>\u00b7</td></tr>'
    assert rows.splitlines()[1].count("\u00b7") == 2
