"""Verified accuracies, errors and gaps: pass, fail, the exact line, what is near it, and what is missing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from builders import Notebook, data_set, dense, dropout, make_calibration, make_measurement, summarise
from pydantic import ValidationError

from grader.checks.performance import AccuracyParams, ErrorParams, GapParams, ScoreParams, accuracy, error, gap, score
from grader.judging.views import SectionView
from grader.records import Measurements, SectionMatch, Unverified

SPREAD = (0.970, 0.972, 0.974, 0.976, 0.978)
WITHIN = AccuracyParams.model_validate({"within": {"false_rejection": 0.01, "borderline": 0.0001}})


def view_of(measured: float | None, **fields: object) -> SectionView:
    book = Notebook()
    book.code("model.fit(x, y)")
    model = book.model(dense(10, "softmax"))
    book.fit(model)
    book.evaluate(model, accuracy=0.9)
    found = () if measured is None else (make_measurement(accuracy=measured, loss=0.1),)
    return book.view("ex4", model=model, measured=found, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "outcome"), [(0.91, "passed"), (0.9, "passed"), (0.8999, "failed"), (math.nan, "failed")]
)
def test_an_absolute_line_includes_itself(value: float, outcome: str) -> None:
    """The line itself passes; what is no number does not."""
    result = accuracy(view_of(value), AccuracyParams(min=0.9))
    assert result.outcome == outcome
    assert result.basis == "verified"


def test_an_accuracy_above_the_highest_fails() -> None:
    """A band has two ends."""
    result = accuracy(view_of(0.99), AccuracyParams(min=0.5, max=0.9))
    assert (result.outcome, result.yours, result.expected) == ("failed", "0.9900", "at least 0.5000 and at most 0.9000")


def test_the_lines_follow_from_the_references_spread() -> None:
    """Above the one per cent line passes, below the last line fails, between the two is borderline."""
    calibration = make_calibration(ex4__test_accuracy=SPREAD)
    line = calibration.lower_line("ex4.test_accuracy", false_rejection=0.01)
    last = calibration.lower_line("ex4.test_accuracy", false_rejection=0.0001)
    outcomes = [
        (result.outcome, result.cause)
        for value in (line, line - 1e-6, last, last - 1e-6)
        for result in [accuracy(view_of(value, calibration=calibration), WITHIN)]
    ]
    review = ("needs_review", "borderline")
    assert outcomes == [("passed", None), review, review, ("failed", None)]


STAND_IN = (data_set(sample=False, stand_in=True),)


@pytest.mark.parametrize(("data", "cause"), [("mnist", "infrastructure"), (None, "infrastructure"), ("other", None)])
def test_on_repeated_rows_no_figure_is_judged(data: str | None, cause: str | None) -> None:
    """Neither won nor lost, where the model's rows are a stand-in's, or nobody knows whose."""
    book = Notebook()
    book.fields["data_sets"] = STAND_IN
    model = book.model(dense(10, "softmax"))
    book.fit(model)
    view = book.view("ex4", model=model, measured=(make_measurement(accuracy=0.5, data_set=data),))
    result = accuracy(view, AccuracyParams(min=0.9))
    assert (result.outcome, result.cause) == ("needs_review" if cause else "failed", cause)
    assert ("it ran on repeated rows" in result.feedback) is bool(cause)


def test_on_repeated_rows_what_was_never_trained_is_still_missing() -> None:
    """That depends on no row."""
    book = Notebook()
    book.fields["data_sets"] = STAND_IN
    model = book.model(dense(10, "softmax"))
    assert accuracy(book.view("ex4", model=model), AccuracyParams(min=0.9)).outcome == "blocked"


def test_a_failed_accuracy_names_both_numbers() -> None:
    """The feedback has the student's figure and the line."""
    result = accuracy(view_of(0.5, calibration=make_calibration(ex4__test_accuracy=SPREAD)), WITHIN)
    assert "0.5000" in result.feedback
    assert "0.9610" in result.feedback
    assert result.next_step


def test_another_figure_can_be_named() -> None:
    """Two sections may be compared with one reference figure."""
    params = AccuracyParams.model_validate({"within": {"figure": "ex6.test_accuracy"}})
    assert accuracy(view_of(0.97, calibration=make_calibration(ex6__test_accuracy=SPREAD)), params).outcome == "passed"


