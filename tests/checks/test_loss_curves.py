"""Loss curves: this training's, in one figure, in any style."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Notebook, dense, falling, line, make_axes, make_measurement, make_view, scatter, with_submission

from grader.checks.loss_curves import LossCurvesParams, loss_curves
from grader.records import AxesRecord, CellError, CheckResult, LineRecord, Replay, SectionMatch

TRAIN, VALIDATION = falling(10), falling(10, start=1.1)
PARAMS = LossCurvesParams()


def book_of(*histories: dict[str, tuple[float, ...]], **fields: object) -> tuple[Notebook, str]:
    """A model with a fit for each history (one with the default history where none is given)."""
    book = Notebook()
    book.code("fit")
    model = book.model(dense(10, "softmax"))
    for history in histories or ({"loss": TRAIN, "val_loss": VALIDATION},):
        book.fit(model, history=history, **fields)
    book.code("plot")
    return book, model


def judged(book: Notebook, model: str, *axes: AxesRecord, params: LossCurvesParams = PARAMS) -> CheckResult:
    if axes:
        book.figure(*axes)
    return loss_curves(book.view("ex5", model=model), params)


def two_lines(book: Notebook, train: object = TRAIN, validation: object = VALIDATION) -> list[LineRecord]:
    return [line(train, store=book.store), line(validation, store=book.store)]


def test_both_lines_in_one_axes_pass() -> None:
    """The plain form."""
    book, model = book_of()
    result = judged(book, model, make_axes(*two_lines(book)))
    assert (result.outcome, result.basis, result.cells) == ("passed", "claimed", (1,))


def test_two_axes_of_one_figure_pass() -> None:
    """Subplots are one figure."""
    book, model = book_of()
    train, validation = two_lines(book)
    assert judged(book, model, make_axes(train), make_axes(validation)).outcome == "passed"


def test_other_lines_beside_them_do_no_harm() -> None:
    """pandas draws the accuracies too."""
    book, model = book_of()
    others = [line(book.fits[0].history["loss"][::-1], store=book.store)]
    assert judged(book, model, make_axes(*others, *two_lines(book))).outcome == "passed"


def test_points_are_curves() -> None:
    """A scatter over the epochs shows the same."""
    book, model = book_of()
    dots = scatter(np.column_stack([range(10), VALIDATION]), store=book.store)
    assert judged(book, model, make_axes(two_lines(book)[0], dots)).outcome == "passed"


@pytest.mark.parametrize("form", [lambda y: y[1:], np.log, np.log10, np.float32])
def test_harmless_variants_pass(form: object) -> None:
    """Without the first epoch, logarithms, float32."""
    book, model = book_of()
    drawn = two_lines(book, form(np.array(TRAIN)), form(np.array(VALIDATION)))  # type: ignore[operator]
    assert judged(book, model, make_axes(*drawn)).outcome == "passed"


def test_two_fits_may_be_drawn_as_one() -> None:
    """A second fit goes on from the first; the last alone is as good."""
    first, second = {"loss": TRAIN, "val_loss": VALIDATION}, {"loss": (0.1, 0.05), "val_loss": (0.2, 0.3)}
    for drawn in (((*TRAIN, 0.1, 0.05), (*VALIDATION, 0.2, 0.3)), ((0.1, 0.05), (0.2, 0.3))):
        book, model = book_of(first, second)
        assert judged(book, model, make_axes(*two_lines(book, *drawn))).outcome == "passed"


def test_a_figure_elsewhere_in_the_notebook_counts() -> None:
    """All curves may be drawn at the end."""
    book, model = book_of()
    book.figure(make_axes(*two_lines(book)))
    assert loss_curves(book.view("ex5", model=model, cells=[0]), PARAMS).outcome == "passed"


def test_losses_that_are_no_numbers_can_be_drawn() -> None:
    """A training that went astray has curves too."""
    broken = (1.0, np.nan, np.nan)
    book, model = book_of({"loss": broken, "val_loss": broken})
    assert judged(book, model, make_axes(*two_lines(book, broken, broken))).outcome == "passed"


def test_a_replayed_history_is_verified() -> None:
    """What came out the same outside is no mere claim."""
    book, model = book_of()
    book.figure(make_axes(*two_lines(book)))
    view = book.view("ex5", model=model)
    replayed = view.measurements.model_copy(update={"replays": (Replay(fit="f1", outcome="same"),)})
    assert loss_curves(with_submission(view, measurements=replayed), PARAMS).basis == "verified"


@pytest.mark.parametrize(("share", "outcome"), [(None, "failed"), (0.5, "partial")])
def test_only_one_curve_is_not_enough(share: float | None, outcome: str) -> None:
    """The rubric may pay a part of it."""
    book, model = book_of()
    result = judged(book, model, make_axes(two_lines(book)[0]), params=LossCurvesParams(partial=share))
    assert (result.outcome, result.share) == (outcome, share or 0.0)
    assert "validation loss" in result.feedback


def test_a_value_off_by_more_than_the_tolerance_fails() -> None:
    """Smoothed or edited curves are not the training's."""
    for factor, outcome in ((1 + 1e-7, "passed"), (1 + 1e-4, "failed")):
        book, model = book_of()
        drawn = two_lines(book, np.array(TRAIN) * factor, VALIDATION)
        assert judged(book, model, make_axes(*drawn)).outcome == outcome


