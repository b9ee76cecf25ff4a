"""Maps of rows are found from recorded pairs, and only where they explain every value."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from verification import Array, pictures

from grader.verification.guest.input_transform import InputTransform, infer, is_possible, shifted

IMAGES = pictures()["x_train"]
OTHERS = pictures()["x_test"]
MEAN, SPREAD = float(IMAGES.mean()), float(IMAGES.std())


def _norm(images: Array, axis: int | tuple[int, ...]) -> Array:
    length = np.sqrt((images.astype(np.float64) ** 2).sum(axis=axis, keepdims=True))
    return images / np.where(length == 0, 1, length)


COMMON: dict[str, Callable[[Array], Array]] = {
    "bytes": lambda u: u,
    "whole numbers": lambda u: u.astype(np.int64),
    "float32 by 255": lambda u: u.reshape(-1, 784).astype(np.float32) / 255,
    "float64 by 255": lambda u: u / 255.0,
    "float16 by 255": lambda u: (u / 255).astype(np.float16),
    "by 256, with a channel": lambda u: (u / 256)[..., None],
    "to -1 and 1": lambda u: u.astype(np.float32) / 127.5 - 1,
    "standardised": lambda u: (u.astype(np.float32) - np.float32(MEAN)) / np.float32(SPREAD),
    "inverted": lambda u: 1 - u / 255,
    "transposed": lambda u: u.transpose(0, 2, 1) / 255,
    "padded by zeros": lambda u: np.pad(u / 255, ((0, 0), (2, 2), (2, 2))),
    "padded by another value": lambda u: np.pad(u / 127.5 - 1, ((0, 0), (2, 2), (2, 2))),
    "cropped": lambda u: (u / 255)[:, 4:24, 4:24],
    "three channels": lambda u: np.stack([u / 255] * 3, axis=-1),
    "columns of length 1": lambda u: _norm(u, 1),
    "rows of length 1": lambda u: _norm(u, 2).reshape(-1, 784),
    "pictures of length 1": lambda u: _norm(u, (1, 2)),
}


@pytest.mark.parametrize("prepare", COMMON.values(), ids=COMMON)
def test_map_of_the_head_makes_every_other_row(prepare: Callable[[Array], Array]) -> None:
    """Rows that were never recorded come out as the student would have made them."""
    found = infer(IMAGES[:64], prepare(IMAGES[:64]))
    assert found is not None
    assert found.exact
    expected = prepare(OTHERS).astype(np.float32)
    tolerance = 1e-3 if found.dtype == "float16" else 1e-6
    np.testing.assert_allclose(found.apply(OTHERS), expected, rtol=tolerance, atol=tolerance)


def test_scale_is_given_as_it_was_written() -> None:
    """A division by 255 is found as one, not as a number near it."""
    found = infer(IMAGES[:64], (IMAGES[:64] / 255).astype(np.float32))
    assert found is not None
    assert (float(found.scale), float(found.offset)) == (1 / 255, 0.0)


@pytest.mark.parametrize("spread", [np.std, np.ptp], ids=["standard scaler", "min-max scaler"])
def test_scale_of_each_feature_follows_the_population(spread: Callable[..., Array]) -> None:
    """Features that never vary in the head get the scale that the scaler's statistics give them."""
    flat = IMAGES.reshape(-1, 784).astype(np.float64)
    size, start = spread(flat, axis=0), flat.mean(axis=0)
    scaled = (flat - start) / np.where(size == 0, 1, size)
    found = infer(IMAGES[:9], scaled[:9], population=IMAGES)
    assert found is not None
    assert found.exact
    np.testing.assert_allclose(found.apply(IMAGES[9:]), scaled[9:], atol=1e-4)


def test_scale_of_each_feature_is_a_guess_without_the_population() -> None:
    """What was guessed for some features is not called exact."""
    flat = IMAGES.reshape(-1, 784).astype(np.float64)
    size = flat.std(axis=0)
    found = infer(IMAGES[:9], ((flat - flat.mean(axis=0)) / np.where(size == 0, 1, size))[:9])
    assert found is not None
    assert not found.exact


REFUSED: dict[str, tuple[Array, Array]] = {
    "noise": (IMAGES[:64], IMAGES[:64] + np.random.default_rng(0).normal(size=(64, 28, 28))),
    "other rows": (IMAGES[:64], IMAGES[1:65] / 255),
    "one value off": (IMAGES[:64], IMAGES[:64] / 255 + 0.01 * (np.arange(64 * 784).reshape(64, 28, 28) == 20_000)),
    "not finite": (IMAGES[:64], IMAGES[:64] * np.nan),
    "text": (IMAGES[:2], np.array([["a"], ["b"]])),
    "no rows": (IMAGES[:0], IMAGES[:0] / 255),
    "blank rows": (np.zeros((3, 28, 28), np.uint8), np.zeros((3, 784))),
    "too few for each feature": (IMAGES[:3], IMAGES[:3].reshape(3, -1) * np.linspace(0, 1, 784)),
    "another number of rows": (IMAGES[:3], IMAGES[:2] / 255),
}


@pytest.mark.parametrize(("raw", "recorded"), REFUSED.values(), ids=REFUSED)
def test_no_map_is_invented(raw: Array, recorded: Array) -> None:
    """Rows that no known form explains have no map."""
    assert infer(raw, recorded) is None


def test_map_survives_as_plain_text() -> None:
    """The verifier's process gets the same map by JSON."""
    for prepare in COMMON.values():
        found = infer(IMAGES[:64], prepare(IMAGES[:64]))
        assert found is not None
        again = InputTransform.from_plain(json.loads(json.dumps(found.plain())))
        np.testing.assert_array_equal(again.apply(OTHERS), found.apply(OTHERS))


def test_shifted_pictures_lose_a_column() -> None:
    """Pictures move right by one pixel, and zeros come in."""
    moved = shifted(IMAGES[:5])
    assert not moved[:, :, 0].any()
    np.testing.assert_array_equal(moved[:, :, 1:], IMAGES[:5, :, :-1])


@pytest.mark.parametrize(("shape", "expected"), [((784,), True), ((32, 32, 3), True), ((2,), False), ((13,), False)])
def test_forms_are_told_by_their_shape(shape: tuple[int, ...], expected: bool) -> None:
    """Rows whose shape no form gives are not looked at further."""
    assert is_possible((28, 28), shape) is expected