@pytest.mark.parametrize("figures", [None, {}, {"ex4__test_accuracy": (0.97, 0.98)}])
def test_without_a_spread_it_is_ours_to_look(figures: dict[str, tuple[float, ...]] | None) -> None:
    """No student fails by a calibration that is not there."""
    calibration = None if figures is None else make_calibration(**figures)
    result = accuracy(view_of(0.5, calibration=calibration), WITHIN)
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


@pytest.mark.parametrize(
    ("measurements", "cause"),
    [
        (Measurements(submission="some"), "unverifiable"),
        (Measurements(submission="some", problem="the verifier died"), "infrastructure"),
        (Measurements(submission="some", unverified=(Unverified(model="m1", why="a Lambda"),)), "unverifiable"),
        (
            Measurements(submission="some", unverified=(Unverified(model="m1", cause="infrastructure", why="time"),)),
            "infrastructure",
        ),
    ],
)
def test_what_is_only_claimed_needs_review(measurements: Measurements, cause: str) -> None:
    """The claim is shown, and never passes by itself."""
    result = accuracy(view_of(None, measurements=measurements), AccuracyParams(min=0.5))
    assert (result.outcome, result.cause, result.basis) == ("needs_review", cause, "claimed")
    assert "0.9000" in result.yours


@pytest.mark.parametrize(("metric", "outcome"), [("CategoricalAccuracy", "failed"), ("Accuracy", "needs_review")])
def test_a_low_claim_fails_only_where_it_counts_right_answers(metric: str, outcome: str) -> None:
    """`Accuracy()` returns 0.0 for the best of models."""
    book = Notebook()
    book.code("model.fit(x, y)")
    model = book.model(dense(10, "softmax"))
    book.compile(model, config={"metrics": [{"class_name": metric, "config": {"name": "accuracy"}}]})
    book.fit(model)
    book.evaluate(model, accuracy=0.0)
    assert accuracy(book.view("ex4", model=model), AccuracyParams(min=0.5)).outcome == outcome


@pytest.mark.parametrize(("rows", "outcome"), [(300, "blocked"), (4000, "needs_review")])
def test_a_model_that_was_trained_on_other_rows_has_no_figure(rows: int, outcome: str) -> None:
    """It is not that its accuracy could not be measured: there is none."""
    book = Notebook()
    book.code("model.fit(x, y)")
    model = book.model(dense(1, "sigmoid"), inputs=(2,))
    book.fit(model, rows=rows)
    result = accuracy(book.view("ex4", model=model), AccuracyParams(min=0.9))
    assert result.outcome == outcome
    assert ("could not be measured" in result.feedback) is (outcome == "needs_review")


def test_no_trained_model_blocks() -> None:
    """There is nothing to measure where nothing was trained."""
    book = Notebook()
    book.code("pass")
    assert accuracy(book.view("ex4"), AccuracyParams(min=0.5)).outcome == "blocked"


def test_a_band_is_needed() -> None:
    """A rubric that gives none is refused."""
    with pytest.raises(ValidationError, match="one of min, max and within"):
        AccuracyParams()


@pytest.mark.parametrize(
    ("metric", "value", "outcome"),
    [
        ("mse", 4.0, "passed"),
        ("rmse", 4.0, "passed"),
        ("rmse", 4.1, "failed"),
        ("mae", 1.0, "passed"),
        ("mae", 2.5, "failed"),
    ],
)
def test_errors_of_regression_have_an_upper_line(metric: str, value: float, outcome: str) -> None:
    """mse is the loss of a model compiled with it, rmse its root, mae is measured."""
    view = view_of(None)
    name = "mean_absolute_error" if metric == "mae" else "mean_squared_error"
    found = make_measurement(loss=value, mae=value, loss_name=name)
    view = view_of(None, measurements=Measurements(submission="some", measured=(found,)))
    params = ErrorParams.model_validate({"metric": metric, "max": 4.0 if metric == "mse" else 2.0})
    assert error(view, params).outcome == outcome


def gap_scope(
    own: tuple[float, float], other: tuple[float, float], *, kind: str = "validation", **fields: object
) -> SectionView:
    """Two models; each has its training loss and its validation (or test) loss."""
    book = Notebook()
    book.code("fits")
    deep = book.model(dense(128, "relu"), dense(10, "softmax"))
    book.fit(deep)
    mine = book.model(dense(128, "relu"), dropout(), dense(10, "softmax"))
    book.fit(mine)
    measured = [
        make_measurement(probe, weights=weights, model=model, loss=loss)
        for weights, model, losses in (("w1", deep, other), ("w2", mine, own))
        for probe, loss in zip(("train", kind), losses, strict=True)
    ]
    match = SectionMatch(section="deep", cells=(0,), model=deep, fits=("f1",))
    return book.view("dropout", model=mine, matching={"deep": match}, measured=measured, **fields)  # type: ignore[arg-type]


