"""Evaluations on the test set, and what is printed of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import Field

from grader.checks.thresholds import THRESHOLDS
from grader.judging.registry import Params, check
from grader.judging.results import Words, failed, listed, needs_review, passed, shown
from grader.judging.subject import (
    absent,
    fits_of_model,
    measured_states,
    nothing_trained,
    speaks_of_model,
    test_rows,
    untested,
)
from grader.judging.views import SectionView
from grader.metrics import METRICS, MetricName, counts_right_answers
from grader.records import CheckResult, EvaluationRecord, Measurement, PredictionRecord
from grader.text.quantities import Quantity, quantities, shows_bar_of


class EvaluatedParams(Params):
    """Parameters of `evaluated`."""

    figures: tuple[MetricName, ...] = Field(
        ("loss", "accuracy"),
        min_length=1,
        description=f"figures that are looked for: {', '.join(METRICS)}",
    )
    at_least: int = Field(1, ge=1, description="how many of them must be printed; each that is printed must be right")
    tolerance: float = Field(0.002, ge=0, description="how far a printed figure may be from the verified one")


@dataclass(frozen=True)
class _Printed:
    """What became of one figure: printed right, printed wrong (and how), or not printed."""

    name: MetricName
    value: float
    right: Quantity | None = None
    wrong: Quantity | None = None
    in_bar: bool = False

    @property
    def counts(self) -> bool:
        return self.right is not None or (self.in_bar and self.wrong is None)

    def is_one_of(self, figures: Iterable[float]) -> bool:
        """Whether the wrong number is one of the figures to its last digit."""
        forms = _forms(self.wrong, self.name) if self.wrong is not None else ()
        return any(form.equals(value, tolerance=0) for form in forms for value in figures)

    @property
    def words(self) -> str:
        number = self.right or self.wrong
        if number is not None:
            return f"{self.word} {number.short}"
        return f"{self.word} in the progress bar" if self.in_bar else f"{self.word} not printed"

    @property
    def word(self) -> str:
        """The figure's name as a sentence has it."""
        return METRICS[self.name].words


@check("evaluated", params=EvaluatedParams, shows_model=True, made_by="evaluates")
def evaluated(section: SectionView, params: EvaluatedParams) -> CheckResult:
    """The model was evaluated on the whole test set, and what is printed of it is what the model scores."""
    names = listed([METRICS[name].words for name in params.figures])
    words: Words = {
        "required": f"evaluated on the whole test set, {names} printed",
        "cells": section.match.cells,
        "basis": "verified",
    }
    missing = nothing_trained(section, words)
    if missing is not None:
        return missing
    rows = test_rows(section)
    evaluations = [item for item in section.evidence.evaluations if speaks_of_model(section, item)]
    predictions = [item for item in section.evidence.predictions if speaks_of_model(section, item)]
    whole = [item for item in evaluations if rows is None or item.x.rows == rows]
    cells = _cells(whole) | _prediction_cells(predictions, rows=rows) | _validation_cells(section, rows=rows)
    if not cells:
        return _never_evaluated(section, evaluations, rows=rows, words=words)
    states = measured_states(section, "test")
    values = {name: _values(name, states) for name in params.figures}
    if not any(values.values()):
        return untested(section, "What your model scores on the test set", words)
    others = _others(section, states, names=params.figures)
    evaluated_cells = {cell for cell in cells if cell is not None}
    words["cells"] = _in_order(whole) or tuple(sorted(evaluated_cells)) or section.match.cells
    bars = _texts(section, _cells(whole))
    own = [item for text in _texts(section, {*section.match.cells, *evaluated_cells}) for item in quantities(text)]
    elsewhere = [
        item for text in _texts(section, None) for item in quantities(text) if item.step <= THRESHOLDS.fine_step
    ]
    printed = [
        _printed(
            name,
            values[name],
            others=others[name],
            own=[item for item in own if not _is_of_history(section, item, name)],
            elsewhere=elsewhere,
            bars=bars,
            tolerance=params.tolerance,
        )
        for name in params.figures
        if values[name]
    ]
    wrong = next((item for item in printed if item.wrong is not None), None)
    if wrong is not None:
        words |= _next_step(section, whole, wrong)
    return _judged(printed, at_least=min(params.at_least, len(printed)), words=words)


