"""Advice to students, without points: common mistakes, each with the cell and the numbers.

Each rule is a function of one training. The thresholds are those of the published linters named with each rule; where
one was changed, the rule says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from grader.advice.configuration import activation_twice, learning_rate, linear_hidden, loss_of_output, strong_dropout
from grader.advice.data import test_in_training, unscaled_input, validation_classes
from grader.advice.history import loss_value, no_progress, oscillation, overfitting
from grader.advice.training import Remark, Training, trainings
from grader.judging.views import SubmissionView
from grader.records import Advice
from grader.rubric import Rubric

__all__ = ["advise"]

_OF_THE_COURSE = frozenset({no_progress, oscillation, overfitting})
"""Rules that say nothing of a training on a stand-in, whose repeated rows are learned by their copies."""

_RULES: tuple[Callable[[Training], Iterator[Remark]], ...] = (
    validation_classes,
    test_in_training,
    loss_of_output,
    activation_twice,
    linear_hidden,
    unscaled_input,
    loss_value,
    no_progress,
    oscillation,
    overfitting,
    strong_dropout,
    learning_rate,
)


def advise(submission: SubmissionView, *, rubric: Rubric) -> tuple[Advice, ...]:
    """Every remark on every training of the notebook, each said once, in the order of the rubric's sections.

    Args:
        submission: With what was verified of it.
        rubric: For the order of the sections.
    """
    given: dict[tuple[str, str], Advice] = {}
    for training in trainings(submission, rubric):
        on_stand_in = submission.on_stand_in(training.model_id)
        for rule in _RULES:
            if on_stand_in and rule in _OF_THE_COURSE:
                continue
            for remark in rule(training):
                advice = Advice(rule=remark.rule, section=training.section, text=remark.text, cells=training.cells)
                given.setdefault((remark.rule, remark.text), advice)
    return tuple(given.values())
