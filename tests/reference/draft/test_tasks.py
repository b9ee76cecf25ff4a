"""What a task asks for in words, told from what its reference merely does."""

from __future__ import annotations

import pytest
from builders import Notebook, dense, make_view

from grader.reference.draft.outline import outline
from grader.reference.draft.proposals import View
from grader.reference.draft.tasks import Task


def task_of(*markdown: str, before: str = "# Course") -> Task:
    """The task of a section with these Markdown cells, the heading's first, and one training behind them."""
    book = Notebook()
    book.markdown(before)
    for number, text in enumerate(markdown):
        book.markdown(text if number else f"## Exercise 1: Build\n\n{text}")
    book.code("model.fit(x, y)")
    book.fit(book.model(dense(10, "softmax")))
    planned = outline(book.evidence())
    one = next(one for one in planned if one.title.startswith("Exercise 1"))
    return Task(View(section=make_view(book.evidence()), planned=one, sections=planned))


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("Train it 10 times.", "epochs", 10),
        ("Train for ten epochs.", "epochs", 10),
        ("Batches of 128.", "batch_size", 128),
        ("Hold out 10 % of the rows.", "validation", 0.1),
        ("validation_split=0.10, please", "validation", 0.1),
        ("Halte 10 Prozent der Zeilen zurück.", "validation", 0.1),
        ("Train 1,000 epochs.", "epochs", 1000),
        ("Use ADAM.", "optimizer", "Adam"),
    ],
)
def test_what_a_task_names_is_asked_for(text: str, key: str, value: object) -> None:
    """However it is written, below its heading or in the cell behind that."""
    assert task_of(text).names(key, value)
    assert task_of("Build a network.", text).names(key, value)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("Train for 100 epochs.", "epochs", 10),
        ("Choose 0.X for the validation.", "validation", 0.2),
        ("Any optimizer will do.", "optimizer", "Adam"),
        ("A rate of 0.001.", "batch_size", 1),
        ("Often the TensorFlow epochs differ.", "epochs", 10),
        ("Scale to [0,1].", "validation", 0.1),
        ("One layer of 128 units.", "batch_size", 128),
    ],
)
def test_what_a_task_leaves_open_is_not(text: str, key: str, value: object) -> None:
    """Its reference had to choose something."""
    assert not task_of(text).names(key, value)


@pytest.mark.parametrize(
    ("before", "is_named"),
    [("All models train for 20 epochs.", True), ("Epochs: 20", True), ("There are 20 pictures.", False)],
)
def test_what_stands_before_is_asked_for_beside_its_word(before: str, *, is_named: bool) -> None:
    """A number alone may speak of anything."""
    assert task_of("Build a network.", before=f"# Course\n\n{before}").names("epochs", 20) is is_named


def test_without_words_nothing_is_known_of_a_task() -> None:
    """Then the reference is taken at its word."""
    assert not task_of("").is_known