def _next_step(section: SectionView, whole: list[EvaluationRecord], printed: _Printed) -> Words:
    """What to do about a wrong figure: printing what evaluate() returns is no help where that is what is printed."""
    returned = [item for item in whole if printed.is_one_of(item.results.values())]
    fits = fits_of_model(section)
    if not returned or not fits:
        return {"next_step": "Print what evaluate() returns for this model and the whole test set."}
    given, trained = returned[-1].x.maximum, fits[-1].x.maximum
    if given is not None and trained is not None and given > THRESHOLDS.other_scale * max(trained, 1e-9):
        reach = f"The rows that you evaluate on reach {given:g}, those that you train on {trained:g}."
        return {"next_step": f"{reach} Prepare the test rows exactly as the training rows."}
    if printed.name == "accuracy" and not counts_right_answers(fits[-1].compiled):
        what = "The metric that this model was compiled with does not count right answers."
        return {"next_step": f"{what} Write metrics=['accuracy']: Keras then takes the accuracy that fits the labels."}
    return {
        "next_step": "Evaluate this model, as it is after its training, on the whole test set, and print the result."
    }


def _values(name: MetricName, states: tuple[Measurement, ...]) -> list[float]:
    """What the states score, in the targets' units and as it was measured."""
    metric = METRICS[name]
    return [value for item in states for value in (metric.in_units(item), metric.of(item)) if value is not None]


def _printed(
    name: MetricName,
    values: list[float],
    *,
    others: list[float],
    own: list[Quantity],
    elsewhere: list[Quantity],
    bars: list[str],
    tolerance: float,
) -> _Printed:
    def is_right(item: Quantity, within: float = tolerance) -> bool:
        return not _is_anothers(item, name, values=values, others=others) and any(
            form.equals(value, tolerance=within) for form in _forms(item, name) for value in values
        )

    named = [item for item in own if item.is_named(name) and item.step < 1]
    below = [item for item in own if item.is_in_column_of(name) and item.step < 1]
    fine = [item for item in own if item.is_of_test_set and _is_as_fine_as(item, THRESHOLDS.fine_step)]
    errors = [item for item in own if name == "accuracy" and item.says_errors and item.is_of_test_set and item.step < 1]
    close = [item for item in (*named, *below, *fine, *errors) if is_right(item)]
    # Another model's figure may be as close as the tolerance allows; the model's own is equal to its digits.
    right = next((item for item in close if is_right(item, 0.0)), next(iter(close), None))
    wrong = next((item for item in reversed(named)), None) if right is None else None
    if right is None and wrong is None:
        right = next((item for item in elsewhere if is_right(item) and _is_certain(item, name, values)), None)
    return _Printed(name=name, value=values[0], right=right, wrong=wrong, in_bar=shows_bar_of(bars, name))


def _forms(item: Quantity, name: MetricName) -> tuple[Quantity, ...]:
    """What a printed number may stand for: accuracies are written as shares, in per cent, or as what is wrong."""
    forms = (item, item.as_per_cent) if name == "accuracy" and item.value > 1 else (item,)
    return tuple(form.complement for form in forms) if name == "accuracy" and item.says_errors else forms


def _is_as_fine_as(item: Quantity, step: float) -> bool:
    """Whether a number has so many digits, a large one by its size: errors come in any unit."""
    return item.step <= step * max(1.0, abs(item.value)) * 1.01


def _is_certain(item: Quantity, name: MetricName, values: list[float]) -> bool:
    """Whether a number far from the section is this figure: it is named so, or equal to four digits."""
    exact = item.step <= THRESHOLDS.fine_step / 10 and any(item.equals(value, tolerance=0) for value in values)
    return item.is_named(name) or (exact and item.is_of_test_set)


def _is_of_history(section: SectionView, item: Quantity, name: MetricName) -> bool:
    """Whether a number that no word ties to the test set is one of the training's own history."""
    if item.says_test or item.step > THRESHOLDS.fine_step:
        return False
    past = (
        value
        for fit in fits_of_model(section)
        for key, values in fit.history.items()
        if key.removeprefix("val_") in {name, "acc"}
        for value in values
    )
    return any(item.equals(value, tolerance=0) for value in past)


def _others(
    section: SectionView, states: tuple[Measurement, ...], *, names: Iterable[MetricName]
) -> dict[MetricName, list[float]]:
    """What the notebook's other models score on the test set."""
    own = {item.model for item in states}
    others = [item for item in section.measurements.measured if item.probe == "test" and item.model not in own]
    return {name: [value for item in others if (value := METRICS[name].of(item)) is not None] for name in names}