DIFFERENCES = (-0.04, -0.02, 0.0, 0.02, 0.01)
PARAMS = GapParams(compared_to="deep", needs_layer="Dropout")


@pytest.mark.parametrize("kind", ["validation", "test"])
def test_a_smaller_gap_passes(kind: str) -> None:
    """With a validation part or, where there was none, with the test set in its place."""
    result = gap(gap_scope((0.1, 0.12), (0.05, 0.15), kind=kind), PARAMS)
    assert result.outcome == "passed"
    assert "0.0200 here and 0.1000" in result.feedback


def test_the_gap_may_be_larger_by_chance() -> None:
    """Up to the line of the reference's differences it passes, then it is borderline, then it fails."""
    calibration = make_calibration(dropout__gap_difference=DIFFERENCES)
    line = calibration.upper_line("dropout.gap_difference", false_rejection=0.01)
    last = calibration.upper_line("dropout.gap_difference", false_rejection=0.0001)
    outcomes = [
        gap(gap_scope((0.0, extra), (0.0, 0.0), calibration=calibration), PARAMS).outcome
        for extra in (line, line + 1e-6, last, last + 1e-6)
    ]
    assert outcomes == ["passed", "needs_review", "needs_review", "failed"]


def test_a_gap_that_is_no_larger_passes_whatever_the_spread() -> None:
    """Where the reference's dropout always helps much, helping a little is still right."""
    calibration = make_calibration(dropout__gap_difference=(-0.5, -0.51, -0.49, -0.5))
    assert gap(gap_scope((0.0, 0.1), (0.0, 0.1), calibration=calibration), PARAMS).outcome == "passed"


def test_a_larger_gap_without_a_spread_is_ours() -> None:
    """Chance cannot be told from a fault without the reference."""
    result = gap(gap_scope((0.0, 0.2), (0.0, 0.1)), PARAMS)
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


def test_the_gap_of_the_compared_model_may_be_what_is_unknown() -> None:
    """The words name the one that was not measured."""
    view, nan = gap_scope((0.0, 0.1), (0.0, 0.1)), "The gap of the model that yours is compared with"
    mine = [item for item in view.measurements.measured if item.model == view.match.model]
    theirs = [item for item in view.measurements.measured if item.model != view.match.model]
    for kept, is_theirs in ((mine, True), (theirs, False)):
        found = replace(
            view,
            submission=replace(
                view.submission, measurements=view.measurements.model_copy(update={"measured": tuple(kept)})
            ),
        )
        result = gap(found, PARAMS)
        assert (result.outcome, result.feedback.startswith(nan)) == ("needs_review", is_theirs)


def test_the_layer_that_is_judged_must_be_there() -> None:
    """A model without Dropout shows no effect of it."""
    params = GapParams(compared_to="deep", needs_layer="BatchNormalization")
    result = gap(gap_scope((0.0, 0.0), (0.0, 0.1)), params)
    assert (result.outcome, result.yours) == ("failed", "no BatchNormalization layer")


def test_losses_that_are_no_numbers_fail() -> None:
    """A training that went astray has no gap."""
    assert gap(gap_scope((math.nan, 0.1), (0.0, 0.1)), PARAMS).outcome == "failed"


def test_nothing_to_compare_with_needs_review() -> None:
    """A section without a model is not held against another one."""
    view = gap_scope((0.0, 0.1), (0.0, 0.1))
    result = gap(view, GapParams(compared_to="absent"))
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


def test_an_absolute_gap_has_a_line() -> None:
    """Without another section the gap itself is judged."""
    view = gap_scope((0.0, 0.1), (0.0, 0.1))
    assert gap(view, GapParams(max=0.1)).outcome == "passed"
    assert gap(view, GapParams(max=0.09)).outcome == "failed"


@pytest.mark.parametrize(("unit", "outcome"), [(None, "passed"), (1.0, "passed"), (100.0, "failed")])
def test_an_error_is_in_the_data_sets_own_units(unit: float | None, outcome: str) -> None:
    """Targets scaled down make no small error."""
    book = Notebook()
    book.code("model.fit(x, y)")
    model = book.model(dense(1))
    book.fit(model)
    measured = make_measurement(mae=0.45, mse=0.3, r2=0.4, target_unit=unit)
    result = error(book.view("ex4", model=model, measured=[measured]), ErrorParams(max=40))
    assert (result.outcome, result.yours) == (outcome, "0.4500" if outcome == "passed" else "45.0000")


