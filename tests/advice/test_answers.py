"""Questions about answers that the run contradicts: how many are found, and that honest ones are left in peace."""

from __future__ import annotations

from typing import Any

import pytest
from builders import data_set, make_measurement, with_submission
from discussions import DISCUSSIONS, RUNS, TEST, Discussion
from worksheet import Worksheet, printed, rubric

from grader.advice.answers import RULE, question_answers


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
    assert {one.rule for one in found} <= {RULE}
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
    """Of twelve discussions that the run contradicts so many get a question."""
    wrong = [one for one in DISCUSSIONS if one.contradicts]
    assert len(wrong) == 12
    assert sum(bool(questions(one)) for one in wrong) >= 11, [one.text for one in wrong if not questions(one)]
