"""No array that a kernel may send makes a check of figures, data or predictions crash or pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import Array, Notebook, dense, make_axes, make_measurement, summarise

from grader.judging.registry import Params, registered
from grader.judging.views import SectionView
from grader.records import (
    AxesRecord,
    CheckResult,
    GridRecord,
    LineRecord,
    NamedArray,
    PredictionRecord,
    ScatterRecord,
    SectionMatch,
    TextRecord,
)

REGION = {"rectangle": [["-pi", "pi"], [-1, 2]]}
CURVES = ["cos(x)", "1 + cos(x)"]
CHECKS: dict[str, dict[str, Any]] = {
    "loss_curves": {},
    "confusion_matrix": {},
    "region_predictions": REGION,
    "region_figure": {**REGION, "curves": CURVES},
    "array_shapes": {"rows": [10, 20], "used_by": ["ex4"]},
    "curves": {"curves": CURVES, "interval": ["-pi", "pi"], "used_by": ["ex4"]},
    "prepared_data": {"data_set": "mnist", "classes": 10, "used_by": ["ex4"]},
    "image_figure": {"data_set": "mnist"},
}
ARRAYS: dict[str, Array] = {
    "empty": np.empty((0, 2)),
    "scalar": np.float64(1.0).reshape(()),
    "nan": np.full((12, 2), np.nan),
    "infinite": np.full((12, 2), np.inf),
    "mixed": np.array([[np.inf, -np.inf], [np.nan, 1e308]] * 6),
    "huge": np.full((12, 12), 1.7e308),
    "integers": np.full((12, 2), np.iinfo(np.int64).min),
    "text": np.array([["a", "b"]] * 12),
    "complex": np.full((12, 2), 1j),
    "deep": np.zeros((2, 2, 2, 2, 2)),
    "one": np.zeros((1, 1)),
    "colours": np.zeros((10, 10, 4)),
    "bool": np.ones((12, 2), dtype=bool),
    "records": np.zeros(12, dtype=[("a", "f8")]),
}


def run(name: str, view: SectionView) -> CheckResult:
    spec = registered()[name]
    params: Params = spec.params.model_validate(CHECKS[name])
    return spec.run(view, params)


def drawn(ref: str | None) -> AxesRecord:
    """Everything that can be drawn, from one array."""
    box = (0.0, float("inf"), float("nan"), 1.0)
    grids = [
        GridRecord(kind=kind, values=ref, shape=(10, 10), extent=extent, x=x, y=x)  # type: ignore[arg-type]
        for kind in ("image", "mesh", "contour")
        for extent in (None, box, (0.0, 0.0, 0.0, 0.0))
        for x in (None, ref)
    ]
    texts = [TextRecord(x=float("nan"), y=float("inf"), text="9" * 400), TextRecord(x=1e300, y=0.0, text="1e999")]
    lines = [LineRecord(x=ref, y=ref, points=12, marker_only=marker) for marker in (True, False)]
    dots = [ScatterRecord(offsets=ref, values=values, colors=ref, points=12) for values in (None, ref)]
    return make_axes(*grids, *texts, *lines, *dots)


def view_of(array: Array, *, stored: bool) -> SectionView:
    """One cell in which that array is fitted, predicted, named and drawn."""
    book = Notebook()
    book.code("everything", printed="accuracy: 1e999 [[[")
    model = book.model(dense(10, "softmax"))
    ref = book.store.put(array)
    plain = array if array.dtype.kind in "biuf" else np.zeros((12, 2))
    with np.errstate(all="ignore"):
        summary = summarise(np.nan_to_num(plain, posinf=1.0, neginf=0.0).astype(float), store=book.store)
    summary = summary.model_copy(update={"whole": ref if stored else "0" * 64, "head": ref, "shape": (12, 2)})
    book.fit(model, x=summary, y=summary, history={"loss": (float("nan"), float("inf")), "val_loss": (1e308, -1.0)})
    record = PredictionRecord(seq=9, cell=0, model=model, weights="w1", x=summary, output=summary)
    book.predictions += [record, record.model_copy(update={"x": summary.model_copy(update={"shape": (10**9, 2)})})]
    for rows in (4000, 12):
        named = summary.model_copy(update={"shape": (rows, 28, 28)})
        book.arrays += [NamedArray(seq=1, cell=0, name="x", array=item) for item in (summary, named)]
    book.figure(drawn(ref if stored else None))
    match = SectionMatch(section="ex4", cells=(0,), model=model, fits=("f1",))
    found = (
        make_measurement(confusion=((0,) * 10,) * 10, accuracy=0.1, loss=float("nan")),
        make_measurement("region", inputs=ref, predictions=ref),
    )
    return book.view("ex4", model=model, measured=found, matching={"ex4": match})


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("stored", [True, False])
def test_no_array_is_too_strange(name: str, array: str, stored: bool) -> None:
    """A check ends with a result, and nothing of this is right."""
    assert run(name, view_of(ARRAYS[array], stored=stored)).outcome != "passed"


@pytest.mark.parametrize("name", CHECKS)
def test_an_empty_notebook_is_survived(name: str) -> None:
    """No cell, no model, no data set."""
    book = Notebook()
    book.fields["data_sets"] = ()
    book.code("")
    assert run(name, book.view("ex4", cells=[])).outcome in {"failed", "blocked"}