@pytest.mark.parametrize(("metric", "lowest", "outcome"), [("auc", 0.9, "passed"), ("r2", 0.5, "failed")])
def test_scores_have_bands_too(metric: str, lowest: float, outcome: str) -> None:
    """The area under the ROC curve, and the coefficient of determination."""
    book = Notebook()
    book.code("model.fit(x, y)")
    model = book.model(dense(1, "sigmoid"))
    book.fit(model)
    measured = make_measurement(auc=0.97, r2=0.4)
    params = ScoreParams.model_validate({"metric": metric, "min": lowest})
    assert score(book.view("ex4", model=model, measured=[measured]), params).outcome == outcome


@pytest.mark.parametrize(("validated", "outcome"), [(89, "failed"), (40, "needs_review"), (None, "needs_review")])
def test_a_table_with_no_row_left_has_no_test_error(validated: int | None, outcome: str) -> None:
    """Nothing is to be looked at where every row was trained or validated on; else it is not known why."""
    book = Notebook()
    book.code("model.fit(x, y, validation_split=0.2)")
    model = book.model(dense(1), inputs=(10,))
    book.fit(model)
    rows = {"train": 353} if validated is None else {"train": 353, "validation": validated}
    measured = [make_measurement(part, rows=count, of_rows=442, mae=40) for part, count in rows.items()]
    result = error(book.view("ex4", model=model, measured=measured), ErrorParams(max=55))
    assert result.outcome == outcome
    assert ("every row of the table" in result.feedback) == (outcome == "failed")


@pytest.mark.parametrize(
    ("claims", "outcome"), [((0.1,), "failed"), ((0.95,), "needs_review"), ((0.1, 0.95), "needs_review")]
)
def test_what_a_notebook_says_against_itself_is_believed(claims: tuple[float, ...], outcome: str) -> None:
    """Nobody can measure a model of rows that are not the data's; a good figure of it is a tutor's to believe."""
    book = Notebook()
    book.code("model.fit(noise, y)")
    model = book.model(dense(10, "softmax"), inputs=(10,))
    book.fit(model)
    for claim in claims:
        book.evaluate(model, x=summarise([[claim] * 10]), results={"accuracy": claim})
    book.fields["data_sets"] = ()
    assert accuracy(book.view("ex4", model=model), AccuracyParams(min=0.9)).outcome == outcome


def test_an_error_that_is_only_claimed_may_be_in_other_units() -> None:
    """Of targets in cents the error is a hundred times as large, and the model as good."""
    book = Notebook()
    book.code("model.fit(x, y * 100)")
    model = book.model(dense(1), inputs=(10,))
    book.fit(model)
    book.evaluate(model, x=summarise([[1.0] * 10]), results={"mae": 4400.0})
    book.fields["data_sets"] = ()
    assert error(book.view("ex4", model=model), ErrorParams(max=55)).outcome == "needs_review"


@pytest.mark.parametrize(("r2", "outcome"), [(-0.014, "failed"), (0.1, "needs_review"), (0.6, "needs_review")])
def test_a_model_that_learned_nothing_of_unknown_rows_is_not_within_the_band(r2: float, outcome: str) -> None:
    """R2 has no unit: with 0 on its own training rows, a model knows no more than the mean."""
    book = Notebook()
    book.code("model.fit(noise, y)")
    model = book.model(dense(1), inputs=(10,))
    book.fit(model)
    calibration = make_calibration(
        ex4__test_mae=(42.0, 45.0, 44.0, 46.0), ex4__test_r2=(0.40, 0.41, 0.42, 0.43), ex4__train_mae=(37.0, 38.0, 39.0)
    )
    measured = [make_measurement("train", rows=282, mae=64.9, r2=r2, data_set=None)]
    params = ErrorParams.model_validate({"within": {"false_rejection": 0.01}})
    result = error(book.view("ex4", model=model, measured=measured, calibration=calibration), params)
    assert (result.outcome, "R2 is" in result.feedback) == (outcome, outcome == "failed")


def test_a_gap_that_is_compared_has_a_line_of_its_own_too() -> None:
    """However much larger the other model's is."""
    view = gap_scope((0.0, 0.1), (0.0, 0.5))
    assert gap(view, PARAMS.model_copy(update={"max": 0.05})).feedback.endswith("at most 0.0500 was allowed.")
    assert "was allowed" not in gap(view, PARAMS.model_copy(update={"max": 0.2})).feedback
