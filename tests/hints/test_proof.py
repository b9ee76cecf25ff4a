"""A hint is said only where every repeated training passes all that it should, and loses nothing that was won."""

from __future__ import annotations

from typing import Any

import pytest
from builders import dense
from hinted import ACCURACY, ACCURATE, ARCHITECTURE, BAD, TRAINED, compiled, criterion, proofs, rubric, trained, tried

from grader.records import Hint, HintLevel, Trial

NARROW = (dense(64, "relu"), dense(10, "softmax"))


def hint_of(*, by: Any = None, level: HintLevel = "edit", accuracy: float = 0.91, **fields: Any) -> Hint | None:
    """What is said of a hidden layer that is too narrow, after a trial that ended so."""
    evidence = trained(*NARROW)
    ((proposal, _),) = proofs(evidence, by).due()
    trial = tried(proposal, accuracy=accuracy, **fields)
    found = proofs(evidence, by, trials=[trial]).hints(level)
    return found[0] if found else None


def test_what_is_proved_is_said_with_its_figure() -> None:
    """The edit, the worst figure of the runs, and the criteria that pass."""
    hint = hint_of()
    assert hint is not None
    assert hint.text == (
        "With 128 units in the hidden layer this model reaches a test accuracy of 0.91 and passes"
        ' "Architecture" (its training was repeated 2 times with that).'
    )
    assert (hint.criteria, hint.cells, hint.runs) == (("ex4.architecture",), (0,), 2)


def test_an_edit_whose_training_misses_the_band_is_not_said() -> None:
    """The form would be right, and the accuracy lost."""
    assert hint_of(accuracy=0.3) is None


def test_a_borderline_figure_proves_nothing() -> None:
    """A person would have to look."""
    assert hint_of(accuracy=0.85) is None


def test_an_edit_that_loses_something_else_is_not_said() -> None:
    """The repeated training has another batch size than was asked for."""
    assert hint_of(batch_size=64) is None


def test_what_requires_something_lost_is_not_said_to_pass() -> None:
    """The grading would block it."""
    needing = criterion("rate", "dropout_rate", rate=0.2).model_copy(update={"requires": ("ex4.trained",)})
    own = criterion("trained", "trained", own_loop=True)
    blocked = ARCHITECTURE.model_copy(update={"requires": ("ex4.trained",)})
    assert hint_of(by=rubric(ARCHITECTURE, own, needing)) is not None
    assert hint_of(by=rubric(blocked, own)) is None


def test_a_trial_that_could_not_be_made_proves_nothing() -> None:
    """Nor is it asked for again."""
    evidence = trained(*NARROW)
    ((proposal, _),) = proofs(evidence).due()
    impossible = Trial(model="m1", fit="f1", edits=proposal.edits, why="It cannot be rebuilt.")
    known = proofs(evidence, trials=[impossible])
    assert (known.due(), known.hints("edit")) == ((), ())


def test_a_trial_is_read_by_another_rubric() -> None:
    """The same training, judged by another band: nothing is repeated for that."""
    strict = rubric(ARCHITECTURE, criterion("accuracy", "accuracy", min=0.905))
    evidence = trained(*NARROW)
    ((proposal, _),) = proofs(evidence).due()
    trials = [tried(proposal, accuracy=0.90)]
    assert proofs(evidence, trials=trials).hints("edit")
    known = proofs(evidence, strict, trials=trials)
    assert (known.due(), known.hints("edit")) == ((), ())


def test_another_rate_of_the_optimizer_is_tried_after_its_usual_one() -> None:
    """Where the model does not do well enough with that."""
    evidence = trained(history=BAD, **compiled(optimizer="SGD", learning_rate=0.01))
    ((first, _),) = proofs(evidence, accuracy=0.1).due()
    ((second, _),) = proofs(evidence, accuracy=0.1, trials=[tried(first, accuracy=0.2)]).due()
    assert [one.edits[0].value for one in (first, second)] == [{}, {"learning_rate": 0.01}]


def test_a_second_learning_rate_is_tried_after_the_first() -> None:
    """Where the first one proves nothing."""
    evidence = trained(history=BAD, **compiled(learning_rate=1e-7))
    ((first, _),) = proofs(evidence, accuracy=0.1).due()
    ((second, _),) = proofs(evidence, accuracy=0.1, trials=[tried(first, accuracy=0.2)]).due()
    assert [one.edits[0].value for one in (first, second)] == [0.001, 0.01]


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("off", ""),
        ("location", 'Look where the model is built: with a change there it passes "Architecture".'),
        (
            "direction",
            (
                "Look where the model is built. The model needs more units in the hidden layer: "
                'with a change there it passes "Architecture".'
            ),
        ),
    ],
)
def test_a_student_is_told_as_much_as_the_rubric_says(level: HintLevel, words: str) -> None:
    """Where, or which way; never the value."""
    hint = hint_of(level=level)
    assert hint is not None
    assert hint.released == words


def test_the_edit_itself_is_told_where_the_rubric_lets_it() -> None:
    """In the tutor's words."""
    hint = hint_of(level="edit")
    assert hint is not None
    assert hint.released == hint.text


def test_an_edit_that_a_hidden_criterion_asks_for_is_not_told() -> None:
    """The tutor sees it all the same."""
    by = rubric(criterion("architecture", "architecture", hidden=True), ACCURATE)
    hint = hint_of(by=by)
    assert hint is not None
    assert ("128" in hint.text, hint.released) == (True, "")


@pytest.mark.parametrize("how", [{"hidden": True}, {"hide_band": True}])
def test_no_figure_is_told_that_a_hidden_band_judges(how: dict[str, bool]) -> None:
    """That a figure passes would say something of the band."""
    by = rubric(ARCHITECTURE, TRAINED, criterion("accuracy", "accuracy", **how, **ACCURACY))
    hint = hint_of(by=by)
    assert hint is not None
    assert "0.91" in hint.text
    assert ("0.91" in hint.released, "Accuracy" in hint.released) == (False, False)