def test_two_figures_are_looked_at() -> None:
    """Both curves are there, though not in one figure."""
    book, model = book_of()
    train, validation = two_lines(book)
    book.figure(make_axes(train))
    result = judged(book, model, make_axes(validation))
    assert (result.outcome, result.cause) == ("needs_review", "borderline")


def test_curves_of_another_model_fail_and_say_so() -> None:
    """The figure stands in the section, the training does not."""
    book, model = book_of()
    other = book.model(dense(10))
    book.fit(other, history={"loss": (3.0, 2.0), "val_loss": (3.5, 2.5)})
    result = judged(book, model, make_axes(*two_lines(book, (3.0, 2.0), (3.5, 2.5))))
    assert (result.outcome, "another model" in result.feedback) == ("failed", True)


def test_accuracies_are_not_losses() -> None:
    """What is drawn instead is named."""
    history = {"loss": TRAIN, "val_loss": VALIDATION, "accuracy": (0.5,) * 10, "val_accuracy": (0.4,) * 10}
    book, model = book_of(history)
    result = judged(book, model, make_axes(*two_lines(book, (0.5,) * 10, (0.4,) * 10)))
    assert (result.outcome, result.yours) == ("failed", "the training accuracy and validation accuracy")


def test_without_validation_there_is_no_curve_to_draw() -> None:
    """The reason is the fit, and the feedback says so."""
    book, model = book_of({"loss": TRAIN})
    result = judged(book, model, make_axes(two_lines(book)[0]))
    assert (result.outcome, "validation_split" in result.next_step) == ("failed", True)


def test_no_figure_fails() -> None:
    """Nothing was drawn."""
    assert judged(*book_of()).outcome == "failed"


def test_a_figure_that_was_not_kept_is_ours() -> None:
    """Too many points to be recorded are no fault."""
    book, model = book_of()
    result = judged(book, model, make_axes(LineRecord(points=10)))
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


@pytest.mark.parametrize(("last", "outcome"), [(0.301, "passed"), (0.5, "needs_review")])
def test_curves_of_an_own_loop_end_at_what_the_model_scores(last: float, outcome: str) -> None:
    """Without a recorded history the verified validation loss is what they can be held against."""
    book, model = book_of({}, kind="loop")
    book.figure(make_axes(*two_lines(book, (1.0, 0.4, 0.2), (1.1, 0.5, last))))
    view = book.view("ex5", model=model, measured=(make_measurement("validation", loss=0.3),))
    assert loss_curves(view, PARAMS).outcome == outcome


def test_no_model_blocks() -> None:
    """There is no training to draw."""
    book = Notebook()
    book.code("pass")
    assert loss_curves(book.view("ex5"), PARAMS).outcome == "blocked"


def test_a_section_without_a_model_names_the_cell_where_the_owners_training_failed() -> None:
    """Not a later cell of its own, which failed because of that."""
    book = Notebook()
    book.code("fit", error=CellError(name="ValueError", value="no such dtype"))
    book.code("evaluate", error=CellError(name="NameError", value="name 'history' is not defined"))
    owner = SectionMatch(section="ex4", title="Exercise 4: Baseline", cells=(0,))
    own = SectionMatch(section="ex5", title="Exercise 5: Depth", cells=(1,), borrowed_from="ex4")
    view = make_view(book.evidence(), section=own, matching={"ex4": owner})
    result = loss_curves(view, LossCurvesParams())
    assert result.outcome == "blocked"
    assert "No model was trained in exercise 4, because cell 1 raised ValueError: no such dtype." in result.feedback
    assert "cell 1," in result.next_step


def test_an_own_loop_without_a_figure_is_told_what_to_note() -> None:
    """No history was recorded that could be asked for."""
    book, model = book_of({}, kind="loop")
    result = loss_curves(book.view("ex5", model=model), LossCurvesParams())
    assert result.outcome == "failed"
    assert result.feedback == "No figure with two curves of the losses was found for this training."
