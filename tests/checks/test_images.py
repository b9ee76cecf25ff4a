"""Image data: prepared as asked, and an image shown with its label."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from builders import (
    Array,
    Notebook,
    dense,
    grid,
    images,
    labels,
    layer,
    make_axes,
    make_compile,
    make_evaluation,
    summarise,
    with_submission,
)

from grader.checks.images import ImageFigureParams, PreparedDataParams, image_figure, prepared_data
from grader.judging.views import SectionView
from grader.records import ArraySummary, CheckResult, GridRecord, Measurements, NamedArray, SectionMatch, Unverified

PREPARED = PreparedDataParams(data_set="mnist", classes=10, used_by=("ex4",))
RAW: dict[str, Any] = {"maximum": 255.0, "dtype": "uint8"}
SPARSE = make_compile(loss="sparse_categorical_crossentropy")
DIGITS = np.random.default_rng(0).integers(0, 256, (100, 28, 28)).astype(np.uint8)
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CLASSES = np.random.default_rng(1).integers(0, 10, 100)


def view_of(
    *arrays: ArraySummary, fit: dict[str, Any] | None = None, test: ArraySummary | None = None, **book_fields: Any
) -> SectionView:
    """A loading section with named arrays, and a later one that fits and evaluates."""
    book = Notebook(**book_fields)
    book.code("load")
    for array in arrays:
        book.arrays.append(NamedArray(seq=1, cell=0, name="a", array=array))
    book.code("fit")
    model = book.model(*((fit or {}).pop("layers", ())), dense(10, "softmax"))
    if fit is not None:
        book.fit(model, **fit)
        book.evaluations.append(make_evaluation(model, x=test or images(1000), cell=1))
    ex4 = SectionMatch(section="ex4", cells=(1,), model=model, fits=tuple(item.id for item in book.fits))
    return book.view("mnist", cells=[0], matching={"ex4": ex4})


def fitted(**fields: Any) -> CheckResult:
    test = fields.pop("test", None)
    return prepared_data(view_of(fit=fields, test=test), PREPARED)


@pytest.mark.parametrize(
    "fit",
    [
        {},
        {"x": images(3600, shape=(28, 28, 1))},
        {"x": images(3600, maximum=255 / 256)},
        {"y": labels(3600, one_hot=False), "compiled": SPARSE},
        {"y": labels(3600, one_hot=False, shape=(3600, 1)), "compiled": SPARSE},
        {
            "x": images(3600, **RAW),
            "layers": (layer("Rescaling", scale=1 / 255, offset=0.0),),
            "test": images(1000, **RAW),
        },
        {"y": None},
    ],
)
def test_right_preparations_pass(fit: dict[str, Any]) -> None:
    """One-hot or whole numbers with the sparse loss; scaled before the model or in it."""
    result = fitted(**fit)
    assert (result.outcome, result.basis) == ("passed", "claimed"), result.feedback


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        ({"x": images(3600, **RAW)}, "values from 0 to 255"),
        ({"x": images(3600, maximum=1 / 255)}, "to 0.003922"),
        ({"x": images(3600, minimum=-1.0)}, "from -1 to"),
        ({"x": images(3600, minimum=-0.42, maximum=2.82)}, "to 2.82;"),
        ({"test": images(1000, **RAW)}, "test inputs run from 0 to 255"),
        ({"y": labels(3600, one_hot=False)}, "shape (3600,) with categorical crossentropy"),
        ({"y": labels(3600, classes=9)}, "width 9, not 10"),
        ({"rows": 2000}, "4,000 rows, and 2,000 were found"),
        ({"test": images(500)}, "1,000 rows of the test part"),
    ],
)
def test_wrong_preparations_fail_with_both_numbers(fit: dict[str, Any], words: str) -> None:
    """Unscaled, scaled twice, standardised, forgotten for the test part, wrong labels, a part of the rows."""
    result = fitted(**fit)
    assert (result.outcome, words in result.feedback) == ("failed", True), result.feedback


@pytest.mark.parametrize(
    ("fit", "step"),
    [
        ({"x": images(3600, **RAW)}, "Divide the pixels of both parts by their largest value."),
        ({"y": labels(3600, classes=9)}, "Make the labels one-hot, or take a sparse loss for whole numbers."),
        ({"rows": 2000}, "Load the data set, and train and test on all of its rows."),
    ],
)
def test_the_next_step_is_about_what_is_wrong(fit: dict[str, Any], step: str) -> None:
    """And about nothing that is right."""
    assert fitted(**fit).next_step == step


def test_the_counts_are_those_of_the_data_in_use() -> None:
    """On the full data they are the full counts."""
    view = view_of(images(60000), fit={"rows": 60000}, test=images(10000), sample=False)
    assert prepared_data(view, PREPARED).outcome == "passed"


@pytest.mark.parametrize(("rows", "outcome"), [(2000, "passed"), (1999, "failed"), (500, "failed")])
def test_rows_that_no_model_is_given_are_not_there(rows: int, outcome: str) -> None:
    """The whole training part was loaded, and then most of it was thrown away."""
    view = view_of(images(4000), fit={"rows": rows, "validation": 0.1})
    assert prepared_data(view, PREPARED).outcome == outcome


def test_named_arrays_stand_in_where_nothing_was_fitted() -> None:
    """The loading section is right by itself."""
    right = (images(4000), images(1000), labels(4000))
    assert prepared_data(view_of(*right), PREPARED).outcome == "passed"
    assert prepared_data(view_of(*right[:2]), PREPARED).outcome == "failed"
    assert prepared_data(view_of(images(4000, **RAW), *right[1:]), PREPARED).outcome == "failed"


@pytest.mark.parametrize("own", [(1000, 2), (4000, 2)])
def test_another_exercises_arrays_are_not_the_data_set(own: tuple[int, int]) -> None:
    """They happen to have as many rows, and their range is nobody's concern."""
    arrays = (images(4000, shape=(28, 28)), images(1000, shape=(28, 28)))
    other = ArraySummary(shape=own, dtype="float64", minimum=-3.0, maximum=3.0)
    assert prepared_data(view_of(*arrays, other), PreparedDataParams(data_set="mnist")).outcome == "passed"
    assert prepared_data(view_of(arrays[1], other), PreparedDataParams(data_set="mnist")).outcome == "failed"


