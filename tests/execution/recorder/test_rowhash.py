from __future__ import annotations

import numpy as np
import pytest

from grader.execution.recorder.rowhash import row_hashes

IMAGES = np.random.default_rng(0).integers(0, 256, (500, 28, 28), np.uint8)


@pytest.mark.parametrize(
    "scaled",
    [
        IMAGES.reshape(500, 784),
        IMAGES[..., None].astype(np.float32),
        IMAGES.astype(np.float32) / 255,
        (IMAGES / 255.0).astype(np.float32),
        IMAGES / 255.0,
        IMAGES / 127.5 - 1,
        IMAGES.astype(np.float32) / np.float32(127.5) - 1,
        ((IMAGES - 33.3) / 78.6).astype(np.float32),
        IMAGES.astype(np.int64),
        np.asfortranarray(IMAGES / 255),
    ],
    ids=["flat", "4d", "float32", "rounded", "float64", "signed", "signed32", "standardised", "int64", "fortran"],
)
def test_one_image_has_one_hash_whatever_its_scale_and_form(scaled: np.ndarray) -> None:
    """dtype, shape, a common scale and a common offset make no difference."""
    assert (row_hashes(scaled) == row_hashes(IMAGES)).all()


@pytest.mark.parametrize("span", range(1, 256))
def test_rounding_never_changes_a_level(span: int) -> None:
    """For every range of whole numbers, float32 and float64 agree after scaling."""
    rows = np.tile(np.arange(span + 1, dtype=np.uint8), (1, 16))
    expected = row_hashes(rows)
    for scaled in (rows / np.float32(255), rows / 255.0, rows / np.float32(127.5) - 1, (rows - 33.3) / 78.6):
        assert (row_hashes(scaled.astype(np.float32)) == expected).all()


def test_different_rows_have_different_hashes() -> None:
    """Five hundred images give five hundred hashes, and one pixel more another."""
    changed = IMAGES.copy()
    changed[:, 14, 14] ^= 128
    assert len({*row_hashes(IMAGES), *row_hashes(changed)}) == 1000


def test_rows_that_differ_in_bytes_of_one_place_of_a_word_differ() -> None:
    """The top byte of a word weighs as much as the others."""
    rows = np.zeros((256, 64), np.uint8)
    rows[:, 0] = 255
    rows[:, 15], rows[:, 31] = np.arange(256), 255 - np.arange(256)
    assert len(set(row_hashes(rows))) == 256


def test_short_rows_are_told_apart_by_their_scale() -> None:
    """Points of the plane are compared as they are, in float32."""
    points = np.random.default_rng(1).uniform(-3, 3, (100, 2))
    assert (row_hashes(points) == row_hashes(points.astype(np.float32))).all()
    assert not (row_hashes(points) == row_hashes(points * 2)).any()
    assert row_hashes(np.array([[0.0, 1]])) == row_hashes(np.array([[-0.0, 1]]))


def test_labels_agree_as_numbers_of_any_dtype() -> None:
    """Labels as bytes, as whole numbers and as floats are the same rows."""
    labels = np.arange(10, dtype=np.uint8)
    assert (row_hashes(labels) == row_hashes(labels.astype(np.float64))).all()
    assert (row_hashes(labels) == row_hashes(labels.reshape(10, 1).astype(np.int64))).all()


def test_a_hash_of_today_is_one_of_tomorrow() -> None:
    """Hashes are stored: the same row must have the same hash in another version of numpy."""
    assert row_hashes(np.arange(20).reshape(1, 20)).tolist() == [17018761872019491991]


@pytest.mark.parametrize(
    ("rows", "count"),
    [(np.full((3, 20), np.nan), 3), (np.full((2, 20), np.inf), 2), (np.zeros((0, 784)), 0), (np.zeros((3, 0)), 3)],
)
def test_odd_rows_have_hashes_too(rows: np.ndarray, count: int) -> None:
    """NaN, infinity and nothing at all are rows like others."""
    assert row_hashes(rows).shape == (count,)


def test_texts_have_no_hash() -> None:
    """Only numbers are rows."""
    with pytest.raises(TypeError, match="no rows of real numbers"):
        row_hashes(np.array(["a"]))
