"""A short trial beside an answer, in any form, does not take the answer's place."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from builders import Notebook, dense, images
from worksheet import LAYERS, RUBRIC_FILE, Worksheet, printed

from grader.matching import match
from grader.matching.costs import COSTS
from grader.rubric import load_rubric

DOCS = Path(__file__).parents[2] / "docs" / "matching.md"
ASKED = {"loss": "mse", "optimizer": "Adam", "metrics": ("mae",)}


def week11(*trainings: dict[str, Any]) -> str:
    """Which of several models of one form, trained one after another, exercise 1 gets: ``m1``, ``m2``."""
    rubric = load_rubric(RUBRIC_FILE.with_name("week11.yaml"), with_calibration=False)
    book = Notebook()
    book.markdown(f"## {rubric.section('ex1').title}")
    for training in trainings:
        book.code("model = build()")
        model = book.model(dense(32, "relu"), dense(1), inputs=(10,))
        book.compile(model, **{**ASKED, **training.get("compiled", {})})
        book.fit(model, **{name: value for name, value in training.items() if name not in {"compiled", "used"}})
        if training.get("used", True):
            book.evaluate(model)
    return str(match(rubric, book.evidence())["ex1"].model)


ANSWER = {"epochs": 60}
STOPPED = {"epochs": 23, "epochs_requested": 60}
SHORT = {"epochs": 1, "x": images(256)}


@pytest.mark.parametrize("answer", [ANSWER, STOPPED, {"epochs": 100}])
def test_a_short_training_of_a_copy_is_a_trial(answer: dict[str, Any]) -> None:
    """Before the answer or behind it, evaluated or not, of as many epochs on few rows, or of few epochs."""
    for trial in (SHORT, {**SHORT, "used": False}, {**SHORT, "epochs": 5}, {"epochs": 5}):
        assert week11(answer, trial) == "m1"
        assert week11(trial, answer) == "m2"


@pytest.mark.parametrize("other", [{"optimizer": "SGD"}, {"metrics": ()}, {"loss": "mae"}])
def test_a_copy_compiled_in_another_way_is_a_trial(other: dict[str, Any]) -> None:
    """Though it was trained as long, and evaluated."""
    assert week11(ANSWER, {**ANSWER, "compiled": other}) == "m1"
    assert week11({**ANSWER, "compiled": other}, ANSWER) == "m2"


def test_a_model_that_goes_unused_is_a_trial() -> None:
    """Of two that were trained as asked, the one that was evaluated is the answer; of equals the last."""
    assert week11(ANSWER, {**ANSWER, "used": False}) == "m1"
    assert week11(ANSWER, ANSWER) == "m2"


def test_a_deeper_trial_is_no_answer() -> None:
    """Nor is a copy in the section that speaks of the model."""
    book = Worksheet().write(("ex4",))
    answer = book.model_of["ex4"]
    book.train("ex4", *LAYERS["ex6"])
    book.write(("ex5",))
    book.train("ex4", epochs=1)
    matching = book.matched()
    assert matching["ex4"].model == answer
    assert matching["ex6"].model != "m3"


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_a_second_try_without_headings_is_no_answer_to_another_exercise(activation: str) -> None:
    """Exercise 3 was never tried."""
    book = Worksheet()
    for one in ("sigmoid", activation):
        book.train("ex1", dense(1, one))
    book.train("ex4")
    matching = book.matched()
    assert (matching["ex3"].model, matching["ex3"].fits) == (None, ())
    assert matching["ex4"].model == book.model_of["ex4"]


def test_the_page_names_what_decided() -> None:
    """For the heading and for the model."""
    book = Worksheet()
    book.markdown("## Exercise 6")
    answer = book.train("ex6")
    book.evaluate(answer)
    book.train("ex6", epochs=1)
    why = book.matched()["ex6"].why
    assert "its number agrees, and it has no title" in why
    assert "of 2 the nearest to what is asked for: the next one was not trained in the way that is asked for" in why


def test_the_page_says_how_alike_a_heading_is() -> None:
    """A title in part, and out of order."""
    book = Worksheet().write(("ex1", "ex3"))
    book.markdown("## Exercise 2 and figures of exercise 3")
    book.markdown(printed("ex4"))
    matching = book.matched()
    assert "its number agrees, and its title is another." in matching["ex2"].why
    assert "its title and its number agree; it stands out of order" in matching["ex3"].why


def test_every_term_is_documented() -> None:
    """With its cost."""
    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert {name: float(cost) for name, cost in rows.items()} == {
        field.name: getattr(COSTS, field.name) for field in fields(COSTS)
    }
