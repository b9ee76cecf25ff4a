"""Questions about answers that the run contradicts: how many are found, and that honest ones are left in peace."""

from __future__ import annotations

import math
from typing import Any

import pytest
from builders import data_set, make_measurement, with_submission
from discussions import DISCUSSIONS, RUNS, TEST, Discussion, Run
from worksheet import Worksheet, printed, rubric

from grader.advice.answers import question_answers
from grader.records import ASKS_ABOUT_ANSWER


def questions(discussion: Discussion, *, stored: str = "", sample: bool = False, **history: Any) -> tuple[str, ...]:
    """What a student is asked about an answer to the section on deep networks."""
    curves = {**RUNS[discussion.run], **history}
    book = Worksheet()
    book.fields["data_sets"] = (data_set(sample=sample),)
    book.markdown(printed("deep"))
    book.train("deep", epochs=len(curves["loss"]), history=curves)
    book.cells[-1] = book.cells[-1].model_copy(update={"stored_text": stored})
    book.markdown(discussion.text)
    loss, accuracy = TEST[discussion.run]
    measured = [make_measurement("test", loss=loss, accuracy=accuracy)]
    matching = book.matched()
    view = with_submission(book.view(matching=matching, measured=measured), matching=matching)
    found = question_answers(view.submission, rubric=rubric())
    assert {one.rule for one in found} <= {ASKS_ABOUT_ANSWER}
    return tuple(one.text for one in found)


def progress(**curves: tuple[float, ...]) -> str:
    """What Keras prints of a training."""
    epochs = len(next(iter(curves.values())))
    lines = []
    for at in range(epochs):
        figures = " - ".join(f"{name}: {values[at]:.4f}" for name, values in curves.items())
        lines.append(f"Epoch {at + 1}/{epochs}\n422/422 \u2501\u2501\u2501\u2501 2s 6ms/step - {figures}")
    return "\n".join(lines)


def test_no_honest_discussion_is_asked_about() -> None:
    """Of 28 discussions that the run does not contradict none gets a question."""
    honest = [one for one in DISCUSSIONS if not one.contradicts]
    assert len(honest) == 28
    assert {one.text: questions(one) for one in honest if questions(one)} == {}


def test_discussions_that_the_run_contradicts_are_asked_about() -> None:
    """Of twelve discussions that the run contradicts all get a question."""
    wrong = [one for one in DISCUSSIONS if one.contradicts]
    assert len(wrong) == 12
    assert sum(bool(questions(one)) for one in wrong) >= 12, [one.text for one in wrong if not questions(one)]


def asked(run: Run, text: str, **more: Any) -> bool:
    return bool(questions(Discussion(run, True, text), **more))


def test_a_question_has_both_sides_and_the_figures() -> None:
    """What was written, what the run did from which epoch on, and which curve does what was written."""
    (text,) = questions(Discussion("overfits", True, "The training loss rises after epoch 8."))
    assert "\u201cThe training loss rises after epoch 8.\u201d" in text
    assert "fell from 0.1631 in epoch 8 to 0.0130 in epoch 20" in text
    assert "Did you mean the validation loss, which rose from 0.2800 in epoch 8 to 0.5200?" in text


def test_a_mix_up_of_parts_is_named() -> None:
    """The training accuracy that is given as the test accuracy."""
    (text,) = questions(Discussion("overfits", True, "The test accuracy is 99.7 %."))
    assert "Did you mean the training accuracy, which was 0.9973?" in text


@pytest.mark.parametrize(("run", "is_asked"), [("healthy", True), ("overfits", False)])
def test_what_the_stored_outputs_show_has_to_agree(run: Run, is_asked: bool) -> None:
    """A student speaks of the run that they saw: the graded one alone proves nothing."""
    stored = progress(**RUNS[run])
    assert asked("healthy", "After epoch 5 the validation loss rises.", stored=stored) is is_asked


def test_a_sample_alone_proves_nothing() -> None:
    """On fewer rows a model does otherwise; where the stored outputs show all rows, they count."""
    text = "The training loss rises after epoch 8."
    assert not asked("overfits", text, sample=True)
    assert asked("overfits", text, sample=True, stored=progress(**RUNS["overfits"]))


@pytest.mark.parametrize(("said", "is_asked"), [("0.9015", False), ("0.9005", True)])
def test_an_accuracy_within_three_hundredths_is_not_asked_about(said: str, is_asked: bool) -> None:
    """The run's is 0.931."""
    assert asked("overfits", f"The test accuracy is {said}.") is is_asked


@pytest.mark.parametrize(("said", "is_asked"), [("0.958", False), ("0.962", True)])
def test_a_loss_within_half_is_not_asked_about(said: str, is_asked: bool) -> None:
    """The run's is 0.48."""
    assert asked("overfits", f"The test loss is {said}.") is is_asked


@pytest.mark.parametrize(("end", "is_asked"), [(0.43, False), (0.39, True)])
def test_a_curve_that_covers_three_tenths_of_its_reach_may_be_called_flat(end: float, is_asked: bool) -> None:
    """From 0.6 on it falls beyond noise, of a reach of 1 less what it ends at."""
    losses = (1.0, 0.6, *(0.6 + (end - 0.6) * at / 8 for at in range(1, 9)))
    assert asked("healthy", "The training loss plateaus after epoch 2.", loss=losses) is is_asked


@pytest.mark.parametrize(("last", "is_asked"), [(0.1, True), (0.11, False)])
def test_a_curve_that_turns_at_its_end_is_not_asked_about(last: float, is_asked: bool) -> None:
    """It may be what was seen."""
    losses = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, last)
    assert asked("healthy", "The training loss rises from epoch 3 on.", loss=losses) is is_asked


@pytest.mark.parametrize(("end", "is_asked"), [(0.28, False), (0.26, True)])
def test_overfitting_by_a_quarter_less_is_not_asked_about(end: float, is_asked: bool) -> None:
    """From 0.36 in the third epoch on a quarter less is 0.27."""
    held = (0.6, 0.43, *(0.36 + (end - 0.36) * at / 7 for at in range(8)))
    assert asked("healthy", "The model overfits after epoch 3.", val_loss=held) is is_asked


@pytest.mark.parametrize(("epoch", "is_asked"), [(8, False), (9, True)])
def test_the_best_epoch_may_be_two_beside(epoch: int, is_asked: bool) -> None:
    """The lowest validation loss is that of epoch 6, far below the others."""
    held = (0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert asked("healthy", f"val_loss is lowest in epoch {epoch}.", val_loss=held) is is_asked


def test_a_curve_without_numbers_proves_nothing() -> None:
    """A loss that became NaN neither rises nor falls."""
    assert not asked("healthy", "The training loss rises after epoch 3.", loss=(math.nan,) * 10)
