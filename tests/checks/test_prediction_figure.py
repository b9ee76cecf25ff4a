"""A figure shows what the model predicts against the true values, in whatever form, and no other points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from builders import Notebook, dense, make_axes, make_measurement, scatter

from grader.checks.prediction_figure import PredictionFigureParams, prediction_figure
from grader.records import CheckResult

TRUE = np.random.default_rng(3).uniform(25, 346, 80)
PREDICTED = 0.5 * TRUE + 76 + np.random.default_rng(4).normal(size=80) * 40
FORMS = {
    "true and predicted": (TRUE, PREDICTED),
    "predicted and true": (PREDICTED, TRUE),
    "residuals": (PREDICTED, TRUE - PREDICTED),
    "another unit": (TRUE / 100 - 1, PREDICTED / 100 - 1),
    "with the training rows": (np.append(TRUE, [1, 2, 3]), np.append(PREDICTED, [4, 5, 6])),
}


def _judged(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], *, predicted: npt.NDArray[np.float64] = PREDICTED
) -> CheckResult:
    book = Notebook()
    book.code("plt.scatter(...)")
    model = book.model(dense(1), inputs=(4,))
    book.fit(model)
    book.figure(make_axes(scatter(np.column_stack([x, y]), store=book.store)))
    parts = {"predictions": predicted, "targets": TRUE}
    refs = {name: book.store.put(values[:, None].astype(np.float32)) for name, values in parts.items()}
    measured = make_measurement(rows=80, **refs)
    return prediction_figure(book.view("ex4", model=model, measured=[measured]), PredictionFigureParams())


@pytest.mark.parametrize("form", FORMS)
def test_each_usual_form_passes(form: str) -> None:
    """Axes swapped, residuals, the units before a scaling, more rows than the test's."""
    assert _judged(*FORMS[form]).outcome == "passed"


def test_other_points_fail() -> None:
    """Predictions of another model, and a handful of points."""
    assert _judged(TRUE, PREDICTED[::-1]).outcome == "failed"
    assert _judged(TRUE[:9], PREDICTED[:9]).outcome == "failed"


def test_a_part_of_the_rows_is_for_a_tutor() -> None:
    """What was never trained on may be more than what was set aside for the test."""
    result = _judged(TRUE[:60], PREDICTED[:60])
    assert (result.outcome, "60 of 80 rows" in result.feedback) == ("needs_review", True)


def _without(refs: bool) -> CheckResult:
    """No figure, or one whose points were not kept."""
    book = Notebook()
    book.code("plt.scatter(...)")
    model = book.model(dense(1), inputs=(4,))
    book.fit(model)
    if refs:
        drawn = scatter(np.column_stack([TRUE, PREDICTED]), store=book.store).model_copy(update={"offsets": None})
        book.figure(make_axes(drawn))
    parts = {"predictions": PREDICTED, "targets": TRUE}
    stored = {name: book.store.put(values[:, None].astype(np.float32)) for name, values in parts.items()}
    measured = [make_measurement(rows=80, **stored)]
    return prediction_figure(book.view("ex4", model=model, measured=measured), PredictionFigureParams())


def test_no_figure_and_one_that_was_not_kept_whole_are_told_apart() -> None:
    """The one is missing; of the other nobody knows what it shows."""
    missing, cut = _without(refs=False), _without(refs=True)
    assert (missing.outcome, missing.feedback) == ("failed", "No figure shows predicted against true values.")
    assert (cut.outcome, cut.cause) == ("needs_review", "infrastructure")
    assert "could not be kept whole" in cut.feedback


def test_a_model_of_nan_predicts_nothing() -> None:
    """That is known, and nothing for a tutor to look at."""
    result = _judged(TRUE, PREDICTED, predicted=np.full(80, np.nan))
    assert (result.outcome, "went astray" in result.feedback) == ("failed", True)


def test_without_a_measurement_a_tutor_looks() -> None:
    """What the model predicts is not known."""
    book = Notebook()
    book.code("...")
    model = book.model(dense(1), inputs=(4,))
    book.fit(model)
    assert prediction_figure(book.view("ex4", model=model), PredictionFigureParams()).outcome == "needs_review"