def _is_anothers(item: Quantity, name: MetricName, *, values: list[float], others: list[float]) -> bool:
    """Whether a number is another model's to its last digit, and not this one's, though it may be close to it."""

    def is_one_of(figures: list[float]) -> bool:
        return any(form.equals(value, tolerance=0) for form in _forms(item, name) for value in figures)

    return is_one_of(others) and not is_one_of(values)


def _judged(printed: list[_Printed], *, at_least: int, words: Words) -> CheckResult:
    words["expected"] = ", ".join(f"{item.word} {shown(item.value)}" for item in printed)
    words["yours"] = ", ".join(item.words for item in printed)
    wrong = [item for item in printed if item.wrong is not None]
    if wrong:
        first = wrong[0]
        text = first.wrong.short if first.wrong is not None else ""
        return failed(
            f"You print {text} as the test {first.word}, but on the whole test set your model scores"
            f" {shown(first.value)}.",
            words,
        )
    if sum(item.counts for item in printed) < at_least:
        return failed(
            f"The model was evaluated on the whole test set ({words['expected']}), but the result is not printed.",
            words,
            next_step=f"Print {listed([f'the test {item.word}' for item in printed])} of this model.",
        )
    words["yours"] = ", ".join(item.words for item in printed if item.counts)
    return passed(
        f"The model was evaluated on the whole test set, and what you print is right: {words['yours']}.", words
    )


def _never_evaluated(
    section: SectionView, evaluations: list[EvaluationRecord], *, rows: int | None, words: Words
) -> CheckResult:
    step = "Evaluate this section's model on the whole test set with model.evaluate(x_test, y_test)."
    if evaluations and rows is not None:
        used = evaluations[-1].x.rows
        measured = section.measurement("test")
        if measured is not None and measured.of_rows is not None:
            text = f"The model was evaluated on {used:,} rows; {rows:,} of the table were never trained on."
            return needs_review("unverifiable", f"{text} A tutor will look.", words, cells=_in_order(evaluations))
        return failed(
            f"The model was evaluated on {used:,} rows; the test set has {rows:,}.",
            words,
            expected=f"{rows:,} rows",
            yours=f"{used:,} rows",
            cells=_in_order(evaluations),
            next_step=step,
        )
    words = {**words, "expected": "the whole test set" if rows is None else f"{rows:,} rows", "next_step": step}
    others = [item for item in section.here(section.evidence.evaluations) if not speaks_of_model(section, item)]
    if others:
        return failed(
            "What is evaluated here is another model, or this one before its training.",
            words,
            yours="another model or an earlier state",
            cells=_in_order(others),
        )
    if any(fit.kind != "fit" for fit in fits_of_model(section)) and any(
        quantities(text) for text in _texts(section, set(section.match.cells))
    ):
        return needs_review(
            "unverifiable", "No evaluation of this model was recorded, though its training is your own.", words
        )
    return absent(section, "This model was not evaluated on the test set.", words, yours="no evaluation")


def _cells(records: Iterable[EvaluationRecord | PredictionRecord]) -> set[int | None]:
    return {item.cell for item in records}


def _in_order(records: Iterable[EvaluationRecord | PredictionRecord]) -> tuple[int, ...]:
    return tuple(sorted({item.cell for item in records if item.cell is not None}))


def _prediction_cells(predictions: list[PredictionRecord], *, rows: int | None) -> set[int | None]:
    """Cells that predict every test row, at once or batch by batch: the student's own computation of the score."""
    if rows is None:
        return _cells(predictions)
    by_cell: dict[int | None, int] = {}
    for item in predictions:
        by_cell[item.cell] = by_cell.get(item.cell, 0) + item.x.rows
    at_once = {item.cell for item in predictions if item.x.rows == rows}
    return at_once | {cell for cell, seen in by_cell.items() if seen == rows}


def _validation_cells(section: SectionView, *, rows: int | None) -> set[int | None]:
    """Cells of fits whose validation data was the whole test set: each of their epochs evaluates on it."""
    return {
        fit.cell
        for fit in section.fits
        if rows is not None and fit.validation is not None and fit.validation.source == "data"
        if fit.validation.x.rows == rows
    }


def _texts(section: SectionView, cells: set[int | None] | set[int] | None) -> list[str]:
    return [cell.printed for cell in section.evidence.cells if cell.printed and (cells is None or cell.index in cells)]
