"""Each threshold of the input transform at its boundary."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.verification.guest.input_transform import _agrees, infer

EPS = float(np.finfo(np.float32).eps)


@pytest.mark.parametrize(("roundings", "agrees"), [(7.5, True), (8.5, False)])
def test_a_value_may_be_eight_roundings_off(roundings: float, agrees: bool) -> None:
    """Of the largest one."""
    features = np.array([[1.0], [2.0], [4.0]])
    wanted = features + np.array([[0.0], [0.0], [roundings * EPS * 4.0]])
    assert _agrees(features, wanted, scale=1.0, offset=0.0) is agrees


@pytest.mark.parametrize(("rows", "is_known"), [(7, False), (8, True)])
def test_eight_rows_tell_a_scale_of_each_feature(rows: int, is_known: bool) -> None:
    """Two points make a line through anything."""
    raw = np.random.default_rng(1).normal(size=(rows, 3))
    assert (infer(raw, raw * [1.0, 2.0, 3.0] + [0.0, 1.0, 5.0]) is not None) is is_known


def scaled_by_others(apart: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Rows of which the last feature does not vary, as a scaler of somewhat other rows made them, and all rows."""
    everything = np.random.default_rng(2).normal(size=(500, 6)).astype(np.float32).astype(np.float64)
    spread = everything.std(axis=0)
    # Half of the features are as all rows say, and half are off on either side of the middle one.
    own = spread * [1 + apart, 1 + apart, 1.0, 1 - apart, 1 - apart, 1.0]
    rows = everything[:20].copy()
    rows[:, 5] = rows[0, 5]
    return rows, rows / own, everything


@pytest.mark.parametrize(("apart", "follows"), [(0.028, True), (0.033, False)])
def test_a_scaler_of_a_part_is_known_within_three_hundredths(apart: float, follows: bool) -> None:
    """Of the middle feature's scale; else the constant feature's is a guess."""
    rows, recorded, everything = scaled_by_others(apart)
    found = infer(rows, recorded, population=everything)
    assert found is not None
    assert bool(np.isclose(found.scale[5], 1 / everything[:, 5].std(), rtol=1e-3)) is follows


@pytest.mark.parametrize(("apart", "exact"), [(0.9e-4, True), (1.1e-4, False)])
def test_a_scaler_of_the_same_rows_is_known_within_a_ten_thousandth(apart: float, exact: bool) -> None:
    """Rounding leaves less."""
    rows, recorded, everything = scaled_by_others(apart)
    found = infer(rows, recorded, population=everything)
    assert found is not None
    assert found.exact is exact
