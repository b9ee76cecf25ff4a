from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from grader.execution.recorder import summary
from grader.execution.recorder.rowhash import row_hashes
from grader.execution.recorder.summary import Rows, summarise
from grader.records import ArraySummary


class Arrays:
    """A channel that keeps arrays by number."""

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []

    def array(self, array: np.ndarray) -> str:
        self.arrays.append(array)
        return f"{len(self.arrays) - 1:064d}"

    def get(self, name: str | None) -> np.ndarray:
        return self.arrays[int(name or "")]


@pytest.fixture(autouse=True)
def no_channel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What another test has installed plays no part, and is there again afterwards."""
    monkeypatch.setattr(summary, "_channel", None)
    summary._known.clear()
    yield
    summary._known.clear()


@pytest.fixture
def arrays() -> Arrays:
    found = Arrays()
    summary.install(found)  # type: ignore[arg-type]
    return found


def read(data: object) -> ArraySummary:
    return ArraySummary.model_validate(summarise(data))


def test_an_array_of_numbers_is_described(arrays: Arrays) -> None:
    """Shape, dtype, range, and the whole of a small array."""
    found = read(np.array([[0.0, 2.5], [1, 3]], np.float32))
    assert (found.shape, found.dtype, found.minimum, found.maximum) == ((2, 2), "float32", 0, 3)
    assert (found.integral, found.one_hot, found.class_counts) == (False, False, None)
    assert arrays.get(found.whole).tolist() == [[0.0, 2.5], [1, 3]]


@pytest.mark.parametrize(
    "labels", [np.array([0, 1, 1]), np.array([[0.0], [1], [1]]), np.array([False, True, True]), [0, 1, 1]]
)
def test_classes_are_counted(arrays: Arrays, labels: object) -> None:
    """Whole numbers in one column are classes, whatever their dtype."""
    assert read(labels).class_counts == {"0": 1, "1": 2}


def test_one_hot_rows_count_as_their_classes(arrays: Arrays) -> None:
    """A column is a class; one that never occurs is not named."""
    found = read(np.eye(4)[[0, 2, 2]])
    assert (found.one_hot, found.class_counts) == (True, {"0": 1, "2": 2})


@pytest.mark.parametrize("rows", [np.eye(3) * 2, np.ones((3, 3)), np.zeros((3, 3)), np.eye(3)[:, :1]])
def test_what_is_not_one_hot_is_not_called_so(arrays: Arrays, rows: np.ndarray) -> None:
    """Twos, several ones, no one, and a single column are no one-hot rows."""
    assert not read(rows).one_hot


def test_many_values_are_no_classes(arrays: Arrays) -> None:
    """A hundred values are classes, more are not."""
    assert len(read(np.arange(100)).class_counts or {}) == 100
    assert read(np.arange(101)).class_counts is None


def test_nan_and_infinity_are_left_out_of_the_range(arrays: Arrays) -> None:
    """The range is that of the finite values."""
    found = read(np.array([np.nan, 1, np.inf, 3]))
    assert (found.integral, found.minimum, found.maximum) == (False, 1, 3)
    assert read(np.full(3, np.nan)).minimum is None


def test_a_large_array_keeps_its_first_rows_and_all_hashes(arrays: Arrays) -> None:
    """Above 1 MiB the head stands for the whole."""
    images = np.random.default_rng(0).random((2000, 100))
    found = read(images)
    assert found.whole is None
    assert (arrays.get(found.head) == images[:64]).all()
    assert (arrays.get(found.row_hashes) == row_hashes(images)).all()


def test_the_head_of_large_rows_is_short(arrays: Arrays) -> None:
    """Eight MiB at most are kept, and nothing of rows above that."""
    photographs = read(np.zeros((20, 1024, 1024), np.uint8))
    assert len(arrays.get(photographs.head)) == 8
    endless = read(np.zeros((1, 9 * 2**20), np.uint8))
    assert (endless.head, endless.row_hashes, endless.maximum) == (None, None, 0)


def test_equal_arrays_have_equal_content_and_changed_ones_do_not(arrays: Arrays) -> None:
    """Content is of dtype, shape and bytes: a change in place is seen, a copy is the same."""
    array = np.arange(12.0)
    before = read(array)
    assert read(array.copy()).content == before.content
    array[3] = -1
    assert read(array).content != before.content
    assert read(array).minimum == -1
    assert read(np.arange(12.0).reshape(3, 4)).content != before.content


def test_an_array_that_was_read_is_not_sent_again(arrays: Arrays) -> None:
    """The second summary costs a digest alone."""
    array = np.arange(1000.0)
    first, sent = read(array), len(arrays.arrays)
    assert (read(array[::1]), len(arrays.arrays)) == (first, sent)


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (pd.DataFrame({"a": [1, 2], "b": [3.0, 4]}), (2, 2)),
        (pd.Series([1, 2, 3]), (3,)),
        ([[1, 2], [3, 4]], (2, 2)),
        (np.float32(3), ()),
        (np.array([1, None, 2.5]), (3,)),
        (np.zeros((0, 3)), (0, 3)),
        (np.ma.masked_array([1, 2], [True, False]), (2,)),
        (np.array([1 + 2j]), (1,)),
        (np.asfortranarray(np.ones((4, 3)))[::2], (2, 3)),
    ],
)
def test_whatever_numpy_can_hold_is_an_array(arrays: Arrays, data: object, shape: tuple[int, ...]) -> None:
    """Frames, lists, scalars, views and empty arrays have a summary with content."""
    found = read(data)
    assert (found.kind, found.shape, bool(found.content)) == ("array", shape, True)


@pytest.mark.parametrize("texts", [np.array(["a", "b"]), np.array(["1", "2"], dtype=object), pd.Series(["x", "y"])])
def test_texts_are_arrays_without_numbers(arrays: Arrays, texts: object) -> None:
    """Digits in texts stay texts."""
    found = read(texts)
    assert (found.shape, found.minimum, found.content, found.whole) == ((2,), None, "", None)


@pytest.mark.parametrize(
    ("data", "kind"),
    [((i for i in range(3)), "generator"), ({"a": 1}, "other"), ([[1, 2], [3]], "other"), (None, "other")],
)
def test_what_is_no_array_is_named_and_not_read(arrays: Arrays, data: object, kind: str) -> None:
    """A generator is not used up by being looked at."""
    assert read(data).kind == kind
    if kind == "generator":
        assert list(data) == [0, 1, 2]  # type: ignore[call-overload]


def test_batches_are_summarised_as_the_array_they_make(arrays: Arrays) -> None:
    """A pipeline of batches has the content, hashes and classes of the rows stacked."""
    labels = np.arange(1000) % 7
    rows = Rows()
    for start in range(0, 1000, 64):
        rows.add(labels[start : start + 64])
    found = ArraySummary.model_validate(rows.summary())
    refs = {"whole": found.whole, "row_hashes": found.row_hashes}
    assert found.model_copy(update={"kind": "array"}) == read(labels).model_copy(update=refs)
    assert (arrays.get(found.row_hashes) == row_hashes(labels)).all()


def test_batches_of_different_shapes_are_no_array(arrays: Arrays) -> None:
    """The rows are counted, and nothing is claimed of them."""
    rows = Rows(kind="generator")
    for batch in (np.zeros((3, 2)), np.zeros((2, 5))):
        rows.add(batch)
    assert rows.summary() == {"kind": "generator", "shape": [5]}


def test_without_a_channel_a_summary_names_no_arrays() -> None:
    """The statistics stand alone."""
    found = read(np.arange(3))
    assert (found.maximum, found.whole, found.row_hashes) == (2, None, None)
