"""A model is trained on rows changed at random: by its own layers, or on their way to it."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Notebook, dense, layer, summarise

from grader.checks.augmentation import AugmentedParams, augmented
from grader.records import CheckResult

IMAGES = np.random.default_rng(2).random((4000, 4, 4))


def _judged(*, layers: tuple[str, ...] = (), changed: int = 0, kept: bool = True) -> CheckResult:
    """A model with these layers, and so many of its training rows changed."""
    book = Notebook()
    book.code("x_train = ...")
    book.array("x_train", IMAGES, hashes=True)
    rows = IMAGES.copy()
    rows[:changed] += 0.1
    model = book.model(*(layer(name) for name in layers), dense(10, "softmax"), inputs=(4, 4))
    book.fit(model, x=summarise(rows, store=book.store, hashes=kept))
    return augmented(book.view("ex4", model=model), AugmentedParams(data_set="mnist"))


@pytest.mark.parametrize("name", ["RandomTranslation", "RandomZoom", "GaussianNoise"])
def test_random_layers_pass(name: str) -> None:
    """They are seen in the model."""
    assert _judged(layers=(name,)).outcome == "passed"


@pytest.mark.parametrize(("changed", "outcome"), [(4000, "passed"), (2000, "passed"), (1999, "failed"), (0, "failed")])
def test_rows_of_a_pipeline_are_compared_with_the_data_sets(changed: int, outcome: str) -> None:
    """Half of them must be changed."""
    assert _judged(changed=changed).outcome == outcome


def test_rows_that_were_not_kept_are_for_a_tutor() -> None:
    """A pipeline that could not be read."""
    result = _judged(kept=False)
    assert (result.outcome, result.cause) == ("needs_review", "unverifiable")


def _changed_arrays(*seeds: int, kind: str = "array", epochs: int = 1) -> CheckResult:
    """Fits of that many epochs, each on images changed with its seed."""
    book = Notebook()
    book.code("x_train = ...")
    book.array("x_train", IMAGES, hashes=True)
    model = book.model(dense(10, "softmax"), inputs=(4, 4))
    for seed in seeds:
        rows = np.random.default_rng(seed).random(IMAGES.shape)
        x = summarise(rows, store=book.store, hashes=True).model_copy(update={"kind": kind})
        book.fit(model, x=x, epochs=epochs)
    return augmented(book.view("ex4", model=model), AugmentedParams(data_set="mnist", anew=True, once=0.5))


def test_rows_changed_once_are_not_changed_anew() -> None:
    """Every epoch saw the same array; which is right where the rubric does not ask for more."""
    assert _changed_arrays(3, epochs=12).outcome == "partial"
    assert _changed_arrays(3, 3).outcome == "partial"
    assert _judged(changed=4000).outcome == "passed"


def test_rows_of_streams_and_of_one_epoch_each_are_changed_anew() -> None:
    """A pipeline, a generator, and a loop that changes the array before every epoch."""
    assert _changed_arrays(3, kind="dataset", epochs=12).outcome == "passed"
    assert _changed_arrays(3, kind="generator", epochs=12).outcome == "passed"
    assert _changed_arrays(3, 4, 5).outcome == "passed"