def test_a_data_set_that_is_not_there_fails() -> None:
    """Another data set is another one."""
    params = PreparedDataParams(data_set="fashion_mnist")
    assert prepared_data(view_of(), params).yours == "not loaded"


def shown(
    image: Array | GridRecord | None,
    *,
    printed: str = "",
    named: bool = True,
    more: Array | None = None,
    **axes: Any,
) -> CheckResult:
    book = Notebook()
    book.code("load and show", printed=printed)
    if named:
        full = summarise(DIGITS, store=book.store, whole=False).model_copy(update={"shape": (4000, 28, 28)})
        digits = summarise(CLASSES, store=book.store).model_copy(update={"shape": (4000,)})
        arrays = {"x_train": full, "y_train": digits}
        if more is not None:
            arrays["more"] = summarise(more, store=book.store).model_copy(update={"shape": (4000,)})
        for name, array in arrays.items():
            book.arrays.append(NamedArray(seq=1, cell=0, name=name, array=array))
    if image is not None:
        drawn = image if isinstance(image, GridRecord) else grid(image, store=book.store)
        book.figure(make_axes(drawn, **axes))
    return image_figure(book.view("mnist"), ImageFigureParams(class_names=NAMES))


LABEL = int(CLASSES[3])


@pytest.mark.parametrize(
    "image",
    [
        DIGITS[3],
        DIGITS[3] / 255,
        255 - DIGITS[3],
        1 - DIGITS[3] / 255,
        DIGITS[3] / 127.5 - 1,
        np.stack([DIGITS[3]] * 3, axis=2),
    ],
)
def test_an_image_with_its_label_passes(image: Array) -> None:
    """Scaled, inverted or in three equal colours it is the same image."""
    assert shown(image, title=f"Label: {LABEL}").yours == f"an image with its label ({LABEL})"


@pytest.mark.parametrize(
    "printed",
    [
        f"{LABEL}",
        f"label = {LABEL}",
        f"Label: {LABEL}.0",
        f"np.uint8({LABEL})",
        str(np.eye(10)[LABEL]),
        f"It is a {NAMES[LABEL]}.",
    ],
)
def test_the_label_may_be_printed(printed: str) -> None:
    """As a number, as its one-hot row, or by its name."""
    assert shown(DIGITS[3], printed=printed).outcome == "passed"


@pytest.mark.parametrize(
    "text", ["", "the first image", f"Label: {(LABEL + 1) % 10}", f"0.{LABEL}", f"{LABEL}000 images"]
)
def test_an_image_without_its_label_fails(text: str) -> None:
    """No label, another one, or a number that only holds the digit; the right one is named."""
    result = shown(DIGITS[3], title=text)
    assert (result.outcome, f"it is {LABEL}" in result.feedback) == ("failed", True)


def test_an_image_whose_label_is_not_known_needs_any() -> None:
    """Only the first rows are kept; an image from further behind is taken at its word."""
    other = DIGITS[5] / 255 + np.random.default_rng(5).random((28, 28))
    assert shown(other, title="Label: 7").outcome == "passed"
    assert shown(other, title="an image").outcome == "failed"
    assert shown(other, named=False, title="7").outcome == "passed"


def test_the_sizes_of_an_array_are_no_label() -> None:
    """The last one is 1 where images have an axis for their channel."""
    one = int(np.flatnonzero(CLASSES[:60] == 1)[0])
    assert shown(DIGITS[one], printed="images: (4000, 28, 28, 1)").outcome == "failed"
    assert shown(DIGITS[one], printed="labels: (4, 1, 3)").outcome == "passed"


def test_a_question_about_the_labels_is_no_label() -> None:
    """Whether a digit is this one is 1 or 0 for every image."""
    assert LABEL != 1
    assert shown(DIGITS[3], more=(CLASSES == LABEL).astype(int), title="Label: 1").outcome == "failed"


@pytest.mark.parametrize(
    "image", [None, np.zeros((5, 5)), np.zeros((10, 10)), np.random.default_rng(5).random((28, 28))]
)
def test_no_image_fails(image: Array | None) -> None:
    """A small square is no digit, and noise is like none."""
    assert shown(image, title="5").yours == "no image"


def test_an_image_that_was_not_kept_is_ours() -> None:
    """A cap of ours is no fault."""
    result = shown(GridRecord(kind="image", shape=(5000, 5000)))
    assert (result.outcome, result.cause) == ("needs_review", "infrastructure")


@pytest.mark.parametrize(("is_unknown", "outcome"), [(True, "needs_review"), (False, "passed")])
def test_rows_of_no_data_set_go_to_a_tutor(is_unknown: bool, outcome: str) -> None:
    """As many rows as the data set has, in its range, and none of them is one of its rows."""
    view = view_of(fit={})
    unverified = (Unverified(model=view.evidence.fits[0].model, fit="f1", why="some", of_unknown_rows=is_unknown),)
    measurements = Measurements(submission="some", unverified=unverified)
    found = with_submission(view, measurements=measurements)
    assert prepared_data(found, PREPARED).outcome == outcome
